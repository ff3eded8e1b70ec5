"""Streams: an answer while it arrives, in a thread or on an event loop."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from types import TracebackType
from typing import Self, TypeVar

from glmkit.client.call.execution import Exchange
from glmkit.transport import background_loop
from glmkit.types.errors import ConfigError, Interrupted
from glmkit.types.events import Event, Text, Thinking
from glmkit.types.replies import Reply

T = TypeVar("T")

#: Batches that may wait for a slow reader before the reading stops.
_ROOM = 64
#: Batches that are handed over at once before a reader's own pace counts.
_PROMPT = 16
#: The share of a reader's tick for which text is collected, so that the next list is
#: there before the reader has waited in vain.
_COLLECTED = 0.8


class Stream:
    """The events of one answer, for `with` and `for`.

    Leaving the `with` early closes the connection and keeps what arrived in `reply`;
    Ctrl-C inside it does too, and raises Interrupted.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._queue: queue.SimpleQueue[list[Event] | None] = queue.SimpleQueue()
        self._drained = asyncio.Event()
        self._work: background_loop.Work[None] | None = None
        self._tick_s: float | None = None

    @property
    def reply(self) -> Reply:
        """The reply; while events still come, and after an interrupt, what arrived."""
        return self._exchange.reply

    @property
    def replaying(self) -> bool:
        """Whether the events that come are those of a recorded answer."""
        return self._exchange.replaying

    def __enter__(self) -> Self:
        self._work = background_loop.submit(self._pump())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
        if isinstance(value, KeyboardInterrupt) and not isinstance(value, Interrupted):
            raise Interrupted(self.reply) from None

    def __iter__(self) -> Iterator[Event]:
        for batch in self.batches():
            yield from batch

    def batches(self, tick_s: float | None = None) -> Iterator[list[Event]]:
        """Yield the events in lists, one for each read from the network.

        With `tick_s`, an empty list too whenever so many seconds brought nothing; and
        once a stream has got going, at most one list in that time, so that a thousand
        small pieces do not wake two threads a thousand times.
        """
        work = _entered(self._work)
        self._tick_s = tick_s
        try:
            while (batch := self._next(work, tick_s)) is not None:
                yield batch
            work.result()
        except KeyboardInterrupt:
            self.close()
            raise Interrupted(self.reply) from None

    def close(self) -> None:
        """Close the connection and wait until the call has settled."""
        if self._work is not None:
            self._work.cancel()

    def _next(
        self, work: background_loop.Work[None], tick_s: float | None
    ) -> list[Event] | None:
        while True:
            try:
                batch = self._queue.get(timeout=tick_s or background_loop.STEP_S)
            except queue.Empty:
                work.check()
                if tick_s is not None:
                    return []
                continue
            if batch is None:
                self._queue.put(None)  # who reads on finds the end again
            if self._queue.qsize() == _ROOM // 2:
                work.call(self._drained.set)
            return batch

    async def _pump(self) -> None:
        """Pass the batches to the reading thread; wait while it is behind."""
        handed = 0
        try:
            async with aclosing(self._exchange.run()) as batches:
                async for batch in batches:
                    self._queue.put(batch)
                    handed += 1
                    if self._tick_s and handed > _PROMPT and _goes_on(batch):
                        with self._exchange.held():
                            await asyncio.sleep(_COLLECTED * self._tick_s)
                    while self._queue.qsize() >= _ROOM:
                        self._drained.clear()
                        if self._queue.qsize() >= _ROOM:
                            await self._drained.wait()
        finally:
            self._queue.put(None)


class AsyncStream:
    """The events of one answer, for `async with` and `async for`."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._batches: AsyncGenerator[list[Event], None] | None = None

    @property
    def reply(self) -> Reply:
        """The reply; while events still come, and after an interrupt, what arrived."""
        return self._exchange.reply

    async def __aenter__(self) -> Self:
        self._batches = self._exchange.run()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def __aiter__(self) -> AsyncIterator[Event]:
        async for batch in self.batches():
            for event in batch:
                yield event

    def batches(self) -> AsyncGenerator[list[Event], None]:
        """Iterate over the events in lists, one for each read from the network."""
        return _entered(self._batches)

    async def aclose(self) -> None:
        """Close the connection and settle the call."""
        if self._batches is not None:
            await self._batches.aclose()


def _goes_on(batch: list[Event]) -> bool:
    """Whether more text is likely to come soon: it ends with some."""
    return bool(batch) and isinstance(batch[-1], Text | Thinking)


def _entered(value: T | None) -> T:
    if value is None:
        raise ConfigError(
            "the stream has not been entered",
            hint="Write `with client.stream(...) as stream:` and iterate in it.",
        )
    return value
