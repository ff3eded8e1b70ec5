"""What `%glm ...` can do: a word for each, and where it is done."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from glmkit.errors import ConfigError
from glmkit.notebook.magics import answers, money, panels, replay, setup, talks
from glmkit.notebook.magics.options import split
from glmkit.notebook.magics.saying import say

if TYPE_CHECKING:
    from glmkit.notebook.session import Session


def run(session: Session, line: str) -> Any:
    """Do what the line says; ConfigError, with the nearest word, for anything else."""
    name, *rest = split(line) or ["status"]
    command = COMMANDS.get(name)
    if command is None:
        near = difflib.get_close_matches(name, COMMANDS, 1)
        raise ConfigError(
            f"%glm has no {name!r}",
            hint=f"Did you mean `%glm {near[0]}`?" if near else "See `%glm help`.",
        )
    if rest and len(inspect.signature(command).parameters) == 1:
        raise ConfigError(
            f"%glm {name} takes no {rest[0]!r}", hint=f"Write `%glm {name}` alone."
        )
    return command(session, *rest)


def help_(session: Session, *words: str) -> None:
    """List what %glm can do."""
    width = max(map(len, COMMANDS))
    say(*(f"%glm {name:{width}}  {_first(job)}" for name, job in COMMANDS.items()))


COMMANDS: dict[str, Callable[..., Any]] = {
    "status": setup.status,
    "help": help_,
    "doctor": setup.doctor,
    "config": setup.config,
    "key": setup.key,
    "models": money.models,
    "usage": money.usage,
    "budget": money.budget,
    "dashboard": panels.dashboard,
    "controls": panels.controls,
    "talk": panels.talk,
    "compare": panels.compare,
    "theatre": panels.theatre,
    "lab": panels.lab,
    "ruler": panels.ruler,
    "replay": replay.replay,
    "chats": talks.chats,
    "chat": talks.chat,
    "fix": answers.fix,
    "hint": answers.hint,
    "rerun": answers.rerun,
    "last": answers.last,
}


def _first(job: Callable[..., Any]) -> str:
    return (job.__doc__ or "").splitlines()[0]
