"""Connections: kept for each event loop, one session for each way to the services.

httpx knows certificates and keeps the sessions of aiohttp, which are asked themselves:
requests and responses in httpx's shape would cost as much again.
"""

from __future__ import annotations

import asyncio
import base64
import functools
import ssl
from collections.abc import AsyncGenerator
from typing import Any, NamedTuple

import aiohttp
import httpx
from aiohttp.connector import Connection
from httpx_aiohttp import AiohttpTransport, HttpxAiohttpClient

from glmkit.transport.http.body import Outgoing
from glmkit.transport.http.certificates import context
from glmkit.transport.http.proxies import Proxy
from glmkit.transport.http.sockets import open_socket
from glmkit.transport.http.socks import connector_through

#: Seconds an idle connection is kept: shorter than servers keep theirs.
KEEP_ALIVE_S = 4.0


class Way(NamedTuple):
    """A session, with the headers and options for the proxy of a request."""

    session: aiohttp.ClientSession
    headers: dict[str, str]
    options: dict[str, Any]


class _Client(HttpxAiohttpClient):
    """HttpxAiohttpClient whose session keeps no cookies and has no limit of its own.

    `socks` is the SOCKS proxy of its connections; other proxies are a request's.
    """

    def __init__(self, tls: ssl.SSLContext, socks: Proxy | None) -> None:
        self._socks = socks
        super().__init__(verify=tls, trust_env=False)
        self._ways: dict[tuple[str, Proxy | None], Way] = {}

    def way(self, scheme: str, proxy: Proxy | None) -> Way:
        """Return the way of a scheme's requests through a proxy."""
        if (scheme, proxy) not in self._ways:
            self._ways[scheme, proxy] = _way(self._transport, scheme, proxy)
        return self._ways[scheme, proxy]

    def _init_transport(self, *args: Any, **options: Any) -> httpx.AsyncBaseTransport:
        transport = super()._init_transport(*args, **options)
        return _with_session(transport, self._socks)


def _way(transport: httpx.AsyncBaseTransport, scheme: str, proxy: Proxy | None) -> Way:
    assert isinstance(transport, AiohttpTransport)
    if not isinstance(transport.client, aiohttp.ClientSession):
        transport.client = transport.get_client()  # it is closed with its transport
    if proxy is None or proxy.socks:
        return Way(transport.client, {}, {})
    account: dict[str, str] = {}
    if proxy.user or proxy.password:
        account["proxy-authorization"] = _basic(proxy.user, proxy.password)
    place = {"proxy": proxy.url}
    if scheme == "http":  # the proxy reads the request itself
        return Way(transport.client, account, place)
    return Way(transport.client, {}, {**place, "proxy_headers": account})


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class WatchedResponse(aiohttp.ClientResponse):
    """A response whose reader always learns that the connection is lost.

    Of framing that it cannot read, aiohttp tells the connection and not the body: a
    reader that waits for the next bytes would wait until the time-out.
    """

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        """Read the head of the response, and watch the connection from then on."""
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
    """Keep asyncio from reporting an idle connection's error that nobody awaited."""
    if not closed.cancelled():
        closed.exception()


def _with_session(
    transport: httpx.AsyncBaseTransport, socks: Proxy | None
) -> httpx.AsyncBaseTransport:
    assert isinstance(transport, AiohttpTransport)
    make = aiohttp.TCPConnector if socks is None else connector_through(socks)
    transport.client = lambda: aiohttp.ClientSession(
        connector=make(
            limit=0,
            keepalive_timeout=KEEP_ALIVE_S,
            ssl=transport.ssl_context,
            socket_factory=open_socket,
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        request_class=Outgoing,
        response_class=WatchedResponse,
        auto_decompress=False,
    )
    return transport


class _Place(NamedTuple):
    """What a client is kept for: a loop, whether TLS is spoken, a SOCKS proxy."""

    loop: asyncio.AbstractEventLoop
    tls: bool
    socks: Proxy | None


_open: dict[_Place, tuple[_Client, AsyncGenerator[_Client, None]]] = {}


async def way_to(scheme: str, proxy: Proxy | None) -> Way:
    """Return the running loop's way to the URLs of a scheme, through a proxy."""
    tls = scheme == "https" or (proxy is not None and proxy.kind == "https")
    socks = proxy if proxy is not None and proxy.socks else None
    place = _Place(asyncio.get_running_loop(), tls, socks)
    if place not in _open:
        keeper = _keep(place)
        _open[place] = (await anext(keeper), keeper)
    return _open[place][0].way(scheme, proxy)


async def _keep(place: _Place) -> AsyncGenerator[_Client, None]:
    """Hold a client open until its loop ends: `asyncio.run` closes generators then."""
    tls = context() if place.tls else _no_ssl_context()
    try:
        async with _Client(tls, place.socks) as client:
            yield client
    finally:
        _open.pop(place, None)


async def close() -> None:
    """Close the running loop's connections."""
    loop = asyncio.get_running_loop()
    for place in [place for place in _open if place.loop is loop]:
        await _open[place][1].aclose()


@functools.cache
def _no_ssl_context() -> ssl.SSLContext:
    """Return an empty TLS context, for clients that speak plain HTTP."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
