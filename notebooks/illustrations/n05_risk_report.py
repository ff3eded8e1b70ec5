"""Illustrations of 5, risk report: graded flight days, without and with search."""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from illustrations import asked, dice

#: Days that are graded wrongly without search and with it, and quotes that are altered.
RATE, WITH_SEARCH, MISQUOTED = 0.2, 0.1, 0.05
GRADES = ("low", "moderate", "high")
#: Shares of late flights of each grade.
RANGES = {"low": (0.0, 0.08), "moderate": (0.08, 0.18), "high": (0.18, 0.6)}
DATA = Path(__file__).parents[1] / "data"


@cache
def _days() -> dict[str, dict[str, str]]:
    with (DATA / "weather_2013.csv").open(encoding="utf-8", newline="") as file:
        return {f"{row['origin']} {row['date']}": row for row in csv.DictReader(file)}


@cache
def _policy() -> list[dict[str, str]]:
    rules: list[dict[str, str]] = json.loads(
        (DATA / "delay_policy.json").read_text("utf-8")
    )
    return rules


def _true(day: str) -> str:
    share = float(_days()[day]["share_late"])
    return next(grade for grade in GRADES if share <= RANGES[grade][1])


def _wrong(grade: str) -> list[str]:
    """Return the grades next to one."""
    return ["moderate"] if grade != "moderate" else ["low", "high"]


def _graded(day: str, seed: int, *, search: bool) -> dict[str, Any]:
    """Return a report; with search it quotes a rule."""
    chance = dice(seed, day, search)
    grade, share = _true(day), float(_days()[day]["share_late"])
    if chance.random() < (WITH_SEARCH if search else RATE):
        grade = chance.choice(_wrong(grade))
        low, high = RANGES[grade]
        share = low + (high - low) * chance.random() / 2
    else:
        low, high = RANGES[grade]
        share = min(max(share + chance.gauss(0, 0.02), low), high)
    report = {
        "grade": grade,
        "expected_share": round(share, 3),
        "reason": _reason(_days()[day]),
    }
    return {**report, "quote": _quote(grade, chance)} if search else report


def _reason(row: dict[str, str]) -> str:
    rain = f"rain in {row['rain_hours']} hours" if row["rain_hours"] != "0" else "dry"
    gust = f"gusts to {row['gust_max_mph']} mph" if row["gust_max_mph"] else "no gusts"
    return (
        f"{row['weekday']} with {row['flights']} flights, {rain}, {gust}, visibility "
        f"down to {row['visibility_min_miles']} miles."
    )


def _quote(grade: str, chance: Any) -> str:
    (text,) = (
        rule["text"] for rule in _policy() if rule["title"] == f"{grade.title()} risk"
    )
    altered = chance.random() < MISQUOTED
    return text.replace("stand", "must stand", 1) if altered else text


def reply(request: dict[str, Any], seed: int) -> str | dict[str, Any]:
    """Answer with the report of the day that is asked about."""
    text = asked(request)
    (day,) = (name for name in _days() if f"Flight day: {name}\n" in text)
    search = any(tool["type"] == "web_search" for tool in request.get("tools") or ())
    report = _graded(day, seed, search=search)
    if not search:
        return json.dumps(report)
    titles = ("Grades of delay risk", f"{report['grade'].title()} risk")
    found = [rule for rule in _policy() if rule["title"] in titles]
    sources = [
        {
            "title": rule["title"],
            "link": "",
            "content": rule["text"],
            "refer": f"ref_{number}",
        }
        for number, rule in enumerate(found, 1)
    ]
    return {"content": json.dumps(report), "web_search": sources}


def outcome(seed: int) -> dict[str, object]:
    """Return the reports as the notebook has them."""
    frames = {}
    for name, search in (("alone", False), ("searched", True)):
        rows = {
            day: {"extract_status": "done", **_graded(day, seed, search=search)}
            for day in _days()
        }
        frames[name] = pd.DataFrame.from_dict(rows, orient="index")
    return dict(frames)


def shuffled(seed: int) -> dict[str, object]:
    """Return the reports with each day's put to another."""
    names = list(_days())
    dice(seed, "shuffled").shuffle(names)
    return {
        key: pd.DataFrame(frame).set_axis(names) for key, frame in outcome(seed).items()
    }


def _chance() -> float:
    """Return the share of days that another day's grade fits."""
    true = [_true(day) for day in _days()]
    share = {grade: true.count(grade) / len(true) for grade in GRADES}
    said = dict.fromkeys(GRADES, 0.0)
    for grade in GRADES:
        said[grade] += share[grade] * (1 - RATE)
        for other in _wrong(grade):
            said[other] += share[grade] * RATE / len(_wrong(grade))
    return sum(share[grade] * said[grade] for grade in GRADES)


CHANCE = _chance()
