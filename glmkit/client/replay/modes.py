"""Modes of replay, and the runs of cells.

Who runs the process has the first word (GLMKIT_REPLAY), then the cell (`--replay`),
then the notebook (`%glm replay`), then whoever made the client (`cassette=`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal, get_args

import msgspec

from glmkit.types.errors import ConfigError

#: `auto` replays and records what is missing, `record` sends and records, `refresh`
#: does too and drops the earlier take, `only` never sends, `off` has no part in it.
Mode = Literal["auto", "record", "only", "refresh", "off"]
MODES: tuple[Mode, ...] = get_args(Mode)

_said: Mode | None = None
_this: ContextVar[Mode | None] = ContextVar("replay", default=None)
_again: ContextVar[bool] = ContextVar("again", default=False)


class Run(msgspec.Struct, frozen=True):
    """One run of a cell; outside a notebook there is one in a process."""

    number: int = 0
    cell: str = ""


_run = Run()


def begin_run(cell: str) -> None:
    """Count equal requests from the first again: a cell begins to run."""
    global _run
    _run = Run(_run.number + 1, cell)


def mode_of(name: str) -> Mode:
    """Return the mode of a name; ConfigError for anything else."""
    if name in MODES:
        return name
    raise ConfigError(
        f"there is no replay mode {name!r}", hint="The modes are " + ", ".join(MODES)
    )


def forced() -> Mode | None:
    """Return the mode that GLMKIT_REPLAY sets over all others; None: it sets none."""
    name = os.environ.get("GLMKIT_REPLAY", "").strip().lower()
    return mode_of(name) if name else None


@contextmanager
def for_this(mode: Mode | None) -> Iterator[None]:
    """Set the mode of what is asked inside the `with`; None changes nothing."""
    token = _this.set(mode or _this.get())
    try:
        yield
    finally:
        _this.reset(token)


@contextmanager
def asking_again() -> Iterator[None]:
    """Ask inside the `with` for another answer than this process has had before."""
    token = _again.set(True)
    try:
        yield
    finally:
        _again.reset(token)


def again() -> bool:
    """Return whether another answer than before is asked for."""
    return _again.get()


def say(mode: Mode | None) -> None:
    """Set the mode of this process; None takes it back."""
    global _said
    _said = mode


def said() -> Mode | None:
    """Return the mode that was set from inside, by the cell or the notebook."""
    return _this.get() or _said


def run() -> Run:
    """Return the run of a cell that is under way."""
    return _run
