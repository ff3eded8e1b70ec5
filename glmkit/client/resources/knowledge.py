"""Knowledge bases: documents that the service searches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar

import msgspec

from glmkit.client.call.pricing import unknown
from glmkit.client.resources import uploads as blobs
from glmkit.client.resources.knowledge_types import (
    Bases,
    Capacity,
    Document,
    DocumentPage,
    KnowledgeBase,
    Made,
    Nothing,
    Passage,
    Uploaded,
)
from glmkit.client.resources.operations import Ask
from glmkit.client.resources.sync_async import Awaited, F, Namespace, verb
from glmkit.client.resources.tasks import id_of
from glmkit.client.resources.types import Envelope
from glmkit.client.resources.uploads import MB, File
from glmkit.types.errors import ConfigError
from glmkit.wire.forms import Body, form_body, given, json_body, path_of

T = TypeVar("T")

_BASE = "/api/llm-application/open"
_EMBEDDINGS = {"embedding-2": 3, "embedding-3": 11, "embedding-3-pro": 12}

Background = Literal["blue", "red", "orange", "purple", "sky", "green", "yellow"]
Icon = Literal["question", "book", "seal", "wrench", "tag", "horn", "house"]


class Knowledge(Namespace[F]):
    """Knowledge bases of the account.

    Failures come as APIError though the service answers them with HTTP 200. For an
    answer with retrieval, give a chat the `retrieval` tool with the base's id.
    """

    @verb
    async def create(
        self: Knowledge[Awaited],
        name: str,
        *,
        embedding: str = "embedding-3",
        description: str | None = None,
        contextual: bool | None = None,
        background: Background | None = None,
        icon: Icon | None = None,
    ) -> KnowledgeBase:
        """Make a knowledge base with embedding-2, embedding-3 or embedding-3-pro."""
        blobs.filled("the name", name)
        blobs.one_of("embedding", embedding, [*_EMBEDDINGS])
        fields = _described(name, description, contextual, background, icon)
        fields["embedding_id"] = _EMBEDDINGS[embedding]
        made = await self._send("POST", "/knowledge", Made, json_body(fields))
        return KnowledgeBase(
            id=made.id,
            name=name,
            description=description or "",
            embedding_id=_EMBEDDINGS[embedding],
        )

    @verb
    async def list(
        self: Knowledge[Awaited], *, page: int = 1, size: int = 10
    ) -> tuple[KnowledgeBase, ...]:
        """List the knowledge bases, `size` on a page."""
        path = path_of("/knowledge", query={"page": page, "size": size})
        return (await self._send("GET", path, Bases)).list

    @verb
    async def get(self: Knowledge[Awaited], base: KnowledgeBase | str) -> KnowledgeBase:
        """Return one knowledge base."""
        return await self._send(
            "GET", path_of("/knowledge", id_of(base)), KnowledgeBase
        )

    @verb
    async def update(
        self: Knowledge[Awaited],
        base: KnowledgeBase | str,
        *,
        name: str | None = None,
        description: str | None = None,
        contextual: bool | None = None,
        background: Background | None = None,
        icon: Icon | None = None,
    ) -> None:
        """Update a knowledge base; options that are None are left as they are."""
        fields = _described(name, description, contextual, background, icon)
        if not fields:
            raise ConfigError("nothing to change", hint="Name at least one field.")
        await self._do("PUT", path_of("/knowledge", id_of(base)), json_body(fields))

    @verb
    async def delete(self: Knowledge[Awaited], base: KnowledgeBase | str) -> None:
        """Delete a knowledge base with all its documents."""
        await self._do("DELETE", path_of("/knowledge", id_of(base)))

    @verb
    async def capacity(self: Knowledge[Awaited]) -> Capacity:
        """Return the used and the total capacity of all bases."""
        return await self._send("GET", "/knowledge/capacity", Capacity)

    @verb
    async def upload(
        self: Knowledge[Awaited],
        base: KnowledgeBase | str,
        files: File | Sequence[File],
        *,
        knowledge_type: int | None = None,
        custom_separator: Sequence[str] | None = None,
        sentence_size: int | None = None,
        parse_image: bool | None = None,
        callback_url: str | None = None,
        callback_header: Mapping[str, str] | None = None,
        word_num_limit: int | None = None,
        req_id: str | None = None,
    ) -> Uploaded:
        """Upload documents; they are split and embedded in the background.

        `knowledge_type` 1: by headings, 2: question and answer, 3: by rows, 5: by
        `custom_separator` and `sentence_size` (20 to 2,000), 6: by pages, 7: whole.
        Vectors cost 0.5 yuan a million tokens, of which the service tells no number:
        the call's cost is not known.
        """
        blobs.within("sentence_size", sentence_size, 20, 2000)
        if knowledge_type not in {None, 1, 2, 3, 5, 6, 7}:
            raise ConfigError(
                f"knowledge_type cannot be {knowledge_type}",
                hint="Use 1, 2, 3, 5, 6 or 7.",
            )
        uploads = [blobs.load(file, cap=100 * MB) for file in _several(files)]
        header = (
            msgspec.json.encode(callback_header).decode() if callback_header else None
        )
        fields = given(
            {
                "knowledge_type": knowledge_type,
                "custom_separator": custom_separator and list(custom_separator),
                "sentence_size": sentence_size,
                "parse_image": parse_image,
                "callback_url": callback_url,
                "callback_header": header,
                "word_num_limit": word_num_limit,
                "req_id": req_id,
            }
        )
        body = form_body(fields, [("files", upload) for upload in uploads])
        path = path_of("/document/upload_document", id_of(base))
        payload = fields | {"files": [blobs.described(upload) for upload in uploads]}
        return await self._billed(path, body, Uploaded, payload)

    @verb
    async def upload_urls(
        self: Knowledge[Awaited],
        base: KnowledgeBase | str,
        urls: Sequence[str | Mapping[str, Any]],
    ) -> Uploaded:
        """Add documents by URL: URLs, or mappings with `url` and options."""
        detail = [{"url": url} if isinstance(url, str) else dict(url) for url in urls]
        if not detail:
            raise ConfigError("there are no URLs", hint="Pass at least one.")
        payload = {"knowledge_id": id_of(base), "upload_detail": detail}
        return await self._billed(
            "/document/upload_url", json_body(payload), Uploaded, payload
        )

    @verb
    async def documents(
        self: Knowledge[Awaited],
        base: KnowledgeBase | str,
        *,
        word: str | None = None,
        page: int = 1,
        size: int = 10,
    ) -> tuple[Document, ...]:
        """List the documents of a base, those whose name has `word` in it."""
        query = {"knowledge_id": id_of(base), "page": page, "size": size, "word": word}
        found = await self._send("GET", path_of("/document", query=query), DocumentPage)
        return found.list

    @verb
    async def document(self: Knowledge[Awaited], document: Document | str) -> Document:
        """Return one document, with the state of its vectors."""
        return await self._send("GET", path_of("/document", id_of(document)), Document)

    @verb
    async def delete_document(
        self: Knowledge[Awaited], document: Document | str
    ) -> None:
        """Delete a document."""
        await self._do("DELETE", path_of("/document", id_of(document)))

    @verb
    async def embed(self: Knowledge[Awaited], document: Document | str) -> None:
        """Embed a document again."""
        document_id = id_of(document)
        path = path_of("/document/embedding", document_id)
        payload = {"document_id": document_id}
        await self._ask(path, json_body({}), Nothing, payload)

    @verb
    async def images(
        self: Knowledge[Awaited], document: Document | str
    ) -> dict[str, Any]:
        """Return the images found in a document, as the service sends them."""
        path = path_of("/document/slice/image_list", id_of(document))
        return await self._send("POST", path, dict[str, Any], json_body({}))

    @verb
    async def retrieve(
        self: Knowledge[Awaited],
        query: str,
        bases: Sequence[KnowledgeBase | str],
        *,
        document_ids: Sequence[str] | None = None,
        top_k: int | None = None,
        top_n: int | None = None,
        recall_method: Literal["embedding", "keyword", "mixed"] | None = None,
        recall_ratio: int | None = None,
        rerank_status: bool | None = None,
        rerank_model: str | None = None,
        fractional_threshold: float | None = None,
    ) -> tuple[Passage, ...]:
        """Find passages: a query of at most 1,000 characters.

        `top_k` 1 to 20 (8) passages of `top_n` 1 to 100 (10) first found,
        `recall_ratio` 0 to 100 (80) the share of vectors in a mixed search.
        """
        blobs.filled("the query", query)
        blobs.at_most("the query", query, 1000, "characters", "Shorten it.")
        blobs.within("top_k", top_k, 1, 20)
        blobs.within("top_n", top_n, 1, 100)
        blobs.within("recall_ratio", recall_ratio, 0, 100)
        payload = given(
            {
                "query": query,
                "knowledge_ids": [id_of(base) for base in bases],
                "document_ids": None if document_ids is None else [*document_ids],
                "top_k": top_k,
                "top_n": top_n,
                "recall_method": recall_method,
                "recall_ratio": recall_ratio,
                "rerank_status": None if rerank_status is None else int(rerank_status),
                "rerank_model": rerank_model,
                "fractional_threshold": fractional_threshold,
            }
        )
        path, kind = "/knowledge/retrieve", tuple[Passage, ...]
        return await self._billed(path, json_body(payload), kind, payload)

    async def _send(
        self, method: str, path: str, kind: type[T], body: Body | None = None
    ) -> T:
        wrapped = Envelope[kind]  # type: ignore[valid-type]
        envelope: Any = await self._caller.fetch(method, _BASE + path, wrapped, body)
        data: T = envelope.data
        return data

    async def _do(self, method: str, path: str, body: Body | None = None) -> None:
        await self._caller.fetch(method, _BASE + path, Nothing, body)

    async def _billed(
        self, path: str, body: Body, kind: type[T], payload: Mapping[str, Any]
    ) -> T:
        wrapped = Envelope[kind]  # type: ignore[valid-type]
        envelope: Any = await self._ask(path, body, wrapped, payload)
        data: T = envelope.data
        return data

    async def _ask(
        self, path: str, body: Body, kind: type[T], payload: Mapping[str, Any]
    ) -> T:
        ask = Ask(_BASE + path, body, kind, unknown)
        answer, _ = await self._caller.ask(ask, "knowledge", "knowledge", payload)
        return answer


def _described(
    name: str | None,
    description: str | None,
    contextual: bool | None,
    background: str | None,
    icon: str | None,
) -> dict[str, Any]:
    return given(
        {
            "name": name,
            "description": description,
            "contextual": None if contextual is None else int(contextual),
            "background": background,
            "icon": icon,
        }
    )


def _several(files: Any) -> Sequence[File]:
    """Return a list of files; one file, or a (name, bytes) pair, becomes a list."""
    pair = isinstance(files, tuple) and len(files) == 2 and isinstance(files[1], bytes)
    return files if isinstance(files, list | tuple) and not pair else [files]
