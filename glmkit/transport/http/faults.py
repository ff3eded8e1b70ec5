"""What aiohttp raises, in words that name the next step."""

from __future__ import annotations

import zlib

import aiohttp
import httpx

from glmkit.types.errors import TransportError

#: Seconds for making a connection.
CONNECT_S = 8.0

#: How a TLS alert begins, as it stands in the message of what is no HTTP.
_TLS_ALERT = r"\x15\x03"
_PERHAPS_TLS = (
    "Check the network, then run it again. If that port speaks TLS, write https:// in "
    "the endpoint's URL."
)

FAULTS = (aiohttp.ClientError, OSError, zlib.error)


def translated(exc: Exception, url: httpx.URL, timeout_s: float) -> TransportError:
    """Say what happened."""
    place = f"{url.host}:{url.port}" if url.port else url.host
    plain = _PERHAPS_TLS if url.scheme == "http" else None
    match exc:
        case aiohttp.ClientConnectorDNSError():
            return _unsent(f"the host {url.host} is not known", "Check the URL.")
        case aiohttp.ClientSSLError():
            return _without_tls(exc, place)
        case aiohttp.ConnectionTimeoutError():
            return _unsent(f"{place} did not take the connection within {CONNECT_S} s")
        case aiohttp.ClientConnectorError():
            if url.scheme == "https" and isinstance(exc.os_error, ConnectionError):
                return _unsent(
                    f"{place} takes no TLS connection",
                    "Is the server running? If it speaks plain HTTP, write http://.",
                )
            return _unsent(f"nothing answers at {place}", "Is the server running?")
        case TimeoutError():
            return TransportError(
                f"{place} was silent for {timeout_s:g} s",
                hint="Run it again, or give a longer timeout_s.",
            )
        case aiohttp.ServerDisconnectedError():
            return TransportError(
                f"{place} closed the connection without an answer",
                hint=plain,
            )
        case aiohttp.ClientResponseError() if _TLS_ALERT in exc.message:
            return TransportError(
                f"{place} speaks TLS, and was asked in plain HTTP",
                hint="Write https:// in the endpoint's URL.",
            )
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
            return TransportError(
                f"{place}: {cause or type(cause).__name__}",
                hint=plain if isinstance(cause, aiohttp.ClientOSError) else None,
            )


def _without_tls(exc: aiohttp.ClientSSLError, place: str) -> TransportError:
    """Say why no TLS connection came about; trying again does not help."""
    if isinstance(exc, aiohttp.ClientConnectorCertificateError):
        error = _unsent(
            f"{place} has no certificate that this machine trusts",
            "Check the URL, the clock and SSL_CERT_FILE.",
        )
    else:
        error = _unsent(
            f"{place} does not speak TLS, and was asked to",
            "If it speaks plain HTTP, write http:// in the endpoint's URL.",
        )
    error.lasting = True
    return error


def _unsent(message: str, hint: str | None = None) -> TransportError:
    error = TransportError(message, hint=hint)
    error.sent = False
    return error
