"""Work for the newest wish of each view, on a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock, Thread

from glmkit_widgets.review.page_texts import PageWish


class PageWorker:
    """Calls `show` with the newest wish of each view; older wishes are dropped.

    The thread lives while there is a wish; `close` ends it.
    """

    def __init__(self, show: Callable[[PageWish], None]) -> None:
        self._show = show
        self._lock = Lock()
        self._wishes: dict[str, PageWish] = {}
        self._busy = self._closed = False

    def ask(self, wish: PageWish) -> None:
        """Show what a view wants soon; returns at once."""
        with self._lock:
            self._wishes.pop(wish.view, None)
            self._wishes[wish.view] = wish
            if self._busy or self._closed:
                return
            self._busy = True
        Thread(target=self._run, name="glmkit pages", daemon=True).start()

    def close(self) -> None:
        """Drop the wishes, and start no more work."""
        with self._lock:
            self._closed = True
            self._wishes.clear()

    def _run(self) -> None:
        while (wish := self._next()) is not None:
            try:
                self._show(wish)
            except BaseException:
                with self._lock:
                    self._busy = False
                raise

    def _next(self) -> PageWish | None:
        """Take a wish; None ends the thread."""
        with self._lock:
            view = next(iter(self._wishes), None)
            self._busy = view is not None
            return None if view is None else self._wishes.pop(view)
