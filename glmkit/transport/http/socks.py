"""SOCKS proxies, where the extra `socks` (aiohttp-socks) is installed."""

from __future__ import annotations

import asyncio
from ssl import SSLCertVerificationError, SSLContext, SSLError
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler

from glmkit.transport.http.proxies import Proxy
from glmkit.types.errors import TransportError
from glmkit.types.translation import _

#: Class of an error of python-socks → kind of fault.
_KINDS = {
    "ProxyConnectionError": "refused",
    "ProxyTimeoutError": "silent",
    "ProxyError": "denied",
}


class SocksFault(aiohttp.ClientError):
    """No connection came about through a SOCKS proxy.

    `kind` is "refused" (nothing answers at the proxy), "silent", "denied" (the proxy
    says why), "certificate" or "tls" (the service behind it).
    """

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


def connector_through(proxy: Proxy) -> type[aiohttp.TCPConnector]:
    """Return the connector whose connections go through a SOCKS proxy.

    TransportError where the extra is not installed.
    """
    try:
        import aiohttp_socks as library
    except ImportError as exc:
        error = TransportError(
            _("{proxy} is a SOCKS proxy, which needs a package", proxy=proxy),
            hint=_(
                'Install it: pip install "glmkit[socks]" (aiohttp-socks), or unset '
                "{variable}.",
                variable=proxy.variable,
            ),
        )
        error.sent, error.lasting = False, True
        raise error from exc
    version = library.ProxyType.SOCKS5
    if proxy.kind == "socks4":
        version = library.ProxyType.SOCKS4

    class SocksConnector(library.ProxyConnector):
        """Connections through one SOCKS proxy."""

        def __init__(self, **options: Any) -> None:
            super().__init__(
                proxy_type=version,
                host=proxy.host,
                port=proxy.port,
                username=proxy.user or None,
                password=proxy.password or None,
                rdns=proxy.resolves,
                **options,
            )

        async def _connect_via_proxy(
            self,
            host: str,
            port: int,
            ssl: SSLContext | None = None,
            timeout: float | None = None,
        ) -> tuple[asyncio.Transport, ResponseHandler]:
            try:
                return await super()._connect_via_proxy(host, port, ssl, timeout)
            except Exception as exc:
                if fault := _fault(exc):
                    raise fault from exc
                raise

    return SocksConnector


def _fault(exc: Exception) -> SocksFault | None:
    """Return what a connection's error says; None for the errors of others."""
    kind = _KINDS.get(type(exc).__name__, "")
    if isinstance(exc, SSLError):
        kind = "certificate" if isinstance(exc, SSLCertVerificationError) else "tls"
    if isinstance(exc, EOFError):
        kind = "denied"
    reason = str(exc) or _("it closed the connection")
    return SocksFault(kind, reason) if kind else None
