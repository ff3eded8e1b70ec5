"""Chat completions, streamed and whole, and counting the tokens of a prompt."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from glmkit.catalog.cards import Card
from glmkit.local.platform.answering import limits, request_checks, requests, responses
from glmkit.local.platform.answering.generation import Talk
from glmkit.local.platform.answering.parts import Ended, Part
from glmkit.local.platform.server import fault_injection
from glmkit.local.platform.server.access import account_of, body_of
from glmkit.local.platform.server.disconnects import EventStream, while_present
from glmkit.local.platform.server.errors import Refusal


class ChatEndpoints:
    """The endpoints that need the engine; `name` is what the stand-in is called."""

    def __init__(self, talk: Talk, name: str, rights: limits.Rights) -> None:
        self._talk = talk
        self._name = name
        self._rights = rights
        self._ids = limits.Ids()

    def routes(self, api: str) -> list[Route]:
        """Return the routes below the base path."""
        return [
            Route(f"{api}/chat/completions", self.complete, methods=["POST"]),
            Route(f"{api}/tokenizer", self.count, methods=["POST"]),
        ]

    async def complete(self, request: Request) -> Response:
        """POST /chat/completions."""
        ask = request_checks.read(await body_of(request))
        card = request_checks.card_of(ask)
        limits.check_cap(ask, card)
        answer = responses.AnswerWriter(
            card.id, self._name, ask.request_id, _manner(request, ask, card)
        )
        parts = self._parts(ask, card, account_of(request))
        if not ask.stream:
            async with aclosing(parts):
                whole = await while_present(request, _joined(parts))
            return JSONResponse(answer.whole(whole))
        try:
            # Refusals come before the first piece, and so before the headers.
            first = await while_present(request, _first(parts))
        except BaseException:
            await parts.aclose()
            raise
        return EventStream(_chunks(answer, first, parts), parts)

    async def count(self, request: Request) -> Response:
        """POST /tokenizer."""
        ask = request_checks.read(await body_of(request))
        card = request_checks.card_of(ask)
        tokens = await while_present(request, self._talk.tokens(ask))
        answer = responses.AnswerWriter(card.id, self._name, ask.request_id)
        return JSONResponse(answer.count(len(tokens)))

    async def whole(
        self, ask: requests.ChatRequest, account: str, model: str
    ) -> dict[str, Any]:
        """Return the whole answer to a task or a batch, which need no rights."""
        card = request_checks.card_of(ask)
        async with aclosing(self._talk.parts(ask, card, account)) as parts:
            joined = await _joined(parts)
        return responses.AnswerWriter(model, self._name, ask.request_id).whole(joined)

    async def _parts(
        self, ask: requests.ChatRequest, card: Card, account: str
    ) -> AsyncGenerator[Part, None]:
        """Yield the answer; closing the generator stops the generation."""
        with (
            self._ids.taken(account, ask.request_id),
            self._rights.taken(card, account),
        ):
            async with aclosing(self._talk.parts(ask, card, account)) as parts:
                async for part in parts:
                    yield part


def _manner(
    request: Request, ask: requests.ChatRequest, card: Card
) -> responses.Manner:
    how = fault_injection.of(request)
    piecemeal = bool(ask.tool_stream) and "tool_stream" in card.features
    return responses.Manner(how.null_finish, how.usage_apart, piecemeal)


async def _first(parts: AsyncIterator[Part]) -> Part:
    return await anext(parts)


async def _joined(parts: AsyncIterator[Part]) -> list[Part]:
    return [part async for part in parts]


async def _chunks(
    answer: responses.AnswerWriter, first: Part, parts: AsyncIterator[Part]
) -> AsyncIterator[bytes]:
    for chunk in answer.chunks(first):
        yield chunk
    if not isinstance(first, Ended):
        try:
            async for part in parts:
                for chunk in answer.chunks(part):
                    yield chunk
        except Refusal as refusal:
            yield responses.event(refusal.body)
            return
    yield responses.DONE
