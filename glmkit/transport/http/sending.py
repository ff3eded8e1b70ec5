"""One HTTP request: sent, read, and bounded in time."""

from __future__ import annotations

import asyncio
import functools
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import NamedTuple, Self

import aiohttp
import httpx

from glmkit.transport.http.body import AT_ONCE, content_of
from glmkit.transport.http.connections import way_to
from glmkit.transport.http.faults import (
    CONNECT_S,
    FAULTS,
    PROXY_S,
    of_the_proxy,
    refused_by,
    translated,
)
from glmkit.transport.http.proxies import Proxy, proxy_of
from glmkit.transport.http.sockets import Route, asking
from glmkit.types.errors import TransportError
from glmkit.types.translation import _

#: Seconds in which the end of a finished body still comes.
FINISH_S = 0.1
#: Bytes of one read: a stream is handed on while it comes.
_PIECE = 2**14


class _Target(NamedTuple):
    """Where a request goes: the URL and its text."""

    url: httpx.URL
    text: str


class Sent:
    """One request: entering sends it, leaving closes what is unread.

    `timeout_s` bounds the wait for the headers, then each silence. The reader decides
    what is a sign of life and calls `renew`, so that bytes without meaning keep no
    call alive. `proxy` is the proxy that it goes through. Raises TransportError; its
    `.sent` is False where no byte of the request left. A class rather than a
    generator: a loop that ends closes all generators at once, the inner ones under
    the outer.
    """

    status: int
    content_type: str = ""

    def __init__(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        timeout_s: float,
    ) -> None:
        self._method = method
        self._target = _target(url)
        self._headers = headers
        self._body = body
        self._timeout_s = timeout_s
        self._route = Route()
        self.proxy: Proxy | None = None

    async def __aenter__(self) -> Self:
        url = self._target.url
        proxy = self.proxy = proxy_of(url)
        way = await way_to(url.scheme, proxy)
        self.renew()
        asking.set(self._route)
        try:
            async with asyncio.timeout(self._timeout_s):
                self._response = await way.session.request(
                    self._method,
                    self._target.text,
                    headers={
                        "user-agent": "glmkit",
                        **way.headers,
                        **self._headers,
                        "content-length": str(len(self._body)),
                    },
                    data=content_of(self._body),
                    allow_redirects=False,
                    timeout=_limits(self._timeout_s, proxy is not None),
                    **way.options,
                )
        except FAULTS as exc:
            raise self._fault(exc) from exc
        self.renew()
        self.status = self._response.status
        self.content_type = self.header("content-type")
        if proxy is not None and self._of_the_proxy():
            self._response.close()
            reason = self._response.reason or ""
            raise refused_by(proxy, url, self.status, reason)
        return self

    def _fault(self, exc: Exception) -> TransportError:
        """Return the error of a request that brought no answer."""
        if self.proxy is not None and not self.left:
            return of_the_proxy(exc, self._target.url, self.proxy)
        error = translated(exc, self._target.url, self._timeout_s, self.proxy)
        error.sent = self.left
        error.stale = self._stale(exc)
        return error

    def _of_the_proxy(self) -> bool:
        """Whether an answer over plain HTTP is the proxy's refusal."""
        if self._target.url.scheme != "http" or self.proxy is None:
            return False
        blocked = self.status == 403 and "json" not in self.content_type
        return not self.proxy.socks and (self.status == 407 or blocked)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._response.__aexit__(kind, value, trace)

    @property
    def left(self) -> bool:
        """Whether the request began to leave: from then on the service may do it."""
        return self._route.left

    def _stale(self, exc: Exception) -> bool:
        """Whether a kept connection was closed before the request reached the service.

        Only where the service ended it in order, and the system saw that the request
        was not received: one that breaks otherwise may have been at work on it.
        """
        ended = isinstance(exc, aiohttp.ServerDisconnectedError)
        return ended and not self._route.connected and not self._route.delivered

    def header(self, name: str) -> str:
        """Return a header of the answer, "" without one."""
        return self._response.headers.get(name, "")

    def renew(self) -> None:
        """Restart the time-out: the next sign of life may take `timeout_s` again."""
        self._due = asyncio.get_running_loop().time() + self._timeout_s

    @contextmanager
    def held(self) -> Iterator[None]:
        """Pause reading, so that many small reads become one."""
        connection = self._response.connection
        protocol = connection.protocol if connection else None
        if protocol is None:  # all has come
            yield
            return
        protocol.pause_reading()
        try:
            yield
        finally:
            protocol.resume_reading()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the decoded bytes; TransportError if they break off or are late."""
        try:
            while True:
                async with asyncio.timeout_at(self._due):
                    piece = await self._piece()
                if piece is None:
                    break
                yield piece
        except FAULTS as exc:
            raise self._broken(exc) from exc

    def _broken(self, exc: Exception) -> TransportError:
        return translated(exc, self._target.url, self._timeout_s, self.proxy)

    @functools.cached_property
    def _inflater(self) -> zlib._Decompress | None:
        return _inflater(self.header("content-encoding"))

    async def _piece(self) -> bytes | None:
        """Return the next decoded bytes; None at the end."""
        inflater = self._inflater
        raw = inflater.unconsumed_tail if inflater else b""
        raw = raw or await self._response.content.read(_PIECE)
        if inflater is None:
            return raw or None
        if raw:
            return inflater.decompress(raw, AT_ONCE)
        if not inflater.eof:
            raise TransportError(_("the compressed answer broke off"))
        return None

    async def finish(self) -> None:
        """Wait a moment for the end of a body of which nothing more is wanted.

        The end may come a packet later than the last event; a connection whose body
        was not read to its end is not used again.
        """
        with suppress(TransportError, TimeoutError):
            async with asyncio.timeout(FINISH_S):
                await self.read(AT_ONCE)

    async def read(self, cap: int) -> bytes:
        """Return the whole body; TransportError above `cap` bytes.

        Each MiB counts as a sign of life, a dripping body does not.
        """
        try:
            if self._response.content.is_eof():  # it is here: there is no wait to bound
                return await self._whole(cap)
            async with asyncio.timeout_at(self._due) as limit:
                return await self._whole(cap, limit)
        except FAULTS as exc:
            raise self._broken(exc) from exc

    async def _whole(self, cap: int, limit: asyncio.Timeout | None = None) -> bytes:
        parts, size = [], 0
        while (piece := await self._piece()) is not None:
            parts.append(piece)
            size += len(piece)
            if size > cap:
                raise _too_much(cap)
            if limit and size % AT_ONCE < len(piece):
                self.renew()
                limit.reschedule(self._due)
        return b"".join(parts)


def _too_much(cap: int) -> TransportError:
    return TransportError(
        _("the service sent more than {cap} bytes", cap=cap),
        hint=_("This is not an answer of GLM: check the endpoint's URL."),
    )


def _inflater(encoding: str) -> zlib._Decompress | None:
    """Return the decompressor of an encoding, although none was asked for.

    Piece by piece: httpx's own decoders make gigabytes of one read of a gzip bomb.
    """
    match encoding.strip().lower():
        case "" | "identity":
            return None
        case "gzip" | "x-gzip" | "deflate":
            return zlib.decompressobj(zlib.MAX_WBITS | 32)
        case other:
            raise TransportError(
                _("the answer came in an unasked encoding: {name}", name=repr(other))
            )


@functools.lru_cache(maxsize=64)
def _target(url: str) -> _Target:
    parsed = httpx.URL(url)
    return _Target(parsed, str(parsed))


@functools.lru_cache(maxsize=64)
def _limits(timeout_s: float, proxied: bool) -> aiohttp.ClientTimeout:
    """Return the limits of connecting; `Sent` bounds the other waits itself."""
    return aiohttp.ClientTimeout(
        sock_connect=min(CONNECT_S, timeout_s / 2),
        connect=min(PROXY_S, timeout_s / 2) if proxied else None,
    )
