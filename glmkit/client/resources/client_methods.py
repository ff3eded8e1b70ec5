"""Methods of the client itself: embeddings, rerank, search, moderation, ..."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar

import msgspec

from glmkit.client.call.pricing import by_tokens, unknown
from glmkit.client.resources import uploads
from glmkit.client.resources.embeddings import (
    Embeddings,
    ModelEntry,
    Moderation,
    RankedItems,
    Ranking,
    TokenCount,
    Vectors,
    fit,
    in_order,
    pieces,
)
from glmkit.client.resources.media import MediaFile, fetched
from glmkit.client.resources.operations import Ask
from glmkit.client.resources.requester import together
from glmkit.client.resources.search import ReaderAnswer, SearchAnswer, WebPage, price_of
from glmkit.client.resources.sync_async import Awaited, F, Namespace, verb
from glmkit.client.resources.types import Page, Record
from glmkit.types.errors import ConfigError, ServerError
from glmkit.types.replies import Call, Reply
from glmkit.types.requests import Prompt
from glmkit.types.translation import _
from glmkit.wire.forms import Body, given, json_body
from glmkit.wire.records import read_record

M = TypeVar("M", bound=MediaFile)

_RECENCY = ("oneDay", "oneWeek", "oneMonth", "oneYear", "noLimit")


class _Count(Record, frozen=True):
    usage: TokenCount = TokenCount()


class Verbs(Namespace[F]):
    """Methods that belong to no namespace."""

    @verb
    async def embeddings(
        self: Verbs[Awaited],
        input: str | Sequence[str],
        *,
        model: str = "embedding-3",
        dimensions: int | None = None,
        request_id: str | None = None,
        user_id: str | None = None,
    ) -> Vectors:
        """Return a vector for each text, in order.

        embedding-3: 3,072 tokens a text, `dimensions` 256 to 2048 (2048);
        embedding-2: 512 tokens, 1024 dimensions. More than 64 texts are sent as
        several requests at one time; if one fails, the whole call does. Raises
        ConfigError before anything is sent, else GLMError.
        """
        texts = [input] if isinstance(input, str) else [*input]
        options = {"dimensions": dimensions, "user_id": user_id}
        parts = pieces(texts, model, dimensions)
        jobs = []
        for number, part in enumerate(parts):
            named = request_id if number == 0 or not request_id else None
            fields = {"model": model, "input": part, "request_id": named}
            jobs.append(self._embed(given(fields | options), len(part)))
        answers = await together(jobs)
        reply = Reply(tuple(call for _, call in answers))
        return Vectors(
            vectors=tuple(vector for vectors, _ in answers for vector in vectors),
            model=reply.model,
            stand_in=reply.stand_in,
            usage=reply.usage,
            cost=reply.cost,
            list_cost=reply.list_cost,
        )

    async def _embed(
        self, payload: dict[str, Any], count: int
    ) -> tuple[list[list[float]], Call]:
        ask = Ask("/embeddings", json_body(payload), Embeddings, by_tokens)
        answer, call = await self._caller.ask(
            ask, "embeddings", payload["model"], payload
        )
        indexes = [item.index for item in answer.data]
        if not fit(indexes, count):
            raise ServerError(
                _(
                    "the service sent {found} vectors for {count} texts: {ids}",
                    found=len(indexes),
                    count=count,
                    ids=indexes,
                )
            )
        lengths = {len(item.embedding) for item in answer.data}
        if len(lengths) != 1 or 0 in lengths:
            raise ServerError(_("the service sent vectors of different lengths"))
        return [answer.data[place].embedding for place in in_order(indexes)], call

    @verb
    async def rerank(
        self: Verbs[Awaited],
        query: str,
        documents: Sequence[str],
        *,
        model: str = "rerank",
        top_n: int | None = None,
        return_documents: bool | None = None,
        return_raw_scores: bool | None = None,
        request_id: str | None = None,
        user_id: str | None = None,
    ) -> Ranking:
        """Order documents by relevance to a query.

        128 documents at most, 4,096 characters each and of the query; `top_n` 0 or
        None returns all. Raises ConfigError before anything is sent, else GLMError.
        """
        uploads.filled("the query", query)
        uploads.at_most("the query", query, 4096, "characters", "Shorten it.")
        if not documents:
            raise ConfigError("there are no documents", hint="Pass at least one.")
        uploads.at_most("rerank", documents, 128, "documents", "Rank them in several.")
        for place, text in enumerate(documents):
            uploads.at_most(f"document {place}", text, 4096, "characters", "Cut it.")
        fields = {"model": model, "query": query, "documents": [*documents]}
        options = {
            "top_n": top_n,
            "return_documents": return_documents,
            "return_raw_scores": return_raw_scores,
            "request_id": request_id,
            "user_id": user_id,
        }
        payload = given(fields | options)
        ask = Ask("/rerank", json_body(payload), RankedItems, by_tokens)
        ranking = (await self._caller.record(ask, "rerank", model, payload)).ranking()
        places = {one.index for one in ranking.results}
        if len(places) != min(top_n or len(documents), len(documents)) or not (
            places <= {*range(len(documents))}
        ):
            raise ServerError(
                _(
                    "the service ranked {found} of {count} documents, numbered {ids}",
                    found=len(ranking.results),
                    count=len(documents),
                    ids=sorted(places),
                )
            )
        best_first = sorted(ranking.results, key=lambda one: -one.relevance_score)
        return msgspec.structs.replace(ranking, results=tuple(best_first))

    @verb
    async def count_tokens(
        self: Verbs[Awaited],
        prompt: Prompt,
        *,
        model: str = "glm-4.6",
        tools: Sequence[Mapping[str, Any]] | None = None,
    ) -> TokenCount:
        """Count a prompt's tokens at the service.

        Models: glm-4.6, glm-4.6v, glm-4.5, glm-4.5-air, glm-4-0520, glm-4-long,
        glm-4-air, glm-4-flash. Whether it costs money is not confirmed; the ledger
        has no row of it. Raises ConfigError, APIError.
        """
        options = {"model": model, "tools": tools}
        _, _, content = self._caller.chat(prompt, options)
        body = Body(content)
        data = await self._caller.read("POST", "/tokenizer", body)
        return _counted(data)

    @verb
    async def web_search(
        self: Verbs[Awaited],
        search_query: str,
        *,
        search_engine: str = "search_std",
        search_intent: bool | None = None,
        count: int | None = None,
        search_domain_filter: str | None = None,
        search_recency_filter: str | None = None,
        content_size: Literal["medium", "high"] | None = None,
        request_id: str | None = None,
        user_id: str | None = None,
    ) -> SearchAnswer:
        """Search the web: a query of at most 70 characters, 1 to 50 pages (10).

        `search_engine`: search_std (0.01 yuan a call), search_pro (0.03),
        search_pro_sogou and search_pro_quark (0.05). `search_recency_filter`: oneDay,
        oneWeek, oneMonth, oneYear, noLimit. The older `/tools` search is not offered.
        """
        uploads.filled("the query", search_query)
        uploads.at_most("the query", search_query, 70, "characters", "Shorten it.")
        uploads.within("count", count, 1, 50)
        uploads.one_of("search_recency_filter", search_recency_filter, _RECENCY)
        uploads.one_of("content_size", content_size, ("medium", "high"))
        payload = given(
            {
                "search_query": search_query,
                "search_engine": search_engine,
                "search_intent": search_intent,
                "count": count,
                "search_domain_filter": search_domain_filter,
                "search_recency_filter": search_recency_filter,
                "content_size": content_size,
                "request_id": request_id,
                "user_id": user_id,
            }
        )
        price = price_of(search_engine)
        ask = Ask("/web_search", json_body(payload), SearchAnswer, price)
        return await self._caller.record(ask, "web_search", search_engine, payload)

    @verb
    async def read_page(
        self: Verbs[Awaited],
        url: str,
        *,
        timeout: int | None = None,
        no_cache: bool | None = None,
        return_format: Literal["markdown", "text"] | None = None,
        retain_images: bool | None = None,
        with_images_summary: bool | None = None,
        with_links_summary: bool | None = None,
    ) -> WebPage:
        """Fetch a web page as text through the service; `timeout` in seconds (20)."""
        if not url.startswith(("http://", "https://")):
            raise ConfigError(
                f"{url[:80]!r} is not a web address", hint="It begins with https://."
            )
        uploads.one_of("return_format", return_format, ("markdown", "text"))
        payload = given(
            {
                "url": url,
                "timeout": timeout,
                "no_cache": no_cache,
                "return_format": return_format,
                "retain_images": retain_images,
                "with_images_summary": with_images_summary,
                "with_links_summary": with_links_summary,
            }
        )
        ask = Ask("/reader", json_body(payload), ReaderAnswer, unknown)
        answer, _ = await self._caller.ask(ask, "reader", "reader", payload)
        return answer.reader_result

    @verb
    async def moderate(
        self: Verbs[Awaited],
        input: str | Mapping[str, Any] | Sequence[Mapping[str, Any]],
        *,
        model: str = "moderation",
    ) -> Moderation:
        """Moderate content: a text of at most 2,000 characters, or parts.

        A part is `{"type": "image_url", "image_url": {"url": ...}}`; also text,
        video_url, audio_url. No page tells the price.
        """
        if isinstance(input, str):
            uploads.filled("the text", input)
            uploads.at_most("the text", input, 2000, "characters", "Send it in parts.")
        payload = {"model": model, "input": input}
        ask = Ask("/moderations", json_body(payload), Moderation, unknown)
        return await self._caller.record(ask, "moderation", model, payload)

    @verb
    async def models(self: Verbs[Awaited]) -> tuple[ModelEntry, ...]:
        """List the models of the service's own list.

        GLM lists some of them only: free and vision models answer, and are not there.
        `glmkit.models()` is the whole catalogue.
        """
        return (await self._caller.fetch("GET", "/models", Page[ModelEntry])).data

    @verb
    async def download(self: Verbs[Awaited], media: M) -> M:
        """Download an image, video or sound from its URL.

        The API key is not sent there. Raises TransportError, also above the size that
        such a thing has (32 MB for an image, 512 MB for a video).
        """
        return await fetched(media)


def _counted(data: bytes) -> TokenCount:
    """Return the counts, which stand under `usage`; ServerError where none do."""
    counted = read_record(data, _Count, without=())[0].usage
    if not int(counted):
        raise ServerError(_("the service sent no count of the tokens"))
    return counted
