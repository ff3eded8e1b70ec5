"""Illustrations of 11, the job market: rankings of adverts, and trends of sectors."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from illustrations import asked, dice

#: Rankings whose first two are swapped, and trends that are stated wrongly.
RATE, MISREAD = 0.12, 0.08
LETTERS = "ABCDEFGH"
DATA = Path(__file__).parents[1] / "data"
#: Sectors of the series, and periods of years, as the notebook asks about them.
SECTORS = {
    "mining_and_logging": "mining and logging",
    "construction": "construction",
    "manufacturing": "manufacturing",
    "wholesale_trade": "wholesale trade",
    "retail_trade": "retail trade",
    "transportation_and_warehousing": "transportation and warehousing",
    "information": "information",
    "financial_activities": "financial activities",
    "professional_and_business_services": "professional and business services",
    "education_and_health_services": "education and health services",
    "leisure_and_hospitality": "leisure and hospitality",
    "government": "government",
}
PERIODS = ((2006, 2008), (2008, 2010), (2010, 2012), (2012, 2014))
TRENDS = ("grew", "steady", "fell")


@cache
def market() -> dict[str, Any]:
    """Return adverts and people."""
    text = (DATA / "job_market.json").read_text("utf-8")
    source: dict[str, Any] = json.loads(text)
    return source


@cache
def trends() -> dict[tuple[str, int, int], str]:
    """Return the trend of each sector and period, from the means of the years."""
    with (DATA / "us_employment.csv").open(encoding="utf-8") as file:
        months = list(csv.DictReader(file))
    found = {}
    for column, name in SECTORS.items():
        years: dict[int, list[float]] = {}
        for month in months:
            years.setdefault(int(month["month"][:4]), []).append(float(month[column]))
        mean = {year: sum(values) / len(values) for year, values in years.items()}
        for first, last in PERIODS:
            change = mean[last] / mean[first] - 1
            trend = "grew" if change > 0.01 else "fell" if change < -0.01 else "steady"
            found[name, first, last] = trend
    return found


def reply(request: dict[str, Any], seed: int) -> str | dict[str, Any]:
    """Answer with a ranking, a trend, or what a search found."""
    text = asked(request)
    for person in market()["people"]:
        if person["cv"] in text:
            return json.dumps({"ranking": ranking(person, seed)})
    found = re.search(r"Sector: (.+)\. Period: (\d+) to (\d+)\.", text)
    assert found, text[:200]
    name, first, last = found[1], int(found[2]), int(found[3])
    if request.get("tools"):
        return _searched(name, first, last, seed)
    return json.dumps({"value": trend(name, first, last, seed)})


def _searched(name: str, first: int, last: int, seed: int) -> dict[str, Any]:
    word = trend(name, first, last, seed, "search")
    page = {
        "title": f"Employment in {name}, {first} to {last}",
        "link": "https://example.org/employment",
        "content": f"Employment in {name} {word} between {first} and {last}.",
        "refer": "ref_1",
    }
    return {"content": word, "web_search": [page]}


def ranking(person: dict[str, Any], seed: int) -> list[str]:
    """Return the letters of the shortlist, best first."""
    relevance = relevances(person)
    ranked = sorted(LETTERS, key=lambda letter: -relevance[LETTERS.index(letter)])
    if dice(seed, person["person"], "swapped").random() < RATE:
        ranked[:2] = ranked[1::-1]
    return ranked


def relevances(person: dict[str, Any]) -> list[int]:
    """Return how many skills a person shares with each advert of the shortlist."""
    skills = {one["advert"]: set(one["skills"]) for one in market()["adverts"]}
    own = skills[person["shortlist"][LETTERS.index(person["right"])]]
    return [len(own & skills[name]) for name in person["shortlist"]]


def trend(name: str, first: int, last: int, seed: int, arm: str = "") -> str:
    """Return the stated trend of a sector: the true one, or at MISREAD another."""
    chance, truth = dice(seed, name, first, last, arm), trends()[name, first, last]
    if chance.random() >= MISREAD:
        return truth
    return chance.choice([one for one in TRENDS if one != truth])


def outcome(seed: int) -> dict[str, object]:
    """Return the answers as the notebook has them."""
    people = market()["people"]
    ranked = pd.DataFrame(
        {"ranking": [ranking(person, seed) for person in people]},
        index=[person["person"] for person in people],
    )
    rows = [(*key, trend(*key, seed), truth) for key, truth in trends().items()]
    columns = ["sector", "first", "last", "trend", "truth"]
    return {"ranked": ranked, "stated": pd.DataFrame(rows, columns=columns)}


def shuffled(seed: int) -> dict[str, object]:
    """Return the rankings with each person's put to another."""
    left = outcome(seed)
    ranked = pd.DataFrame(left["ranked"])
    names = list(ranked.index)
    dice(seed, "shuffled").shuffle(names)
    return {**left, "ranked": ranked.set_axis(names)}


def _chance() -> float:
    """Return the share of right letters of rankings of other people."""
    right = Counter(person["right"] for person in market()["people"])
    return sum((count / right.total()) ** 2 for count in right.values())


CHANCE = _chance()
