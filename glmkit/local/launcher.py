"""Find the local platform, or start it: one for all kernels of a user."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from hmac import compare_digest
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from glmkit.config.endpoints import state_dir
from glmkit.local import engine, identity_proof, state, weights
from glmkit.local.state import Platform
from glmkit.types.errors import LocalError
from glmkit.types.first_use import prepare

__all__ = ["Platform", "ensure", "find", "serve_command", "stop"]

#: Seconds without a request after which a platform ends by itself.
IDLE_S = 1800.0

_PING_S = 5.0
_START_S = 120.0
_STOP_S = 15.0
_STEP_S = 0.02
_TAIL_LINES = 6
_MODULE = "glmkit.local.platform"


class _Pong(msgspec.Struct):
    proof: str
    pid: int


prepare(_Pong)


def ensure(notice: Callable[[str], None] | None = None) -> Platform:
    """Return the running platform, starting it (1 to 2 s) where there is none.

    `notice` is told, in a sentence, what takes time. Fetches the weights at the first
    use. Raises LocalError.
    """
    say = notice or _silent
    file = weights.find()
    if file and (running := _alive(state.path(file))):
        return running
    engine.check_installed()
    if file is None:
        say("Fetching the local model's weights (93 MB), once.")
        file = weights.install()
    place = state.path(file)
    try:
        with state.locked(place):
            running = _alive(place)
            if running is None:
                say("Starting the local platform.")
                running = _start(place, file)
            return running
    except OSError as exc:
        raise LocalError(
            f"the local platform's state can not be kept in {place.parent}: {exc}",
            hint="Make that folder writable; GLMKIT_STATE_DIR moves it.",
        ) from exc


def find() -> Platform | None:
    """Return the running platform, None where there is none."""
    return _alive(state.path(weights.find()))


def stop() -> bool:
    """End the running platform and wait for it; False where there was none."""
    place = state.path(weights.find())
    running = _alive(place)
    if running is None:
        return False
    try:
        os.kill(running.pid, signal.SIGTERM)
    except ProcessLookupError:
        return True
    end = time.monotonic() + _STOP_S
    # The platform removes its state last; Windows gives it no time to.
    while _answers(running) or (sys.platform != "win32" and place.exists()):
        if time.monotonic() > end:
            raise LocalError(
                f"the local platform (process {running.pid}) does not end",
                hint=f"End process {running.pid} by the means of your system.",
            )
        time.sleep(_STEP_S)
    return True


def serve_command(args: Sequence[str] = ()) -> list[str]:
    """Return the command that serves the platform in the foreground."""
    # -P: a file beside a notebook must not pass for a module.
    return [sys.executable, "-P", "-m", _MODULE, *args]


def _silent(sentence: str) -> None:
    """Tell nobody."""


def _alive(place: Path) -> Platform | None:
    running = state.read(place)
    return running if running and _answers(running) else None


def _answers(running: Platform) -> bool:
    """Ask whether the platform is there; the answer must prove that it is ours."""
    nonce = secrets.token_hex(16)
    parts = urlsplit(running.url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=_PING_S)
    try:
        connection.request("GET", f"{identity_proof.PATH}?nonce={nonce}")
        answer = connection.getresponse().read(10_000)
        pong = msgspec.json.decode(answer, type=_Pong)
    except (OSError, HTTPException, msgspec.DecodeError):
        return False
    finally:
        connection.close()
    proven = compare_digest(pong.proof, identity_proof.proof(running.key, nonce))
    return proven and pong.pid == running.pid


def _start(place: Path, file: Path) -> Platform:
    log = place.with_suffix(".log")
    place.unlink(missing_ok=True)
    child = _spawn(place, file, log)
    # Reaps the child when it ends, so that no zombie is left in a long-lived kernel.
    threading.Thread(target=child.wait, daemon=True, name="glmkit-reaper").start()
    end = time.monotonic() + _START_S
    while (running := state.read(place)) is None:
        if child.poll() is not None:
            raise _failed(log)
        if time.monotonic() > end:
            child.kill()
            raise LocalError(
                f"the local platform did not start within {_START_S:.0f} s",
                hint=f"Its log is {log}.",
            )
        time.sleep(_STEP_S)
    return running


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
    """Return the environment without keys: the platform has no business with them."""
    return {name: value for name, value in os.environ.items() if "API_KEY" not in name}


def _detached() -> dict[str, Any]:
    """Keep the child out of the terminal's Ctrl-C and the kernel's end."""
    if sys.platform == "win32":
        flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
        return {"creationflags": flags}
    return {"start_new_session": True}


def _failed(log: Path) -> LocalError:
    """Tell the child's own error; its last two lines are message and hint."""
    lines = log.read_text("utf-8", "replace").strip().splitlines() or ["no word"]
    message, arrow, hint = "\n".join(lines[-_TAIL_LINES:]).partition("\n→ ")
    what = message.removeprefix("LocalError: ")
    return LocalError(
        f"the local platform did not start: {what}",
        hint=hint if arrow else f"Its log is {log}.",
    )
