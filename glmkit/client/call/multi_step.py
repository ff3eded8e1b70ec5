"""Several calls that answer one prompt, read as one stream.

The steps come from a generator of `rounds`: repairs of an answer that does not fit
its schema, rounds of tools. They are taken on the waiting thread (or the caller's
loop), so that the user's own functions run there.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from typing import Any, Protocol, Self

import msgspec

from glmkit.client.call.execution import Exchange, latest
from glmkit.client.call.streams import AsyncStream, Stream
from glmkit.tools.loops import SendRequest, Step, Steps, Use
from glmkit.types.errors import GLMError, Interrupted, ToolError
from glmkit.types.events import Event, Finish, Repair, ToolCall, ToolResult
from glmkit.types.messages import Request
from glmkit.types.replies import Answer, Call, Reply


class Begin(Protocol):
    """Begins a call, as a client does."""

    def __call__(self, request: Request, *, stream: bool, group: int) -> Exchange:
        """Return the call, not sent yet; `group` 0 begins a group of its own."""


class _Progress:
    """State of a series, shared by its sync and async form."""

    def __init__(
        self,
        steps: Steps,
        begin: Begin,
        schema: Any,
        stream: bool,
        ended: Callable[[Answer], None] | None,
    ) -> None:
        self._steps = steps
        self._begin = begin
        self._schema = schema
        self._stream = stream
        self._ended = ended
        self._calls: list[Call] = []
        self._exchange: Exchange | None = None
        self._parsed: Any = None
        self._finish: list[Event] = []
        self._tools = 0

    @property
    def reply(self) -> Reply:
        """The reply of the calls so far."""
        current = self._exchange.reply.calls if self._exchange else ()
        return Reply((*self._calls, *current), self._parsed, self._schema)

    @property
    def replaying(self) -> bool:
        """Whether the call that runs is replayed."""
        return self._exchange is not None and self._exchange.replaying

    def next(self, sent: Any) -> Step | None:
        """Pass on the last step's result and return the next step; None at the end."""
        try:
            return self._steps.send(sent)
        except StopIteration as stop:
            self._parsed = stop.value
            return None

    def begin(self, request: Request) -> Exchange:
        """Begin the next call of the group."""
        group = self._calls[0].group if self._calls else 0
        self._exchange = self._begin(request, stream=self._stream, group=group)
        return self._exchange

    def told(self, batch: list[Event]) -> list[Event]:
        """Return the events of a call that the caller gets.

        There is one Finish in a stream, at its end; the calls of tools are numbered
        through.
        """
        if batch and isinstance(batch[-1], Finish):
            self._finish = [batch[-1]]
            batch = batch[:-1]
        if not self._tools:
            return batch
        return [
            msgspec.structs.replace(event, index=event.index + self._tools)
            if isinstance(event, ToolCall)
            else event
            for event in batch
        ]

    def answer(self) -> Answer:
        """Return the answer of the call that has ended."""
        assert self._exchange is not None
        (call,) = self._exchange.reply.calls
        self._calls.append(call)
        self._exchange = None
        self._tools += len(call.answer.tool_calls)
        return call.answer

    def finish(self) -> list[Event]:
        """Return the Finish of the last call."""
        return self._finish

    def settle(self, exc: BaseException | None = None) -> None:
        """Note the end, once; an error carries the reply of the whole group."""
        ended, self._ended = self._ended, None
        if ended is not None:
            ended(self._exchange.reply.calls[0].answer if self._exchange else Answer())
        if self._calls or self._exchange:
            if self._calls or (self._exchange and self._exchange.arrived):
                latest(self.reply)
            if isinstance(exc, GLMError) and hasattr(exc, "reply"):
                exc.reply = self.reply


def _useless(call: ToolCall) -> ToolResult:
    raise ToolError(f"nobody is there to use {call.name!r}")


async def _useless_too(call: ToolCall) -> ToolResult:
    return _useless(call)


