"""What aiohttp raises, translated into errors that name the next step."""

from __future__ import annotations

import zlib

import aiohttp
import httpx

from glmkit.transport.http.proxies import Proxy
from glmkit.transport.http.socks import SocksFault
from glmkit.types.errors import TransportError
from glmkit.types.translation import _

#: Seconds for making a connection, and for all that a proxy does for it.
CONNECT_S = 8.0
PROXY_S = 20.0

#: How a TLS alert begins, as it stands in the message of what is not HTTP.
_TLS_ALERT = r"\x15\x03"

FAULTS = (aiohttp.ClientError, OSError, zlib.error)


def translated(
    exc: Exception, url: httpx.URL, timeout_s: float, proxy: Proxy | None = None
) -> TransportError:
    """Return the error of a request; `proxy` is the way that it took."""
    place = place_of(url)
    if proxy is not None:
        place = _("{place}, by way of the proxy {proxy},", place=place, proxy=proxy)
    match exc:
        case aiohttp.ClientConnectorDNSError():
            return unsent(
                _("the host {host} is not known", host=url.host), _("Check the URL.")
            )
        case aiohttp.ClientSSLError():
            return _without_tls(exc, place)
        case aiohttp.ConnectionTimeoutError():
            return unsent(
                _(
                    "{place} did not take the connection within {seconds} s",
                    place=place,
                    seconds=CONNECT_S,
                )
            )
        case aiohttp.ClientConnectorError():
            return _refused(exc, url, place)
        case TimeoutError():
            return TransportError(
                _(
                    "{place} was silent for {seconds} s",
                    place=place,
                    seconds=f"{timeout_s:g}",
                ),
                hint=_("Run it again, or with a longer timeout_s."),
            )
        case _other:
            return _broken(exc, url, place)


def place_of(url: httpx.URL) -> str:
    """Return the host of a URL, with its port where one is written."""
    return f"{url.host}:{url.port}" if url.port else url.host


def _broken(exc: Exception, url: httpx.URL, place: str) -> TransportError:
    """Return the error of an exchange that had begun."""
    plain = _perhaps_tls() if url.scheme == "http" else None
    match exc:
        case aiohttp.ServerDisconnectedError():
            return TransportError(
                _("{place} closed the connection without an answer", place=place),
                hint=plain,
            )
        case aiohttp.ClientResponseError() if _TLS_ALERT in exc.message:
            return TransportError(
                _("{place} speaks TLS, and was asked in plain HTTP", place=place),
                hint=_("Write https:// in the endpoint's URL."),
            )
        case aiohttp.ClientResponseError():
            return TransportError(
                _("{place} does not speak HTTP that can be read", place=place),
                hint=_("Check the endpoint's URL and its port."),
            )
        case aiohttp.ClientPayloadError():
            return TransportError(_("the answer of {place} broke off", place=place))
        case zlib.error():
            return TransportError(
                _("the compressed answer of {place} is damaged", place=place)
            )
        case cause:
            return TransportError(
                f"{place}: {cause or type(cause).__name__}",
                hint=plain if isinstance(cause, aiohttp.ClientOSError) else None,
            )


def _perhaps_tls() -> str:
    return _(
        "Check the network, then run it again. If that port speaks TLS, write https:// "
        "in the endpoint's URL."
    )


def _refused(
    exc: aiohttp.ClientConnectorError, url: httpx.URL, place: str
) -> TransportError:
    if url.scheme == "https" and isinstance(exc.os_error, ConnectionError):
        return unsent(
            _("{place} takes no TLS connection", place=place),
            _("Is the server running? If it speaks plain HTTP, write http://."),
        )
    return unsent(
        _("nothing answers at {place}", place=place), _("Is the server running?")
    )


