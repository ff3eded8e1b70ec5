"""What `%glm ...` can do: a word for each, and where it is done."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from glmkit.notebook.magics import (
    conversations,
    last_reply,
    replay,
    setup,
    spending,
    widgets,
)
from glmkit.notebook.magics.cell_options import split
from glmkit.notebook.magics.printing import say
from glmkit.types.errors import ConfigError

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
    "models": spending.models,
    "usage": spending.usage,
    "budget": spending.budget,
    **widgets.COMMANDS,
    "replay": replay.replay,
    "chats": conversations.chats,
    "chat": conversations.chat,
    "fix": last_reply.fix,
    "hint": last_reply.hint,
    "rerun": last_reply.rerun,
    "last": last_reply.last,
}


def _first(job: Callable[..., Any]) -> str:
    return (job.__doc__ or "").splitlines()[0]
