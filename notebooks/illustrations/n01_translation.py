"""Illustrations of 1, translation: human translations, some of which lose a part."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from illustrations import asked, dice

#: Translations that lose what has to survive, and those worded otherwise.
RATE, REWORDED = 0.08, 0.5
PLACEHOLDER = re.compile(r"%\d")
#: Words of the references, and others for them.
OTHERWISE = {
    "您": "你",
    "无法": "不能",
    "创建": "新建",
    "失败": "没有成功",
    "选择": "选取",
    "笔记本": "记事本",
    "设置": "设定",
    "显示": "展示",
    "的": "",
    "了": "",
    "把": "将",
}
PUZZLE = """\
Seven crossings, because the mouse may be left with neither of the others:

1. She takes the mouse across.
2. She returns alone.
3. She takes the cat across.
4. She brings the mouse back.
5. She takes the cheese across.
6. She returns alone.
7. She takes the mouse across.

Step 4 is the one that is easily missed: something comes back. Taking the cheese in step
3 and the cat in step 5 works as well."""


class Item(NamedTuple):
    """A text to translate, its translation by people, and what has to survive."""

    id: str
    kind: str
    english: str
    chinese: str
    kept: tuple[str, ...]
    token: str = ""


@cache
def _items() -> tuple[Item, ...]:
    strings = (one for one in _read("interface_strings.json") if one["placeholders"])
    return (
        *(
            Item(
                f"string {n}",
                "string",
                one["english"],
                one["chinese"],
                tuple(one["placeholders"]),
            )
            for n, one in enumerate(strings, 1)
        ),
        *(
            Item(
                f"emoji {n}",
                "emoji",
                f"{one['emoji']} {one['names']['en']}",
                f"{one['emoji']} {one['names']['zh']}",
                (one["emoji"],),
            )
            for n, one in enumerate(_read("emoji_names.json"), 1)
        ),
        *(
            Item(
                f"slang {n}",
                "slang",
                one["english"],
                one["chinese"],
                (one["term"],),
                one["token"],
            )
            for n, one in enumerate(_read("slang_sentences.json"), 1)
        ),
    )


def _read(name: str) -> list[dict[str, Any]]:
    path = Path(__file__).parents[1] / "data" / name
    rows: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
    return rows


def reply(request: dict[str, Any], seed: int) -> str:
    """Answer the puzzle of the start, or translate in one of both directions."""
    text = asked(request)
    if "river" in text:
        return PUZZLE
    source = text.partition("\n\n")[2]
    if "into English" in text:
        return _back_by_text(seed)[source]
    (item,) = (one for one in _items() if one.english == source)
    return _translated(item, seed)


@cache
def _back_by_text(seed: int) -> dict[str, str]:
    return {_translated(one, seed): _back(one, seed) for one in _items()}


def _translated(item: Item, seed: int) -> str:
    """Return a human translation, reworded at times, without a part at RATE."""
    chance = dice(seed, item.id)
    lost = chance.random() < RATE
    text = item.chinese
    if chance.random() < REWORDED:
        for word, other in OTHERWISE.items():
            if word in text and survives(item, text.replace(word, other)):
                text = text.replace(word, other)
                break
    return _without(item, text, chance) if lost else text


def _without(item: Item, text: str, chance: random.Random) -> str:
    """Return a translation in which something did not survive."""
    part = chance.choice(item.kept)
    match item.kind:
        case "string":
            return text.replace(part, "％" + part[1:] if chance.random() < 0.5 else "")
        case "emoji":
            return text.replace(part, "").strip()
        case _:
            return text.replace(part, item.token)


def survives(item: Item, text: str) -> bool:
    """Return whether all that has to survive stands in a translation."""
    if item.kind == "string":
        return Counter(PLACEHOLDER.findall(text)) == Counter(item.kept)
    return item.kept[0] in text


def _back(item: Item, seed: int) -> str:
    """Return the English text, without an article or a part that was lost before."""
    text, chance = item.english, dice(seed, item.id, "back")
    if chance.random() < REWORDED:
        text = re.sub(r"\b(?:the|a) ", "", text, count=1)
    if not survives(item, _translated(item, seed)) and item.kind != "slang":
        text = text.replace(item.kept[-1], "").strip()
    return text


def outcome(seed: int) -> dict[str, object]:
    """Return the table of translations as the notebook has it."""
    return {"translated": _table(seed)}


def _table(seed: int) -> pd.DataFrame:
    rows = [
        (one.id, _translated(one, seed), "done", _back(one, seed), "done")
        for one in _items()
    ]
    columns = ["id", "chinese", "chinese_status", "back", "back_status"]
    return pd.DataFrame(rows, columns=columns)


def shuffled(seed: int) -> dict[str, object]:
    """Return the translations with each item's put to another."""
    table = _table(seed)
    ids = list(table["id"])
    dice(seed, "shuffled").shuffle(ids)
    return {"translated": table.assign(id=ids)}


def _chance() -> float:
    """Return the share of items that survive in the translation of another."""
    items = _items()
    hits = sum(survives(one, two.chinese) for one in items for two in items)
    return hits / len(items) ** 2 * (1 - RATE)


CHANCE = _chance()
