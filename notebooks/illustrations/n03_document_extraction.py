"""Illustrations of 3, document extraction: misread fields of documents."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from illustrations import asked, dice

#: Values that are read wrongly, by the state of the document; and on average.
WRONG = {"clean": 0.02, "crowded": 0.06, "scanned": 0.10}
RATE = sum(WRONG.values()) / len(WRONG)
DATES = ("date", "due", "start", "end")
#: What is taken for what: the value and the words of the other field.
CONFUSED = {
    "date": "due",
    "due": "date",
    "seller": "buyer",
    "buyer": "seller",
    "net": "total",
    "total": "net",
    "client": "supplier",
    "supplier": "client",
    "start": "end",
    "end": "start",
    "fee": "liability",
    "liability": "fee",
}
INSTEAD = {
    "currency": ("EUR", "GBP", "USD", "CNY"),
    "law": ("Ireland", "Sweden", "the Netherlands", "Singapore", "Canada"),
    "notice": (15, 30, 45, 60, 90, 120),
}


@cache
def _documents() -> list[dict[str, Any]]:
    path = Path(__file__).parents[1] / "data/business_documents.json"
    documents: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
    return documents


def reply(request: dict[str, Any], seed: int) -> str:
    """Answer with the fields of the document whose number stands in the text."""
    text = asked(request)
    (document,) = (one for one in _documents() if one["values"]["number"] in text)
    answer = {}
    for name in document["values"]:
        value, quote = _read(document, name, seed)
        answer[name] = {"value": value, "quote": quote, "page": None}
    return json.dumps(answer)


def _read(document: Mapping[str, Any], name: str, seed: int) -> tuple[Any, Any]:
    """Return what the answer says of a field: its value and its words."""
    chance = dice(seed, document["file"], name)
    if chance.random() >= WRONG[document["noise"]]:
        return document["values"][name], document["quotes"][name]
    if chance.random() < 0.25:
        return None, None
    other = CONFUSED.get(name)
    if other and chance.random() < 0.5:
        return document["values"][other], document["quotes"][other]
    return _misread(document["values"][name], document["quotes"][name], name, chance)


def _misread(
    value: Any, quote: str, name: str, chance: random.Random
) -> tuple[Any, str]:
    """Return a value near the right one, and its words: a name is misquoted as well."""
    if name in INSTEAD:
        return chance.choice([one for one in INSTEAD[name] if one != value]), quote
    if name == "lines":
        return _misread_lines(value, chance), quote
    if isinstance(value, float):
        return _other_digit(f"{value:.2f}", chance), quote
    if name in DATES:
        day = chance.choice([n for n in range(1, 29) if n != int(value[-2:])])
        return f"{value[:-2]}{day:02}", quote
    wrong = f"{value[:-1]}{'x' if value[-1] != 'x' else 'y'}"
    return wrong, quote.replace(value, wrong)


def _misread_lines(
    lines: list[dict[str, Any]], chance: random.Random
) -> list[dict[str, Any]]:
    """Return the lines without one of them, or with an amount misread."""
    at = chance.randrange(len(lines))
    if chance.random() < 0.5:
        return [*lines[:at], *lines[at + 1 :]]
    wrong = _other_digit(f"{lines[at]['amount']:.2f}", chance)
    return [*lines[:at], {**lines[at], "amount": wrong}, *lines[at + 1 :]]


def _other_digit(text: str, chance: random.Random) -> float:
    """Return a number of which one digit is another."""
    at = chance.choice([n for n, sign in enumerate(text) if sign.isdigit()])
    digit = (int(text[at]) + chance.randint(1, 9)) % 10
    return float(f"{text[:at]}{digit}{text[at + 1 :]}")


def outcome(seed: int) -> dict[str, object]:
    """Return the two tables of answers as the notebook has them."""
    return dict(_tables(seed))


def _tables(seed: int) -> dict[str, pd.DataFrame]:
    return {"invoices": _table("invoice", seed), "contracts": _table("contract", seed)}


def _table(kind: str, seed: int) -> pd.DataFrame:
    rows = []
    for document in _documents():
        if document["kind"] == kind:
            values = {n: _read(document, n, seed)[0] for n in document["values"]}
            rows.append({"file": document["file"], "extract_status": "done", **values})
    table = pd.DataFrame(rows).astype({"extract_status": "category"})
    dates = [name for name in DATES if name in table]
    return table.assign(**{name: pd.to_datetime(table[name]) for name in dates})


def shuffled(seed: int) -> dict[str, object]:
    """Return the answers with each document's put to another of its kind."""
    mixed: dict[str, object] = {}
    for name, table in _tables(seed).items():
        files = list(table["file"])
        dice(seed, "shuffled", name).shuffle(files)
        mixed[name] = table.assign(file=files)
    return mixed


def _chance() -> float:
    """Return the share of values that agree with those of a document by chance."""
    agree = []
    for kind in ("invoice", "contract"):
        held = [one["values"] for one in _documents() if one["kind"] == kind]
        for one in held:
            alike = sum(one[name] == two[name] for name in one for two in held)
            agree.append(alike / len(held) / len(one))
    return sum(agree) / len(agree) * (1 - RATE)


CHANCE = _chance()
