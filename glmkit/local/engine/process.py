"""Starts and ends the engine's process."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO

from glmkit.types.errors import LocalError
from glmkit.types.translation import _

#: Requests that the engine works on at one time, and the tokens each may hold.
SLOTS = 2
WINDOW = 4096

_END_S = 5


class Process:
    """A running engine with its `url` and `key`; it never outlives this process.

    Raises LocalError with the last line of its log when it does not start.
    """

    def __init__(self, weights: Path) -> None:
        self.key = secrets.token_urlsafe(32)
        self._open = ExitStack()
        log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `stop`
        self._log = self._open.enter_context(log)
        self._child = _spawn(self._log)
        order: dict[str, str | int] = {
            "weights": str(weights),
            "key": self.key,
            "slots": SLOTS,
            "window": WINDOW,
        }
        try:
            self.url = self._start(order)
        except BaseException:
            self.stop()
            raise

    def _start(self, order: dict[str, str | int]) -> str:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        try:
            # The pipe stays open: the engine ends when it closes.
            self._child.stdin.write(json.dumps(order).encode() + b"\n")
            self._child.stdin.flush()
            line = self._child.stdout.readline()
            url: str = json.loads(line)["url"]
        except (OSError, ValueError) as exc:
            self._child.wait(_END_S)
            raise LocalError(
                _("the engine did not start: {reason}", reason=self.last_words()),
                hint=_(
                    "The model file may be damaged or too large for this "
                    "machine: run `glmkit local install`, or name another GGUF "
                    "file."
                ),
            ) from exc
        return url

    @property
    def pid(self) -> int:
        """The engine's process id."""
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._child.poll() is None

    def last_words(self) -> str:
        """Return the first error of the engine's log, else its last line."""
        self._log.seek(0)
        lines = self._log.read().decode("utf-8", "replace").strip().splitlines()
        errors = (line.partition(" E ")[2].strip() for line in lines)
        return next(filter(None, errors), lines[-1] if lines else "its log is empty")

    def stop(self) -> None:
        """End the engine and wait for it."""
        if self._child.stdin is not None:
            with suppress(OSError):  # it is dead already, with something unsent
                self._child.stdin.close()
        try:
            self._child.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        if self._child.stdout is not None:
            self._child.stdout.close()
        self._open.close()


def _spawn(log: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        # -P: a file beside a notebook must not pass for a module.
        [sys.executable, "-P", "-m", "glmkit.local.engine"],
        env={**os.environ, "OMP_WAIT_POLICY": "PASSIVE"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        # Ctrl-C in a terminal is the platform's to handle, which then ends the engine.
        start_new_session=True,
    )
