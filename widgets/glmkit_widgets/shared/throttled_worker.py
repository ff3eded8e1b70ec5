"""Work that follows what changes, on a thread of its own and not too often."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event, Lock, Thread

#: How many times as long as the work the rest is.
_SHARE = 9


class ThrottledWorker:
    """Does `work` after it was asked for, at most once in `pause_s` seconds.

    Work that takes long is done less often, so that it takes a tenth of the time.
    `ask` may be called from any thread, as often as one likes, and waits for nothing.
    The thread lives while there is something to do; `close` ends it. Work that raises
    ends its thread, and the next one who asks begins anew.
    """

    def __init__(self, work: Callable[[], None], pause_s: float = 0.0) -> None:
        self._work = work
        self._pause_s = pause_s
        self._lock = Lock()
        self._asked = False
        self._busy = False
        self._closed = Event()

    def ask(self) -> None:
        """Have the work done soon, once for all who ask meanwhile."""
        with self._lock:
            self._asked = True
            if self._busy or self._closed.is_set():
                return
            self._busy = True
        Thread(target=self._run, name="glmkit widget", daemon=True).start()

    def close(self) -> None:
        """Do no more; what is being done is done to its end."""
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
        """Take the wish, if there is one; else the thread ends."""
        with self._lock:
            more = self._asked and not self._closed.is_set()
            self._asked, self._busy = False, more
            return more
