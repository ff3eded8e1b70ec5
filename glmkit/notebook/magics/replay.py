"""`%glm replay`: answers from a file beside the notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glmkit.client import replay as replay_
from glmkit.types.errors import ConfigError
from glmkit.types.plain_text import say
from glmkit.types.translation import _

if TYPE_CHECKING:
    from glmkit.notebook.session import Session

WORDS = (*replay_.MODES, "prune")


def replay(session: Session, *words: str) -> None:
    """Replay recorded answers: `%glm replay auto`, record, only, refresh, off, prune.

    A file after the mode is the cassette, from the notebook's folder; without it the
    cassette has the notebook's name: `%glm replay auto lesson.glm.jsonl`.

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
        case (str(name), str(file)) if file.endswith(".jsonl"):
            mode = replay_.mode_of(name)
            session.replay.use(file)
            replay_.switch(mode)
        case _:
            raise ConfigError(
                _("replay takes a mode, and a file that ends in .jsonl"),
                hint=_("One of {words}.", words=", ".join(WORDS)),
            )
    say(_status())


def _status() -> str:
    mode = replay_.switched()
    by = " (set by GLMKIT_REPLAY)" if replay_.forced() else ""
    if mode == "off":
        return f"replay off{by}"
    path = replay_.cassette_session().cassette.path
    there = "" if path.exists() else _(" (not there yet: nothing is replayed)")
    return f"replay {mode}{by}: {path.name}{there}"


def _answers(count: int) -> str:
    return f"{count:,} answer" + ("s" if count != 1 else "")
