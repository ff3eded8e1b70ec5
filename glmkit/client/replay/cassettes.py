"""Choose the cassette for a call: the client's, the environment's or the process's."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from glmkit.client.replay import modes
from glmkit.client.replay.calls import CassetteCall
from glmkit.client.replay.modes import Mode
from glmkit.client.replay.ranks import RANKS, Rank, least_for
from glmkit.client.replay.sessions import CassetteSession
from glmkit.types.errors import ReplayError
from glmkit.types.replies import Call
from glmkit.types.translation import _

#: The cassette where neither a notebook, a client nor GLMKIT_CASSETTE names one.
FILE = "glmkit.glm.jsonl"

_home: Path | None = None
_sessions: dict[Path, CassetteSession] = {}
_lock = threading.Lock()


def settle_at(path: Path | None) -> None:
    """Set the file for where neither a client nor GLMKIT_CASSETTE names one.

    None: FILE in the working directory at the first use.
    """
    global _home
    _home = path


def switch(mode: Mode | None) -> None:
    """Set the mode of this process; None takes it back.

    Counting which recordings are used, for `prune`, starts again.
    """
    if mode and (modes.forced() or mode) != "off":
        cassette_session().begin()
    modes.begin_run(modes.run().cell)
    modes.set_mode(mode)


def switched() -> Mode:
    """Return the mode of a client that has no cassette of its own."""
    return cassette_session().mode()


def cassette_session(path: str | Path | None = None) -> CassetteSession:
    """Return a new session with the cassette at a path, else this process's one."""
    global _home
    if path is not None:
        return CassetteSession(Path(path), "auto")
    named = os.environ.get("GLMKIT_CASSETTE")
    with _lock:
        if not named and _home is None:
            _home = Path.cwd() / FILE  # later changes of folder do not move it
        found = Path(named or _home or FILE).expanduser().absolute()
        if found not in _sessions:
            _sessions[found] = CassetteSession(found, "auto" if named else None)
        return _sessions[found]


def cassette_call(
    call: Call, own: CassetteSession | None = None
) -> CassetteCall | None:
    """Return a call's replay from its cassette; None where replay is off.

    `own` is the session of a client that was made with a cassette.
    """
    if own is None and not (modes.chosen() or _chosen_by_environment()):
        return None
    session = own or cassette_session()
    mode = session.mode()
    return None if mode == "off" else CassetteCall(session, call, mode)


def recorded(
    key: str, endpoint: str, own: CassetteSession | None = None
) -> Rank | None:
    """Return the rank of the answer that a request is replayed from; None: it is sent.

    `key` is the request's, `endpoint` the one that would be asked.
    """
    if own is None and not (modes.chosen() or _chosen_by_environment()):
        return None
    session = own or cassette_session()
    mode = session.mode()
    if mode not in {"auto", "only"}:
        return None
    least = RANKS[0] if mode == "only" else least_for(endpoint)
    entry = session.cassette.best(key, 0, modes.run().cell)
    if entry is None or RANKS.index(entry.rank) < RANKS.index(least):
        return None
    return entry.rank


def check_online(own: CassetteSession | None = None) -> None:
    """Raise ReplayError in mode `only`, for requests that are not recorded at all."""
    if (own or cassette_session()).mode() == "only":
        raise ReplayError(
            _("replay is `only`, and this would be sent: only chats are recorded"),
            hint=_("Run it with replay off."),
        )


def _chosen_by_environment() -> bool:
    environ = os.environ
    return "GLMKIT_REPLAY" in environ or "GLMKIT_CASSETTE" in environ
