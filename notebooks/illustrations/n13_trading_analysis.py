"""Illustrations of 13, trading analysis: regimes of windows, and notes on alerts."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from illustrations import asked, dice

#: Windows with a wrong regime, and notes that name a wrong cause.
RATE, WRONG_CAUSE = 0.10, 0.15
REGIMES = ("calm", "rising", "falling", "rough")


@cache
def _source() -> dict[str, Any]:
    path = Path(__file__).parents[1] / "data/trading_day.json"
    source: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return source


def reply(request: dict[str, Any], seed: int) -> str | dict[str, Any]:
    """Answer with the regime of a window, or with a note on an alert."""
    text = asked(request)
    for window in _source()["windows"]:
        if f"{window['prices']}" in text:
            return json.dumps({"value": _regime(window, seed)})
    if not request.get("tools"):
        return "The tape alone names no cause: no news was searched."
    return _note(text, seed)


def _regime(window: dict[str, Any], seed: int) -> str:
    chance = dice(seed, window["window"])
    others = [name for name in REGIMES if name != window["regime"]]
    wrong = chance.random() < RATE
    return chance.choice(others) if wrong else str(window["regime"])


def _note(text: str, seed: int) -> dict[str, Any]:
    """Answer from the headlines of the time before that the text names."""
    place = next(w["window"] for w in _source()["windows"] if w["time"] in text)
    before = [
        one for one in _source()["news"] if -10 <= _place(one["time"]) - place <= 0
    ]
    causes = [one for one in before if one["window"] is not None]
    found = before[-3:]
    if not causes or place - causes[-1]["window"] > 4:
        note = "No headline of the last minutes explains it."
    else:
        named = causes[-1]
        if dice(seed, place, "cause").random() < WRONG_CAUSE:
            named = next(one for one in found if one is not named or len(found) == 1)
        note = f"Likely cause, {named['time']}: {named['headline']}."
    sources = [
        {
            "title": one["headline"],
            "link": "",
            "content": f"{one['time']} {one['headline']}",
            "refer": f"ref_{n}",
        }
        for n, one in enumerate(found, 1)
    ]
    return {"content": note, "web_search": sources}


def _place(time: str) -> int:
    return next(w["window"] for w in _source()["windows"] if w["time"] == time)


def outcome(seed: int) -> dict[str, object]:
    """Return the answers as the notebook has them."""
    windows = _source()["windows"]
    out = pd.DataFrame(
        {
            "label": [_regime(window, seed) for window in windows],
            "label_status": "done",
        },
        index=pd.Index([window["window"] for window in windows], name="window"),
    )
    return {"out": out}


def shuffled(seed: int) -> dict[str, object]:
    """Return the answers with each window's put to another."""
    out = pd.DataFrame(outcome(seed)["out"])
    labels = list(out["label"])
    dice(seed, "shuffled").shuffle(labels)
    return {"out": out.assign(label=labels)}


def _chance() -> float:
    """Return the share of right regimes where each is that of any window."""
    held = Counter(window["regime"] for window in _source()["windows"])
    total = 0.0
    for count in held.values():
        share = count / held.total()
        total += share * (share * (1 - RATE) + (1 - share) * RATE / 3)
    return total


CHANCE = _chance()
