"""Chat completions, streamed and whole, and counting the tokens of a prompt."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import aclosing
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from glmkit.catalog import Card
from glmkit.errors import LocalError
from glmkit.local.engine.client import Engine, Piece
from glmkit.local.platform import answers, limits, shapes
from glmkit.local.platform.gate import body_of
from glmkit.local.platform.refusals import Refusal

_T = TypeVar("_T")
_BROKEN = "1234"


class Chat:
    """The endpoints that need the engine; `name` is what the stand-in is called."""

    def __init__(self, engine: Engine, name: str, tier: str) -> None:
        self._engine = engine
        self._name = name
        self._rights = limits.Rights(tier)

    async def complete(self, request: Request) -> Response:
        """POST /chat/completions."""
        ask = shapes.read(await body_of(request))
        card = shapes.card_of(ask)
        limits.check_cap(ask, card)
        answer = answers.Answer(card.id, self._name, ask.request_id)
        pieces = self._pieces(ask, card)
        if not ask.stream:
            async with aclosing(pieces):
                whole = await _while_present(request, _joined(pieces))
            return JSONResponse(answer.whole(*whole))
        try:
            # Refusals come before the first piece, and so before the headers.
            first = await _while_present(request, _first(pieces))
        except BaseException:
            await pieces.aclose()
            raise
        return StreamingResponse(
            _chunks(answer, first, pieces), media_type="text/event-stream"
        )

    async def count(self, request: Request) -> Response:
        """POST /tokenizer."""
        ask = shapes.read(await body_of(request))
        card = shapes.card_of(ask)
        tokens = await _while_present(request, self._tokens(ask))
        answer = answers.Answer(card.id, self._name, ask.request_id)
        return JSONResponse(answer.count(len(tokens)))

    async def _tokens(self, ask: shapes.Ask) -> list[int]:
        try:
            prompt = await self._engine.prompt(shapes.turns(ask.messages or []))
            return await self._engine.tokens(prompt)
        except LocalError as exc:
            raise _broken(exc) from exc

    async def _pieces(self, ask: shapes.Ask, card: Card) -> AsyncGenerator[Piece, None]:
        """Yield the answer; closing the generator stops the generation."""
        with self._rights.taken(card):
            tokens = await self._tokens(ask)
            how = limits.sampling(ask, card, len(tokens))
            try:
                async with aclosing(self._engine.complete(tokens, how)) as pieces:
                    async for piece in pieces:
                        yield piece
            except LocalError as exc:
                raise _broken(exc) from exc


def _broken(exc: LocalError) -> Refusal:
    return Refusal(500, _BROKEN, str(exc))


async def _first(pieces: AsyncIterator[Piece]) -> Piece:
    return await anext(pieces)


async def _joined(pieces: AsyncIterator[Piece]) -> tuple[str, Piece]:
    texts = []
    async for piece in pieces:
        texts.append(piece.content)
    return "".join(texts), piece


async def _chunks(
    answer: answers.Answer, first: Piece, pieces: AsyncGenerator[Piece, None]
) -> AsyncIterator[bytes]:
    async with aclosing(pieces):
        yield answer.chunk(first)
        if not first.stop:
            try:
                async for piece in pieces:
                    yield answer.chunk(piece)
            except Refusal as refusal:
                yield answers.event(refusal.body)
                return
        yield answers.DONE


async def _while_present(request: Request, work: Coroutine[Any, Any, _T]) -> _T:
    """Do the work while the client is there; when it leaves, stop at once."""
    task = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({task, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientDisconnect
        return task.result()
    finally:
        for one in (task, leaving):
            one.cancel()
        await asyncio.wait({task, leaving})


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
