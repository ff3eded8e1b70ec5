"""Requests of the namespaces: billed calls by an exchange, free ones directly."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from glmkit.catalog import alternatives, capabilities, cards
from glmkit.client.call.destination import Service
from glmkit.client.call.execution import Exchange
from glmkit.client.call.operation import Operation
from glmkit.client.call.pricing import Price
from glmkit.client.prompts.media import prompt_of
from glmkit.client.replay import CassetteSession, cassette_call, check_online
from glmkit.client.resources.free_calls import Unbilled
from glmkit.client.resources.operations import Ask, Settled
from glmkit.client.resources.types import Billed
from glmkit.ledger import Ledger
from glmkit.transport import http as transport
from glmkit.types.errors import ConfigError, GLMError, TransportError
from glmkit.types.events import Event
from glmkit.types.messages import Request
from glmkit.types.replies import Call, Reply, where
from glmkit.types.requests import Prompt, request_of
from glmkit.wire import chat_body
from glmkit.wire.forms import Body
from glmkit.wire.records import read_record

T = TypeVar("T")
B = TypeVar("B", bound=Billed)

#: The largest reply that is read whole, in bytes.
BODY_CAP = 256 * 2**20


class Caller:
    """A client's service, ledger and default model, as the namespaces use them."""

    def __init__(
        self,
        service: Service,
        ledger: Callable[[], Ledger],
        model: str,
        cassette: CassetteSession | None = None,
    ) -> None:
        self.model = model
        self._cassette = cassette
        self.closed = False
        self._service = service
        self._ledger = ledger

    @property
    def endpoint(self) -> str:
        """The endpoint's name."""
        return self._service.endpoint.name

    def exchange(
        self,
        operation: Operation,
        kind: str,
        model: str,
        payload: Mapping[str, Any] | None = None,
        *,
        request: Request | None = None,
        stream: bool = False,
    ) -> Exchange:
        """Return the exchange of a billed call, not begun yet."""
        self._check()
        if self._service.native and (card := cards.card(model)):
            alternatives.check_method(kind, card)
        call = Call(
            at=time.time(),
            where=where.get(),
            endpoint=self.endpoint,
            model=model,
            operation=kind,
            request=request or Request(messages=()),
            payload=None if payload is None else dict(payload),
            stream=stream,
        )
        replay = cassette_call(call, self._cassette)
        return Exchange(self._service, self._ledger(), call, operation, replay)

    def chat(
        self, prompt: Prompt, options: Mapping[str, Any]
    ) -> tuple[Request, str, bytes]:
        """Return a deferred chat: its request, model and bytes.

        Raises ConfigError, also for a schema: nobody repairs an answer then.
        """
        if options.get("schema") is not None:
            raise ConfigError(
                "a chat that is handed in for later takes no schema",
                hint="Use response_format='json_object' and name the fields in the "
                "prompt, or ask with client.chat.",
            )
        request = request_of(prompt_of(prompt), options)
        model, native = request.model or self.model, self._service.native
        if native and (card := cards.card(model)):
            capabilities.check(request, card, stand_in=self._service.local)
        return request, model, chat_body(request, model, stream=False, native=native)

    async def ask(
        self, ask: Ask[T], kind: str, model: str, payload: Mapping[str, Any]
    ) -> tuple[T, Call]:
        """Send a billed request; return its typed answer and the call."""
        exchange = self.exchange(ask, kind, model, payload)
        await exchange.drain()
        return ask.result, exchange.call

    async def record(
        self, ask: Ask[B], kind: str, model: str, payload: Mapping[str, Any]
    ) -> B:
        """Send a billed request; return its answer with usage and cost."""
        answer, call = await self.ask(ask, kind, model, payload)
        return billed(answer, call)

    async def task(self, task_id: str) -> Call | None:
        """Return the recorded call that submitted a task."""
        return await asyncio.to_thread(self._ledger().task, self.endpoint, task_id)

    async def settle(
        self,
        call: Call | None,
        task_id: str,
        model: str,
        events: list[Event],
        price: Price,
        exc: GLMError | None = None,
    ) -> Reply:
        """Complete the row of a task by its result, once."""
        call = call or Call(
            at=time.time(), endpoint=self.endpoint, model=model, task_id=task_id
        )
        ended = Exchange(self._service, self._ledger(), call, Settled(price))
        return await ended.complete(events, exc)

    async def fetch(
        self, method: str, path: str, kind: type[T], body: Body | None = None
    ) -> T:
        """Send a free request; return its typed answer."""
        return read_record(await self.read(method, path, body), kind)[0]

    async def read(
        self, method: str, path: str, body: Body | None = None, cap: int = BODY_CAP
    ) -> bytes:
        """Send a free request; return the bytes of its response."""
        self._check()
        check_online(self._cassette)
        return await Unbilled(self._service, method, path, body, cap).read()

    def _check(self) -> None:
        if self.closed:
            raise ConfigError("the client is closed", hint="Make a new one.")


def billed(answer: B, call: Call) -> B:
    """Return the answer with the usage and the cost of its call."""
    reply = Reply((call,))
    return msgspec.structs.replace(
        answer, usage=reply.usage, cost=reply.cost, list_cost=reply.list_cost
    )


async def download(url: str, cap: int, timeout_s: float = 60.0) -> tuple[bytes, str]:
    """Download a result's URL, without the key; return its bytes and type.

    Raises ConfigError for what is not a web address, TransportError above `cap` bytes.
    """
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ConfigError(
            f"{url[:80]!r} is not a web address",
            hint="The service gave no http(s) URL.",
        )
    headers = {"accept-encoding": "identity"}
    async with transport.Sent("GET", url, headers, b"", timeout_s) as reply:
        if reply.status != 200:
            raise TransportError(
                f"the file's address answered with HTTP {reply.status}",
                hint="Links of results end after a day to 30 days: ask again.",
            )
        return await reply.read(cap), reply.content_type


async def together(jobs: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """Run jobs at one time; when one fails, the others are cancelled and settle."""
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
