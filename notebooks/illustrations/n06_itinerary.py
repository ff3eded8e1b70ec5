"""Illustrations of 6, itinerary: tools called in four rounds, then a plan."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from illustrations import dice, text_of

#: Plans that break a condition, and plans whose connections and fares no tool checks.
RATE, UNCHECKED = 0.15, 0.5
DATA = Path(__file__).parents[1] / "data"
HUBS = ("EWR", "JFK", "LGA")
OUT, BACK = "2013-06-12", "2013-06-13"
CONNECTION, MARGIN = 45, 60

Leg = dict[str, Any]
Pair = tuple[Leg, Leg]


@cache
def _source() -> dict[str, Any]:
    source: dict[str, Any] = json.loads((DATA / "trips.json").read_text("utf-8"))
    return source


@cache
def _flights() -> list[Leg]:
    fares = _source()["fares_from_new_york"]
    with (DATA / "flights_2013.csv").open(encoding="utf-8", newline="") as file:
        rows = [(f"{row['date']} {row['flight']}", row) for row in csv.DictReader(file)]
    real = [{**row, "fare": fares[key]} for key, row in rows if key in fares]
    return [*_source()["to_new_york"], *real]


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _pairs(trip: dict[str, Any], day: str) -> Iterator[tuple[Pair, int]]:
    """Yield pairs of flights at one airport, with the minutes between them."""
    start, end = trip["home"], trip["city"]
    if day == BACK:
        start, end = end, start
    flights = [row for row in _flights() if row["date"] == day]
    first = [row for row in flights if row["origin"] == start]
    second = [row for row in flights if row["dest"] == end and row["origin"] in HUBS]
    for one, two in product(first, second):
        wait = _minutes(two["departs"]) - _minutes(one["arrives"])
        if one["dest"] == two["origin"] and wait >= 0:
            yield (one, two), wait


def _in_time(trip: dict[str, Any], pair: Pair) -> bool:
    if pair[0]["date"] != trip["date"]:
        return True
    if trip["date"] == OUT:
        return _minutes(pair[1]["arrives"]) <= _minutes(trip["begins"]) - MARGIN
    return _minutes(pair[0]["departs"]) >= _minutes(trip["ends"]) + MARGIN


def _fare(pair: Pair) -> int:
    fare: int = pair[0]["fare"] + pair[1]["fare"]
    return fare


@cache
def _choices(place: int) -> dict[str, tuple[Pair, Pair]]:
    """Return the best plan of a trip, "right", and one for each way to be wrong."""
    trip = _source()["trips"][place]
    good: list[list[Pair]] = []
    short: list[list[Pair]] = []
    untimely: list[list[Pair]] = []
    for day in (OUT, BACK):
        found = sorted(_pairs(trip, day), key=lambda one: _fare(one[0]))
        kept = [pair for pair, wait in found if wait >= CONNECTION]
        good.append([pair for pair in kept if _in_time(trip, pair)])
        untimely.append([pair for pair in kept if not _in_time(trip, pair)])
        tight = [pair for pair, wait in found if 0 < wait < CONNECTION]
        short.append([pair for pair in tight if _in_time(trip, pair)])
    out, back = good[0][0], good[1][0]
    choices = {"right": (out, back), "invented": (out, back)}
    if short[0] or short[1]:
        choices["connection"] = (
            short[0][0] if short[0] else out,
            back if short[0] else short[1][0],
        )
    if untimely[0] or untimely[1]:
        choices["appointment"] = (
            untimely[0][0] if untimely[0] else out,
            untimely[1][0] if untimely[1] else back,
        )
    dear = (good[0][-1], good[1][-1])
    if _fare(dear[0]) + _fare(dear[1]) > trip["budget"]:
        choices["budget"] = dear
    return choices


def _chosen(place: int, seed: int) -> tuple[str, tuple[Leg, ...]]:
    """Return what is wrong with the plan of a trip ("right": nothing), and its legs."""
    chance = dice(seed, _source()["trips"][place]["traveller"])
    choices = _choices(place)
    kind = "right"
    if chance.random() < RATE:
        kind = chance.choice(sorted(set(choices) - {"right"}))
    return kind, (*choices[kind][0], *choices[kind][1])


def _answer(place: int, seed: int) -> dict[str, Any]:
    """Return the plan as the notebook's type has it."""
    kind, legs = _chosen(place, seed)
    rows = [
        {
            "date": leg["date"],
            "flight": leg["flight"],
            "origin": leg["origin"],
            "destination": leg["dest"],
        }
        for leg in legs
    ]
    if kind == "invented":
        wrong = dice(seed, place, "leg").randrange(4)
        rows[wrong]["flight"] = f"{rows[wrong]['flight']}9"
    return {"legs": rows, "total_usd": sum(leg["fare"] for leg in legs)}


