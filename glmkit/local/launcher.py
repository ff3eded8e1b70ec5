"""Finds, starts and stops the local platform: one for all kernels of a user."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from glmkit.catalog import tiers
from glmkit.config.endpoints import state_dir
from glmkit.local import engine, foreground, orphans, state, weights
from glmkit.local.engine.process import WINDOW
from glmkit.local.identity_proof import answers
from glmkit.local.orphans import Orphan
from glmkit.local.state import Platform
from glmkit.types.errors import LocalError
from glmkit.types.translation import _

__all__ = [
    "Orphan",
    "Platform",
    "ensure",
    "find",
    "port_fault",
    "running",
    "serve",
    "serve_command",
    "stand_in",
    "stop",
    "strays",
]  # fmt: skip

#: Seconds without a request after which a platform ends by itself.
IDLE_S = 1800.0

_START_S = 120.0
_STOP_S = 15.0
_STEP_S = 0.02
_TAIL_LINES = 6
_MODULE = "glmkit.local.platform"


def stand_in() -> tuple[str, int]:
    """Return the model that answers on this machine, and its window in tokens.

    Nothing is started or fetched.
    """
    running_now = find()
    if running_now is not None:
        return running_now.model, WINDOW
    file = weights.find()
    return file.stem if file else weights.STAND_IN, WINDOW


def port_fault() -> str:
    """Return why no server can listen on this machine's loopback; "" if one can."""
    try:
        with socket.create_server(("127.0.0.1", 0)):
            return ""
    except OSError as exc:
        return exc.strerror or str(exc)


def ensure(notice: Callable[[str], None] | None = None) -> Platform:
    """Return the running platform, starting it (1 to 2 s) where there is none.

    `notice` gets a sentence about what takes time. Fetches the weights at the first
    use. Raises LocalError, and ConfigError for a GLMKIT_TIER that does not exist.
    """
    say = notice or _silent
    tiers.current()  # else the child's log would have the error
    file = weights.find()
    if file and (found := _alive(state.path(file))):
        return found
    engine.check_installed()
    if file is None:
        file = weights.install(_reporting(notice) if notice else True)
    place = state.path(file)
    try:
        with state.locked(place):
            found = _alive(place)
            if found is None:
                say(_("Starting the local platform."))
                found = _start(place, file)
            return found
    except OSError as exc:
        raise LocalError(
            _(
                "the local platform's state cannot be kept in {folder}: {reason}",
                folder=place.parent,
                reason=exc,
            ),
            hint=_("Make that folder writable; GLMKIT_STATE_DIR moves it."),
        ) from exc


def _reporting(notice: Callable[[str], None]) -> Callable[[float], None]:
    def report(share: float) -> None:
        notice(f"{weights.FETCHING} {share:.0%}")

    return report


def find() -> Platform | None:
    """Return the running platform of these settings, None where there is none."""
    return _alive(state.path(weights.find()))


def running() -> list[Platform]:
    """Return every platform of this user on this machine.

    That includes other settings, other versions of glmkit, and `glmkit serve`.
    """
    return [found for _place, found in state.records() if answers(found)]


def strays() -> list[Platform | Orphan]:
    """Return the running processes that this kernel does not use; `stop` ends them.

    They are platforms of other settings or versions, and orphans.
    """
    mine = find()
    others = [one for one in running() if one.shared and one != mine]
    return [*others, *orphans.find()]


def stop() -> list[Platform | Orphan]:
    """End every platform of this user on this machine; return what was ended."""
    ended: list[Platform | Orphan] = []
    for place, found in list(state.records()):
        if answers(found):
            _stop(place, found)
            ended.append(found)
    for orphan in orphans.find():
        with suppress(ProcessLookupError):
            os.kill(orphan.pid, signal.SIGKILL)
            ended.append(orphan)
    return ended


def _stop(place: Path, found: Platform) -> None:
    with suppress(ProcessLookupError):
        os.kill(found.pid, signal.SIGTERM)
    end = time.monotonic() + _STOP_S
    # A platform removes its record last; Windows gives it no time to.
    while answers(found) or (sys.platform != "win32" and state.read(place) == found):
        if time.monotonic() > end:
            raise LocalError(
                _("the local platform (process {pid}) does not end", pid=found.pid),
                hint=_("End process {pid} by the means of your system.", pid=found.pid),
            )
        time.sleep(_STEP_S)


def serve(arguments: Sequence[str] = ()) -> int:
    """Serve the platform in the foreground; return its exit status.

    It ends on a signal, with the terminal, with the parent of this process, and when
    nobody reads its output any more. A platform that kernels share is left alone.
    """
    return foreground.run(serve_command(["--with-parent", *arguments]))


def serve_command(args: Sequence[str] = ()) -> list[str]:
    """Return the command that serves the platform in the foreground."""
    # -P: a file beside a notebook must not pass for a module.
    return [sys.executable, "-P", "-m", _MODULE, *args]


def _silent(sentence: str) -> None:
    """Report nothing."""


def _alive(place: Path) -> Platform | None:
    found = state.read(place)
    return found if found and answers(found) else None


def _start(place: Path, file: Path) -> Platform:
    log = place.with_suffix(".log")
    place.unlink(missing_ok=True)
    child = _spawn(place, file, log)
    # Reaps the child when it ends, so that no zombie is left in a long-lived kernel.
    threading.Thread(target=child.wait, daemon=True, name="glmkit-reaper").start()
    end = time.monotonic() + _START_S
    while (found := state.read(place)) is None:
        if child.poll() is not None:
            raise _failed(log)
        if time.monotonic() > end:
            child.kill()
            raise LocalError(
                _(
                    "the local platform did not start within {seconds:.0f} s",
                    seconds=_START_S,
                ),
                hint=_("Its log is {log}.", log=log),
            )
        time.sleep(_STEP_S)
    return found


def _spawn(place: Path, file: Path, log: Path) -> subprocess.Popen[bytes]:
    idle = os.environ.get("GLMKIT_LOCAL_IDLE_S") or str(IDLE_S)
    arguments = ["--weights", str(file), "--state", str(place), "--idle-s", idle]
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        return subprocess.Popen(
            serve_command(arguments),
            cwd=state_dir(),
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            **_detached(),
        )
    finally:
        os.close(descriptor)


def _environment() -> dict[str, str]:
    """Return the environment without API keys, which the platform does not need."""
    return {name: value for name, value in os.environ.items() if "API_KEY" not in name}


def _detached() -> dict[str, Any]:
    """Detach the child from the terminal's Ctrl-C and from the kernel."""
    if sys.platform == "win32":
        flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
        return {"creationflags": flags}
    return {"start_new_session": True}


def _failed(log: Path) -> LocalError:
    """Return the child's own error; its last two lines are message and hint."""
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    message, arrow, hint = "\n".join(lines[-_TAIL_LINES:]).partition("\n→ ")
    reason = message.removeprefix("LocalError: ") or _("its log is empty")
    return LocalError(
        _("the local platform did not start: {reason}", reason=reason),
        hint=hint if arrow else _("Its log is {log}.", log=log),
    )
