"""The values of a table's cells as text, and typed text as values."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Literal

from glmkit.tables.template import missing
from glmkit.types.errors import ConfigError
from glmkit.types.translation import _

Kind = Literal["boolean", "integer", "number", "date", "json", "text"]

_YES = {"true": True, "yes": True, "false": False, "no": False}


def plain_value(value: Any) -> Any:
    """Return a value without numpy's types; a missing one is None."""
    if missing(value):
        return None
    item = getattr(value, "item", None)
    return item() if callable(item) and getattr(value, "ndim", None) == 0 else value


def text_of(value: Any) -> str:
    """Return a value as text: containers as JSON, a missing one as "".

    >>> text_of(None), text_of(-12.5), text_of(True), text_of(["a", 1])
    ('', '-12.5', 'true', '["a", 1]')
    """
    value = plain_value(value)
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return str(value)
        case datetime() if (value.hour, value.minute, value.second) == (0, 0, 0):
            return value.date().isoformat()
        case datetime() | date():
            return value.isoformat()
        case list() | tuple() | dict():
            return json.dumps(value, ensure_ascii=False, default=str)
        case _:
            return str(value)


def kind_of(values: Iterable[Any]) -> Kind:
    """Return what the values of a column are; an empty column is "text".

    >>> kind_of([1, None, 2]), kind_of([1, 2.5]), kind_of(["a", 1])
    ('integer', 'number', 'text')
    """
    kinds = {_kind(value) for value in map(plain_value, values) if value is not None}
    if kinds == {"integer", "number"}:
        return "number"
    return kinds.pop() if len(kinds) == 1 else "text"


def _kind(value: Any) -> Kind:
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case date():
            return "date"
        case list() | tuple() | dict():
            return "json"
        case _:
            return "text"


def value_from(text: str, kind: Kind) -> Any:
    """Return what was typed as a value of a kind; "" is None. Raises ConfigError.

    >>> value_from("1,234", "integer"), value_from("-2.50", "number")
    (1234, -2.5)
    """
    if not text.strip():
        return None
    try:
        return _read(text, kind)
    except (ValueError, RecursionError) as exc:
        raise ConfigError(
            _("{text!r} is not of type {kind}", text=text[:80], kind=kind),
            hint=_hint(kind),
        ) from exc


def _read(text: str, kind: Kind) -> Any:
    word = text.strip()
    match kind:
        case "boolean":
            if word.lower() not in _YES:
                raise ValueError(word)
            return _YES[word.lower()]
        case "integer" | "number":
            return _number(word.replace(",", "").replace(" ", ""), kind)
        case "date":
            return datetime.fromisoformat(word)
        case "json":
            return json.loads(word)
        case "text":
            return text


def _number(word: str, kind: Kind) -> int | float:
    try:
        return int(word)
    except ValueError:
        number = float(word)
    if number - number != 0 or (kind == "integer" and not number.is_integer()):
        raise ValueError(word)
    return int(number) if kind == "integer" else number


def _hint(kind: Kind) -> str:
    match kind:
        case "boolean":
            return _("Type true or false.")
        case "integer" | "number":
            return _("Type a number such as -1234 or 0.5, without a unit.")
        case "date":
            return _("Type a date such as 2025-12-31.")
        case _:
            return _("Type JSON such as [1, 2].")
