"""Slots: how many requests of one key and model may be in flight at once.

GLM's rights count requests in flight, so a slot is held from sending to settling and
by nothing else: a call that waits holds none. A limiter belongs to no event loop.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque

#: Slots where the right is not known.
UNKNOWN_RIGHT = 5

_Waiter = tuple[asyncio.AbstractEventLoop, "asyncio.Future[None]"]


class Slots:
    """The slots of one key and model, first come, first served.

    >>> slots = Slots(2)
    >>> asyncio.run(slots.acquire())
    >>> slots.in_flight
    1
    """

    def __init__(self, right: int) -> None:
        self.right = right
        self.in_flight = 0
        self._lock = threading.Lock()
        self._waiting: deque[_Waiter] = deque()

    async def __aenter__(self) -> None:
        await self.acquire()

    async def __aexit__(self, *_: object) -> None:
        self.release()

    async def acquire(self) -> None:
        """Take a slot, waiting for a free one."""
        with self._lock:
            if self.in_flight < self.right and not self._waiting:
                self.in_flight += 1
                return
            loop = asyncio.get_running_loop()
            turn = loop.create_future()
            self._waiting.append((loop, turn))
        try:
            await turn
        except asyncio.CancelledError:
            self._give_up((loop, turn))
            raise

    def release(self) -> None:
        """Give a slot back; the first who waits gets it."""
        with self._lock:
            self.in_flight -= 1
            self._wake()

    def _wake(self) -> None:
        while self._waiting and self.in_flight < self.right:
            loop, turn = self._waiting.popleft()
            self.in_flight += 1
            try:
                loop.call_soon_threadsafe(self._hand_over, turn)
            except RuntimeError:  # that loop is closed: nobody waits there any more
                self.in_flight -= 1

    def _hand_over(self, turn: asyncio.Future[None]) -> None:
        if turn.cancelled():
            self.release()
        else:
            turn.set_result(None)

    def _give_up(self, waiter: _Waiter) -> None:
        """Leave the queue, or give back a slot that came in the same moment."""
        with self._lock:
            if waiter in self._waiting:
                self._waiting.remove(waiter)
                return
        if waiter[1].done() and not waiter[1].cancelled():
            self.release()


class Limiter:
    """The slots of this process, by key and model."""

    def __init__(self) -> None:
        self._slots: dict[tuple[str, str], Slots] = {}
        self._lock = threading.Lock()

    def slot(self, owner: str, model: str, right: int) -> Slots:
        """Return what to hold, with `async with`, to be one request of `owner`.

        `owner` names endpoint and key; `right` is how many there may be for `model`.
        """
        with self._lock:
            slots = self._slots.setdefault((owner, model), Slots(right))
            slots.right = right
            return slots
