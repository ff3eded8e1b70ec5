"""Bounding the time of a person's function, on the thread that waits for it.

A function can not be stopped from outside; an exception can be raised in its thread.
On the main thread that is what Ctrl-C does, which ends a `time.sleep` too; on another
thread it comes between two steps of Python.
"""

from __future__ import annotations

import _thread
import ctypes
import signal
import threading
import time
from types import TracebackType
from typing import Self


class Overrun(BaseException):
    """The time is over. Not an Exception, so that a function does not swallow it."""


class Deadline:
    """`with Deadline(seconds):` raises Overrun in its body once they are over."""

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

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        raised = isinstance(value, KeyboardInterrupt if self._main else Overrun)
        try:
            with self._lock:
                self._done = True
            self._timer.cancel()
            if self.fired and not raised:
                self._take_back()
        except KeyboardInterrupt:
            if not self.fired:
                raise
        if self.fired:
            raise Overrun from None

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

    def _take_back(self) -> None:
        """See to it that what was fired too late hits nobody else."""
        if self._main:
            time.sleep(0.1)  # the interrupt is under way: it ends this sleep
        else:
            _raise_in(self._thread, None)


def _raise_in(thread: int, kind: type[BaseException] | None) -> None:
    what = ctypes.py_object(kind) if kind else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), what)
