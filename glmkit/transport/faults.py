"""What aiohttp raises, in words that name the next step."""

from __future__ import annotations

import zlib

import aiohttp
import httpx

from glmkit.errors import TransportError

#: Seconds for making a connection.
CONNECT_S = 8.0

FAULTS = (aiohttp.ClientError, OSError, zlib.error)


def translated(exc: Exception, url: httpx.URL, timeout_s: float) -> TransportError:
    """Say what happened."""
    place = f"{url.host}:{url.port}" if url.port else url.host
    match exc:
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
        case TimeoutError():
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
