"""Numbers as JSON has them: other libraries' ones, and floats without noise."""

from __future__ import annotations

import numbers
from contextlib import suppress
from decimal import Decimal
from typing import Any

#: Significant digits that a float keeps: 0.1 + 0.2 is 0.3.
_DIGITS = 12


def plain(value: Any) -> Any:
    """Return a number or a text of any library as Python's own; all else as it is.

    >>> plain(0.1 + 0.2)
    0.3
    >>> plain(Decimal("0.7")), plain(3), plain("3"), plain(True)
    (0.7, 3, '3', True)
    """
    value = _own(value)
    match value:
        case bool():
            return value
        case numbers.Integral():
            return int(value)
        case Decimal() | numbers.Real():
            return float(f"{float(value):.{_DIGITS}g}")
        case str():
            return str(value)
        case _:
            return value


def _own(value: Any) -> Any:
    """Return a scalar of numpy, or of a library like it, as Python's own number."""
    if getattr(value, "ndim", None) != 0 or not callable(getattr(value, "item", None)):
        return value
    number = value.item()
    if isinstance(number, float):
        with suppress(ValueError):
            return float(str(value))  # 0.7 in single precision is meant as 0.7
    return number


def as_text(value: Any) -> Any:
    """Return a number as its text, for ids that are counters or times.

    >>> as_text(7), as_text("7"), as_text(None)
    ('7', '7', None)
    """
    value = _own(value)
    return value if isinstance(value, bool | str) or value is None else str(value)
