"""A ping that proves the identity of the platform behind a port.

The client sends a nonce and gets it back signed with the key, so that the key is never
sent to a server that has not proved that it knows it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

import msgspec

from glmkit.local.state import Platform
from glmkit.types.first_use import prepare

PATH = "/glmkit/ping"

_PING_S = 5.0


class Pong(msgspec.Struct):
    """The answer to a ping."""

    proof: str
    pid: int


prepare(Pong)


def proof(key: str, nonce: str) -> str:
    """Return the answer to a nonce; the prefix keeps it from being a signed token."""
    text = f"glmkit ping {nonce}".encode()
    return hmac.new(key.encode(), text, hashlib.sha256).hexdigest()


def answers(running: Platform) -> bool:
    """Whether the platform of a record answers, and proves that it has its key."""
    nonce = secrets.token_hex(16)
    parts = urlsplit(running.url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=_PING_S)
    try:
        connection.request("GET", f"{PATH}?nonce={nonce}")
        pong = msgspec.json.decode(connection.getresponse().read(10_000), type=Pong)
    except (OSError, HTTPException, ValueError, msgspec.DecodeError):
        return False
    finally:
        connection.close()
    proven = hmac.compare_digest(pong.proof, proof(running.key, nonce))
    return proven and pong.pid == running.pid
