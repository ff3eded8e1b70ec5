"""Make trips.json: forty invented trips by way of New York, flights to it, and fares.

    python notebooks/data/trips.py [FOLDER]

The flights from New York are those of flights_2013.csv. The flights to New York, the
fares and the trips are drawn from a seed: no airline flew or charged so. A trip's
budget leaves room for its cheapest plan.
"""

import csv
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

from fetch import HERE, save_json

SEED = 6
DAYS = ("2013-06-12", "2013-06-13")
HUBS = ("EWR", "JFK", "LGA")
COUNT = 40
#: Flights a day from each city to New York.
FLIGHTS = 6
CONNECTION_MINUTES, MARGIN_MINUTES = 45, 60
#: Times of appointments: on the day of the flight out, or the morning after.
APPOINTMENTS = (
    (DAYS[0], "16:00", "17:30"),
    (DAYS[0], "18:00", "20:00"),
    (DAYS[1], "08:30", "10:00"),
    (DAYS[1], "09:00", "11:00"),
)
NAMES = (
    "Ada Ben Chen Dora Emil Fay Gus Hana Ivo June Kofi Lena Marc Nora Otto Pia Quinn",
    "Rosa Sven Tara Umar Vera Wang Xia Yuri Zoe Amir Bea Carl Dina Eli Faye Gil Hugo",
    "Iris Jan Kim Lou Mei Nico",
)
TRAVELLERS = [name for line in NAMES for name in line.split()]

Row = dict[str, Any]


def read(name: str) -> list[Row]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def minutes(clock: str) -> int:
    """Return the minutes since midnight.

    >>> minutes("01:30")
    90
    """
    return int(clock[:2]) * 60 + int(clock[3:])


def clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}"


def fare(draw: random.Random, miles: float) -> int:
    return round(45 + 0.09 * miles * (0.7 + 1.1 * draw.random()) + draw.randint(0, 40))


def to_new_york(draw: random.Random, rows: list[Row], hours: dict[str, int]) -> list:
    """Return invented flights to New York from each city, with their fares."""
    miles = {row["dest"]: int(row["miles"]) for row in rows}
    found = []
    for day, (place, city) in product(DAYS, enumerate(sorted(miles))):
        for number in range(FLIGHTS):
            leaves = 345 + number * 150 + 5 * draw.randint(0, 20)
            zone = 60 * (hours["JFK"] - hours[city])
            lasts = 45 + round(miles[city] / 7.5)
            arrives = leaves + lasts + zone
            if arrives >= 24 * 60:
                continue  # the timetable has no flights over midnight
            found.append(
                {
                    "date": day,
                    "flight": f"GK{100 + 10 * place + number}",
                    "origin": city,
                    "dest": draw.choice(HUBS),
                    "departs": clock(leaves),
                    "arrives": clock(arrives),
                    "fare": fare(draw, miles[city]),
                }
            )
    return found


def from_new_york(draw: random.Random, rows: list[Row]) -> list[Row]:
    names = ("date", "flight", "origin", "dest", "departs", "arrives")
    return [
        {**{name: row[name] for name in names}, "fare": fare(draw, int(row["miles"]))}
        for row in rows
        if minutes(row["arrives"]) > minutes(row["departs"]) - 180  # the same day
    ]


def pairs(flights: Iterable[Row], start: str, end: str, day: str) -> Iterator[tuple]:
    """Yield the pairs of flights that connect two cities on a day."""
    by_hub = defaultdict(list)
    first = []
    for row in flights:
        if row["date"] == day and row["dest"] == end and row["origin"] in HUBS:
            by_hub[row["origin"]].append(row)
        if row["date"] == day and row["origin"] == start:
            first.append(row)
    for one in first:
        for two in by_hub[one["dest"]]:
            if minutes(two["departs"]) - minutes(one["arrives"]) >= CONNECTION_MINUTES:
                yield one, two


