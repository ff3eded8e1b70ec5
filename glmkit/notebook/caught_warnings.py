"""Warnings of glmkit in a notebook: plain lines, without the place in the code."""

from __future__ import annotations

import warnings
from types import TracebackType
from typing import Any, Self

from glmkit.types.plain_text import say

_OURS = "glmkit.types.errors"


class PlainWarnings:
    """Prints glmkit's warnings as lines of a cell's output, from `watch` to `leave`.

    Python's own form is red, and names a line that says nothing to a reader. The
    warnings of others, and filters, stay as they are.
    """

    def __init__(self) -> None:
        self._before: Any = None

    def watch(self) -> None:
        """Begin to print them."""
        self._before = warnings.showwarning
        warnings.showwarning = self._show

    def leave(self) -> None:
        """Show warnings as before, unless another function took over since."""
        if warnings.showwarning == self._show:
            warnings.showwarning = self._before

    def _show(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: Any = None,
        line: str | None = None,
    ) -> None:
        if category.__module__ == _OURS and file is None:
            say(str(message))
        else:
            self._before(message, category, filename, lineno, file, line)


class Cautions:
    """Collects the warnings in its `with`; those of others are shown at its end.

    Warnings of the background loop are seen too: filters belong to the process.
    """

    def __init__(self) -> None:
        self._catching = warnings.catch_warnings(record=True)
        self._said: list[warnings.WarningMessage] = []

    def __enter__(self) -> Self:
        caught = self._catching.__enter__()
        self._said = [] if caught is None else caught  # an empty list is filled later
        warnings.filterwarnings("always", module="glmkit")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._catching.__exit__(kind, value, trace)
        for one in self._said:
            if one.category.__module__ != _OURS or value is not None:
                warnings.showwarning(
                    one.message, one.category, one.filename, one.lineno
                )

    def notes(self) -> tuple[str, ...]:
        """Return what ours say, each once."""
        ours = (one for one in self._said if one.category.__module__ == _OURS)
        return tuple(dict.fromkeys(str(one.message) for one in ours))
