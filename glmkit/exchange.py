"""The order of a call, and the only place that knows it.

Limiter's slot, pending row in the ledger, sending, decoding, handing out, settling:
whatever ends a call (a reply, an error, an interrupt), its row is completed once and
its slot is free again.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing

import msgspec

from glmkit import catalog, prices, transport
from glmkit.calls import Call, Fold, Origin, Reply, State
from glmkit.config import LOCAL
from glmkit.errors import (
    APIError,
    GLMError,
    LedgerError,
    SchemaError,
    StreamError,
    TransportError,
)
from glmkit.events import Event, Text, Thinking, Usage
from glmkit.keys import Access
from glmkit.ledger import Ledger
from glmkit.limiter import UNKNOWN_RIGHT, Limiter
from glmkit.money import Money
from glmkit.wire import StreamReader, chat_body, read_body, refusal

#: The largest bodies that are read: a reply, and an error's text.
BODY_CAP = 64 * 2**20
REFUSAL_CAP = 2**20

_limiter = Limiter()
_latest: Reply | None = None
_carriers = (APIError, LedgerError, SchemaError, StreamError, TransportError)


def latest(reply: Reply | None = None) -> Reply | None:
    """Return the last reply of this process, after taking note of a newer one."""
    global _latest
    if reply is not None:
        _latest = reply
    return _latest


class Service:
    """Where calls go: the endpoint, its key, and the rights they have there."""

    def __init__(self, access: Access, timeout_s: float, in_flight: int | None) -> None:
        self.endpoint = access.endpoint
        self.timeout_s = timeout_s
        self._key = access.key
        self._in_flight = in_flight
        self._platform: tuple[str, str] | None = None
        owner = access.key.digest() if access.key else ""
        self.owner = f"{access.endpoint.name} {owner}"

    @property
    def local(self) -> bool:
        """Whether the local platform answers."""
        return self.endpoint == LOCAL

    def right(self, model: str) -> int:
        """Return how many requests may be in flight for a model."""
        if self._in_flight is not None:
            return self._in_flight
        card = catalog.card(model)
        if card and card.in_flight and self.endpoint.name in {"local", "bigmodel"}:
            tier = os.environ.get("GLMKIT_TIER", "V0")
            return card.in_flight.get(tier, UNKNOWN_RIGHT)
        return UNKNOWN_RIGHT

    async def locate(self) -> None:
        """Have the local platform up, where it is the endpoint. Raises LocalError."""
        if self.local and self._platform is None:
            from glmkit.local import host

            platform = await asyncio.to_thread(host.ensure)
            self._platform = (platform.url, platform.key)

    def forget(self) -> None:
        """Look for the local platform anew: it may have stopped when idle."""
        self._platform = None

    def target(self, path: str) -> tuple[str, dict[str, str]]:
        """Return a path's URL and the headers to send there."""
        headers = {"content-type": "application/json", "accept-encoding": "identity"}
        if self._platform is not None:
            base, token = self._platform
            headers["authorization"] = f"Bearer {token}"
        else:
            base = self.endpoint.url
            if self._key is not None:
                headers["authorization"] = self._key.authorization()
        return base + path, headers


