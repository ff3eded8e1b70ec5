"""Client and AsyncClient: one core, blocking or awaited."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

import msgspec

from glmkit.catalog import capabilities, cards
from glmkit.catalog.cards import Card
from glmkit.client.call.destination import Service
from glmkit.client.call.execution import Exchange
from glmkit.client.call.multi_step import AsyncSeries, Series
from glmkit.client.call.streams import AsyncStream, Stream
from glmkit.client.prompts.media import prompt_of
from glmkit.client.replay import Rank, cassette_call, cassette_session, recorded
from glmkit.client.resources.chat import ChatOperation
from glmkit.client.resources.namespaces import Endpoints
from glmkit.client.resources.requester import Caller
from glmkit.client.resources.sync_async import Awaited, Blocking
from glmkit.config.endpoints import TIMEOUT_S, default_model
from glmkit.config.keys import Access, Key, access
from glmkit.ledger.default import ledger
from glmkit.tools.loops import repairs
from glmkit.tools.schema import Form, form_of
from glmkit.transport import background_loop
from glmkit.types.errors import ConfigError, Interrupted
from glmkit.types.messages import Request
from glmkit.types.options import Options
from glmkit.types.replies import Call, Reply, where
from glmkit.types.requests import Prompt, request_of

F = TypeVar("F", bound=Callable[..., Any])


def _spelled_out(method: F) -> F:
    """Show every option in the signature, where Python has only `**options`."""
    plain = inspect.signature(method)
    option = inspect.Parameter("_", inspect.Parameter.KEYWORD_ONLY, default=None)
    kept = [p for p in plain.parameters.values() if p.kind is not p.VAR_KEYWORD]
    spelled = [
        option.replace(name=name, annotation=kind.__forward_arg__)
        for name, kind in Options.__annotations__.items()
        if name not in plain.parameters
    ]
    method.__signature__ = plain.replace(parameters=kept + spelled)  # type: ignore[attr-defined]
    return method


class _Core:
    """Shared by Client and AsyncClient: the endpoint, and how a call begins."""

    def __init__(
        self,
        endpoint: str | None = None,
        api_key: str | Key | None = None,
        model: str | None = None,
        timeout_s: float = TIMEOUT_S,
        in_flight: int | None = None,
        cassette: str | Path | None = None,
        *,
        serves: str | None = None,
        retry_uncertain: bool = False,
    ) -> None:
        self.access: Access = access(endpoint, api_key, serves)
        self.model = model or default_model(self.access.endpoint)
        self._service = Service(
            self.access, timeout_s, in_flight, retry_uncertain=retry_uncertain
        )
        self._cassette = None if cassette is None else cassette_session(cassette)
        self._caller = Caller(self._service, ledger, self.model, self._cassette)
        self._closed = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.access.endpoint.name!r}, {self.model!r})"

    @property
    def service(self) -> Service:
        """Where calls go, and how many may be on their way."""
        return self._service

    def request(
        self, prompt: Prompt, options: Mapping[str, Any]
    ) -> tuple[Request, Form | None]:
        """Return the request of a prompt, and the form its answer must have."""
        schema = options.get("schema")
        form = None if schema is None else form_of(schema)
        return request_of(prompt_of(prompt), {**options, "schema": form}), form

    def check(self, request: Request) -> Card | None:
        """Return the card of the model that is asked, where GLM's services answer.

        Raises ConfigError where the model refuses the request.
        """
        card = cards.card(request.model or self.model) if self._service.native else None
        if card is not None:
            capabilities.check(request, card, stand_in=self._service.local)
        return card

    def exchange(self, request: Request, *, stream: bool, group: int = 0) -> Exchange:
        """Prepare a call without sending it, for callers that combine several."""
        if self._closed:
            raise ConfigError("the client is closed", hint="Make a new one.")
        model = request.model or self.model
        if card := self.check(request):
            stream = stream or capabilities.streams_only(card)
        call = Call(
            at=time.time(),
            where=where.get(),
            endpoint=self.access.endpoint.name,
            model=model,
            request=request,
            stream=stream,
            group=group,
        )
        operation = ChatOperation(request, call.model, self._service, stream=stream)
        replay = cassette_call(call, self._cassette)
        return Exchange(self._service, ledger(), call, operation, replay)

    def recorded(self, key: str) -> Rank | None:
        """Return the rank of the answer that a request is replayed from.

        `key` is its canonical key. None: it would be sent.
        """
        return recorded(key, self.access.endpoint.name, self._cassette)

    def _again(self, reply: Reply, model: str | None) -> tuple[Request, Form | None]:
        request = reply.calls[0].request
        if model is not None:
            request = msgspec.structs.replace(request, model=model)
        return request, None if reply.schema is None else form_of(reply.schema)


class Client(_Core, Endpoints[Blocking]):
    """Client for GLM, or for the local stand-in where there is no key.

    `endpoint` is "local", "bigmodel", "zai", "bigmodel-coding", "zai-coding" or a
    URL; without one, the environment and the keyring decide. `timeout_s` bounds the
    wait for the headers and then each silence; `in_flight` the requests at one time;
    `cassette` is a file that answers are recorded in and replayed from. `serves`
    ("bigmodel", "zai") names the service that a gateway's URL speaks for, whose cards
    and list prices then hold. `retry_uncertain` also sends again what may have been
    done: after a cut, a time-out or a gateway's 502 or 504; each try may be billed.
    Raises ConfigError and AuthError.

        with glmkit.Client() as client:
            print(client.chat("Why is the sky blue?").text)
    """

    _blocking = True

    @_spelled_out
    def chat(self, prompt: Prompt, **options: Unpack[Options]) -> Reply:
        """Ask and wait for the whole reply.

        `prompt` is a text, a list of parts, or a list of messages. Options that are
        None are not sent: the service's default holds. Raises GLMError, Interrupted.

        `thinking` is True, False or an effort ("low", "high", ...), `tools` a list,
        `schema` a type or a JSON Schema, whose value is `reply.parsed`; `web_search` is
        True or its fields, `retrieval` a knowledge base's id or its fields;
        `extra_body` holds fields that have no name here.

            client.chat("A haiku on rain", model="glm-4-plus", temperature=0.9)
        """
        return self._drained(*self.request(prompt, options))

    @_spelled_out
    def stream(self, prompt: Prompt, **options: Unpack[Options]) -> Stream:
        """Ask and read the answer while it arrives; takes what `chat` takes.

        with client.stream("Tell a story") as stream:
            for event in stream:
                print(event)
        """
        return self._streamed(*self.request(prompt, options))

    def rerun(self, reply: Reply, *, model: str | None = None) -> Reply:
        """Ask the same again, of another model or endpoint."""
        return self._drained(*self._again(reply, model))

    def restream(self, reply: Reply, *, model: str | None = None) -> Stream:
        """Ask the same again, and read the answer while it arrives."""
        return self._streamed(*self._again(reply, model))

    def _streamed(self, request: Request, form: Form | None) -> Stream:
        if form is None:
            return Stream(self.exchange(request, stream=True))
        return Series(repairs(request, form), self.exchange, schema=form.kind)

    def _drained(self, request: Request, form: Form | None) -> Reply:
        if form is None:
            return _waited(self.exchange(request, stream=False))
        steps = repairs(request, form)
        return Series(steps, self.exchange, schema=form.kind, stream=False).drain()

    def close(self) -> None:
        """Close the client. Connections are shared, and close when idle."""
        self._closed = self._caller.closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _waited(exchange: Exchange) -> Reply:
    try:
        return background_loop.run(exchange.drain())
    except KeyboardInterrupt:
        raise Interrupted(exchange.reply) from None


class AsyncClient(_Core, Endpoints[Awaited]):
    """The same client on the caller's own event loop.

    async with glmkit.AsyncClient() as client:
        reply = await client.chat("Why is the sky blue?")
    """

    _blocking = False

    @_spelled_out
    async def chat(self, prompt: Prompt, **options: Unpack[Options]) -> Reply:
        """Ask and wait for the whole reply; see `Client.chat`."""
        return await self._drained(*self.request(prompt, options))

    @_spelled_out
    def stream(self, prompt: Prompt, **options: Unpack[Options]) -> AsyncStream:
        """Ask and read the answer while it arrives, with `async with`."""
        return self._streamed(*self.request(prompt, options))

    async def rerun(self, reply: Reply, *, model: str | None = None) -> Reply:
        """Ask the same again, of another model or endpoint."""
        return await self._drained(*self._again(reply, model))

    def restream(self, reply: Reply, *, model: str | None = None) -> AsyncStream:
        """Ask the same again, and read the answer while it arrives."""
        return self._streamed(*self._again(reply, model))

    def _streamed(self, request: Request, form: Form | None) -> AsyncStream:
        if form is None:
            return AsyncStream(self.exchange(request, stream=True))
        return AsyncSeries(repairs(request, form), self.exchange, schema=form.kind)

    async def _drained(self, request: Request, form: Form | None) -> Reply:
        if form is None:
            return await self.exchange(request, stream=False).drain()
        steps = repairs(request, form)
        series = AsyncSeries(steps, self.exchange, schema=form.kind, stream=False)
        return await series.drain()

    async def aclose(self) -> None:
        """Close the client. Connections close with their loop."""
        self._closed = self._caller.closed = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()
