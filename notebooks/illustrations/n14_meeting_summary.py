"""Illustrations of 14, meeting summary: agenda, actions and risks of meetings."""

from __future__ import annotations

import json
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from illustrations import asked, dice

#: Actions that are left out, given to another person or moved to another day.
RATE = 0.12
#: Proposals turned down that are listed, risks left out, quotes in other words.
TAKEN_UP, UNSEEN, MISQUOTED = 0.15, 0.15, 0.05
#: How often an action or a risk is named in other words than those of the truth.
REWORDED = 0.5
FREE = """**Agenda**

1. Sales of the quarter
2. Speed of the web shop
3. Prices and supply of green tea
4. Opening on Sundays
5. Figures by week

**Actions**

| who | what | by when |
| --- | --- | --- |
| Ravi | move the web shop to the bigger server | 17 July 2026 |
| Mei | ask for offers of green tea | 10 July 2026 |
| Ravi | figures by week | no day named |

**Risks**

- Green tea may cost a tenth more after the wet harvest in Anhui.
- The web shop is slow at weekends until it moves.

Not agreed: opening on Sundays."""


@cache
def _source() -> list[dict[str, Any]]:
    path = Path(__file__).parents[1] / "data/meetings.json"
    source: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
    return source


def reply(request: dict[str, Any], seed: int) -> str:
    """Answer with the minutes of the meeting that is asked about."""
    text = asked(request)
    found = [one for one in _source() if one["transcript"] in text]
    if not found:
        return FREE
    return json.dumps(_minutes(found[0], seed), ensure_ascii=False)


def _minutes(meeting: dict[str, Any], seed: int) -> dict[str, Any]:
    name = meeting["meeting"]
    actions = [
        action
        for place, truth in enumerate(meeting["actions"])
        if (action := _action(meeting, place, truth, seed)) is not None
    ]
    for what in meeting["declined"]:
        chance = dice(seed, name, what)
        if chance.random() < TAKEN_UP:
            who = chance.choice(meeting["present"])
            actions.append({"who": who, "what": what, "due": None, "quote": what})
    risks = []
    for risk in meeting["risks"]:
        chance = dice(seed, name, risk["what"])
        if chance.random() >= UNSEEN:
            risks.append(risk["other" if chance.random() < REWORDED else "what"])
    return {"agenda": meeting["agenda"], "actions": actions, "risks": risks}


def _action(
    meeting: dict[str, Any], place: int, truth: dict[str, Any], seed: int
) -> dict[str, Any] | None:
    """Return what the answer lists of an agreed action; None where it is left out."""
    item = (seed, meeting["meeting"], place)
    who, due, quote = truth["who"], truth["due"], truth["quote"]
    what = truth["other" if dice(*item, "what").random() < REWORDED else "what"]
    if dice(*item, "quote").random() < MISQUOTED:
        quote = f"{quote} OK."
    chance = dice(*item, "mistake")
    if chance.random() < RATE:
        match chance.choice(["left out", "person", "day"]):
            case "left out":
                return None
            case "person":
                who = chance.choice([one for one in meeting["present"] if one != who])
            case _:
                after = date.fromisoformat(due or meeting["date"]) + timedelta(days=7)
                due = after.isoformat()
    return {"who": who, "what": what, "due": due, "quote": quote}


def outcome(seed: int) -> dict[str, object]:
    """Return the answers as the notebook has them."""
    rows = {
        one["meeting"]: {"minutes_status": "done", **_minutes(one, seed)}
        for one in _source()
    }
    return {"out": pd.DataFrame.from_dict(rows, orient="index")}


def shuffled(seed: int) -> dict[str, object]:
    """Return the answers with the owner and day of each action put to another."""
    out = pd.DataFrame(outcome(seed)["out"])
    listed = [action for actions in out["actions"] for action in actions]
    owners = [(action["who"], action["due"]) for action in listed]
    dice(seed, "shuffled").shuffle(owners)
    for action, (who, due) in zip(listed, owners, strict=True):
        action["who"], action["due"] = who, due
    return {"out": out}


def _chance() -> float:
    """Return the share of right actions where owner and day are those of any other."""
    held = [(a["who"], a["due"]) for one in _source() for a in one["actions"]]
    return sum(held.count(one) for one in held) / len(held) ** 2


CHANCE = _chance()
