"""One HTTP exchange: a request, its status, its bytes. The only door to the network.

httpx over aiohttp's connections; one client for each running loop, because an aiohttp
session belongs to its loop. No redirects, no cookies.
"""

from __future__ import annotations

import asyncio
import functools
import socket
import ssl
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Self

import aiohttp
import httpx
from aiohttp.connector import Connection
from httpx_aiohttp import AiohttpTransport, HttpxAiohttpClient

from glmkit.errors import TransportError

CONNECT_S = 8.0
#: Seconds an idle connection is kept: shorter than servers keep theirs.
KEEP_ALIVE_S = 4.0
#: Seconds within which a kept connection turns out to be closed.
STALE_S = 1.0
#: Bodies above this are streamed; aiohttp warns about larger ones as bytes.
_AT_ONCE = 2**20

_FAULTS = (httpx.HTTPError, aiohttp.ClientError, OSError, zlib.error)
_NO_PROXY: Mapping[str, Any] = {
    f"all://{host}": None for host in ("127.0.0.1", "localhost", "[::1]")
}


class Sent:
    """One request: entering sends it, leaving closes what is unread.

    `timeout_s` bounds the wait for the headers, then each silence; what is a sign of
    life the reader says, with `renew`, so that no bytes that mean nothing keep a call
    alive. Raises TransportError; its `.sent` is False where no byte left this machine.
    A class rather than a generator: a loop that ends closes all generators at once,
    the inner ones under the outer.
    """

    status: int
    content_type: str
    #: Whether a connection was made for it; otherwise a kept one was used.
    connected = False

    def __init__(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        timeout_s: float,
    ) -> None:
        self._method = method
        self._url = _url(url)
        self._headers = {
            "user-agent": "glmkit",
            **headers,
            "content-length": str(len(body)),
        }
        self._body = body
        self._timeout_s = timeout_s

    async def __aenter__(self) -> Self:
        client = await _client(self._url.scheme)
        body = self._body
        request = httpx.Request(
            self._method,
            self._url,
            headers=self._headers,
            content=body if len(body) <= _AT_ONCE else _pieces(body),
            # No limit for single reads: whole waits are bounded, here and in `chunks`.
            extensions={"timeout": {"connect": min(CONNECT_S, self._timeout_s / 2)}},
        )
        self.renew()
        _asking.set(self)
        try:
            async with asyncio.timeout(self._timeout_s):
                self._response = await client.answer(request)
        except _FAULTS as exc:
            error = _translated(exc, self._url, self._timeout_s)
            error.stale = self._stale(exc)
            raise error from exc
        self.renew()
        self.status = self._response.status_code
        self.content_type = self.header("content-type")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._response.aclose()

    def _stale(self, exc: Exception) -> bool:
        """Whether a kept connection was closed before the request reached the service.

        One that breaks later may have been at work on it.
        """
        since = asyncio.get_running_loop().time() - self._due + self._timeout_s
        if self.connected or since > STALE_S:
            return False
        match exc.__cause__ or exc:
            case aiohttp.ServerDisconnectedError(message=str()):  # nothing came back
                return True
            case aiohttp.ClientOSError():
                return True
            case _:
                return False

    def header(self, name: str) -> str:
        """Return a header of the answer, "" without one."""
        value: str = self._response.headers.get(name, "")
        return value

    def renew(self) -> None:
        """Take what came as a sign of life: the next may take `timeout_s` again."""
        self._due = asyncio.get_running_loop().time() + self._timeout_s

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the decoded bytes; TransportError if they break off or are late."""
        inflater = _inflater(self.header("content-encoding"))
        stream = self._response.stream
        assert isinstance(stream, httpx.AsyncByteStream)
        pieces = aiter(stream)
        try:
            while True:
                async with asyncio.timeout_at(self._due):
                    piece = await anext(pieces, None)
                if piece is None:
                    break
                if inflater is None:
                    yield piece
                    continue
                while piece:
                    yield inflater.decompress(piece, _AT_ONCE)
                    piece = inflater.unconsumed_tail
        except _FAULTS as exc:
            raise _translated(exc, self._url, self._timeout_s) from exc
        if inflater is not None and not inflater.eof:
            raise TransportError("the compressed answer broke off")

    async def read(self, cap: int) -> bytes:
        """Return the whole body; TransportError above `cap` bytes.

        Each MiB counts as a sign of life, a dripping body does not.
        """
        parts, size = [], 0
        async for chunk in self.chunks():
            if size // _AT_ONCE != (size + len(chunk)) // _AT_ONCE:
                self.renew()
            parts.append(chunk)
            size += len(chunk)
            if size > cap:
                raise TransportError(
                    f"the service sent more than {cap} bytes",
                    hint="This is not an answer of GLM: check the endpoint's URL.",
                )
        return b"".join(parts)


def _inflater(encoding: str) -> zlib._Decompress | None:
    """Return what undoes an encoding, although none was asked for.

    Piece by piece: httpx's own decoders make gigabytes of one read of a gzip bomb.
    """
    match encoding.strip().lower():
        case "" | "identity":
            return None
        case "gzip" | "x-gzip" | "deflate":
            return zlib.decompressobj(zlib.MAX_WBITS | 32)
        case other:
            raise TransportError(f"the answer came in an unasked encoding: {other!r}")


@functools.lru_cache(maxsize=64)
def _url(url: str) -> httpx.URL:
    return httpx.URL(url)


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), _AT_ONCE):
        yield body[start : start + _AT_ONCE]


class _Client(HttpxAiohttpClient):
    """HttpxAiohttpClient whose sessions keep no cookies and set no limit of theirs."""

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """Send by the proxy or directly, as `send` does, and nothing beside.

        `send` spends as much again on redirects, cookies, auth and hooks, which a
        call has none of.
        """
        return await self._transport_for_url(request.url).handle_async_request(request)

    def _init_transport(self, *args: Any, **options: Any) -> httpx.AsyncBaseTransport:
        return _with_session(super()._init_transport(*args, **options))

    def _init_proxy_transport(
        self, *args: Any, **options: Any
    ) -> httpx.AsyncBaseTransport:
        return _with_session(super()._init_proxy_transport(*args, **options))


class _Response(aiohttp.ClientResponse):
    """A response whose reader always learns that the connection is lost.

    Of framing that it can not read, aiohttp tells the connection and not the body:
    who waits for the next bytes would wait until the time-out.
    """

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        await super().start(connection)
        body = self.content
        if not body.is_eof() and connection.protocol is not None:
            lost = functools.partial(_break_off, body)
            if (closed := connection.protocol.closed) is None:
                lost()
            else:
                closed.remove_done_callback(_look_at)
                closed.add_done_callback(_look_at)
                closed.add_done_callback(lost)
                body.on_eof(functools.partial(_forget, closed, lost))
        return self


def _break_off(body: aiohttp.StreamReader, _closed: object = None) -> None:
    if not body.is_eof() and body.exception() is None:
        body.set_exception(aiohttp.ClientPayloadError("the connection is lost"))


def _forget(closed: asyncio.Future[None], lost: functools.partial[None]) -> None:
    closed.remove_done_callback(lost)


def _look_at(closed: asyncio.Future[None]) -> None:
    """Keep asyncio from telling of an idle connection's error that nobody awaited."""
    if not closed.cancelled():
        closed.exception()


