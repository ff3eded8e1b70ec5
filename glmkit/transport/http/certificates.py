"""Certificates: which authorities are trusted, by the system's variables or certifi."""

from __future__ import annotations

import functools
import os
import ssl

import httpx

from glmkit.types.errors import TransportError
from glmkit.types.translation import _

#: What replaces certifi's authorities, the first that is set.
_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


@functools.cache
def context() -> ssl.SSLContext:
    """Return the TLS settings of the process: loading them takes 17 to 70 ms.

    TransportError where a variable names no certificates that can be read.
    """
    try:
        return httpx.create_ssl_context()
    except (OSError, ssl.SSLError) as exc:
        error = TransportError(
            _(
                "the certificates of {source} cannot be read: {reason}",
                source=source(),
                reason=(exc.strerror or str(exc)),
            ),
            hint=_("Correct SSL_CERT_FILE or SSL_CERT_DIR, or unset it."),
        )
        error.sent, error.lasting = False, True
        raise error from exc


def source() -> str:
    """Return where the certificates come from."""
    for name in _VARIABLES:
        if place := os.environ.get(name):
            return f"{name}={place}"
    return _("certifi's list")
