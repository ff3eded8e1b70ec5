"""Embeddings and reranking, by a small embedding model where it is installed."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from glmkit.catalog.cards import Card
from glmkit.local.platform.answering import request_checks, responses
from glmkit.local.platform.answering.fields import FieldText, decoded
from glmkit.local.platform.answering.limits import Rights
from glmkit.local.platform.server.access import account_of, body_of
from glmkit.local.platform.server.disconnects import while_present
from glmkit.local.platform.server.errors import (
    LackError,
    at_most,
    characters,
    invalid,
    missing,
    one_of,
)
from glmkit.local.platform.storage import minilm

_ITEM_TOKENS = 3072
_ITEMS = 64
_RERANK_TEXT = 4096
_RERANK_TEXTS = 128


class EmbeddingAsk(msgspec.Struct):
    """A request for embeddings."""

    model: FieldText | None = None
    input: str | list[str] | None = None
    dimensions: int | None = None
    encoding_format: FieldText | None = None


class RerankAsk(msgspec.Struct):
    """A request to put documents in order."""

    model: FieldText | None = None
    query: FieldText | None = None
    documents: list[FieldText] | None = None
    top_n: int | None = None
    return_documents: bool | None = None
    return_raw_scores: bool | None = None
    request_id: FieldText | None = None


class EmbeddingEndpoints:
    """The endpoints; `name` is what the stand-in is called."""

    def __init__(self, name: str, rights: Rights) -> None:
        self._name = name
        self._rights = rights

    def routes(self, api: str) -> list[Route]:
        """Return the routes below the base path."""
        return [
            Route(f"{api}/embeddings", self.embed, methods=["POST"]),
            Route(f"{api}/rerank", self.rerank, methods=["POST"]),
        ]

    async def embed(self, request: Request) -> Response:
        """POST /embeddings."""
        ask = decoded(await body_of(request), EmbeddingAsk)
        card, texts = checked(ask)
        with self._rights.taken(card, account_of(request)):
            body = await while_present(request, self.body(ask, card, texts))
        return JSONResponse(body)

    async def body(
        self, ask: EmbeddingAsk, card: Card, texts: list[str]
    ) -> dict[str, Any]:
        """Return the answer with the vectors, padded with zeros to the size asked."""
        size = _dimensions(ask, card)
        numbers, count = await asyncio.to_thread(_vectors, texts, card)
        zeros = [0.0] * (size - minilm.DIMENSIONS)
        data = [
            {"index": place, "object": "embedding", "embedding": vector + zeros}
            for place, vector in enumerate(numbers)
        ]
        return {
            "model": card.id,
            "object": "list",
            "data": data,
            "usage": responses.usage(count, 0),
            "stand_in": "all-MiniLM-L6-v2",
        }

    async def rerank(self, request: Request) -> Response:
        """POST /rerank."""
        ask = decoded(await body_of(request), RerankAsk)
        card = request_checks.known(ask.model, "rerank")
        documents = _checked_documents(ask)
        texts = [ask.query or "", *documents]
        with self._rights.taken(card, account_of(request)):
            work = asyncio.to_thread(_vectors, texts, None)
            (query, *others), count = await while_present(request, work)
        scores = [sum(map(_times, query, other)) for other in others]
        return JSONResponse(_ranked(ask, documents, scores, count))


def checked(ask: EmbeddingAsk) -> tuple[Card, list[str]]:
    """Return the card and the texts; Refusal where a field is wrong."""
    card = request_checks.known(ask.model, "embedding")
    texts = [ask.input] if isinstance(ask.input, str) else ask.input
    if not texts or not all(texts):
        raise missing("input")
    most = card.max_items or _ITEMS
    if len(texts) > most:
        raise invalid("input", at_most(most))
    _dimensions(ask, card)
    return card, texts


def _dimensions(ask: EmbeddingAsk, card: Card) -> int:
    sizes = card.dimensions or (card.default_dimensions or 2048,)
    size = ask.dimensions or card.default_dimensions or max(sizes)
    if size not in sizes:
        raise invalid("dimensions", one_of(sizes))
    if size < minilm.DIMENSIONS:
        raise LackError(
            f"cut its vectors of {minilm.DIMENSIONS} numbers to {size}",
            "a larger size is padded with zeros",
            code="1210",
        )
    return size


def _vectors(texts: list[str], card: Card | None) -> tuple[list[list[float]], int]:
    """Return the vectors of the texts and the number of their tokens."""
    folder = minilm.find()
    if folder is None:
        raise LackError(
            "make embeddings by itself",
            f"`{minilm.HOW_TO}` (83 MB) gives it a small embedding model",
        )
    model = minilm.load(folder)
    read = [model.tokens(text) for text in texts]
    most = (card and card.max_tokens_per_item) or _ITEM_TOKENS
    for place, tokens in enumerate(read):
        if len(tokens) > most:
            raise invalid(f"input[{place}]", at_most(most, " tokens"))
    found: list[list[float]] = [model.vector(tokens).tolist() for tokens in read]
    return found, sum(map(len, read))


def _times(one: float, other: float) -> float:
    return one * other


def _checked_documents(ask: RerankAsk) -> list[str]:
    if not ask.query or not ask.documents:
        raise missing("documents" if ask.query else "query")
    if len(ask.documents) > _RERANK_TEXTS:
        raise invalid("documents", at_most(_RERANK_TEXTS))
    if max(map(len, [ask.query, *ask.documents])) > _RERANK_TEXT:
        raise invalid("query, documents", characters(1, _RERANK_TEXT))
    return list(ask.documents)


def _ranked(
    ask: RerankAsk, documents: list[str], scores: list[float], count: int
) -> dict[str, Any]:
    order = sorted(range(len(scores)), key=lambda place: -scores[place])
    id = responses.new_id()
    results = []
    for place in order[: ask.top_n or None]:
        score = scores[place]
        # A raw score is a cosine; the other lies between 0 and 1.
        relevance = score if ask.return_raw_scores else min(1.0, max(0.0, score))
        result: dict[str, Any] = {"index": place, "relevance_score": relevance}
        if ask.return_documents:
            result["document"] = documents[place]
        results.append(result)
    return {
        "created": int(time.time()),
        "id": id,
        "request_id": ask.request_id or id,
        "results": results,
        "usage": {"prompt_tokens": count, "total_tokens": count},
        "stand_in": "all-MiniLM-L6-v2",
    }
