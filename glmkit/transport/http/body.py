"""Request bodies, and when they leave."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import aiohttp
from aiohttp.connector import Connection

from glmkit.transport.http.sockets import asking

#: Bodies above this are streamed; aiohttp warns about larger ones as bytes.
AT_ONCE = 2**20
#: Bytes of a body that any idle connection takes without a wait.
_SMALL = 2**15


class Outgoing(aiohttp.ClientRequest):
    """A request whose body leaves now and not a turn of the loop later.

    The calls of one turn would else all be sent at its end, and all be answered in
    one moment. From Python 3.12 on, aiohttp sees to it itself.
    """

    def send(self, conn: Connection) -> Coroutine[Any, Any, aiohttp.ClientResponse]:
        """Send the request; from here on the service may have it."""
        asking.get().leave(conn)
        return super().send(conn)

    if sys.version_info < (3, 12):

        def write_bytes(self, *args: Any, **options: Any) -> Coroutine[Any, Any, None]:
            """Return what is still to be done once a small body is written."""
            writing = super().write_bytes(*args, **options)
            body = self.body
            if not isinstance(body, aiohttp.BytesPayload) or (body.size or 0) > _SMALL:
                return writing
            try:
                writing.send(None)
            except StopIteration:
                return _nothing()
            writing.close()
            raise aiohttp.ClientConnectionError("the connection takes no request")


async def _nothing() -> None:
    """Return at once: the body is written."""


def content_of(body: bytes) -> bytes | AsyncIterator[bytes] | None:
    """Return a body as it is sent: a large one a MiB at a time."""
    return _pieces(body) if len(body) > AT_ONCE else body or None


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), AT_ONCE):
        yield body[start : start + AT_ONCE]
