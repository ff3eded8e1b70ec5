"""Connections: kept for each event loop, and told apart, a new one from a kept one.

httpx knows the ways: proxies and their exceptions, certificates. Each way is a session
of aiohttp's, which is asked itself: requests and responses in httpx's shape would cost
as much again.
"""

from __future__ import annotations

import asyncio
import base64
import functools
import socket
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextvars import ContextVar
from typing import Any, NamedTuple

import aiohttp
import httpx
from aiohttp.connector import Connection
from httpx_aiohttp import AiohttpTransport, HttpxAiohttpClient

from glmkit.transport.http.body import Outgoing

#: Seconds an idle connection is kept: shorter than servers keep theirs.
KEEP_ALIVE_S = 4.0

_NO_PROXY: Mapping[str, Any] = {
    f"all://{host}": None for host in ("127.0.0.1", "localhost", "[::1]")
}


class Route:
    """The way of one request: `connected` if a connection was made for it."""

    connected = False


#: The way of the request that is being sent by this task.
asking: ContextVar[Route] = ContextVar("asking")


class Way(NamedTuple):
    """A session, and what a request says to a proxy: in its headers, in its options."""

    session: aiohttp.ClientSession
    headers: dict[str, str]
    options: dict[str, Any]


class _Client(HttpxAiohttpClient):
    """HttpxAiohttpClient whose sessions keep no cookies and set no limit of theirs."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._ways: dict[str, Way] = {}

    def way(self, url: httpx.URL, origin: str) -> Way:
        """Return the way to a URL; an `origin` has one."""
        if origin not in self._ways:
            self._ways[origin] = _way(self._transport_for_url(url), url.scheme)
        return self._ways[origin]

    def _init_transport(self, *args: Any, **options: Any) -> httpx.AsyncBaseTransport:
        return _with_session(super()._init_transport(*args, **options))

    def _init_proxy_transport(
        self, *args: Any, **options: Any
    ) -> httpx.AsyncBaseTransport:
        return _with_session(super()._init_proxy_transport(*args, **options))


def _way(transport: httpx.AsyncBaseTransport, scheme: str) -> Way:
    assert isinstance(transport, AiohttpTransport)
    if not isinstance(transport.client, aiohttp.ClientSession):
        transport.client = transport.get_client()  # it is closed with its transport
    if (proxy := transport.proxy) is None:
        return Way(transport.client, {}, {})
    told = dict(proxy.headers)
    if proxy.auth:
        told["proxy-authorization"] = _basic(*proxy.auth)
    place = {"proxy": str(proxy.url)}
    if scheme == "http":  # the proxy reads the request itself
        return Way(transport.client, told, place)
    return Way(transport.client, {}, {**place, "proxy_headers": told})


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


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
        request_class=Outgoing,
        response_class=_Response,
        auto_decompress=False,
    )
    return transport


def _socket(address: aiohttp.connector.AddrInfoType) -> socket.socket:
    """Make the socket of a new connection."""
    asking.get().connected = True
    family, kind, protocol, *_ = address
    return socket.socket(family, kind, protocol)


_Place = tuple[asyncio.AbstractEventLoop, str]
_open: dict[_Place, tuple[_Client, AsyncGenerator[_Client, None]]] = {}


async def way_to(url: httpx.URL, origin: str) -> Way:
    """Return the running loop's way to a URL of an origin."""
    place = (asyncio.get_running_loop(), url.scheme)
    if place not in _open:
        keeper = _keep(place)
        _open[place] = (await anext(keeper), keeper)
    return _open[place][0].way(url, origin)


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
