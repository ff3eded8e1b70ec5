"""Illustrations of 12, customer service: fixes, times and order numbers."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from illustrations import dice, text_of

#: Talks with the fix of another problem, with a turn in another language, and with
#: another order number in the last turn.
RATE, OTHER_LANGUAGE, FORGOTTEN = 0.1, 0.05, 0.08

TIME = {
    "en": "It will take about {} minutes.",
    "zh": "大约需要 {} 分钟。",
    "es": "Esto va a tardar unos {} minutos.",
    "fr": "Cela va prendre environ {} minutes.",
    "de": "Das wird etwa {} Minuten dauern.",
    "ja": "約 {} 分かかります。",
}
ORDER = {
    "en": "You gave me the order number {}.",
    "zh": "您告诉我的订单号是 {}。",
    "es": "Me dio el número de pedido {}.",
    "fr": "Vous m'avez donné le numéro de commande {}.",
    "de": "Sie haben mir die Bestellnummer {} genannt.",
    "ja": "お伝えいただいた注文番号は {} です。",
}
MINUTES = """\
**Agenda**

1. Sales of the third quarter
2. The launch in October
3. Staff of the support team

**Action items**

| who | what | by |
| --- | --- | --- |
| Lin | compare the prices of two hosts | 12 September |
| Omar | draft the notice to customers | 15 September |
| Petra | ask for two more people in support | 20 September |

**Risks**

- The payment provider has not confirmed the date of the launch.
- Support has no cover in the evenings."""


@cache
def desk() -> dict[str, Any]:
    """Return articles, talks and fixes."""
    path = Path(__file__).parents[1] / "data/service_desk.json"
    source: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return source


def reply(request: dict[str, Any], seed: int) -> str | dict[str, Any]:
    """Answer the turn of a talk that the messages have come to."""
    said = [text_of(m["content"]) for m in request["messages"] if m["role"] == "user"]
    if "quarterly planning" in said[0]:
        return MINUTES
    (talk,) = (one for one in desk()["talks"] if one["turns"][0] == said[0])
    if request.get("tools"):
        return _searched(talk, seed)
    return answers(talk, seed)[len(said) - 1]


def _searched(talk: dict[str, Any], seed: int) -> dict[str, Any]:
    """Return an answer to the first turn with the page that a search found."""
    (key,) = re.findall(r"\[(S\d+)\]", answer := answers(talk, seed, "search")[0])
    (article,) = (one for one in desk()["articles"] if one["key"] == key)
    page = {
        "title": f"Hub handbook, article {key}",
        "link": f"https://example.org/handbook/{key.lower()}",
        "content": f"{article['problem']} {article['fix']}",
        "refer": "ref_1",
    }
    return {"content": answer, "web_search": [page]}


def answers(talk: dict[str, Any], seed: int, arm: str = "") -> list[str]:
    """Return the three answers of a talk."""
    language, item = talk["language"], (talk["article"], talk["language"], arm)
    key = _fix(talk, seed, arm)
    (minutes,) = (one["minutes"] for one in desk()["articles"] if one["key"] == key)
    kept = dice(seed, *item, "language").random() >= OTHER_LANGUAGE
    spoken = language if kept else ("zh" if language == "en" else "en")
    return [
        f"[{key}] {desk()['fixes'][key][language]}",
        TIME[spoken].format(minutes),
        ORDER[language].format(_order(talk, seed)),
    ]


def _fix(talk: dict[str, Any], seed: int, arm: str) -> str:
    """Return the key of the article: the right one, or at RATE another."""
    chance = dice(seed, talk["article"], talk["language"], arm, "fix")
    others = [a["key"] for a in desk()["articles"] if a["key"] != talk["article"]]
    return chance.choice(others) if chance.random() < RATE else str(talk["article"])


def _order(talk: dict[str, Any], seed: int) -> str:
    chance = dice(seed, talk["article"], talk["language"], "order")
    if chance.random() >= FORGOTTEN:
        return str(talk["order"])
    return f"G-{(int(talk['order'][2:]) + 1234) % 10_000:04}"


def outcome(seed: int) -> dict[str, object]:
    """Return the answers as the notebook has them."""
    rows = [answers(talk, seed) for talk in desk()["talks"]]
    return {"answers": pd.DataFrame(rows, columns=["first", "second", "third"])}


def shuffled(seed: int) -> dict[str, object]:
    """Return the answers with each talk's put to another."""
    answers = pd.DataFrame(outcome(seed)["answers"])
    order = list(answers.index)
    dice(seed, "shuffled").shuffle(order)
    return {"answers": answers.loc[order].reset_index(drop=True)}


#: Ten problems are equally frequent, in the talks and among wrong answers.
CHANCE = 0.1
