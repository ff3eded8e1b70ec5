"""Run one call: slot, pending ledger row, send, decode, settle.

Whatever ends a call (a reply, an error, an interrupt), its row is completed once and
its slot is free again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, aclosing, nullcontext, suppress

import msgspec

from glmkit.client.call.advice import advise
from glmkit.client.call.attempts import Attempts
from glmkit.client.call.bill import Bill
from glmkit.client.call.destination import Service
from glmkit.client.call.operation import Operation
from glmkit.client.replay import CassetteCall, Recording
from glmkit.ledger import Ledger
from glmkit.transport import http as transport
from glmkit.transport.ends import may_be_done
from glmkit.transport.limiter import Limiter, Slot
from glmkit.transport.retries import waiting
from glmkit.types.errors import (
    APIError,
    ConfigError,
    GLMError,
    LedgerError,
    SchemaError,
    StreamError,
    TransportError,
)
from glmkit.types.events import Event, Text, Thinking, Waiting
from glmkit.types.replies import Call, Fold, Origin, Reply, State
from glmkit.wire import refusal

#: The largest refusal that is read, in bytes.
REFUSAL_CAP = 2**20

_limiter = Limiter()
_latest: Reply | None = None
_carriers = (APIError, LedgerError, SchemaError, StreamError, TransportError)


def latest(reply: Reply | None = None) -> Reply | None:
    """Return the last reply of this process; with a reply, remember it first."""
    global _latest
    if reply is not None:
        _latest = reply
    return _latest


class Exchange:
    """One call: `run` runs it, `call` and `reply` are what is known of it so far."""

    def __init__(
        self,
        service: Service,
        ledger: Ledger,
        call: Call,
        operation: Operation,
        cassette: CassetteCall | None = None,
    ) -> None:
        self._service = service
        self._ledger = ledger
        self._operation = operation
        self._cassette = cassette
        self._replayed: Recording | None = None
        self._fold = Fold()
        self._bill = Bill(service, operation)
        self._attempts = Attempts(service, ledger, operation, self._bill)
        self._retry_after = ""
        self._slot: Slot | None = None
        self._sent: transport.Sent | None = None
        self._begun = False
        self._handed = False
        self._began = 0.0
        self._first_token_s: float | None = None
        self.call = call

    @property
    def reply(self) -> Reply:
        """The reply; while the call is under way, what arrived so far."""
        if self.call.state != "pending":
            return Reply((self.call,))
        return Reply((msgspec.structs.replace(self.call, answer=self._fold.answer()),))

    @property
    def replaying(self) -> bool:
        """Whether the events come from a cassette: at once, not at a model's pace."""
        return self._replayed is not None

    def held(self) -> AbstractContextManager[None]:
        """Pause reading: what arrives meanwhile is read at once afterwards."""
        return self._sent.held() if self._sent else nullcontext()

    async def drain(self) -> Reply:
        """Run to the end and return the reply."""
        async with aclosing(self.run()) as batches:
            async for _ in batches:
                pass
        return self.reply

    def _begin(self) -> None:
        if self._begun:
            raise ConfigError(
                "this answer was asked for already",
                hint="Each `client.stream(...)` is read once: make another.",
            )
        self._begun = True

    async def run(self) -> AsyncGenerator[list[Event], None]:
        """Yield the events, a batch for each read, and settle whatever happens.

        ConfigError the second time: one call is sent once, and is one row.
        """
        self._begin()
        again = True
        try:
            if found := await self._recorded():
                for batch in found.batches():
                    self._take(batch)
                    yield batch
                again = False
            while again:
                try:
                    async for batch in self._prepared():
                        yield batch
                    async with self._slot or nullcontext():
                        await self._open()
                        async with self._sending() as reply:
                            await self._check(reply)
                            async for batch in self._operation.read(reply):
                                self._take(batch)
                                yield batch
                    again = False
                except GLMError as exc:
                    wait_s = await self._again(exc)
                    if wait_s is None:
                        raise
                    if wait_s:
                        yield [waiting(exc, wait_s)]
                        await asyncio.sleep(wait_s)
        except BaseException as exc:
            if self._cassette:
                self._cassette.drop()
            if self.call.id:
                await self._settle(exc)
            raise
        await self._settle(None)
        if self._cassette and not found:
            await self._cassette.keep(self.reply)

    async def _recorded(self) -> Recording | None:
        """Return the cassette's answer; a replayed call has a row and owes nothing."""
        if self._cassette is None:
            return None
        self._replayed = await self._cassette.find()
        if self._replayed:
            self.call = self._replayed.applied_to(self.call)
            self.call = await self._ledger.open(
                self.call, self._bill.nothing(self.call)
            )
        else:
            self.call = msgspec.structs.replace(
                self.call,
                changed=self._cassette.changed,
                superseded=self._cassette.superseded or "",
            )
        return self._replayed

    async def _prepared(self) -> AsyncGenerator[list[Event], None]:
        """Get what is held while the request is in flight; yield what it waits for."""
        service, model = self._service, self.call.model
        async for sentence in service.starting():
            yield [Waiting(sentence, notice=True)]
        owner, (model, right) = service.owner, service.rights(model)
        learned = None
        if not right.known and not _limiter.known(owner, model):
            learned = await self._ledger.right(owner, model)
        self._slot = Slot(_limiter.slots(owner, model, right, learned))
        if not self._slot.ready():
            yield [Waiting()]

    async def _open(self) -> None:
        """Write the pending row, before the first byte leaves."""
        if not self.call.id:
            max_cost = self._bill.max_cost(self.call)
            self.call = await self._ledger.open(
                self.call, max_cost, self._bill.max_tokens
            )
            self._began = time.perf_counter()
            self._attempts.begin()

    async def _again(self, fault: GLMError) -> float | None:
        """Return when to send again, in seconds: never (None) once events are out."""
        self._service.explain(fault, self._operation.path, self._sent)
        if not self.call.id or self._handed:
            return None
        attempt = await self._attempts.after(self.call, fault, self._retry_after)
        if attempt is None:
            return None
        self._sent = None
        self.call = attempt.call
        return attempt.wait_s

    async def complete(self, events: list[Event], exc: GLMError | None = None) -> Reply:
        """Settle a task that was submitted earlier by its result.

        A task of which the ledger has no open row is priced and not recorded.
        """
        self._began = time.perf_counter() - max(0.0, time.time() - self.call.at)
        self._take(events)
        if self.call.state == "submitted":
            await self._settle(exc)
        else:
            self.call = self._settled(exc)
        return self.reply

    @property
    def arrived(self) -> bool:
        """Whether a part of an answer came: a refusal is not a reply."""
        return self._handed

    def _take(self, batch: list[Event]) -> None:
        self._handed = True
        self._fold.add(batch)
        if self._cassette:
            self._cassette.add(batch)
        # A whole answer comes at once: it has an end, and no first piece.
        awaited = self.call.stream and self._first_token_s is None
        if awaited and any(isinstance(event, Text | Thinking) for event in batch):
            self._first_token_s = time.perf_counter() - self._began

    def _sending(self) -> transport.Sent:
        operation, service = self._operation, self._service
        url, headers = service.target(operation.path)
        self._retry_after = ""
        self._sent = transport.Sent(
            operation.method,
            url,
            {**headers, "content-type": operation.content_type},
            operation.content,
            service.timeout_s,
        )
        return self._sent

    async def _check(self, reply: transport.Sent) -> None:
        """Raise the APIError of a reply that is a refusal."""
        if not 200 <= reply.status < 300:
            self._retry_after = reply.header("retry-after")
            url, _ = self._service.target(self._operation.path)
            raise refusal(reply.status, await reply.read(REFUSAL_CAP), url)

    async def _settle(self, exc: BaseException | None) -> None:
        """Complete the row, once; the error that ended the call carries the reply."""
        advise(exc, self.call, self._service.endpoint.currency)
        self.call = self._settled(exc)
        ended = self.call.operation == "chat" and self.call.state != "submitted"
        if ended and (exc is None or self.arrived):
            latest(self.reply)
        if isinstance(exc, _carriers):
            exc.reply = self.reply
        try:
            await self._ledger.close(self.call)
        except LedgerError as failure:
            failure.reply = self.reply
            if exc is None:
                raise
            exc.add_note(f"The ledger has no end of this call: {failure}")
        await self._keep_right()

    async def _keep_right(self) -> None:
        """Record a learned right, seldom; the call does not depend on it."""
        size = self._slot.slots.window.news() if self._slot else None
        if size is not None:
            owner, model = self._service.owner, self._service.family(self.call.model)
            with suppress(LedgerError):
                await self._ledger.keep_right(owner, model, size)

    def _settled(self, exc: BaseException | None) -> Call:
        answer = self._fold.answer()
        source: Origin = "stand-in" if answer.stand_in else "service"
        seconds: float | None = time.perf_counter() - self._began
        if self._replayed:
            drawn = self._replayed.made_by == "illustration"
            source = "illustration" if drawn else "cassette"
            seconds = self._replayed.seconds
            self._first_token_s = self._replayed.first_token_s
        task = exc is None and self._operation.task
        bill, call, failed = self._bill, self.call, exc is not None
        owed = bill.cost(
            call,
            answer,
            source=source,
            failed=failed,
            may_be_done=failed and self._may_be_done(exc),
        )
        return msgspec.structs.replace(
            self.call,
            state="submitted" if task else _state(exc),
            task_id=answer.id if task else self.call.task_id,
            answer=answer,
            source=source,
            cost=owed if call.granted is None else bill.nothing(call),
            granted=bill.granted(call, owed, answer),
            list_cost=bill.list_cost(call, answer, failed=failed),
            cost_basis=bill.basis(call) if source == "service" else "owed",
            seconds=seconds,
            first_token_s=self._first_token_s,
            error="" if exc is None else type(exc).__name__,
            error_code=exc.code if isinstance(exc, APIError) else "",
            status=exc.status if isinstance(exc, APIError) else None,
        )

    def _may_be_done(self, exc: BaseException | None) -> bool:
        """Whether the service may have done the call that ended with this."""
        sent = self._sent is not None and self._sent.left
        return exc is not None and may_be_done(exc, sent=sent, answered=self._handed)


def _state(exc: BaseException | None) -> State:
    if exc is None:
        return "done"
    return "failed" if isinstance(exc, GLMError) else "interrupted"
