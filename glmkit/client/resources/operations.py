"""Operations of requests other than chats."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Generic, TypeVar

from glmkit.client.call.cost_bounds import MaxCost, card_max_cost, card_max_tokens
from glmkit.client.call.pricing import Price, by_tokens
from glmkit.transport.http import Sent
from glmkit.types.errors import StreamError, TransportError
from glmkit.types.events import Event, Start, Usage
from glmkit.types.money import Money
from glmkit.wire import broken_off
from glmkit.wire.deltas import DeltaStream
from glmkit.wire.forms import Body
from glmkit.wire.records import read_record

T = TypeVar("T")

#: The largest reply that is read whole, in bytes.
BODY_CAP = 256 * 2**20


class _Priced:
    """An operation's method, path, body and price."""

    method = "POST"
    path = ""
    content = b""
    content_type = "application/json"
    task = False
    _max_cost: MaxCost | None = None

    def __init__(self, price: Price) -> None:
        self._price = price

    def price(
        self, model: str, usage: Usage | None, currency: str | None, day: date
    ) -> Money | None:
        """Return the price of a response; None where it is not known."""
        return self._price(model, usage, currency, day)

    def max_cost(self, model: str, currency: str, day: date) -> Money | None:
        """Return the most that it may cost; None where that is not known."""
        if self._max_cost is not None:
            return self._max_cost(model, currency, day)
        if self._price is by_tokens:
            return card_max_cost(model, len(self.content), currency, day)
        return self._price(model, None, currency, day)

    def max_tokens(self, model: str) -> int | None:
        """Return the most tokens, where it is billed by tokens alone; else None."""
        if self._price is not by_tokens or self._max_cost is not None:
            return None
        return card_max_tokens(model, len(self.content))


class _Sending(_Priced):
    def __init__(self, path: str, body: Body, price: Price) -> None:
        super().__init__(price)
        self.path = path
        self.content = body.content
        self.content_type = body.content_type


class Ask(_Sending, Generic[T]):
    """One request and its typed answer, in `result` once it came.

    A `task` is answered by an id alone: what it costs is known when it is fetched, and
    `max_cost` is the most that it may be.
    """

    result: T

    def __init__(
        self,
        path: str,
        body: Body,
        kind: type[T],
        price: Price = by_tokens,
        *,
        task: bool = False,
        max_cost: MaxCost | None = None,
    ) -> None:
        super().__init__(path, body, price)
        self.task = task
        self._max_cost = max_cost
        self._kind = kind

    async def read(self, reply: Sent) -> AsyncIterator[list[Event]]:
        """Read the answer; yield what the ledger keeps of it."""
        body = await reply.read(BODY_CAP)
        self.result, events = read_record(body, self._kind)
        if self.task and (task_id := self.id_of(self.result)):
            events.append(Start(id=task_id))
        yield events

    def id_of(self, result: T) -> str:
        """Return the id under which a task is fetched; "": that of the reply."""
        return ""


class Binary(_Sending):
    """One request that is answered by the bytes of a file."""

    def __init__(self, path: str, body: Body, price: Price) -> None:
        super().__init__(path, body, price)
        self.result = b""
        self.type = ""

    async def read(self, reply: Sent) -> AsyncIterator[list[Event]]:
        """Read the bytes; a JSON answer in their place is an error, and raised."""
        data = await reply.read(BODY_CAP)
        if reply.content_type.startswith("application/json"):
            read_record(data, dict)
            raise TransportError("the service sent JSON in place of a file")
        self.result = data
        self.type = reply.content_type.partition(";")[0].strip()
        yield []


class Live(_Sending):
    """One request whose answer streams: a transcript, an agent, an assistant."""

    async def read(self, reply: Sent) -> AsyncIterator[list[Event]]:
        """Yield the events; StreamError where the stream ends before its finish."""
        if not reply.content_type.startswith("text/event-stream"):
            read_record(await reply.read(BODY_CAP), dict)
            raise TransportError("the service sent no stream")
        reader = DeltaStream()
        try:
            async for chunk in reply.chunks():
                if batch := reader.read(chunk):
                    yield batch
                if reader.heard:
                    reply.renew()
                reader.check()
                if reader.done:
                    break
        except TransportError as exc:
            raise StreamError(str(exc)) from exc
        rest = reader.rest()
        yield rest
        if (fault := broken_off(rest, streamed=True)) is not None:
            raise fault


class Settled(_Priced):
    """A task that was submitted earlier: nothing is sent, its result is priced."""

    async def read(self, reply: Sent) -> AsyncIterator[list[Event]]:
        """Yield nothing."""
        events: list[list[Event]] = []
        for batch in events:
            yield batch
