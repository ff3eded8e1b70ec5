"""Modes of replay, and the runs of cells.

GLMKIT_REPLAY comes first, then the cell (`--replay`), then the notebook
(`%glm replay`), then the client's own cassette (`cassette=`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal, get_args

import msgspec

from glmkit.types.errors import ConfigError
from glmkit.types.translation import _

#: `auto` replays, and records what is missing or of a lesser rank than the answerer's;
#: `record` sends and records, `refresh` does too and drops the earlier take; `only`
#: never sends; `off` neither replays nor records.
Mode = Literal["auto", "record", "only", "refresh", "off"]
MODES: tuple[Mode, ...] = get_args(Mode)

_set: Mode | None = None
_this: ContextVar[Mode | None] = ContextVar("replay", default=None)
_again: ContextVar[bool] = ContextVar("again", default=False)


class CellRun(msgspec.Struct, frozen=True):
    """One run of a cell; outside a notebook there is one in a process."""

    number: int = 0
    cell: str = ""


_run = CellRun()


def begin_run(cell: str) -> None:
    """Count equal requests from the first again, as a cell begins to run."""
    global _run
    _run = CellRun(_run.number + 1, cell)


def mode_of(name: str) -> Mode:
    """Return the mode of a name; ConfigError for anything else."""
    if name in MODES:
        return name
    raise ConfigError(
        _("{name} is not a replay mode", name=repr(name)),
        hint=_("Use one of {modes}.", modes=", ".join(MODES)),
    )


def forced() -> Mode | None:
    """Return the mode that GLMKIT_REPLAY sets over all others; None: it is unset."""
    name = os.environ.get("GLMKIT_REPLAY", "").strip().lower()
    return mode_of(name) if name else None


@contextmanager
def for_this(mode: Mode | None) -> Iterator[None]:
    """Set the mode for calls made inside the `with`; None changes nothing."""
    token = _this.set(mode or _this.get())
    try:
        yield
    finally:
        _this.reset(token)


@contextmanager
def asking_again() -> Iterator[None]:
    """Inside the `with`, ask for an answer that this process has not had before."""
    token = _again.set(True)
    try:
        yield
    finally:
        _again.reset(token)


def again() -> bool:
    """Return whether calls ask for an answer that was not had before."""
    return _again.get()


def set_mode(mode: Mode | None) -> None:
    """Set the mode of this process; None takes it back."""
    global _set
    _set = mode


def chosen() -> Mode | None:
    """Return the mode that the cell or the notebook set; None: neither did."""
    return _this.get() or _set


def run() -> CellRun:
    """Return the cell's run that is under way."""
    return _run
