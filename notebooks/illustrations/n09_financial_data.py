"""Illustrations of 09, financial data: faults in blocks of series, and their repair."""

from __future__ import annotations

import csv
import json
import random
import re
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from illustrations import asked, dice

#: Blocks that are not as they were after the repair that the answer names.
RATE = 0.1
DATA = Path(__file__).parents[1] / "data"
NOTHING = {"kind": "none", "first": None, "last": None, "multiply_by": None}
#: Units as the Federal Reserve Bank of St. Louis publishes the series, and its id.
UNITS = {
    "realgdp": ("billions of chained dollars, annual rate", "GDPC1"),
    "realcons": ("billions of chained dollars, annual rate", "PCECC96"),
    "realinv": ("billions of chained dollars, annual rate", "GPDIC1"),
    "realgovt": ("billions of chained dollars, annual rate", "FGCEC1"),
    "realdpi": ("billions of chained dollars, annual rate", "DPIC96"),
    "cpi": ("index, 1982 to 1984 = 100", "CPIAUCSL"),
    "m1": ("billions of dollars", "M1SL"),
    "tbilrate": ("per cent", "TB3MS"),
    "unemp": ("per cent", "UNRATE"),
    "pop": ("millions of persons", "POP"),
}


@cache
def _blocks() -> dict[str, dict[str, Any]]:
    blocks = json.loads((DATA / "macro_faults.json").read_text("utf-8"))["blocks"]
    return {f"{one['series']} {one['start']}": one for one in blocks}


@cache
def _series(name: str) -> dict[str, float]:
    with (DATA / "macrodata.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {f"{row['year']}Q{row['quarter']}": float(row[name]) for row in rows}


def reply(request: dict[str, Any], seed: int) -> str | dict[str, Any]:
    """Answer with the fault of a block, or with the unit of a series."""
    text = asked(request)
    (name,) = re.findall(r"^Series: (\w+)", text, re.MULTILINE)
    if "tools" in request:
        return _unit(name)
    start = re.findall(r"^(\d{4}Q\d)", text, re.MULTILINE)[0]
    return json.dumps(_fault(f"{name} {start}", seed))


def _unit(name: str) -> dict[str, Any]:
    """Return unit and range of a series, and the page that a search found."""
    unit, code = UNITS[name]
    values = _series(name).values()
    low, high = (float(f"{n:.2g}") for n in (min(values) * 0.8, max(values) * 1.2))
    answer = {"unit": unit, "lowest": low, "highest": high}
    page = {
        "title": f"FRED: {code}",
        "link": f"https://fred.stlouisfed.org/series/{code}",
        "content": f"Units: {unit}.",
        "refer": "ref_1",
    }
    return {"content": json.dumps(answer), "web_search": [page]}


def _fault(key: str, seed: int) -> dict[str, Any]:
    """Return what the answer finds in a block: its fault, or at RATE another."""
    block = _blocks()[key]
    factor = block["factor"] and float(f"{1 / block['factor']:.6g}")
    named = {"kind": block["kind"], "first": block["first"], "last": block["last"]}
    truth = {**named, "multiply_by": factor}
    chance = dice(seed, key)
    return truth if chance.random() >= RATE else _wrong(truth, block, chance)


def _wrong(
    truth: dict[str, Any], block: dict[str, Any], chance: random.Random
) -> dict[str, Any]:
    """Return a fault that is overlooked, made up, or placed a quarter too late."""
    quarters = [
        quarter
        for quarter in _series(block["series"])
        if block["start"] <= quarter <= block["end"]
    ]
    if truth["kind"] == "none":
        at = chance.randrange(len(quarters) - 1)
        named = {"first": quarters[at], "last": quarters[at + 1]}
        return {**NOTHING, "kind": "sign", **named}
    if chance.random() < 0.5:
        return NOTHING
    first, last = (quarters.index(truth[end]) for end in ("first", "last"))
    return {**truth, "first": quarters[first + 1], "last": quarters[last + 1]}


def outcome(seed: int) -> dict[str, object]:
    """Return the answers as the notebook has them."""
    rows = {key: _fault(key, seed) for key in _blocks()}
    out = pd.DataFrame.from_dict(rows, orient="index")
    return {"out": out.assign(series=_names(), fault_status="done")}


def _names() -> list[str]:
    return [block["series"] for block in _blocks().values()]


def shuffled(seed: int) -> dict[str, object]:
    """Return the answers with each block's put to another."""
    out = pd.DataFrame(outcome(seed)["out"])
    keys = list(out.index)
    dice(seed, "shuffled").shuffle(keys)
    return {"out": out.set_axis(keys).loc[list(_blocks())].assign(series=_names())}


def _chance() -> float:
    """Return the share of blocks that are right after the repair of another one.

    Those are blocks without a fault whose answer names none, or quarters elsewhere.
    """
    blocks = list(_blocks().values())
    named = [RATE if one["kind"] == "none" else 1 - RATE / 2 for one in blocks]
    harmed = [
        sum(p for p, other in zip(named, blocks, strict=True) if _alike(one, other))
        for one in blocks
        if one["kind"] == "none"
    ]
    return sum(1 - found / len(blocks) for found in harmed) / len(blocks)


def _alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return bool(one["start"] == other["start"])


CHANCE = _chance()
