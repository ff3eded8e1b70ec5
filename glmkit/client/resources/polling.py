"""Polling: fetch a task again until it has ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from glmkit.client.progress_bar import progress_bar
from glmkit.client.resources.sync_async import tell
from glmkit.types.errors import GLMError, RateLimitError, ServerError, TransportError
from glmkit.types.plain_text import one_line

T = TypeVar("T")

#: What is called with each sight; True draws a bar, False shows nothing.
Progress = bool | Callable[[Any], object]

#: Looks that may fail one after another before the failure is raised.
_PATIENCE = 4
#: Looking becomes rarer by this factor, down to once in so many times the first wait.
_SLOWER, _SLOWEST = 1.25, 5.0


async def until(
    look: Callable[[], Awaitable[T]],
    ended: Callable[[T], bool],
    *,
    what: str,
    count: Callable[[T], tuple[str, int, int]],
    progress: Progress,
    timeout_s: float,
    poll_s: float,
) -> T:
    """Poll until it has ended; ServerError where it has not within `timeout_s`.

    `count` tells a bar the state, how many are done, and how many there are. A look
    that fails for the moment is taken again; it costs nothing.
    """
    show = Bar(count) if progress is True else progress or None
    limit = time.monotonic() + timeout_s
    pause, failed = poll_s, 0
    try:
        while True:
            try:
                seen = await look()
                failed = 0
            except (TransportError, RateLimitError, ServerError) as exc:
                failed += 1
                if failed >= _PATIENCE or not _passing(exc):
                    raise
            else:
                if show is not None:
                    _tell(show, seen)
                if ended(seen):
                    return seen
            if time.monotonic() + pause > limit:
                raise ServerError(
                    f"{what} has not ended within {timeout_s:g} s",
                    hint="It goes on at the service: wait for the same id again.",
                )
            await asyncio.sleep(pause)
            pause = min(pause * _SLOWER, poll_s * _SLOWEST)
    finally:
        if isinstance(show, Bar):
            tell(show.close)


def _tell(show: Callable[[T], object], seen: T) -> None:
    tell(lambda: show(seen))


def _passing(exc: GLMError) -> bool:
    """Whether the same poll may succeed a moment later."""
    return getattr(exc, "action", "wait") in {"wait", "slot"}


class Bar:
    """A progress bar, made by the thread that shows it."""

    def __init__(self, count: Callable[[Any], tuple[str, int, int]]) -> None:
        self._count = count
        self._bar: Any = None

    def __call__(self, seen: Any) -> None:
        """Show the state."""
        state, done, total = self._count(seen)
        if self._bar is None:
            self._bar = progress_bar(total=total)
        self._bar.total = total
        self._bar.n = done
        self._bar.set_description_str(one_line(state))

    def close(self) -> None:
        """Stop updating the bar."""
        if self._bar is not None:
            self._bar.close()
