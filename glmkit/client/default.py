"""The process's default client, and the last reply."""

from __future__ import annotations

import threading
from collections.abc import Callable

from glmkit.client.call import execution
from glmkit.client.clients import Client
from glmkit.types.replies import Reply

_lock = threading.Lock()
_client: Client | None = None
_make: Callable[[], Client] = Client


def client() -> Client:
    """Return the client that magics, widgets and tables use unless told otherwise."""
    global _client
    with _lock:
        if _client is None:
            _client = _make()
        return _client


def forget(make: Callable[[], Client] = Client) -> None:
    """Have the default made anew at its next use; `Client` finds endpoint and key."""
    global _client, _make
    with _lock:
        _client, _make = None, make


def made() -> Client | None:
    """Return the default client if there is one already; makes none."""
    return _client


def last() -> Reply | None:
    """Return the last reply of this process: also one that was cut or interrupted."""
    return execution.latest()
