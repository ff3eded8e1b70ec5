"""Values of other libraries as JSON has them, and floats without their noise."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any

#: Significant digits that a float keeps.
_DIGITS = 12
#: Types whose values are as JSON has them, and bytes, which stay.
_OWN = frozenset({str, int, float, bool, type(None), bytes})


def plain(value: Any) -> Any:
    """Return a number, text or array of any library as Python's own; others as is.

    >>> plain(Decimal("0.7")), plain((3, "3", True)), plain({"n": Decimal(2)})
    (0.7, (3, '3', True), {'n': 2.0})
    """
    if type(value) in _OWN:
        return value
    match value:
        case str():
            return str(value)
        case int() | float():
            return _scalar(value)
        case Mapping():
            return {plain(name): plain(part) for name, part in value.items()}
        case list():
            return [plain(part) for part in value]
        case tuple() if type(value) is tuple:
            return tuple(plain(part) for part in value)
        case _:
            return _scalar(value)


def rounded(value: Any) -> Any:
    """Return a number without the noise of binary floats; others as they are.

    >>> rounded(0.1 + 0.2)
    0.3
    """
    value = plain(value)
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value


def as_text(value: Any) -> Any:
    """Return a number as its text, for ids that are counters or times.

    >>> as_text(7), as_text("7"), as_text(None)
    ('7', '7', None)
    """
    value = plain(value)
    return value if isinstance(value, bool | str) or value is None else str(value)


def jsonable(value: Any) -> Any:
    """Return what stands in JSON for a value of another library; else TypeError.

    >>> jsonable(Decimal("0.7"))
    0.7
    """
    found = plain(value)
    if found is value:
        raise TypeError(f"JSON has no form for {type(value).__name__}")
    return found


def _scalar(value: Any) -> Any:
    """Return a number or an array that is not Python's own."""
    if getattr(value, "ndim", None) == 0 and callable(getattr(value, "item", None)):
        value = _item(value)
    elif callable(getattr(value, "tolist", None)):
        return plain(value.tolist())
    match value:
        case bool():
            return value
        case numbers.Integral():
            return int(value)
        case Decimal() | numbers.Real():
            return float(value)
        case _:
            return value


def _item(value: Any) -> Any:
    """Return the number in an array of no dimensions, as in one of numpy's scalars."""
    number = value.item()
    if isinstance(number, float):
        with suppress(ValueError):
            return float(str(value))  # 0.7 in single precision is meant as 0.7
    return number
