"""What ends the platform: a signal, a parent that is gone, a reader that has left."""

from __future__ import annotations

import os
import select
import signal
import stat
import sys
import threading
from collections.abc import Callable
from types import FrameType

#: Seconds after which the process ends whatever is still being done.
_LATEST_S = 3.0
_LOOK_MS = 500


def on_signals() -> None:
    """End on SIGTERM, on Ctrl-C and, unless `nohup` started it, on SIGHUP."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN:
        signal.signal(hangup, lambda number, frame: signal.raise_signal(signal.SIGTERM))


def with_parent() -> None:
    """End when standard input closes, which the parent holds open as long as it is."""
    _watch("parent", _until_input_closes)


def with_reader() -> None:
    """End when standard output is a pipe that nobody reads any more."""
    if sys.platform != "win32" and stat.S_ISFIFO(os.fstat(1).st_mode):
        _watch("reader", _until_output_closes)


def soon() -> None:
    """Bound the time that a tidy end may take."""
    timer = threading.Timer(_LATEST_S, os._exit, (0,))
    timer.daemon = True
    timer.start()


def _leave(number: int, frame: FrameType | None) -> None:
    soon()
    raise SystemExit(0)


def _watch(name: str, until: Callable[[], None]) -> None:
    def ended() -> None:
        until()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=ended, name=f"glmkit-{name}", daemon=True).start()


def _until_input_closes() -> None:
    while os.read(0, 4096):
        pass


def _until_output_closes() -> None:
    poll = select.poll()
    poll.register(1, 0)
    # Without events asked for, only a hang-up or an error is reported.
    while not poll.poll(_LOOK_MS):
        pass
