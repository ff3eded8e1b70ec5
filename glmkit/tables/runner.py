"""Many questions on the background loop, under the limiter that all calls share."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from threading import Event

from glmkit.client.call.execution import Exchange
from glmkit.client.clients import Client
from glmkit.tables.grid import CellResult
from glmkit.transport import background_loop
from glmkit.types.errors import (
    AuthError,
    BudgetError,
    ConfigError,
    LedgerError,
    LocalError,
    QuotaError,
)
from glmkit.types.replies import Reply, Where, where

#: Questions to one model that wait for a slot at one time; the limiter lets fewer go.
_LANE = 24
#: What the next question would meet as well.
_FATAL = (AuthError, BudgetError, LedgerError, LocalError, QuotaError)

#: Makes the exchange of a question; GLMError where it can not be asked.
Ask = Callable[[int], Exchange]
Report = Callable[[int, CellResult], None]


class CallRunner:
    """Asks numbered questions, several at a time, and reports each as it goes.

    `ask(number)` makes the call of a question, `report(number, result)` is told of
    its beginning and its end, both on the loop's thread. What every question would
    meet (a rejected key, a spent budget) ends the errand: `.error` says what.
    """

    def __init__(self, ask: Ask, report: Report) -> None:
        self._ask = ask
        self._report = report
        self._tasks: list[asyncio.Task[None]] = []
        self._work: background_loop.Work[None] | None = None
        self._stopped = Event()
        self.error: Exception | None = None
        self.ended = Event()

    def start(self, lanes: Iterable[Iterable[int]], place: Where) -> None:
        """Begin; the questions of a lane are asked in their order."""
        token = where.set(place)
        try:
            self._work = background_loop.submit(
                self._drive([deque(lane) for lane in lanes])
            )
        finally:
            where.reset(token)

    def stop(self) -> None:
        """Close the connections; from any thread, and waits for none."""
        self._stopped.set()
        if self._work is not None:
            self._work.call(self._cancel)

    @property
    def stopping(self) -> bool:
        """Whether it was stopped."""
        return self._stopped.is_set()

    def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _drive(self, lanes: list[deque[int]]) -> None:
        try:
            self._tasks = [
                asyncio.create_task(self._walk(lane))
                for lane in lanes
                for _ in range(min(_LANE, len(lane)))
            ]
            if self._stopped.is_set():
                self._cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        finally:
            self.ended.set()
            self._report(-1, CellResult())

    async def _walk(self, lane: deque[int]) -> None:
        while lane and not self._stopped.is_set():
            await self._one(lane.popleft())

    async def _one(self, number: int) -> None:
        exchange: Exchange | None = None
        try:
            exchange = self._ask(number)
            self._report(number, CellResult("running"))
            self._report(number, CellResult("done", await exchange.drain()))
        except asyncio.CancelledError:
            self._report(number, CellResult("stopped", _arrived(exchange)))
            raise
        except Exception as exc:
            self._report(number, CellResult("failed", _arrived(exchange), exc))
            if isinstance(exc, _FATAL):
                self.error = exc
                self.stop()


def _arrived(exchange: Exchange | None) -> Reply | None:
    """Return what came of a call before it broke off."""
    if exchange is None or not exchange.call.id:
        return None
    return exchange.reply


def asking(client: Client, options: dict[str, object], prompt: str) -> Exchange:
    """Return the call of one question. Raises GLMError."""
    if options.get("schema") is not None:
        raise ConfigError("a lab takes no schema", hint="Ask with client.chat.")
    request, _ = client.request(prompt, options)
    return client.exchange(request, stream=True)
