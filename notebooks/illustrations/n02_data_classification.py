"""Illustrations of 2, data classification: labels and strengths of tokens."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from illustrations import asked, dice

#: Labels that are wrong. Of a negative or positive token two thirds of them are
#: neutral, a third is the opposite.
RATE = 0.1
LABELS = ("negative", "neutral", "positive")
OPPOSITE = {"negative": "positive", "positive": "negative"}


@cache
def _tokens() -> dict[str, Mapping[str, str]]:
    path = Path(__file__).parents[1] / "data/slang_ratings.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {row["token"]: row for row in csv.DictReader(file)}


def reply(request: dict[str, Any], seed: int) -> str:
    """Answer with a label and a strength of the token that is asked about."""
    label, strength = _judged(asked(request).rpartition("Token: ")[2], seed)
    return json.dumps({"label": label, "strength": strength})


def _judged(token: str, seed: int) -> tuple[str, int]:
    """Return a label, wrong at RATE, and as strength the mean rating with noise."""
    row, chance = _tokens()[token], dice(seed, token)
    noise = sum(chance.random() for _ in range(4)) - 2
    strength = max(-4, min(4, round(float(row["mean"]) + 1.2 * noise)))
    label = row["label"]
    if chance.random() >= RATE:
        return label, strength
    if label == "neutral":
        return chance.choice(("negative", "positive")), strength
    return OPPOSITE[label] if chance.random() < 1 / 3 else "neutral", strength


def outcome(seed: int) -> dict[str, object]:
    """Return the table of answers as the notebook has it."""
    return {"out": _table(seed)}


def _table(seed: int) -> pd.DataFrame:
    rows = [(token, "done", *_judged(token, seed)) for token in _tokens()]
    columns = ["token", "extract_status", "label", "strength"]
    return pd.DataFrame(rows, columns=columns)


def shuffled(seed: int) -> dict[str, object]:
    """Return the answers with each token's put to another."""
    table = _table(seed)
    tokens = list(table["token"])
    dice(seed, "shuffled").shuffle(tokens)
    return {"out": table.assign(token=tokens)}


def _chance() -> float:
    """Return the share of right labels of answers to other tokens."""
    held = [row["label"] for row in _tokens().values()]
    share = {label: held.count(label) / len(held) for label in LABELS}
    sides = share["negative"] + share["positive"]
    named = {
        side: share[side] * (1 - RATE)
        + share["neutral"] * RATE / 2
        + share[other] * RATE / 3
        for side, other in OPPOSITE.items()
    }
    named["neutral"] = share["neutral"] * (1 - RATE) + sides * RATE * 2 / 3
    return sum(share[label] * named[label] for label in LABELS)


CHANCE = _chance()