def reply(request: dict[str, Any], seed: int) -> str | dict[str, Any]:
    """Call the tools of the next round, or answer with the plan."""
    tools = [tool["type"] for tool in request.get("tools") or ()]
    trips = _source()["trips"]
    first = next(m for m in request["messages"] if m["role"] == "user")
    text = text_of(first["content"])
    (place,) = (n for n, one in enumerate(trips) if f"{one['traveller']} " in text)
    if "web_search" in tools:
        return _noted(trips[place], text)
    rounds = sum(m["role"] == "assistant" for m in request["messages"])
    calls = _calls(trips[place], *_chosen(place, seed))
    if dice(seed, place, "checks").random() < UNCHECKED:
        calls = calls[:2]
    if rounds == len(calls):
        return json.dumps(_answer(place, seed))
    return {
        "content": None,
        "tool_calls": [
            {
                "id": f"call_{rounds}{number}",
                "type": "function",
                "function": {"name": name, "arguments": json.dumps(arguments)},
            }
            for number, (name, arguments) in enumerate(calls[rounds])
        ],
    }


def _calls(
    trip: dict[str, Any], kind: str, legs: tuple[Leg, ...]
) -> list[list[tuple[str, dict[str, Any]]]]:
    """Return the calls of each round before the answer."""
    first, second, third, fourth = legs
    home, city = trip["home"], trip["city"]
    least = 0 if kind == "connection" else CONNECTION

    def find(start: str, end: str, day: str, after: int, before: int) -> Any:
        limits = {"after": _clock(max(after, 0)), "before": _clock(before)}
        places = {"origin": start, "destination": end, "date": day}
        return "find_flights", {**places, **limits}

    day = 24 * 60 - 1
    limit = _minutes(trip["begins"]) - MARGIN if trip["date"] == OUT else day
    begin = _minutes(trip["ends"]) + MARGIN if trip["date"] == BACK else 0
    if kind == "appointment":
        limit, begin = day, 0
    out_after = _minutes(first["arrives"]) + least
    back_after = _minutes(third["arrives"]) + least
    return [
        [
            find(home, "NYC", OUT, 0, day),
            find(city, "NYC", BACK, begin, day),
        ],
        [
            find(first["dest"], city, OUT, out_after, limit),
            find(third["dest"], home, BACK, back_after, day),
        ],
        [
            *(
                (
                    "connection",
                    {
                        "arriving": one["flight"],
                        "leaving": two["flight"],
                        "date": one["date"],
                    },
                )
                for one, two in ((first, second), (third, fourth))
            ),
            (
                "total_fare",
                {"flights": [f"{leg['date']} {leg['flight']}" for leg in legs]},
            ),
        ],
    ]


def _noted(trip: dict[str, Any], question: str) -> dict[str, Any]:
    """Return what the notices say of a flight home, with those that a search finds."""
    notices = _source()["notices"]
    found = [one for one in notices if one["title"].startswith(("Storms", "Rebook"))]
    leaves = re.search(r"at (\d\d:\d\d)", question)
    late = leaves is None or leaves[1] >= "15:00"
    text = (
        "Thunderstorms are forecast for New York from noon on, and flights after 15:00 "
        f"may be cancelled [ref_1]. {trip['traveller']}'s flight leaves "
        + (
            "after that: take an earlier one, or count on a free seat on the next one "
            "without a fee, but not on a hotel [ref_2]."
            if late
            else "before that hour, and need not be moved."
        )
    )
    sources = [
        {
            "title": one["title"],
            "link": "",
            "content": one["text"],
            "refer": f"ref_{number}",
        }
        for number, one in enumerate(found, 1)
    ]
    return {"content": text, "web_search": sources}


def outcome(seed: int) -> dict[str, object]:
    """Return the plans as the notebook has them."""
    trips = _source()["trips"]
    rows = {
        trip["traveller"]: {"status": "done", **_answer(place, seed)}
        for place, trip in enumerate(trips)
    }
    return {"answers": pd.DataFrame.from_dict(rows, orient="index")}


def shuffled(seed: int) -> dict[str, object]:
    """Return the plans with each traveller's handed to another."""
    answers = pd.DataFrame(outcome(seed)["answers"])
    names = list(answers.index)
    dice(seed, "shuffled").shuffle(names)
    return {"answers": answers.set_axis(names)}


#: No two trips link the same cities: a plan serves a trip by chance alone where the
#: shuffling leaves it in its place.
CHANCE = (1 - RATE) / len(_source()["trips"])
