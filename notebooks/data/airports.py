"""Make airports.csv: the airports of flights_2013.csv with their places.

python notebooks/data/airports.py [FOLDER]
"""

from fetch import opened, save_csv
from flights_2013 import PACKAGE, keep_cc0, table, two_days


def main() -> None:
    with opened(PACKAGE) as files:
        flown = two_days(files)
        kept = {row["dest"] for row in flown} | {row["origin"] for row in flown}
        places = [row for row in table(files, "airports.csv") if row["faa"] in kept]
    names = {"faa": "airport", "name": "name", "lat": "lat", "lon": "lon"}
    names |= {"alt": "feet", "tz": "hours_from_utc", "tzone": "time_zone"}
    rows = [{new: row[old] for old, new in names.items()} for row in places]
    save_csv(__file__, sorted(rows, key=lambda row: row["airport"]))
    keep_cc0()


if __name__ == "__main__":
    main()