def _with_session(transport: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
    assert isinstance(transport, AiohttpTransport)
    transport.client = lambda: aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=0,
            keepalive_timeout=KEEP_ALIVE_S,
            ssl=transport.ssl_context,
            socket_factory=_socket,
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        response_class=_Response,
    )
    return transport


#: The request that is being sent, so that a new connection can be told from a kept one.
_asking: ContextVar[Sent] = ContextVar("asking")


def _socket(address: aiohttp.connector.AddrInfoType) -> socket.socket:
    """Make the socket of a new connection."""
    _asking.get().connected = True
    family, kind, protocol, *_ = address
    return socket.socket(family, kind, protocol)


_Place = tuple[asyncio.AbstractEventLoop, str]
_open: dict[_Place, tuple[_Client, AsyncGenerator[_Client, None]]] = {}


async def _client(scheme: str) -> _Client:
    """Return the running loop's client for http or https."""
    place = (asyncio.get_running_loop(), scheme)
    if place not in _open:
        keeper = _keep(place)
        _open[place] = (await anext(keeper), keeper)
    return _open[place][0]


async def _keep(place: _Place) -> AsyncGenerator[_Client, None]:
    """Hold a client open until its loop ends: `asyncio.run` closes generators then."""
    context = _ssl_context() if place[1] == "https" else _no_ssl_context()
    try:
        async with _Client(verify=context, mounts=_NO_PROXY) as client:
            yield client
    finally:
        _open.pop(place, None)


async def close() -> None:
    """Close the running loop's connections."""
    loop = asyncio.get_running_loop()
    for place in [place for place in _open if place[0] is loop]:
        await _open[place][1].aclose()


@functools.cache
def _ssl_context() -> ssl.SSLContext:
    """One context for the process: loading the certificates takes 17 to 70 ms."""
    return httpx.create_ssl_context()


@functools.cache
def _no_ssl_context() -> ssl.SSLContext:
    """A context that trusts nobody, for clients that speak plain HTTP."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _translated(exc: Exception, url: httpx.URL, timeout_s: float) -> TransportError:
    """Say what happened; httpx's class alone does not, the cause does."""
    place = f"{url.host}:{url.port}" if url.port else url.host
    match (exc.__cause__ or exc) if isinstance(exc, httpx.HTTPError) else exc:
        case aiohttp.ClientConnectorDNSError():
            return _unsent(f"the host {url.host} is not known", "Check the URL.")
        case aiohttp.ClientSSLError():
            untrusted = _unsent(
                f"{place} has no certificate that this machine trusts",
                "Check the URL, the clock and SSL_CERT_FILE.",
            )
            untrusted.lasting = True
            return untrusted
        case aiohttp.ConnectionTimeoutError():
            return _unsent(f"{place} did not take the connection within {CONNECT_S} s")
        case aiohttp.ClientConnectorError():
            return _unsent(f"nothing answers at {place}", "Is the server running?")
        case TimeoutError() | httpx.TimeoutException():
            return TransportError(
                f"{place} was silent for {timeout_s:g} s",
                hint="Run it again, or give a longer timeout_s.",
            )
        case aiohttp.ServerDisconnectedError():
            return TransportError(f"{place} closed the connection without an answer")
        case aiohttp.ClientResponseError():
            return TransportError(
                f"{place} does not speak HTTP that can be read",
                hint="Check the endpoint's URL and its port.",
            )
        case aiohttp.ClientPayloadError():
            return TransportError(f"the answer of {place} broke off")
        case zlib.error():
            return TransportError(f"the compressed answer of {place} is damaged")
        case cause:
            return TransportError(f"{place}: {cause or type(cause).__name__}")


def _unsent(message: str, hint: str | None = None) -> TransportError:
    error = TransportError(message, hint=hint)
    error.sent = False
    return error
