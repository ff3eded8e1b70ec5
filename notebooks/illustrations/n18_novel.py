"""Illustrations of 18, a novel: relations by chapter, a needle, a continuation."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pandas as pd

from illustrations import DATA, asked, dice

Pair = tuple[str, str]

#: Pairs about which the answers are wrong: overlooked, or made up.
RATE = 0.1
#: A hidden sentence that is missed, by its place in the text.
MISSED = 0.25
_KINDS = ("cousin", "friend", "sibling")

CONTINUATION = """\
The first winter of their marriage was passed at Lyme, for Captain Wentworth would be
near his friends, and Anne was never so well as when he was near them. She had the
pleasure of seeing Mrs Smith established in better rooms, and of hearing from Lady
Russell, in every letter, some new admission of his merit. Sir Walter, who had been
persuaded that a captain with five-and-twenty thousand pounds might be introduced
without disgrace, was heard to speak of "my son-in-law, the navy man," with a
complacency which Elizabeth could not share. If the spring brought any uneasiness, it
was only such as the newspapers gave; and when the summons came at last, Anne, who had
learned what it was to be left behind, begged so earnestly to be allowed the smallest
corner of the ship, that the Admiral declared she was a sailor already, and that it
would be wicked to refuse her.
"""


@cache
def _key() -> dict[str, Any]:
    text = (DATA / "persuasion_relations.json").read_text("utf-8")
    key: dict[str, Any] = json.loads(text)
    return key


@cache
def _chapters() -> list[str]:
    novel = (DATA / "persuasion.txt").read_text("utf-8")
    return re.split(r"\n+Chapter \d+\n+", novel)[1:]


@cache
def _present(name: str) -> frozenset[int]:
    """Return the chapters that name a person."""
    words = re.compile(_key()["names"][name])
    plain = (re.sub(r"\s+", " ", text) for text in _chapters())
    return frozenset(n for n, text in enumerate(plain, 1) if words.search(text))


def _pairs() -> dict[Pair, str | None]:
    return {(one["pair"][0], one["pair"][1]): one["kind"] for one in _key()["pairs"]}


def reply(request: dict[str, Any], seed: int) -> str:
    """Answer by what is asked: relations, a hidden code word, or to write on."""
    text = asked(request)
    if "code word of the archive in" in text:
        return _found(text, seed)
    if text.startswith("Write on"):
        return CONTINUATION
    (chapter,) = (n for n, part in enumerate(_chapters(), 1) if part in text)
    return json.dumps({"relations": _relations(chapter, seed)})


def _found(text: str, seed: int) -> str:
    """Return the code word that the question asks for, or miss it in the middle."""
    place = text.rsplit("archive in ", 1)[1].split("?")[0]
    sentence = re.search(rf"[^.]*\b{place}\b[^.]*\.", text)
    assert sentence is not None
    depth = sentence.start() / len(text)
    missed = 0.2 < depth < 0.8 and dice(seed, place, len(text)).random() < MISSED
    return "It is not said." if missed else sentence[0].rstrip(".").split()[-1]


def _said(pair: Pair, seed: int) -> str | None:
    """Return the relation that the answers name for a pair, wrong at RATE."""
    kind = _pairs()[pair]
    chance = dice(seed, *pair)
    if chance.random() >= RATE:
        return kind
    return None if kind else chance.choice(_KINDS)


def _in_chapters(pair: Pair) -> list[int]:
    """Return the chapters whose answers name a pair: where both are, or the last."""
    one, other = map(_present, pair)
    both = one & other or one | other
    return sorted(both) if one & other else [max(both)]


def _relations(chapter: int, seed: int) -> list[dict[str, str]]:
    return [
        {"one": pair[0], "other": pair[1], "kind": kind}
        for pair in _pairs()
        if chapter in _in_chapters(pair)
        and (kind := _said(pair, seed))
        and _shows(pair, chapter, seed)
    ]


def _shows(pair: Pair, chapter: int, seed: int) -> bool:
    """Whether a chapter's answer names a pair: always the first, half of the others."""
    first = _in_chapters(pair)[0] == chapter
    return first or dice(seed, *pair, chapter).random() < 0.5


def outcome(seed: int) -> dict[str, object]:
    """Return the answers as the notebook has them."""
    found = [
        (chapter, (one["one"], one["other"]), one["kind"])
        for chapter in range(1, len(_chapters()) + 1)
        for one in _relations(chapter, seed)
    ]
    return {"named": pd.DataFrame(found, columns=["chapter", "pair", "kind"])}


def shuffled(seed: int) -> dict[str, object]:
    """Return the answers with each pair's put to another."""
    named = pd.DataFrame(outcome(seed)["named"])
    pairs = list(_pairs())
    others = list(pairs)
    dice(seed, "shuffled").shuffle(others)
    exchanged = dict(zip(pairs, others, strict=True))
    return {"named": named.assign(pair=named["pair"].map(exchanged))}


def _chance() -> float:
    """Return the share of pairs that another pair's answer is right about."""
    kinds = list(_pairs().values())
    none = kinds.count(None) / len(kinds)
    same = sum((kinds.count(kind) / len(kinds)) ** 2 for kind in {*kinds} - {None})
    silent = none * (1 - RATE) + (1 - none) * RATE
    return none * silent + same * (1 - RATE)


CHANCE = _chance()
