"""Name the fields in which two requests differ, for the user."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

#: Characters of a prompt that are compared.
_PREFIX = 2_000


def changed(asked: bytes, recorded: bytes) -> tuple[str, ...]:
    """Return the names of the fields in which two canonical requests differ.

    >>> changed(b'{"messages":[],"temperature":0.1}', b'{"messages":[]}')
    ('temperature',)
    """
    now, then = _decoded(asked), _decoded(recorded)
    if isinstance(now, list) and isinstance(then, list) and now[:1] == then[:1]:
        now, then = now[-1], then[-1]
    if not (isinstance(now, dict) and isinstance(then, dict)):
        return ("kind of call",)
    names = _in_messages(now.get("messages"), then.get("messages"))
    fields = sorted((now.keys() | then.keys()) - {"messages"})
    return (*names, *(name for name in fields if now.get(name) != then.get(name)))


def _in_messages(now: Any, then: Any) -> list[str]:
    if now == then:
        return []
    if not (isinstance(now, list) and isinstance(then, list) and now and then):
        return ["messages"]
    names = ["system"] if _system(now) != _system(then) else []
    names += ["earlier messages"] if _turns(now)[:-1] != _turns(then)[:-1] else []
    names += ["prompt"] if now[-1] != then[-1] else []
    return names or ["messages"]


def _system(messages: list[Any]) -> list[Any]:
    return [m for m in messages if isinstance(m, dict) and m.get("role") == "system"]


def _turns(messages: list[Any]) -> list[Any]:
    return [m for m in messages if m not in _system(messages)]


def nearest(
    asked: bytes, recorded: Iterable[tuple[bytes, T]]
) -> tuple[tuple[str, ...], T] | None:
    """Return the recording that differs in the fewest fields, and those fields.

    Among equals it is the one whose prompt is most alike.
    """
    best: tuple[tuple[int, float], tuple[str, ...], T] | None = None
    words = _prompt(asked)
    for text, item in recorded:
        names = changed(asked, text)
        alike = difflib.SequenceMatcher(None, words, _prompt(text), False)
        rank = (len(names), -alike.quick_ratio())
        if best is None or rank <= best[0]:
            best = rank, names, item
    return None if best is None else best[1:]


def _prompt(asked: bytes) -> str:
    plain = _decoded(asked)
    match plain:
        case {"messages": [*_, {"content": str(text)}]}:
            return text[:_PREFIX]
        case _:
            return asked[:_PREFIX].decode("utf-8", "replace")


def _decoded(text: bytes) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
