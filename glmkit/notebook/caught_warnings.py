"""Warnings of glmkit while a cell asks: shown under its answer, not as stack lines."""

from __future__ import annotations

import warnings
from types import TracebackType
from typing import Self

_OURS = "glmkit.types.errors"


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
