"""What is sent, as the transport below takes it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import httpx

#: Bodies above this are streamed; aiohttp warns about larger ones as bytes.
AT_ONCE = 2**20


class Outgoing(httpx.Request):
    """A request with headers and body as they are: httpx takes 20 µs to prepare one."""

    def __init__(
        self, method: str, url: httpx.URL, headers: Mapping[str, str], body: bytes
    ) -> None:
        fields = [
            (b"user-agent", b"glmkit"),
            *((name.encode(), value.encode()) for name, value in headers.items()),
            (b"content-length", b"%d" % len(body)),
        ]
        self._body = body
        super().__init__(method, url, headers=fields, stream=_Pieces(body))

    @property
    def content(self) -> bytes:
        """The body, where it is sent at once."""
        if len(self._body) > AT_ONCE:
            raise httpx.RequestNotRead
        return self._body


class _Pieces(httpx.AsyncByteStream):
    """A large body, a MiB at a time."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), AT_ONCE):
            yield self._body[start : start + AT_ONCE]