def _without_tls(exc: aiohttp.ClientSSLError, place: str) -> TransportError:
    """Return why no TLS connection came about; trying again does not help."""
    if isinstance(exc, aiohttp.ClientConnectorCertificateError):
        return unsent(
            _("{place} has no certificate that this machine trusts", place=place),
            _("Check the URL, the clock and SSL_CERT_FILE."),
            lasting=True,
        )
    return unsent(
        _("{place} does not speak TLS, and was asked to", place=place),
        _("If it speaks plain HTTP, write http:// in the endpoint's URL."),
        lasting=True,
    )


def unsent(
    message: str, hint: str | None = None, *, lasting: bool = False
) -> TransportError:
    """Return the error of a request of which no byte left."""
    error = TransportError(message, hint=hint)
    error.sent, error.lasting = False, lasting
    return error


def of_the_proxy(exc: Exception, url: httpx.URL, proxy: Proxy) -> TransportError:
    """Return the error of a request that its proxy did not let through."""
    match exc:
        case aiohttp.ClientConnectorDNSError():
            return unsent(
                _("the host of the proxy {proxy} is not known", proxy=proxy),
                _elsewhere(proxy),
                lasting=True,
            )
        case aiohttp.ClientHttpProxyError():
            return refused_by(proxy, url, exc.status, exc.message)
        case aiohttp.ClientConnectorCertificateError() | SocksFault(kind="certificate"):
            return unsent(
                _(
                    "{place} has no certificate that this machine trusts, by way of "
                    "the proxy {proxy}",
                    place=place_of(url),
                    proxy=proxy,
                ),
                _(
                    "If the proxy looks into TLS, name its certificates in "
                    "SSL_CERT_FILE."
                ),
                lasting=True,
            )
        case TimeoutError() | SocksFault(kind="silent"):
            return unsent(
                _("the proxy {proxy} does not answer in time", proxy=proxy),
                _elsewhere(proxy),
            )
        case SocksFault(kind="denied"):
            return unsent(
                _(
                    "the proxy {proxy} made no connection to {place}: {reason}",
                    proxy=proxy,
                    place=place_of(url),
                    reason=exc,
                ),
                _account(proxy),
                lasting=True,
            )
        case aiohttp.ClientProxyConnectionError() | SocksFault(kind="refused"):
            return unsent(
                _("nothing answers at the proxy {proxy}", proxy=proxy),
                _elsewhere(proxy),
            )
        case _other:
            return unsent(
                _(
                    "{place} was not reached by way of the proxy {proxy}: {reason}",
                    place=place_of(url),
                    proxy=proxy,
                    reason=str(exc) or type(exc).__name__,
                ),
                _(
                    "If it is a SOCKS proxy, write socks5:// in {variable}; NO_PROXY "
                    "names hosts that are reached without it.",
                    variable=proxy.variable,
                ),
            )


def refused_by(
    proxy: Proxy, url: httpx.URL, status: int, reason: str
) -> TransportError:
    """Return the error of a request that the proxy refused with a status."""
    if status == 407:
        known = proxy.user or proxy.password
        message = (
            _("the proxy {proxy} does not accept its user and password", proxy=proxy)
            if known
            else _("the proxy {proxy} asks for a user and a password", proxy=proxy)
        )
        return unsent(message, _account(proxy), lasting=True)
    return unsent(
        _(
            "the proxy {proxy} made no connection to {place}: {status} {reason}",
            proxy=proxy,
            place=place_of(url),
            status=status,
            reason=reason,
        ),
        _(
            "Ask who runs the proxy, or name the host in NO_PROXY if it can be reached "
            "without."
        ),
        lasting=status < 500,
    )


def _account(proxy: Proxy) -> str:
    host = proxy.url.partition("://")[2]
    return _(
        "Write user and password into {variable}: {kind}://USER:PASSWORD@{host}.",
        variable=proxy.variable,
        kind=proxy.kind,
        host=host,
    )


def _elsewhere(proxy: Proxy) -> str:
    return _(
        "Correct {variable}, or unset it; NO_PROXY names hosts that are reached "
        "without a proxy.",
        variable=proxy.variable,
    )
