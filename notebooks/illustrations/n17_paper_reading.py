"""Illustrations of 17, reading a paper: answers with quotes, and the paper's flaws."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pandas as pd

from illustrations import DATA, asked, dice

#: Answers that are spoilt: another number, made-up words, another question's place.
RATE = 0.12
#: A planted flaw that is overlooked, and one that is named without being there.
OVERLOOKED = "significance"
INVENTED = {
    "kind": "table",
    "page": 10,
    "quote": "The towns bore three quarters of the cost.",
    "why": "Three quarters and the price of a tree do not go together.",
}


@cache
def _truth() -> dict[str, Any]:
    truth: dict[str, Any] = json.loads((DATA / "study_paper.json").read_text("utf-8"))
    return truth


def _questions() -> dict[str, dict[str, Any]]:
    return {f"q{n:02}": one for n, one in enumerate(_truth()["questions"], 1)}


def reply(request: dict[str, Any], seed: int) -> str:
    """Answer the questions, or name the flaws, by which of the two is asked."""
    if "contradict" in asked(request):
        return json.dumps({"flaws": _flaws()})
    return json.dumps(
        {
            name: {
                "value": answer["value"],
                "quote": answer["quote"],
                "page": answer["claimed"],
            }
            for name, answer in ((name, _answer(name, seed)) for name in _questions())
        }
    )


def _answer(name: str, seed: int) -> dict[str, Any]:
    """Return an answer with what becomes of its quote, spoilt at RATE."""
    one = _questions()[name]
    value, quote, page = one["answer"], one["quote"], one["page"]
    right = {
        "value": value, "quote": quote, "page": page, "claimed": page, "found": "exact"
    }  # fmt: skip
    chance = dice(seed, name)
    if chance.random() >= RATE:
        return right
    match chance.choice(("number", "words", "place")):
        case "number":
            return {**right, "value": value + 3, "found": "value differs"}
        case "words":
            made = re.sub(r"\.$", ", as expected.", quote)
            return {**right, "quote": made, "page": None, "found": "not found"}
        case _:
            return {**right, **_of_another(name)}


def _of_another(name: str) -> dict[str, Any]:
    """Return the number and the words of the question after, which stand elsewhere."""
    known = list(_questions().values())
    other = known[int(name[1:]) % len(known)]
    page = other["page"]
    return {
        "value": other["answer"], "quote": other["quote"], "page": page, "claimed": page
    }  # fmt: skip


def _flaws() -> list[dict[str, Any]]:
    named = [
        {
            "kind": flaw["kind"],
            "page": flaw["pages"][-1],
            "quote": flaw["quotes"][-1],
            "why": "It cannot be true together with another statement of the paper.",
        }
        for flaw in _truth()["flaws"]
        if flaw["kind"] != OVERLOOKED
    ]
    return [*named, INVENTED]


def outcome(seed: int) -> dict[str, object]:
    """Return the answers as the notebook has them."""
    facts = pd.DataFrame.from_dict(
        {name: _answer(name, seed) for name in _questions()}, orient="index"
    )
    facts["page"] = facts["page"].astype("Int64")
    return {"facts": facts, "flaws": pd.DataFrame(_flaws())}


def shuffled(seed: int) -> dict[str, object]:
    """Return the answers with each question's put to another."""
    left = outcome(seed)
    facts = pd.DataFrame(left["facts"])
    names = list(facts.index)
    dice(seed, "shuffled").shuffle(names)
    return {**left, "facts": facts.set_axis(names)}


#: An answer to another question is right only where it stays with its own.
CHANCE = (1 - RATE) / len(_truth()["questions"])
