"""Illustrations of 16, annual reports: a table of figures, and faults with quotes."""

from __future__ import annotations

import csv
import json
from collections import Counter
from functools import cache
from typing import Any

import pandas as pd

from illustrations import DATA, asked, dice

#: Cells that are read wrongly.
RATE = 0.04
FIGURES = ("invest", "value", "capital")
#: A planted fault that is overlooked, and one that is named without being there.
OVERLOOKED, INVENTED = "unit", ("Chrysler", 1946, "sum")

EXAMPLE = """\
Take a series of four novels about a lighthouse on the coast of an island country.

- **Mara**, keeper of the light, is the centre: sister of Ilan, friend and later rival
  of the harbour doctor Osei, guardian of the girl Tiu.
- **Ilan** sails for the salt company and owes it money; **Osei** knows, and keeps
  silent.
- **Tiu** finds the logbook that shows who put out the light on the night of the wreck.

The plot turns three times: the light fails, the logbook comes to the court, and Mara
gives up the tower to save her brother.

Another ending: Mara reads the logbook aloud from the gallery of the tower, so that
nobody can buy it. The company leaves the harbour within the year. Tiu keeps the light.
"""


@cache
def _source() -> dict[str, Any]:
    source: dict[str, Any] = json.loads(
        (DATA / "annual_reports.json").read_text("utf-8")
    )
    return source


@cache
def _figures() -> dict[tuple[str, int], dict[str, float]]:
    """Return the true figures by firm and year, as the reports print them."""
    with (DATA / "grunfeld.csv").open(encoding="utf-8", newline="") as file:
        return {
            (row["firm"], int(row["year"])): {
                name: round(float(row[name]), 2) for name in FIGURES
            }
            for row in csv.DictReader(file)
        }


def reply(request: dict[str, Any], seed: int) -> str:
    """Answer with the accounts of the firm whose reports are in the question."""
    text = asked(request)
    firms = [one["firm"] for one in _source()["reports"] if one["text"] in text]
    if not firms:
        return EXAMPLE
    (firm,) = firms
    return json.dumps({"years": _years(firm, seed), "faults": _faults(firm)})


def _years(firm: str, seed: int) -> list[dict[str, float]]:
    return [
        {"year": year, **{name: _read(firm, year, name, seed) for name in FIGURES}}
        for of, year in _figures()
        if of == firm
    ]


def _read(firm: str, year: int, name: str, seed: int) -> float:
    """Return a figure: the truth, or at RATE one with a slip in it."""
    true = _figures()[firm, year][name]
    chance = dice(seed, firm, year, name)
    if chance.random() >= RATE:
        return true
    near = _figures().get((firm, year - 1), _figures()[firm, 1936])[name]
    slips = [true * 10, true / 10, near, true + 10]
    return round(chance.choice([slip for slip in slips if abs(slip - true) > 0.1]), 2)


def _faults(firm: str) -> list[dict[str, Any]]:
    planted = [
        (fault["firm"], fault["year"], fault["kind"])
        for fault in _source()["faults"]
        if fault["kind"] != OVERLOOKED
    ]
    return [
        {"year": year, "kind": kind, "quote": _quote(firm, year, kind)}
        for of, year, kind in (*planted, INVENTED)
        if of == firm
    ]


def _quote(firm: str, year: int, kind: str) -> str:
    """Return the words of a report that show a fault."""
    (text,) = (one["text"] for one in _source()["reports"] if one["firm"] == firm)
    report = text.split(f"annual report {year}\n")[1]
    begin = {
        "date": "Accounts for",
        "sum": "of which plant",
    }.get(kind, "Gross investment")
    start = report.index(begin)
    return report[start : report.index("\n", start)]


def outcome(seed: int) -> dict[str, object]:
    """Return the answers as the notebook has them."""
    firms = [one["firm"] for one in _source()["reports"]]
    rows = [{"firm": firm, **year} for firm in firms for year in _years(firm, seed)]
    out = pd.DataFrame({"faults": [_faults(firm) for firm in firms]}, index=firms)
    table = pd.DataFrame(rows).astype({"year": int}).set_index(["firm", "year"])
    return {"out": out, "answered": out, "table": table}


def shuffled(seed: int) -> dict[str, object]:
    """Return the answers with each report's figures put to another."""
    left = outcome(seed)
    table = pd.DataFrame(left["table"])
    places = list(table.index)
    dice(seed, "shuffled").shuffle(places)
    index = pd.MultiIndex.from_tuples(places, names=table.index.names)
    return {**left, "table": table.set_axis(index)}


def _chance() -> float:
    """Return the share of figures that another report has as well."""
    shares = []
    for name in FIGURES:
        values = Counter(row[name] for row in _figures().values())
        shares.append(sum(n * n for n in values.values()) / values.total() ** 2)
    return sum(shares) / len(shares)


CHANCE = _chance()
