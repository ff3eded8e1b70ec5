"""The question that tells our platform from another server on the same port.

The asker sends a nonce and gets it back signed: the key never travels to a server that
has not shown that it knows it.
"""

from __future__ import annotations

import hashlib
import hmac

PATH = "/glmkit/ping"


def proof(key: str, nonce: str) -> str:
    """Return the answer to a nonce; the prefix keeps it from being a signed token."""
    text = f"glmkit ping {nonce}".encode()
    return hmac.new(key.encode(), text, hashlib.sha256).hexdigest()
