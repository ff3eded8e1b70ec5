"""Illustrations of 19, legal documents: labels of licences, and quotes."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pandas as pd

from illustrations import DATA, asked, dice

#: Decisions that are taken wrongly, and quotes that are not in the text.
RATE, MISQUOTED = 0.06, 0.05
KINDS = ("permissions", "conditions", "limitations")


@cache
def _source() -> dict[str, Any]:
    text = (DATA / "legal_licences.json").read_text("utf-8")
    source: dict[str, Any] = json.loads(text)
    return source


def _labels(kind: str) -> list[str]:
    return [label["tag"] for label in _source()["labels"][kind]]


def reply(request: dict[str, Any], seed: int) -> str:
    """Answer with labels and quotes of the licence whose text is asked about."""
    text = asked(request)
    (licence,) = (one for one in _source()["licences"] if one["text"] in text)
    return json.dumps(
        {
            kind: {
                "value": _named(licence, kind, seed),
                "quote": _quote(licence, kind, seed)[0],
                "page": None,
            }
            for kind in KINDS
        }
    )


def _named(licence: dict[str, Any], kind: str, seed: int) -> list[str]:
    """Return the labels that the answer names: the truth, each flipped at RATE."""
    return [
        label
        for label in _labels(kind)
        if (label in licence[kind])
        != (dice(seed, licence["spdx_id"], kind, label).random() < RATE)
    ]


def _quote(licence: dict[str, Any], kind: str, seed: int) -> tuple[str, bool]:
    """Return a sentence of the text, and whether it stands there as it is."""
    chance = dice(seed, licence["spdx_id"], kind, "quote")
    lines = re.findall(r"[^.;\n][^.;\n]{40,140}", licence["text"])
    line = chance.choice(lines).strip()
    if chance.random() >= MISQUOTED:
        return line, True
    return f"{line} without further conditions", False


def outcome(seed: int) -> dict[str, object]:
    """Return the answers as the notebook has them."""
    rows = {
        one["spdx_id"]: {
            "extract_status": "done",
            **{kind: _named(one, kind, seed) for kind in KINDS},
            **{f"{kind}_found": _found(one, kind, seed) for kind in KINDS},
        }
        for one in _source()["licences"]
    }
    return {"out": pd.DataFrame.from_dict(rows, orient="index")}


def _found(licence: dict[str, Any], kind: str, seed: int) -> str:
    return "exact" if _quote(licence, kind, seed)[1] else "not found"


def shuffled(seed: int) -> dict[str, object]:
    """Return the answers with each licence's put to another."""
    out = pd.DataFrame(outcome(seed)["out"])
    names = list(out.index)
    dice(seed, "shuffled").shuffle(names)
    return {"out": out.set_axis(names)}


def _chance() -> float:
    """Return the share of right decisions of answers to other licences."""
    agree = []
    for kind in KINDS:
        for label in _labels(kind):
            held = [label in one[kind] for one in _source()["licences"]]
            share = sum(held) / len(held)
            named = share * (1 - RATE) + (1 - share) * RATE
            agree.append(share * named + (1 - share) * (1 - named))
    return sum(agree) / len(agree)


CHANCE = _chance()
