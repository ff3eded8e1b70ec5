"""A time limit for a user's function, on the thread that calls it.

A function cannot be stopped from outside, but an exception can be raised in its thread.
On the main thread that is what Ctrl-C does, which also ends a `time.sleep`; on another
thread it is raised between two steps of Python.
"""

from __future__ import annotations

import _thread
import ctypes
import signal
import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

#: Seconds that a stop which is under way may take to arrive.
_ARRIVAL_S = 0.1


class Overrun(BaseException):
    """The time is over. Not an Exception, so that functions do not catch it."""


def bounded(function: Callable[[], T], seconds: float) -> T:
    """Call a function on this thread; raise Overrun in it once the time is over."""
    watch = _Watch(seconds)
    try:
        try:
            watch.start()
            value = function()
        finally:
            watch.stop()
    except (KeyboardInterrupt, Overrun):
        # Wherever in here the stop arrived: it is one, and it is ours.
        watch.stop()
        if watch.fired:
            raise Overrun from None
        raise
    if watch.fired:  # the function swallowed its stop
        raise Overrun
    return value


class _Watch:
    """Stops its thread once, unless it is stopped first."""

    def __init__(self, seconds: float) -> None:
        self.fired = False
        self._lock = threading.Lock()
        self._done = False
        self._thread = threading.get_ident()
        self._main = (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        )
        self._timer = threading.Timer(seconds, self._fire)
        self._timer.daemon = True

    def start(self) -> None:
        """Start the timer."""
        self._timer.start()

    def stop(self) -> None:
        """Stop the timer, and wait for a stop on its way, lest it hits other code."""
        if self._done:
            return
        with self._lock:
            self._done = True
        self._timer.cancel()
        if self.fired and self._main:
            time.sleep(_ARRIVAL_S)
        elif self.fired:
            _raise_in(self._thread, None)

    def _fire(self) -> None:
        with self._lock:
            if self._done:
                return
            self.fired = True
            if not self._main:
                _raise_in(self._thread, Overrun)
            elif hasattr(signal, "pthread_kill"):
                signal.pthread_kill(self._thread, signal.SIGINT)
            else:
                _thread.interrupt_main()


def _raise_in(thread: int, kind: type[BaseException] | None) -> None:
    what = ctypes.py_object(kind) if kind else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), what)
