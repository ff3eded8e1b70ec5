"""Work that follows changes, on a thread of its own and not too often."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event, Lock, Thread

#: The pause after the work, in times that the work took.
_SHARE = 9


class ThrottledWorker:
    """Calls `work` after each `ask`, at most once in `pause_s` seconds.

    Slow work runs less often, so that it takes a tenth of the time at most. `ask` may
    be called from any thread and returns at once. The thread lives while there is
    something to do; `close` ends it. Work that raises ends the thread, and the next
    `ask` starts another.
    """

    def __init__(self, work: Callable[[], None], pause_s: float = 0.0) -> None:
        self._work = work
        self._pause_s = pause_s
        self._lock = Lock()
        self._asked = False
        self._busy = False
        self._closed = Event()

    def ask(self) -> None:
        """Have the work done soon, once for all calls in the meantime."""
        with self._lock:
            self._asked = True
            if self._busy or self._closed.is_set():
                return
            self._busy = True
        Thread(target=self._run, name="glmkit widget", daemon=True).start()

    def close(self) -> None:
        """Start no more work; work that runs ends by itself."""
        self._closed.set()

    def _run(self) -> None:
        try:
            while self._more():
                began = time.monotonic()
                self._work()
                took = time.monotonic() - began
                self._closed.wait(max(self._pause_s, _SHARE * took))
        except BaseException:
            with self._lock:
                self._busy = False
            raise

    def _more(self) -> bool:
        """Take the request, if there is one; else let the thread end."""
        with self._lock:
            more = self._asked and not self._closed.is_set()
            self._asked, self._busy = False, more
            return more