class Exchange:
    """One call: `run` does it, `call` and `reply` are what is known of it so far."""

    def __init__(self, service: Service, ledger: Ledger, call: Call) -> None:
        self._service = service
        self._ledger = ledger
        self._fold = Fold()
        self._began = 0.0
        self._first_token_s: float | None = None
        self._streaming = False
        self.call = call

    @property
    def reply(self) -> Reply:
        """The reply; while the call is under way, what arrived so far."""
        if self.call.state != "pending":
            return Reply((self.call,))
        return Reply((msgspec.structs.replace(self.call, answer=self._fold.answer()),))

    async def drain(self) -> Reply:
        """Run to the end and return the reply."""
        async with aclosing(self.run()) as batches:
            async for _ in batches:
                pass
        return self.reply

    async def run(self) -> AsyncGenerator[list[Event], None]:
        """Yield the events, a batch for each read, and settle whatever happens."""
        service, model = self._service, self.call.model
        await service.locate()
        async with _limiter.slot(service.owner, model, service.right(model)):
            self.call = await self._ledger.open(self.call)
            self._began = time.perf_counter()
            try:
                async with AsyncExitStack() as stack:
                    reply = await self._send(stack)
                    if not reply.content_type.startswith("text/event-stream"):
                        yield self._take(read_body(await reply.read(BODY_CAP)))
                    else:
                        self._streaming = True
                        reader = StreamReader()
                        async for chunk in reply.chunks():
                            if batch := reader.read(chunk):
                                yield self._take(batch)
                            reader.check()
                            if reader.done:
                                break
                        yield self._take(_ended(reader))
            except BaseException as exc:
                error = self._read_as(exc)
                await self._settle(error)
                if error is exc:
                    raise
                raise error from exc
            await self._settle(None)

    def _take(self, batch: list[Event]) -> list[Event]:
        self._fold.add(batch)
        if self._first_token_s is None and any(
            isinstance(event, Text | Thinking) for event in batch
        ):
            self._first_token_s = time.perf_counter() - self._began
        return batch

    def _read_as(self, exc: BaseException) -> BaseException:
        """A stream that was open and broke off is a StreamError."""
        if isinstance(exc, TransportError) and self._streaming:
            return StreamError(str(exc))
        return exc

    async def _send(self, stack: AsyncExitStack) -> transport.Post:
        call = self.call
        body = chat_body(call.request, call.model, stream=call.stream)
        reply = await self._post(stack, "/chat/completions", body)
        if not 200 <= reply.status < 300:
            raise refusal(reply.status, await reply.read(REFUSAL_CAP))
        return reply

    async def _post(
        self, stack: AsyncExitStack, path: str, body: bytes
    ) -> transport.Post:
        """Send; a local platform that has stopped meanwhile is started again once."""
        service = self._service
        url, headers = service.target(path)
        try:
            posted = transport.Post(url, headers, body, service.timeout_s)
            return await stack.enter_async_context(posted)
        except TransportError as exc:
            if exc.sent or not service.local:
                raise
        service.forget()
        await service.locate()
        url, headers = service.target(path)
        posted = transport.Post(url, headers, body, service.timeout_s)
        return await stack.enter_async_context(posted)

    async def _settle(self, exc: BaseException | None) -> None:
        """Complete the row, once; the error that ended the call carries the reply."""
        self.call = self._settled(exc)
        latest(self.reply)
        if isinstance(exc, _carriers):
            exc.reply = self.reply
        try:
            await asyncio.shield(self._ledger.close(self.call))
        except LedgerError as failure:
            failure.reply = self.reply
            if exc is None:
                raise
            exc.add_note(f"The ledger has no end of this call: {failure}")

    def _settled(self, exc: BaseException | None) -> Call:
        answer = self._fold.answer()
        source: Origin = "stand-in" if answer.stand_in else "service"
        return msgspec.structs.replace(
            self.call,
            state=_state(exc),
            answer=answer,
            source=source,
            cost=self._cost(answer.usage, bool(answer.stand_in), exc),
            list_cost=self._price(answer.usage, self._list_currency()),
            seconds=time.perf_counter() - self._began,
            first_token_s=self._first_token_s,
            error="" if exc is None else type(exc).__name__,
            error_code=exc.code if isinstance(exc, APIError) else "",
            status=exc.status if isinstance(exc, APIError) else None,
        )

    def _list_currency(self) -> str | None:
        return None if self._service.local else self._service.endpoint.currency

    def _price(self, usage: Usage | None, currency: str | None) -> Money | None:
        if usage is None:
            return None
        return prices.cost(catalog.card(self.call.model), usage, currency)

    def _cost(
        self, usage: Usage | None, stand_in: bool, exc: BaseException | None
    ) -> Money | None:
        """Return what is owed: None where bytes left and no usage came back."""
        endpoint = self._service.endpoint
        if self._service.local or stand_in:
            return Money(0, endpoint.currency or "CNY")
        if endpoint.currency is None:
            return None
        if endpoint.plan or _never_served(exc):
            return Money(0, endpoint.currency)
        return self._price(usage, endpoint.currency)


def _ended(reader: StreamReader) -> list[Event]:
    """Return the last events of a stream; StreamError if it was cut."""
    rest = reader.rest()
    if not rest:
        raise StreamError("the stream ended before the answer was finished")
    if rest[-1].reason == "network_error":
        raise StreamError("the service broke off: network_error")
    return list(rest)


def _state(exc: BaseException | None) -> State:
    if exc is None:
        return "done"
    return "failed" if isinstance(exc, GLMError) else "interrupted"


def _never_served(exc: BaseException | None) -> bool:
    """Whether the service refused at the door, or was never reached: nothing owed."""
    match exc:
        case TransportError():
            return not exc.sent
        case APIError(status=int(status)):
            return status >= 400
        case _:
            return False
