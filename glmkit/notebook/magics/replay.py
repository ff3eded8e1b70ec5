"""`%glm replay`: answers from a file beside the notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glmkit.client import replay as replay_
from glmkit.types.errors import ConfigError
from glmkit.types.plain_text import say

if TYPE_CHECKING:
    from glmkit.notebook.session import Session

WORDS = (*replay_.MODES, "prune")


def replay(session: Session, *words: str) -> None:
    """Replay recorded answers: `%glm replay auto`, record, only, refresh, off, prune.

    `auto` replays, and asks and records the rest: what is not recorded, and what only
    the stand-in or an illustration answered where a service can be asked. `record` asks
    and records everything, `refresh` does too and drops the earlier answers; `only`
    never sends; `prune` drops what was not used since the mode was set.
    """
    match words:
        case ():
            pass
        case ("prune",):
            dropped, left = replay_.cassette_session().cassette.prune()
            say(f"{_answers(dropped)} dropped, {left:,} left")
        case (str(name),):
            replay_.switch(replay_.mode_of(name))
        case _:
            raise ConfigError(
                "replay takes one word", hint=f"One of {', '.join(WORDS)}."
            )
    say(_status())


def _status() -> str:
    mode = replay_.switched()
    by = " (set by GLMKIT_REPLAY)" if replay_.forced() else ""
    if mode == "off":
        return f"replay off{by}"
    cassette = replay_.cassette_session().cassette
    return f"replay {mode}{by}: {cassette.path.name}"


def _answers(count: int) -> str:
    return f"{count:,} answer" + ("s" if count != 1 else "")
