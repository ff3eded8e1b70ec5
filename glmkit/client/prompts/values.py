"""Turn a value into text, a bounded digest of a table, or a picture, for a prompt."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

from glmkit.config import key_patterns
from glmkit.config.keys import Key
from glmkit.types.errors import ConfigError
from glmkit.types.translation import _

#: Rows and columns of a table that a digest holds.
_ROWS, _COLUMNS = 10, 40
#: Characters of one cell.
_CELL = 60

_CONVERSIONS: dict[str, Callable[[Any], str]] = {"r": repr, "s": str, "a": ascii}

#: Library → its classes that go out as pictures.
_PICTURES = {
    "PIL": ("Image",),
    "matplotlib": ("Figure", "Axes", "AxesImage"),
    "plotly": ("Figure", "FigureWidget", "BaseFigure"),
}


def tell(value: Any, conversion: str = "", spec: str = "") -> Any:
    """Return a value for a prompt: a text, or a picture as it is.

    A table becomes a digest. Raises ConfigError for what looks like an API key.
    """
    if isinstance(value, Key):
        raise _is_key(_("the value is an API key"))
    if conversion:
        value = _CONVERSIONS[conversion](value)
    if spec:
        text = format(value, spec)
    elif is_picture(value):
        return picture(value)
    else:
        text = _worded(value)
    refuse_keys(text)
    return text


def refuse_keys(text: str) -> None:
    """Raise ConfigError where a text holds what looks like an API key."""
    if kind := key_patterns.find(text):
        raise _is_key(
            _("the prompt holds what looks like an API key: {kind}", kind=kind)
        )


def _is_key(what: str) -> ConfigError:
    return ConfigError(
        _("{what}, so nothing was sent", what=what),
        hint=_("Remove it: a model does not need your key."),
    )


def is_picture(value: Any) -> bool:
    """Return whether a value is sent as a picture."""
    return any(
        _library(kind) in _PICTURES and kind.__name__ in _PICTURES[_library(kind)]
        for kind in type(value).__mro__
    )


def picture(value: Any) -> Any:
    """Return the picture itself; the figure of axes."""
    if _library(type(value)) == "matplotlib" and not hasattr(value, "savefig"):
        return value.figure
    return value


def _library(kind: type) -> str:
    return kind.__module__.partition(".")[0]


def _worded(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"
    kinds = {
        kind.__name__ for kind in type(value).__mro__ if _library(kind) == "pandas"
    }
    if "DataFrame" in kinds:
        return frame(value)
    if "Series" in kinds:
        return frame(value.to_frame())
    return str(value)


def frame(table: Any) -> str:
    """Return a DataFrame as columns, sample rows, statistics and what was left out.

    Infinite values are counted, and the statistics are those of the finite ones.
    """
    rows, columns = table.shape
    shown = table.iloc[:, :_COLUMNS]
    parts = [
        f"DataFrame: {rows:,} rows x {columns:,} columns",
        _schema(shown),
        _sample(shown, rows),
        _statistics(shown) if rows > _ROWS else "",
        _left_out(rows, columns),
    ]
    return "\n\n".join(part for part in parts if part)


def _schema(table: Any) -> str:
    lines = []
    for place, name in enumerate(table.columns):
        column = table.iloc[:, place]
        counts = {"missing": int(column.isna().sum()), "infinite": _infinite(column)}
        said = "".join(f", {count:,} {what}" for what, count in counts.items() if count)
        lines.append(f"- {_name(name)}: {column.dtype}{said}")
    return "\n".join(["Columns:", *lines])


def _infinite(column: Any) -> int:
    """Return how many values of a column of floats are infinite."""
    if getattr(column.dtype, "kind", "") != "f":
        return 0
    return int(column.isin([math.inf, -math.inf]).sum())


def _name(name: Any) -> str:
    """Return a column's name; pandas keeps None, and NaN, for one without a name."""
    missing = name is None or (isinstance(name, float) and math.isnan(name))
    return "(no name)" if missing else _short(name)


def _sample(table: Any, rows: int) -> str:
    if not rows:
        return "No rows."
    title = f"First {_ROWS} rows:" if rows > _ROWS else "Rows:"
    head = table.head(_ROWS)
    lines = [_line([head.index.name or "", *map(_name, head.columns)])]
    lines += [
        _line([index, *values])
        for index, values in zip(
            head.index, head.itertuples(index=False, name=None), strict=True
        )
    ]
    return "\n".join([title, *lines])


_STATISTICS = ("min", "median", "mean", "max")


def _statistics(table: Any) -> str:
    """Return the statistics of numbers, column by column: names may be missing."""
    numbers = table.select_dtypes("number", exclude=["timedelta", "complex"])
    lines = []
    for place, name in enumerate(numbers.columns):
        column = numbers.iloc[:, place]
        finite = column[~column.isin([math.inf, -math.inf])]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a sum may overflow
            about = [getattr(finite, statistic)() for statistic in _STATISTICS]
        lines.append(_line([_name(name), *(f"{value:.6g}" for value in about)]))
    head = _line(["", *_STATISTICS])
    return "\n".join(["Statistics:", head, *lines]) if lines else ""


def _left_out(rows: int, columns: int) -> str:
    said = [
        f"{number - most:,} {what}"
        for number, most, what in (
            (rows, _ROWS, "rows"),
            (columns, _COLUMNS, "columns"),
        )
        if number > most
    ]
    return f"({' and '.join(said)} left out)" if said else ""


def _line(cells: list[Any]) -> str:
    return "| " + " | ".join(map(_short, cells)) + " |"


def _short(value: Any) -> str:
    text = str(value).replace("\n", " ").replace("|", "\\|")
    return text if len(text) <= _CELL else text[: _CELL - 1] + "…"
