"""Make weather_2013.csv: sixty flight days with their weather and their late flights.

    python notebooks/data/weather_2013.py [FOLDER]

A flight day is an airport of New York and a date. For each airport twenty are drawn:
seven of its calm third of days, six of the middle third, seven of the late third. Of
the flights that left, `share_late` is the share that left over 30 minutes late.
"""

import datetime
import random
from collections import Counter, defaultdict
from collections.abc import Iterable

from fetch import opened, save_csv
from flights_2013 import ORIGINS, PACKAGE, Row, date, flights, keep_cc0, table

SEED = 5
DRAWN = (7, 6, 7)
LATE_MINUTES = 30
#: The hours in which flights leave.
HOURS = range(5, 24)
#: Above is a broken sensor: one reading of the year is 1,048 miles an hour.
HURRICANE_MPH = 150
WEEKDAYS = [
    *("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
]

Day = tuple[str, str]


def by_day(rows: Iterable[Row]) -> dict[Day, list[Row]]:
    days: dict[Day, list[Row]] = defaultdict(list)
    for row in rows:
        days[row["origin"], date(row)].append(row)
    return days


def outcome(rows: list[Row]) -> dict[str, object]:
    flown = [float(row["dep_delay"]) for row in rows if row["dep_delay"]]
    late = sum(delay > LATE_MINUTES for delay in flown)
    return {
        "cancelled": len(rows) - len(flown),
        "flown": len(flown),
        "late": late,
        "share_late": round(late / len(flown), 4),
    }


def weather(hours: list[Row]) -> dict[str, object]:
    def values(name: str) -> list[float]:
        read = [float(row[name]) for row in hours if row[name]]
        return [value for value in read if "wind" not in name or value < HURRICANE_MPH]

    def last(name: str) -> object:
        return round(max(values(name)), 1) if values(name) else ""

    def first(name: str) -> object:
        return round(min(values(name)), 1) if values(name) else ""

    return {
        "temp_min_f": first("temp"),
        "temp_max_f": last("temp"),
        "humidity_max": last("humid"),
        "wind_max_mph": last("wind_speed"),
        "gust_max_mph": last("wind_gust"),
        "rain_inches": round(sum(values("precip")), 2),
        "rain_hours": sum(value > 0 for value in values("precip")),
        "visibility_min_miles": first("visib"),
        "pressure_min_hpa": first("pressure"),
    }


def flight_day(day: Day, rows: list[Row], hours: list[Row]) -> dict[str, object]:
    carriers = Counter(row["carrier"] for row in rows)
    ranked = sorted(carriers, key=lambda carrier: (-carriers[carrier], carrier))
    return {
        "origin": day[0],
        "date": day[1],
        "weekday": WEEKDAYS[datetime.date.fromisoformat(day[1]).weekday()],
        "flights": len(rows),
        "carriers": " ".join(f"{name}:{carriers[name]}" for name in ranked),
        **weather(hours),
        **outcome(rows),
    }


def drawn(days: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return twenty flight days of each airport, from all thirds of lateness."""
    draw = random.Random(SEED)
    kept = []
    for origin in ORIGINS:
        here = [day for day in days if day["origin"] == origin]
        here.sort(key=lambda day: (day["share_late"], day["date"]))
        third = len(here) // 3
        for number, count in enumerate(DRAWN):
            start = number * third
            end = start + third if number < 2 else len(here)
            kept += draw.sample(here[start:end], count)
    return sorted(kept, key=lambda day: (day["date"], day["origin"]))


def main() -> None:
    with opened(PACKAGE) as files:
        rows = by_day(flights(files))
        hours = by_day(table(files, "weather.csv"))
    days = []
    for day in sorted(rows.keys() & hours.keys()):
        awake = [row for row in hours[day] if int(row["hour"]) in HOURS]
        if len(awake) == len(HOURS):
            days.append(flight_day(day, rows[day], awake))
    save_csv(__file__, drawn(days))
    keep_cc0()


if __name__ == "__main__":
    main()
