"""Sockets that know whether the peer received what was sent.

A kept connection may be closed by the service while a request is on its way. Whether
the service read the request then, the end of the connection alone does not tell; the
system knows whether the other side had received it.
"""

from __future__ import annotations

import socket
import struct
import sys
from contextvars import ContextVar
from weakref import WeakKeyDictionary, WeakValueDictionary

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection

#: Bytes of Linux's `struct tcp_info` that are read, and where its counters stand.
_TCP_INFO, _ACKED, _SENT, _SENT_AGAIN = 216, 120, 200, 208


class CountingSocket(socket.socket):
    """A TCP socket that notes at its end whether the peer has received all bytes."""

    delivered = True

    def close(self) -> None:
        """Close the socket; `delivered` is False if the peer lacks bytes of it."""
        if self.fileno() >= 0:
            self.delivered = _delivered(self)
        super().close()


def _delivered(used: socket.socket) -> bool:
    """Return whether the peer has received every byte; True where nobody counts."""
    if sys.platform != "linux":
        return True
    try:
        info = used.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO)
        counts = (struct.unpack_from("=Q", info, at) for at in (_ACKED, _SENT))
        (acked,), (sent,) = counts
        (again,) = struct.unpack_from("=Q", info, _SENT_AGAIN)
    except (OSError, struct.error):  # not TCP, or a kernel that counts less
        return True
    return bool(acked - 1 >= sent - again)  # the greeting of TCP counts as a byte


#: Sockets that are open, by their descriptors, and by the protocols that read them.
_open: WeakValueDictionary[int, CountingSocket] = WeakValueDictionary()
_used: WeakKeyDictionary[ResponseHandler, CountingSocket] = WeakKeyDictionary()


def open_socket(address: aiohttp.connector.AddrInfoType) -> CountingSocket:
    """Make the socket of a new connection."""
    asking.get().connected = True
    family, kind, protocol, *_ = address
    made = CountingSocket(family, kind, protocol)
    _open[made.fileno()] = made
    return made


class Route:
    """The way of one request.

    `connected` is True if a connection was made for it, `left` once the request began
    to be sent.
    """

    __slots__ = ("_protocol", "connected", "left")

    def __init__(self) -> None:
        self.connected = False
        self.left = False
        self._protocol: ResponseHandler | None = None

    def leave(self, connection: Connection) -> None:
        """Note that the request is sent now, on this connection."""
        self.left = True
        self._protocol = connection.protocol
        if self.connected and self._protocol is not None:
            _remember(self._protocol)

    @property
    def delivered(self) -> bool:
        """Whether the other side of a kept connection may have the whole request."""
        made = None if self._protocol is None else _used.get(self._protocol)
        return made is None or made.delivered


def _remember(protocol: ResponseHandler) -> None:
    """Keep a new connection's socket beside the protocol that reads it."""
    transport = protocol.transport
    used = None if transport is None else transport.get_extra_info("socket")
    if used is not None and (made := _open.get(used.fileno())) is not None:
        _used[protocol] = made


#: The way of the request that is being sent by this task.
asking: ContextVar[Route] = ContextVar("asking")
