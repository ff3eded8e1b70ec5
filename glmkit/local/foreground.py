"""`glmkit serve`: runs the platform as a child that never outlives this process."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from types import FrameType

#: Seconds that the child has for its own end, and between two looks at our parent.
_END_S = 4.0
_LOOK_S = 0.5


class _Left(Exception):
    """A signal asked this process to end."""


def run(command: Sequence[str]) -> int:
    """Run a program that ends when its standard input closes; return its exit status.

    It is ended on SIGTERM, SIGHUP and Ctrl-C and when the parent of this process dies.
    On SIGKILL the system closes the pipe. `nohup` keeps it running without its parent.
    """
    _leave_on_signals()
    if not _ignores_hangup():
        arguments = (os.getppid(),)
        threading.Thread(
            target=_watch, args=arguments, name="glmkit-parent", daemon=True
        ).start()
    with subprocess.Popen(command, stdin=subprocess.PIPE) as child:
        try:
            return child.wait()
        except (KeyboardInterrupt, _Left):
            return _ended(child)


def _ended(child: subprocess.Popen[bytes]) -> int:
    assert child.stdin is not None
    child.stdin.close()
    try:
        return child.wait(_END_S)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()


def _leave_on_signals() -> None:
    signal.signal(signal.SIGTERM, _leave)
    if hasattr(signal, "SIGHUP") and not _ignores_hangup():
        signal.signal(signal.SIGHUP, _leave)


def _leave(number: int, frame: FrameType | None) -> None:
    # A second signal must not interrupt the end that the first one began.
    signal.signal(number, signal.SIG_IGN)
    raise _Left


def _ignores_hangup() -> bool:
    """Whether `nohup` started this process, to keep it running without a terminal."""
    hangup = getattr(signal, "SIGHUP", None)
    return hangup is not None and signal.getsignal(hangup) is signal.SIG_IGN


def _watch(parent: int) -> None:
    """End this process once its parent has changed.

    On Windows the id never changes, and only the end of the terminal counts.
    """
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    os.kill(os.getpid(), signal.SIGTERM)
