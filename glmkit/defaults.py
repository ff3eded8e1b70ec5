"""The process's default client, and the last reply."""

from __future__ import annotations

import threading

from glmkit import exchange
from glmkit.calls import Reply
from glmkit.client import Client

_lock = threading.Lock()
_client: Client | None = None


def client() -> Client:
    """Return the client that magics, widgets and tables use unless told otherwise."""
    global _client
    with _lock:
        if _client is None:
            _client = Client()
        return _client


def use(client: Client | None) -> None:
    """Make a client the default; None finds endpoint and key anew at the next use."""
    global _client
    with _lock:
        _client = client


def last() -> Reply | None:
    """Return the last reply of this process: also one that was cut or interrupted."""
    return exchange.latest()
