"""Checks of the way to a service, for `glmkit doctor`: its proxy, the certificates.

Each returns what it found and the next step, "" where all is well; it raises
TransportError, with its hint, where a call would.
"""

from __future__ import annotations

import httpx

from glmkit.config.endpoints import is_loopback
from glmkit.transport.http import certificates
from glmkit.transport.http.proxies import connection_fault, proxy_of, variables
from glmkit.transport.http.socks import connector_through
from glmkit.types.translation import _


def proxy(url: str) -> tuple[str, str]:
    """Return which proxy the calls to a URL take, and whether it can be reached."""
    target = httpx.URL(url)
    if is_loopback(target.host):
        return _("none: {host} is this machine", host=target.host), ""
    found = proxy_of(target)
    if found is None:
        names = ", ".join(variables())
        if not names:
            return _("none"), ""
        return _("none for {host}, by {names}", host=target.host, names=names), ""
    if found.socks:
        connector_through(found)
    if reason := connection_fault(found):
        step = _(
            "Start the proxy, correct {variable}, or name {host} in NO_PROXY.",
            variable=found.variable,
            host=target.host,
        )
        return f"{found}: {reason}", step
    return _("{proxy} for {host}", proxy=found, host=target.host), ""


def authorities() -> tuple[str, str]:
    """Return whose certificates are trusted, and how many."""
    count = certificates.context().cert_store_stats()["x509_ca"]
    source = certificates.source()
    # A folder of certificates is read when one of them is needed.
    if count or source.startswith("SSL_CERT_DIR"):
        return _("{source}, {count} authorities", source=source, count=count), ""
    step = _("Name a file of certificates in SSL_CERT_FILE, or unset it.")
    return _("{source} holds no authority", source=source), step