def in_time(pair: tuple, trip: Row, *, out: bool) -> bool:
    """Return whether a pair reaches the appointment, or leaves after it."""
    if out:
        day, limit = trip["date"], minutes(trip["begins"]) - MARGIN_MINUTES
        return pair[1]["date"] < day or minutes(pair[1]["arrives"]) <= limit
    day, limit = trip["date"], minutes(trip["ends"]) + MARGIN_MINUTES
    return pair[0]["date"] > day or minutes(pair[0]["departs"]) >= limit


def cheapest(flights: list[Row], trip: Row) -> int | None:
    """Return the fare of the cheapest plan; None where there is none."""
    home, away = trip["home"], trip["city"]
    fares = []
    for day, start, end, out in (
        (DAYS[0], home, away, True),
        (DAYS[1], away, home, False),
    ):
        found = [
            pair[0]["fare"] + pair[1]["fare"]
            for pair in pairs(flights, start, end, day)
            if in_time(pair, trip, out=out)
        ]
        if not found:
            return None
        fares.append(min(found))
    return sum(fares)


def trips(draw: random.Random, flights: list[Row], cities: list[str]) -> list[Row]:
    found: list[Row] = []
    taken = set()
    while len(found) < COUNT:
        home, away = draw.choice(cities), draw.choice(cities)
        day, begins, ends = draw.choice(APPOINTMENTS)
        trip = {
            "traveller": TRAVELLERS[len(found)],
            "home": home,
            "city": away,
            "date": day,
            "begins": begins,
            "ends": ends,
        }
        if home == away or (home, away) in taken:
            continue
        least = cheapest(flights, trip)
        if least is not None:
            taken.add((home, away))
            found.append({**trip, "budget": -(-round(least * 1.12) // 10) * 10})
    return found


def notices() -> list[Row]:
    """Return notices of airports, written for the gallery."""
    return [
        {"title": title, "text": text}
        for title, text in (
            (
                "Newark EWR: changing terminals",
                "At Newark (EWR) a change of terminal is by train outside security. "
                "Allow 30 minutes for the train and a new security check.",
            ),
            (
                "Kennedy JFK: late evening",
                "At Kennedy (JFK) the security lanes of Terminal 8 close at 21:30. "
                "After that passengers use Terminal 5 and walk 15 minutes.",
            ),
            (
                "La Guardia LGA: roads",
                "At La Guardia (LGA) road works make the way from the car park longer. "
                "Passengers who only change flights are not affected.",
            ),
            (
                "Storms on 13 June",
                "A line of thunderstorms is forecast for New York on 13 June from noon "
                "to late evening. Flights after 15:00 may be cancelled. Leave New York "
                "in the morning where you can.",
            ),
            (
                "Weather on 12 June",
                "Fair weather is forecast for New York on 12 June, with light wind and "
                "good visibility all day.",
            ),
            (
                "Rebooking after a cancelled flight",
                "Where a flight is cancelled for weather, the airline books the next "
                "free seat without a fee. It does not pay for a hotel.",
            ),
            (
                "Denver DEN: afternoon",
                "At Denver (DEN) afternoon thunderstorms are common in June and hold "
                "arrivals for up to an hour.",
            ),
            (
                "San Francisco SFO: morning fog",
                "At San Francisco (SFO) fog may slow arrivals until 10:00 local time.",
            ),
        )
    ]


def main() -> None:
    draw = random.Random(SEED)
    rows = read("flights_2013.csv")
    hours = {row["airport"]: int(row["hours_from_utc"]) for row in read("airports.csv")}
    flights = [*to_new_york(draw, rows, hours), *from_new_york(draw, rows)]
    cities = sorted({row["dest"] for row in rows})
    save_json(
        __file__,
        {
            "note": "Flights GK..., fares, trips and notices are invented.",
            "trips": trips(draw, flights, cities),
            "to_new_york": [row for row in flights if row["flight"].startswith("GK")],
            "fares_from_new_york": {
                f"{row['date']} {row['flight']}": row["fare"]
                for row in flights
                if not row["flight"].startswith("GK")
            },
            "notices": notices(),
        },
    )


if __name__ == "__main__":
    main()
