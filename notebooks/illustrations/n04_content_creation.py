"""Illustrations of 4, content creation: copy for cars, with faults at a stated rate."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from illustrations import asked, dice

#: Texts that break a rule; posts that lack the closing line without search and with it.
RATE, UNCLOSED, UNCLOSED_WITH_SEARCH = 0.12, 0.9, 0.1
DATA = Path(__file__).parents[1] / "data"
FORMATS = ("post", "slogan", "page", "mail")
MORE = " Come and see it, sit in it, and ask us whatever you would like to know."
OPENINGS = (
    "A {body} for days that do not go to plan.",
    "Some cars ask for attention. This {body} asks for a bag and a friend.",
    "Early shift, school run, late train: a {body} that takes part in all of it.",
    "Room for what you carry, and quiet for what you think.",
)
SLOGANS = (
    "{name}: room for the day.",
    "{name}. Made for ordinary mornings.",
    "Slow down with the {name}.",
    "{name}: the calm way home.",
)


@cache
def _cars() -> list[dict[str, Any]]:
    cars: list[dict[str, Any]] = json.loads((DATA / "cars.json").read_text("utf-8"))
    return cars


@cache
def _guide() -> dict[str, Any]:
    guide: dict[str, Any] = json.loads((DATA / "style_guide.json").read_text("utf-8"))
    return guide


def _copy(car: dict[str, Any], kind: str, seed: int) -> str:
    """Return a text of a format, with a fault in RATE of them."""
    chance = dice(seed, car["name"], kind)
    faulty = chance.random() < RATE
    faults = (
        ["length", "banned"] if kind == "slogan" else ["length", "banned", "number"]
    )
    fault = chance.choice(faults) if faulty else ""
    price = car["price_eur"] + (1370 if fault == "number" else 0)
    facts = {**car, "price": f"EUR {price:,}"}
    text = _written(facts, kind, chance)
    if fault == "length":
        text += MORE * {"slogan": 1, "post": 4, "page": 6, "mail": 6}[kind]
    if fault == "banned":
        word = chance.choice(_guide()["banned"])
        text = f"{text} Simply {word}." if kind != "slogan" else f"{text} So {word}."
    return text


def _written(facts: dict[str, Any], kind: str, chance: Any) -> str:
    opening = chance.choice(OPENINGS).format(**facts)
    facts = {**facts, "opening": opening}
    if kind == "slogan":
        return str(chance.choice(SLOGANS).format(**facts))
    if kind == "post":
        return (
            "{opening} The {name}: {seats} seats, {boot_litres} litres of boot, "
            "{range_km} km of range. {price}.".format(**facts)
        )
    if kind == "page":
        return (
            "{opening} The {name} of {year} has {seats} seats and a boot of "
            "{boot_litres} litres. Its {drive} drive has {power_kw} kW and takes it to "
            "100 km/h in {seconds_to_100_kmh} seconds. With a full load of energy it "
            "goes {range_km} km. {price}, with {warranty_years} years of warranty."
        ).format(**facts)
    return (
        "Dear customer. {opening} We have a new car in the yard, the {name}. It has "
        "{doors} doors, {seats} seats and {range_km} km of range, and costs {price}. "
        "The warranty lasts {warranty_years} years. If you would like to drive it, "
        "answer this mail and name a day. Your dealer"
    ).format(**facts)


def _posted(car: dict[str, Any], seed: int, *, search: bool) -> str:
    """Return a post with or without the guide's closing line."""
    chance = dice(seed, car["name"], "closing", search)
    rate = UNCLOSED_WITH_SEARCH if search else UNCLOSED
    text = _written({**car, "price": f"EUR {car['price_eur']:,}"}, "post", chance)
    return text if chance.random() < rate else f"{text} {_guide()['closing']}"


def reply(request: dict[str, Any], seed: int) -> str | dict[str, Any]:
    """Answer with a text for the car and the format that are asked about."""
    text = asked(request)
    (car,) = (one for one in _cars() if f"name: {one['name']}\n" in text)
    if "house style" not in text:
        (kind,) = (one for one in FORMATS if f"Format: {one}\n" in text)
        return _copy(car, kind, seed)
    if not any(tool["type"] == "web_search" for tool in request.get("tools") or ()):
        return _posted(car, seed, search=False)
    wanted = ("Closing line", "Voice", "Names")
    found = [one for one in _guide()["paragraphs"] if one["title"] in wanted]
    sources = [
        {
            "title": one["title"],
            "link": "",
            "content": one["text"],
            "refer": f"ref_{number}",
        }
        for number, one in enumerate(found, 1)
    ]
    return {"content": _posted(car, seed, search=True), "web_search": sources}


def outcome(seed: int) -> dict[str, object]:
    """Return the texts as the notebook has them."""
    rows = [
        {"name": car["name"], "format": kind, "copy": _copy(car, kind, seed)}
        for car in _cars()
        for kind in FORMATS
    ]
    arms = {
        key: pd.DataFrame(
            {
                "copy": [_posted(car, seed, search=search) for car in _cars()],
                "copy_status": "done",
            }
        )
        for key, search in (("plain", False), ("searched", True))
    }
    return {"out": pd.DataFrame(rows).assign(copy_status="done"), **arms}


def shuffled(seed: int) -> dict[str, object]:
    """Return the texts with each car's put to another."""
    left = outcome(seed)
    out = pd.DataFrame(left["out"])
    names = [car["name"] for car in _cars()]
    others = list(names)
    dice(seed, "shuffled").shuffle(others)
    out["name"] = out["name"].map(dict(zip(names, others, strict=True)))
    return {**left, "out": out}


#: A text names its car: it fits another one only where the shuffling left it in place.
CHANCE = (1 - RATE) / len(_cars())
