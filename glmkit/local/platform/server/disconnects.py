"""Working for a client as long as it is there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import aclosing
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

_T = TypeVar("_T")


async def while_present(request: Request, work: Coroutine[Any, Any, _T]) -> _T:
    """Do the work while the client is there; when it leaves, stop at once."""
    task = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({task, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientDisconnect
        return task.result()
    finally:
        for one in (task, leaving):
            one.cancel()
        await asyncio.wait({task, leaving})


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


class EventStream(StreamingResponse):
    """A stream of events; `source` is closed however the sending ends.

    It is the generator of the events itself: closing one around it that has not started
    would not close what it iterates over.
    """

    media_type = "text/event-stream"

    def __init__(
        self, events: AsyncIterator[bytes], source: AsyncGenerator[Any, None]
    ) -> None:
        super().__init__(events)
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events while the client is there."""
        async with aclosing(self._source):
            await super().__call__(scope, receive, send)
