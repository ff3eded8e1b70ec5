"""Illustrations of 08, quality inspection: verdicts on talks, and notes to agents."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from illustrations import asked, dice

#: Verdicts that are wrong, and quotes that are not in the talk.
RATE, MISQUOTED = 0.08, 0.05
ADVICE = {
    "greeting": ("Begin with the company's name and yours.", "开场先报公司名和姓名。"),
    "identity": (
        "Ask for the order number and the postcode before you speak of the order.",
        "谈订单之前，先核对订单号和邮编。",
    ),
    "restating": (
        "Repeat the problem in your own words, and ask whether you have it right.",
        "用自己的话复述问题，再请客户确认。",
    ),
    "regret": (
        "Say that you are sorry before you come to the solution.",
        "先道歉，再谈解决办法。",
    ),
    "solution": (
        "Say what you are going to do, not that something will be done.",
        "说清楚您要怎么处理，而不是“会有人处理”。",
    ),
    "deadline": (
        "Name a day. 'As soon as possible' is not one.",
        "说出具体日期，“尽快”不算日期。",
    ),
    "privacy": (
        "Never ask for a password or a whole card number, not even to be quick.",
        "任何时候都不要索要密码或完整卡号。",
    ),
    "closing": (
        "Ask whether there is anything else, and thank the customer.",
        "结束前问一句还有没有别的问题，并道谢。",
    ),
}


@cache
def _talks() -> list[dict[str, Any]]:
    path = Path(__file__).parents[1] / "data/service_talks.json"
    talks: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["talks"]
    return talks


def reply(request: dict[str, Any], seed: int) -> str:
    """Answer with verdicts on the talk that is asked about, or with a note."""
    text = asked(request)
    if "response_format" not in request:
        return _note(text)
    (talk,) = (one for one in _talks() if one["text"] in text)
    answer = {}
    for step in talk["kept"]:
        quote = _quote(talk, step, seed)[0]
        answer[step] = {"value": _kept(talk, step, seed), "quote": quote, "page": None}
    return json.dumps(answer, ensure_ascii=False)


def _kept(talk: dict[str, Any], step: str, seed: int) -> bool:
    """Return a verdict: the truth, turned at RATE."""
    wrong = dice(seed, talk["id"], step).random() < RATE
    return bool(talk["kept"][step]) != wrong


def _quote(talk: dict[str, Any], step: str, seed: int) -> tuple[str | None, bool]:
    """Return the line that shows the step, if any, and whether it stands there so."""
    line = talk["lines"][step]
    if line is None or dice(seed, talk["id"], step, "quote").random() >= MISQUOTED:
        return line, True
    if talk["language"] == "zh":
        return f"好的，没问题，{line}", False
    return f"Of course, no problem: {line}", False


def _note(text: str) -> str:
    """Return a note to an agent on the step that was broken most often."""
    agent = re.findall(r"^Agent: (.+)$", text, re.MULTILINE)[0]
    found = re.findall(r"^(\w+): broken in (\d+) of (\d+)$", text, re.MULTILINE)
    if not found:
        return f"{agent}: nothing to mend."
    step, times, of = max(found, key=lambda row: int(row[1]))
    english, chinese = ADVICE[step]
    if agent.isascii():
        return f"{agent}, in {times} of your {of} talks one step was missing. {english}"
    return f"{agent}，您的{of}次通话中有{times}次没有做到同一步。{chinese}"


def outcome(seed: int) -> dict[str, object]:
    """Return the answers as the notebook has them."""
    rows = {}
    for talk in _talks():
        quotes = {step: _quote(talk, step, seed) for step in talk["kept"]}
        rows[talk["id"]] = {
            "inspection_status": "done",
            **{step: _kept(talk, step, seed) for step in quotes},
            **{f"{step}_quote": quote for step, (quote, _) in quotes.items()},
            **{
                f"{step}_found": "exact" if exact else "not found"
                for step, (_, exact) in quotes.items()
            },
        }
    return {"out": pd.DataFrame.from_dict(rows, orient="index")}


def shuffled(seed: int) -> dict[str, object]:
    """Return the answers with each talk's put to another."""
    out = pd.DataFrame(outcome(seed)["out"])
    names = list(out.index)
    dice(seed, "shuffled").shuffle(names)
    return {"out": out.set_axis(names)}


def _chance() -> float:
    """Return the share of right verdicts where they are those on other talks."""
    agree = []
    for step in _talks()[0]["kept"]:
        share = sum(talk["kept"][step] for talk in _talks()) / len(_talks())
        judged = share * (1 - RATE) + (1 - share) * RATE
        agree.append(share * judged + (1 - share) * (1 - judged))
    return sum(agree) / len(agree)


CHANCE = _chance()
