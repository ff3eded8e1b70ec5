"""Many questions on the background loop, under the limiter that all calls share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from threading import Event
from typing import Any, Protocol

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

#: Questions of a lane that wait for a slot at one time; the limiter lets fewer go.
_WIDTH = 24
#: What the next question would meet as well.
_FATAL = (AuthError, BudgetError, LedgerError, LocalError, QuotaError)


class PendingCall(Protocol):
    """A question that was not sent yet: an exchange, or a series of them."""

    @property
    def reply(self) -> Reply:
        """What arrived so far."""

    async def drain(self) -> Reply:
        """Ask, and return the whole reply."""


#: Makes a question; GLMError where it cannot be asked.
Ask = Callable[[int], PendingCall]
Report = Callable[[int, CellResult], None]


class CallRunner:
    """Asks numbered questions, several at a time, and reports each as it goes.

    `ask(number)` makes a question, `report(number, result)` is called at its beginning
    and at its end, both on the loop's thread. `width` questions of a lane are asked at
    a time. A question that a budget does not hold waits for those that are under way.
    What every question would meet (a rejected key, a spent budget) ends the run:
    `.error` holds it. With `patient` those under way go on to their end then, and a
    spent budget is the question's own failure.
    """

    def __init__(
        self, ask: Ask, report: Report, width: int = _WIDTH, *, patient: bool = False
    ) -> None:
        self._ask = ask
        self._report = report
        self._width = width
        self._patient = patient
        self._tasks: list[asyncio.Task[None]] = []
        self._questions: dict[asyncio.Task[None], PendingCall] = {}
        self._work: background_loop.Work[None] | None = None
        self._stopped = Event()
        self._finishing = Event()
        self._under_way = 0
        self._settled = asyncio.Event()
        self._alone = asyncio.Lock()
        self.error: Exception | None = None
        self.ended = Event()

    def start(self, lanes: Iterable[Iterable[int]], place: Where) -> None:
        """Begin; the questions of a lane are asked in their order."""
        token = where.set(place)
        try:
            self._work = background_loop.submit(self._drive([*map(iter, lanes)]))
        finally:
            where.reset(token)

    def finish(self) -> None:
        """Begin no more questions; those that were sent go on to their end."""
        self._finishing.set()
        if self._work is not None:
            self._work.call(self._give_up_unsent)

    def stop(self) -> None:
        """Close the connections; from any thread, without waiting."""
        self._stopped.set()
        if self._work is not None:
            self._work.call(self._cancel)

    @property
    def stopping(self) -> bool:
        """Whether it was stopped."""
        return self._stopped.is_set()

    def _give_up_unsent(self) -> None:
        """End the questions that wait for a slot."""
        for task, question in list(self._questions.items()):
            if _arrived(question) is None:
                task.cancel()

    def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _drive(self, lanes: list[Iterator[int]]) -> None:
        try:
            self._tasks = [
                asyncio.create_task(self._walk(lane))
                for lane in lanes
                for _ in range(self._width)
            ]
            if self._stopped.is_set():
                self._cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        finally:
            self.ended.set()
            self._report(-1, CellResult())

    async def _walk(self, lane: Iterator[int]) -> None:
        while not (self._stopped.is_set() or self._finishing.is_set()):
            try:
                number = next(lane, None)
            except Exception as exc:  # the lane is made while it is walked
                self._fail(exc)
                return
            if number is None:
                return
            await self._one(number)

    async def _one(self, number: int) -> None:
        question: PendingCall | None = None
        try:
            question = self._ask(number)
            self._report(number, CellResult("running"))
            try:
                reply = await self._asked(question)
            except BudgetError:
                async with self._alone:
                    question, reply = await self._once_it_fits(number)
            self._report(number, CellResult("done", reply))
        except asyncio.CancelledError:
            self._report(number, CellResult("stopped", _arrived(question)))
            raise
        except Exception as exc:
            self._report(number, CellResult("failed", _arrived(question), exc))
            if isinstance(exc, _FATAL) and not (
                self._patient and isinstance(exc, BudgetError)
            ):
                self._fail(exc)

    def _fail(self, exc: Exception) -> None:
        self.error = self.error or exc
        if self._patient:
            self.finish()
        else:
            self.stop()

    async def _asked(self, question: PendingCall) -> Reply:
        task: Any = asyncio.current_task()
        self._questions[task] = question
        self._under_way += 1
        try:
            return await question.drain()
        finally:
            del self._questions[task]
            self._under_way -= 1
            self._settled.set()

    async def _once_it_fits(self, number: int) -> tuple[PendingCall, Reply]:
        """Ask again each time that a question has ended; BudgetError once none is left.

        What others reserve is freed as they end, mostly in part.
        """
        while True:
            self._settled.clear()
            others = self._under_way
            question = self._ask(number)
            try:
                return question, await self._asked(question)
            except BudgetError:
                if not others:
                    raise
                if self._under_way == others:
                    self._settled.clear()
                    await self._settled.wait()


def _arrived(question: PendingCall | None) -> Reply | None:
    """Return what came of a question before it broke off."""
    if question is None:
        return None
    reply = question.reply
    return reply if reply.calls and reply.calls[-1].id else None


def asking(client: Client, options: dict[str, object], prompt: str) -> PendingCall:
    """Return the call of one question. Raises GLMError."""
    if options.get("schema") is not None:
        raise ConfigError("a lab takes no schema", hint="Ask with client.chat.")
    request, _ = client.request(prompt, options)
    return client.exchange(request, stream=True)
