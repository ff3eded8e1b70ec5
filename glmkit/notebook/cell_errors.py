"""The errors of this notebook's cells: `Err[3]`, and the last one for fix and hint."""

from __future__ import annotations

import ast
import traceback
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

import msgspec

from glmkit.types.errors import ConfigError, GLMError

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionResult

#: Errors that are kept, and characters of one that are told.
_KEPT, _LONGEST = 100, 6_000
#: Characters of one value, where values are asked for.
_VALUE = 200


class Mistake(msgspec.Struct, frozen=True):
    """A cell that failed: its number, its source, and its error as text."""

    number: int | None
    cell: str
    error: str


class Mistakes(Mapping[int, str]):
    """Errors by the number of the execution, as texts."""

    def __init__(self) -> None:
        self._found: dict[int, Mistake] = {}
        self._last: Mistake | None = None

    def __getitem__(self, number: int) -> str:
        return self._found[number].error

    def __iter__(self) -> Any:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __str__(self) -> str:
        return self.last.error

    @property
    def any(self) -> bool:
        """Whether a cell has failed."""
        return self._last is not None

    def note(self, result: ExecutionResult) -> None:
        """Take note of a cell that has run."""
        error = result.error_before_exec or result.error_in_exec
        if error is None or isinstance(error, GLMError | KeyboardInterrupt):
            return
        cell = str(getattr(result.info, "raw_cell", ""))
        mistake = Mistake(result.execution_count, cell, told(error))
        self._last = mistake
        if result.execution_count is not None:
            self._found[result.execution_count] = mistake
        while len(self._found) > _KEPT:
            del self._found[next(iter(self._found))]

    @property
    def last(self) -> Mistake:
        """The last cell that failed; ConfigError if there is none."""
        if self._last is None:
            raise ConfigError(
                "no cell has failed with an error of Python's in this session",
                hint="Run the cell, then ask; glmkit's errors name the next step.",
            )
        return self._last


def told(error: BaseException) -> str:
    """Return an error with its traceback, from the user's cell on."""
    lines = traceback.format_exception(
        type(error), error, _from_cell(error.__traceback__)
    )
    text = "".join(lines).strip()
    if len(text) <= _LONGEST:
        return text
    return f"{text[: _LONGEST // 2]}\n...\n{text[-_LONGEST // 2 :]}"


def _from_cell(trace: TracebackType | None) -> TracebackType | None:
    """Leave out IPython's own frames: they say nothing of the cell."""
    start = trace
    while start is not None:
        name = start.tb_frame.f_code.co_filename
        if "ipykernel_" in name or name.startswith(("<ipython-input", "<string>")):
            return start
        start = start.tb_next
    return trace


def question(mistake: Mistake, names: Mapping[str, Any], *, values: bool) -> str:
    """Return what a model reads of a mistake.

    Of the variables that the cell names: type, shape and dtypes; their values only
    with `values`.
    """
    parts = [
        f"The cell:\n```python\n{mistake.cell.strip()}\n```",
        f"The error:\n```\n{mistake.error}\n```",
    ]
    involved = _involved(mistake, names)
    if involved:
        lines = [f"- {name}: {_about(names[name], values)}" for name in involved]
        parts.append("\n".join(["The variables involved:", *lines]))
    return "\n\n".join(parts)


def _involved(mistake: Mistake, names: Mapping[str, Any]) -> list[str]:
    try:
        tree = ast.parse(mistake.cell)
    except (SyntaxError, ValueError):
        return []
    used = dict.fromkeys(
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name)
    )
    return [name for name in used if name in names][:30]


def _about(value: Any, values: bool) -> str:
    said = [type(value).__name__]
    if (shape := getattr(value, "shape", None)) is not None:
        said.append(f"shape {shape}")
    elif hasattr(value, "__len__") and not isinstance(value, type):
        said.append(f"length {len(value)}")
    if (dtypes := getattr(value, "dtypes", None)) is not None and hasattr(
        dtypes, "items"
    ):
        kinds = [f"{name} {kind}" for name, kind in list(dtypes.items())[:40]]
        said.append(f"columns {', '.join(kinds)}")
    elif (dtype := getattr(value, "dtype", None)) is not None:
        said.append(f"dtype {dtype}")
    if values:
        text = repr(value)
        said.append(text if len(text) <= _VALUE else text[:_VALUE] + "...")
    return ", ".join(said)
