"""Sockets that know whether the peer received what was sent.

A kept connection may be closed by the service while a request is on its way. Whether
the service read the request then, the end of the connection alone does not tell; the
system knows whether the other side had received it.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from contextvars import ContextVar
from weakref import WeakValueDictionary

import aiohttp

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


#: Sockets that are open, by their descriptors.
_sockets: WeakValueDictionary[int, CountingSocket] = WeakValueDictionary()


def open_socket(address: aiohttp.connector.AddrInfoType) -> CountingSocket:
    """Make the socket of a new connection."""
    asking.get().connected = True
    family, kind, protocol, *_ = address
    made = CountingSocket(family, kind, protocol)
    _sockets[made.fileno()] = made
    return made


class Route:
    """The way of one request.

    `connected` is True if a connection was made for it, `left` once the request began
    to be sent.
    """

    __slots__ = ("_socket", "connected", "left")

    def __init__(self) -> None:
        self.connected = False
        self.left = False
        self._socket: CountingSocket | None = None

    def leave(self, transport: asyncio.Transport | None) -> None:
        """Note that the request is sent now, on this transport's socket."""
        self.left = True
        if not self.connected and transport is not None:
            used = transport.get_extra_info("socket")
            number = -1 if used is None else used.fileno()
            made = _sockets.get(number)
            # The number of a socket that was closed is another's soon.
            self._socket = made if made and made.fileno() == number else None

    @property
    def delivered(self) -> bool:
        """Whether the other side of a kept connection may have the whole request."""
        return self._socket is None or self._socket.delivered


#: The way of the request that is being sent by this task.
asking: ContextVar[Route] = ContextVar("asking")