class Series(Stream):
    """Stream over the calls of one group."""

    def __init__(
        self,
        steps: Steps,
        begin: Begin,
        *,
        use: Callable[[ToolCall], ToolResult] = _useless,
        schema: Any = None,
        stream: bool = True,
        ended: Callable[[Answer], None] | None = None,
    ) -> None:
        self._progress = _Progress(steps, begin, schema, stream, ended)
        self._use = use
        self._inner: Stream | None = None

    @property
    def reply(self) -> Reply:
        """The reply; while events still come, and after an interrupt, what arrived."""
        return self._progress.reply

    @property
    def replaying(self) -> bool:
        """Whether the events that come are those of a recorded answer."""
        return self._progress.replaying

    def __enter__(self) -> Self:
        return self

    def drain(self) -> Reply:
        """Read to the end and return the reply."""
        with self:
            for _ in self.batches():
                pass
        return self.reply

    def batches(self, tick_s: float | None = None) -> Iterator[list[Event]]:
        """Yield the events in lists; see `Stream.batches`."""
        progress = self._progress
        try:
            step = progress.next(None)
            while step is not None:
                came: Answer | ToolResult | None = None
                match step:
                    case SendRequest(request):
                        yield from self._asked(request, tick_s)
                        came = progress.answer()
                    case Use(call):
                        came = self._use(call)
                        yield [came]
                    case Repair():
                        yield [step]
                step = progress.next(came)
        except KeyboardInterrupt:
            self.close()
            raise Interrupted(self.reply) from None
        except Exception as exc:
            progress.settle(exc)
            raise
        progress.settle()
        if finish := progress.finish():
            yield finish

    def _asked(self, request: Request, tick_s: float | None) -> Iterator[list[Event]]:
        with Stream(self._progress.begin(request)) as self._inner:
            for batch in self._inner.batches(tick_s):
                told = self._progress.told(batch)
                if told or not batch:
                    yield told

    def close(self) -> None:
        """Close the connection and wait until the call has settled."""
        if self._inner is not None:
            self._inner.close()
        self._progress.settle()


class AsyncSeries(AsyncStream):
    """A Series on the caller's own event loop."""

    def __init__(
        self,
        steps: Steps,
        begin: Begin,
        *,
        use: Callable[[ToolCall], Awaitable[ToolResult]] = _useless_too,
        schema: Any = None,
        stream: bool = True,
        ended: Callable[[Answer], None] | None = None,
    ) -> None:
        self._progress = _Progress(steps, begin, schema, stream, ended)
        self._use = use
        self._inner: AsyncGenerator[list[Event], None] | None = None
        self._batches: AsyncGenerator[list[Event], None] | None = None

    @property
    def reply(self) -> Reply:
        """The reply; while events still come, and after an interrupt, what arrived."""
        return self._progress.reply

    async def __aenter__(self) -> Self:
        self._batches = self._run()
        return self

    async def drain(self) -> Reply:
        """Read to the end and return the reply."""
        async with self:
            async for _ in self.batches():
                pass
        return self.reply

    async def aclose(self) -> None:
        """Close the connection and settle the call."""
        await super().aclose()
        if self._inner is not None:
            await self._inner.aclose()
        self._progress.settle()

    async def _run(self) -> AsyncGenerator[list[Event], None]:
        """Yield the events; `aclose` closes the inner generator, never this one."""
        progress = self._progress
        try:
            step = progress.next(None)
            while step is not None:
                came: Answer | ToolResult | None = None
                match step:
                    case SendRequest(request):
                        self._inner = progress.begin(request).run()
                        async for batch in self._inner:
                            if told := progress.told(batch):
                                yield told
                        came = progress.answer()
                    case Use(call):
                        came = await self._use(call)
                        yield [came]
                    case Repair():
                        yield [step]
                step = progress.next(came)
        except Exception as exc:
            progress.settle(exc)
            raise
        progress.settle()
        if finish := progress.finish():
            yield finish
