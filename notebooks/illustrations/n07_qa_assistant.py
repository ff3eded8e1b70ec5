"""Illustrations of 07, Q&A assistant: answers alone, from passages and by search."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from illustrations import asked, dice

#: Replies that are wrong: from passages (the headline), alone, and by search.
RATE, ALONE, SEARCHED = 0.1, 0.3, 0.16
RATES = {"alone": ALONE, "passages": RATE, "search": SEARCHED}
UNKNOWN = "Not known."
GALLERY = Path(__file__).parents[1]
SLOGANS = """\
Three that keep the bread and the early hour, and lose the shop:

1. **Up before the town.**
2. **The first light on the street.**
3. **Bread is the hour we keep.**

I would take the first. It is four words long, it can be painted over a door, and it
says that somebody was at work while the others slept; the bread need not be named on
a bag that smells of it. The second is the warmer one for the winter, the third for a
page with a picture of the oven."""


@cache
def _questions() -> list[dict[str, Any]]:
    path = GALLERY / "data/python_questions.json"
    questions: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
    return questions


@cache
def _passages() -> dict[int, bool]:
    """Return for each question whether the passages that go with it hold the answer.

    The notebook chooses the passages; its cells of data are run for that.
    """
    (path,) = GALLERY.glob("glm-4-air/07_*.ipynb")
    names: dict[str, Any] = {}
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        if "data" in cell["metadata"].get("tags", ()):
            exec("".join(cell["source"]), names)
    return dict(names["questions"]["shown"])


def reply(request: dict[str, Any], seed: int) -> str | dict[str, Any]:
    """Answer a question, or the example call of the model's page."""
    text = asked(request)
    known = [one for one in _questions() if one["question"] in text]
    if not known:
        return SLOGANS
    (question,) = known
    if "tools" in request:
        answer = _answer(question, "search", bool(question["answer"]), seed)[0]
        return {"content": answer, "web_search": _found(question)}
    if "Passages:" not in text:
        return _answer(question, "alone", bool(question["answer"]), seed)[0]
    places = [
        number
        for number, passage in re.findall(r"\[(\d)\] (.+?)(?=\n\n\[|\Z)", text, re.S)
        if question["says"] and _flat(question["says"]) in _flat(passage)
    ]
    answer, right = _answer(question, "passages", bool(places), seed)
    if answer == UNKNOWN:
        return answer
    return f"{answer} [{places[0] if places and right else 1}]"


def _flat(text: str) -> str:
    return re.sub(r"\s+", " ", text).lower()


def _answer(
    question: dict[str, Any], arm: str, known: bool, seed: int
) -> tuple[str, bool]:
    """Return an answer, and whether it is the right one.

    `known` says whether the right one is an answer, or that it is not known.
    """
    chance = dice(seed, arm, question["id"])
    if chance.random() >= RATES[arm]:
        return (question["answer"] if known else UNKNOWN), True
    if known and chance.random() < 0.5:
        return UNKNOWN, False
    others = [one["answer"] for one in _questions() if not _fits(question, one)]
    return chance.choice([other for other in others if other]), False


def _fits(question: dict[str, Any], other: dict[str, Any]) -> bool:
    """Return whether another question's answer would do for this one."""
    key, answer = question["key"], other["answer"]
    return bool(key and answer and re.search(key, answer, re.IGNORECASE))


def _found(question: dict[str, Any]) -> list[dict[str, str]]:
    """Return the page that a search finds; none for what the pages do not say."""
    if not question["says"]:
        return []
    return [
        {
            "title": f"Python 3.11 documentation: {question['topic']}",
            "link": "https://docs.python.org/3.11/reference/index.html",
            "content": f"... {question['says']} ...",
            "refer": "ref_1",
        }
    ]


def outcome(seed: int) -> dict[str, object]:
    """Return the answers as the notebook has them."""
    arms = {}
    for arm in RATES:
        answers = {}
        for one in _questions():
            known = _passages()[one["id"]] if arm == "passages" else one["answer"]
            answers[one["id"]] = _answer(one, arm, bool(known), seed)[0]
        arms[arm] = pd.DataFrame({"answer": answers}).assign(answer_status="done")
    return {"arms": arms}


def shuffled(seed: int) -> dict[str, object]:
    """Return the answers with each question's put to another."""
    arms: dict[str, pd.DataFrame] = dict(outcome(seed)["arms"])  # type: ignore[call-overload]
    ids = [one["id"] for one in _questions()]
    dice(seed, "shuffled").shuffle(ids)
    return {"arms": {name: arm.set_axis(ids) for name, arm in arms.items()}}


def _chance() -> float:
    """Return the share of right replies where they are those to other questions."""
    shown, questions = _passages(), _questions()
    answered = [one for one in questions if shown[one["id"]]]
    #: What is refused of all: half of the mistakes where the answer was there.
    refused = 1 - RATE * (1 - len(answered) / len(questions))
    refused -= len(answered) / len(questions) * (1 - RATE / 2)
    hits = sum(_fits(one, other) for one in answered for other in answered)
    by_answer = hits * (1 - RATE) / len(questions)
    by_refusal = (len(questions) - len(answered)) * refused
    return (by_answer + by_refusal) / len(questions)


def __getattr__(name: str) -> float:
    if name == "CHANCE":  # takes the notebook's retrieval, which takes a second
        return _chance()
    raise AttributeError(name)
