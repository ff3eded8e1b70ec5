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
    """Return the process's default client, making it at the first use."""
    global _client
    with _lock:
        if _client is None:
            _client = _make()
        return _client


def forget(make: Callable[[], Client] = Client) -> None:
    """Drop the default client; the next use makes a new one with `make`."""
    global _client, _make
    with _lock:
        _client, _make = None, make


def made() -> Client | None:
    """Return the default client; None if it was not made yet."""
    return _client


def last() -> Reply | None:
    """Return the last reply of this process, complete or not; None before the first."""
    return execution.latest()
