"""Reads a stream into a view, which is updated no more often than it is worth."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from glmkit.render.answer.live import TICK_S, Telling
from glmkit.types.events import Event


class Batches(Protocol):
    """A stream of events in lists; an empty one where nothing came for a tick."""

    def batches(self, tick_s: float) -> Iterable[Sequence[Event]]:
        """Yield the lists."""


class Pace:
    """Folds events into an answer and shows it, with pauses of at least `pause_s()`.

    >>> from glmkit.types.events import Text
    >>> shown = []
    >>> telling = Telling()
    >>> pace = Pace(telling, lambda: shown.append(telling.text), lambda: 0.0)
    >>> pace.add([Text("Hi")])
    >>> pace.add([])
    >>> shown
    ['Hi']
    """

    def __init__(
        self,
        telling: Telling,
        show: Callable[[], None],
        pause_s: Callable[[], float],
    ) -> None:
        self._telling = telling
        self._show = show
        self._pause_s = pause_s
        self._shown_at = 0.0
        self._pending = False

    def add(self, events: Sequence[Event] = ()) -> None:
        """Take the next events; they are shown now or, if that was just done, later.

        A caller that waits for events calls it without any, so that nothing that came
        stays unseen.
        """
        if events:
            self._telling.add(events)
            self._pending = True
        if self._pending and time.monotonic() - self._shown_at >= self._pause_s():
            self._show()
            self._shown_at, self._pending = time.monotonic(), False

    def follow(
        self, stream: Batches, stopped: Callable[[], bool] = lambda: False
    ) -> None:
        """Show an answer while it arrives, until its end or until it is stopped."""
        for batch in stream.batches(tick_s=TICK_S):
            if stopped():
                return
            self.add(batch)
