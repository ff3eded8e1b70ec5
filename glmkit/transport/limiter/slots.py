"""Slots of one key and model: calls take one to send, or wait for one."""

from __future__ import annotations

import asyncio
import os
import random
import threading
from collections import OrderedDict
from types import TracebackType
from typing import NamedTuple, Self

from glmkit.transport.limiter.locks import Places
from glmkit.transport.limiter.window import Right, Window
from glmkit.types.errors import APIError

#: Seconds from one look for another process's slot to the next, drawn from a range.
LOOK_S = (0.004, 0.012)
#: The same for one who has just given up a slot while another process waits.
YIELD_S = (0.012, 0.02)


class _Held(NamedTuple):
    place: int
    ticket: int


_Turn = asyncio.Future[_Held]


class Slots:
    """The slots of one key and model, first come, first served in this process."""

    def __init__(self, places: Places, right: Right, learned: int | None = None):
        self.window = Window(right, learned)
        self.in_flight = 0
        self._places = places
        self._tickets = 0
        self._lock = threading.Lock()
        self._waiting: OrderedDict[_Turn, asyncio.AbstractEventLoop] = OrderedDict()
        self._looker: asyncio.AbstractEventLoop | None = None
        self._looks = 0

    @property
    def fault(self) -> str:
        """Why no other process shares these slots; "" if they do."""
        return self._places.fault

    @property
    def waiting(self) -> int:
        """How many calls of this process wait for a slot."""
        return len(self._waiting)

    def ask(self, right: Right) -> None:
        """Apply a right from now on."""
        with self._lock:
            if self.window.ask(right):
                self._fill()

    def take_now(self) -> _Held | None:
        """Hold a slot where one is free at once; None where it has to be awaited."""
        with self._lock:
            return self._take_now()

    def _take_now(self) -> _Held | None:
        polite = self._waiting or self._places.others_wait()
        return None if polite else self._free()

    async def take(self) -> _Held:
        """Hold a slot, waiting for a free one."""
        with self._lock:
            if (held := self._take_now()) is not None:
                return held
            loop = asyncio.get_running_loop()
            turn: _Turn = loop.create_future()
            self._waiting[turn] = loop
            self._look_later(YIELD_S)
        try:
            return await turn
        except asyncio.CancelledError:
            self._leave(turn)
            raise

    def give(self, held: _Held, fault: BaseException | None = None) -> None:
        """Release a slot; `fault` is how the request ended."""
        with self._lock:
            self._learn(held, fault)
            self.in_flight -= 1
            self._places.give(held.place)
            if not self._waiting:
                return
            if self._places.others_wait():
                self._look_later(YIELD_S)
            else:
                self._fill()

    def rest(self) -> None:
        """Close the file, until the next use, if nobody holds or waits for a slot."""
        with self._lock:
            if not self.in_flight and not self._waiting:
                self._places.close()

    def _learn(self, held: _Held, fault: BaseException | None) -> None:
        match fault:
            case None:
                if self.in_flight >= self.window.size:
                    self.window.succeeded()
            case APIError(action="slot"):
                self.window.refused(held.ticket, self._tickets)
            case APIError(action="wait"):
                self.window.overloaded()
            case _:
                pass

    def _free(self) -> _Held | None:
        if self.in_flight >= self.window.size:
            return None
        place = self._places.take(self.window.size)
        if place is None:
            return None
        self.in_flight += 1
        self._tickets += 1
        return _Held(place, self._tickets)

    def _fill(self) -> None:
        """Hand free slots to waiting calls, the oldest first."""
        while self._waiting and (held := self._free()) is not None:
            turn, loop = self._waiting.popitem(last=False)
            try:
                loop.call_soon_threadsafe(self._hand_over, turn, held)
            except RuntimeError:  # that loop is closed: nobody waits there any more
                self.in_flight -= 1
                self._places.give(held.place)
        elsewhere = bool(self._waiting) and self.in_flight < self.window.size
        self._places.wait(elsewhere)
        if elsewhere:
            self._look_later(LOOK_S)

    def _look_later(self, span_s: tuple[float, float]) -> None:
        """Look for a free slot a moment later: other processes do not notify.

        The look is planned on the loop of the first who waits: that loop lives on.
        """
        while self._waiting and self.in_flight < self.window.size:
            turn, loop = next(iter(self._waiting.items()))
            if loop is self._looker and not loop.is_closed():
                return
            self._looks += 1
            look = (random.uniform(*span_s), self._look, self._looks)
            try:
                loop.call_soon_threadsafe(loop.call_later, *look)
            except RuntimeError:
                del self._waiting[turn]
            else:
                self._looker = loop
                return

    def _look(self, number: int) -> None:
        with self._lock:
            if number == self._looks:
                self._looker = None
                self._fill()

    def _hand_over(self, turn: _Turn, held: _Held) -> None:
        if turn.cancelled():
            self.give(held, asyncio.CancelledError())
        else:
            turn.set_result(held)

    def _leave(self, turn: _Turn) -> None:
        """Leave the queue, or give back a slot that came in the same moment."""
        with self._lock:
            if self._waiting.pop(turn, None) is not None:
                self._fill()
                return
        if turn.done() and not turn.cancelled():
            self.give(turn.result(), asyncio.CancelledError())


class Slot:
    """One slot, held with `async with`; how the request ends adjusts the window."""

    __slots__ = ("_held", "_pid", "slots")

    def __init__(self, slots: Slots) -> None:
        self.slots = slots
        self._pid = os.getpid()
        self._held: _Held | None = None

    def ready(self) -> bool:
        """Take a slot if one is free now: enter directly after, without a wait.

        So that who would have to wait can say so before.
        """
        self._held = self.slots.take_now()
        return self._held is not None

    async def __aenter__(self) -> Self:
        if self._held is None:
            self._held = await self.slots.take()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # A forked child holds nothing of its parent's.
        held, self._held = self._held, None
        if held is not None and self._pid == os.getpid():
            self.slots.give(held, value)
