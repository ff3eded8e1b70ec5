"""Reads a stream into a rendering and shows it, not more often than is useful."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from glmkit.render.answer.live import TICK_S, Rendering
from glmkit.types.events import Event


class EventBatches(Protocol):
    """A stream of events in lists; an empty one where nothing came for a tick."""

    def batches(self, tick_s: float) -> Iterable[Sequence[Event]]:
        """Yield the lists."""


class Pace:
    """Folds events into an answer and shows it, with pauses of at least `pause_s()`.

    >>> from glmkit.types.events import Text
    >>> shown = []
    >>> rendering = Rendering()
    >>> pace = Pace(rendering, lambda: shown.append(rendering.text), lambda: 0.0)
    >>> pace.add([Text("Hi")])
    >>> pace.add([])
    >>> shown
    ['Hi']
    """

    def __init__(
        self,
        rendering: Rendering,
        show: Callable[[], None],
        pause_s: Callable[[], float],
    ) -> None:
        self._rendering = rendering
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
            self._rendering.add(events)
            self._pending = True
        if self._pending and time.monotonic() - self._shown_at >= self._pause_s():
            self._show()
            self._shown_at, self._pending = time.monotonic(), False

    def follow(
        self, stream: EventBatches, stopped: Callable[[], bool] = lambda: False
    ) -> None:
        """Show an answer while it arrives, until its end or until it is stopped."""
        for batch in stream.batches(tick_s=TICK_S):
            if stopped():
                return
            self.add(batch)
