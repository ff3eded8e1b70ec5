"""Knowledge bases: uploaded texts, cut into pieces and found by their words.

The envelope is the service's: HTTP 200 always, the business code in the body.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from pathlib import PurePath
from typing import Any

import msgspec
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.routing import Route

from glmkit.local.platform.answering.fields import FieldText, decoded
from glmkit.local.platform.endpoints.document_text import text_of
from glmkit.local.platform.server.access import account_of, body_of, form_of
from glmkit.local.platform.server.envelopes import Answering, Endpoint, bare, wrap
from glmkit.local.platform.server.errors import LackError, Refusal
from glmkit.local.platform.storage.full_text_index import Hit, Index, pieces_of
from glmkit.local.platform.storage.store import Store

OPEN = "/api/llm-application/open"

_KB, _DOC = "knowledge", "document"
_EMBEDDINGS = {3, 11, 12}
_GRAIN = range(20, 2001)
_LONGEST_QUERY = 1000
_TOP_K = range(1, 21)
_WORDS, _BYTES = 10_000_000, 2**30


class KnowledgeAsk(msgspec.Struct):
    """A knowledge base that is made or changed."""

    embedding_id: int | None = None
    name: FieldText | None = None
    description: FieldText | None = None
    background: FieldText | None = None
    icon: FieldText | None = None


class RetrieveAsk(msgspec.Struct):
    """A question to knowledge bases."""

    query: FieldText | None = None
    knowledge_ids: list[FieldText] | None = None
    document_ids: list[FieldText] | None = None
    top_k: int | None = None
    top_n: int | None = None
    recall_method: FieldText | None = None


class KnowledgeBases:
    """The knowledge bases of all accounts, and their endpoints."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._index = Index()
        for _, document in store.every(_DOC):
            self._learn(document, document["sentence_size"])

    def find(
        self,
        account: str,
        bases: Iterable[str],
        query: str,
        most: int,
        documents: Iterable[str] | None = None,
    ) -> list[Hit]:
        """Return the pieces that fit best, of an account's own knowledge bases."""
        among, only = set(bases), None if documents is None else set(documents)
        owners = [
            document["id"]
            for document in self._store.all(account, _DOC)
            if document["knowledge_id"] in among
            and (only is None or document["id"] in only)
        ]
        return self._index.find(query, most, owners)

    def routes(self, api: str) -> list[Route]:
        """Return the routes; the older SDK has them below the base path too."""
        retrieve = Route(
            f"{OPEN}/knowledge/retrieve", wrap(self.retrieve), methods=["POST"]
        )
        return [retrieve, *self._below(OPEN, wrap), *self._below(api, bare)]

    def _below(self, base: str, form: Callable[[Endpoint], Answering]) -> list[Route]:
        paths: dict[str, dict[str, Endpoint]] = {
            "/knowledge": {"POST": self.make, "GET": self.listed},
            "/knowledge/capacity": {"GET": self.capacity},
            "/knowledge/{id}": {
                "GET": self.show,
                "PUT": self.change,
                "DELETE": self.remove,
            },
            "/document": {"GET": self.documents},
            "/document/upload_document/{id}": {"POST": self.upload},
            "/document/upload_url": {"POST": self.upload_url},
            "/document/embedding/{id}": {"POST": self.learn_again},
            "/document/{id}": {"GET": self.document, "DELETE": self.remove_document},
        }
        return [
            Route(base + path, form(endpoint), methods=[method])
            for path, endpoints in paths.items()
            for method, endpoint in endpoints.items()
        ]

    async def make(self, request: Request) -> dict[str, Any]:
        """POST /knowledge."""
        ask = decoded(await body_of(request), KnowledgeAsk)
        if not ask.name:
            raise Refusal(200, "400", "name was not received")
        if ask.embedding_id is not None and ask.embedding_id not in _EMBEDDINGS:
            raise Refusal(200, "400", "embedding_id is 3, 11 or 12")
        id = _new_id()
        fields = {k: v for k, v in msgspec.structs.asdict(ask).items() if v is not None}
        self._store.put(account_of(request), _KB, id, {"id": id, **fields})
        return {"id": id}

    async def listed(self, request: Request) -> dict[str, Any]:
        """GET /knowledge?page&size."""
        account = account_of(request)
        kept = [self._counted(account, base) for base in self._store.all(account, _KB)]
        return _page(request, kept)

    async def show(self, request: Request) -> dict[str, Any]:
        """GET /knowledge/{id}."""
        return self._counted(account_of(request), self._base(request))

    async def change(self, request: Request) -> None:
        """PUT /knowledge/{id}."""
        base = self._base(request)
        ask = decoded(await body_of(request), KnowledgeAsk)
        fields = {k: v for k, v in msgspec.structs.asdict(ask).items() if v is not None}
        self._store.put(account_of(request), _KB, base["id"], {**base, **fields})

    async def remove(self, request: Request) -> None:
        """DELETE /knowledge/{id}, with its documents."""
        base, account = self._base(request), account_of(request)
        for document in self.of(account, base["id"]):
            self._forget(account, document["id"])
        self._store.drop(account, _KB, base["id"])

    async def capacity(self, request: Request) -> dict[str, Any]:
        """GET /knowledge/capacity."""
        kept = self._store.all(account_of(request), _DOC)
        used = {
            "word_num": sum(document["word_num"] for document in kept),
            "length": sum(document["length"] for document in kept),
        }
        return {"used": used, "total": {"word_num": _WORDS, "length": _BYTES}}

    async def documents(self, request: Request) -> dict[str, Any]:
        """GET /document?knowledge_id&page&size&word."""
        query = request.query_params
        kept = self.of(account_of(request), query.get("knowledge_id", ""))
        word = query.get("word") or ""
        return _page(request, [one for one in kept if word in one["name"]])

    async def upload(self, request: Request) -> dict[str, Any]:
        """POST /document/upload_document/{id}: multipart `files`."""
        base = self._base(request)
        async with form_of(request) as form:
            return await self.take(account_of(request), base["id"], form, "files")

    async def take(
        self, account: str, base: str, form: FormData, field: str
    ) -> dict[str, Any]:
        """Add the files of a form to a knowledge base; return which could be read."""
        if self._store.get(account, _KB, base) is None:
            raise Refusal(200, "404", f"the knowledge base {base} does not exist")
        size = _grain(str(form.get("sentence_size") or ""))
        good, bad = [], []
        for file in form.getlist(field):
            if isinstance(file, UploadFile):
                name = PurePath(file.filename or "document").name
                try:
                    data = await file.read()
                    text = await text_of(data, name)
                    id = self._take(account, base, name, text, len(data), size)
                    good.append({"documentId": id, "fileName": name, "filename": name})
                except Refusal as refusal:
                    why = refusal.message
                    fault = {"fileName": name, "filename": name, "failReason": why}
                    bad.append(fault)
        return {"successInfos": good, "failedInfos": bad}

    async def upload_url(self, request: Request) -> None:
        """POST /document/upload_url: there is no network."""
        raise LackError("fetch URLs", "upload the file", status=200, code="400")

    async def document(self, request: Request) -> dict[str, Any]:
        """GET /document/{id}."""
        return self._document(request)

    async def learn_again(self, request: Request) -> None:
        """POST /document/embedding/{id}."""
        document = self._document(request)
        self._learn(document, document["sentence_size"])

    async def remove_document(self, request: Request) -> None:
        """DELETE /document/{id}."""
        self._forget(account_of(request), self._document(request)["id"])

    async def retrieve(self, request: Request) -> list[dict[str, Any]]:
        """POST /knowledge/retrieve."""
        ask = decoded(await body_of(request), RetrieveAsk)
        if not ask.query or len(ask.query) > _LONGEST_QUERY:
            raise Refusal(200, "400", f"query has 1 to {_LONGEST_QUERY} characters")
        most = ask.top_k or 8
        if most not in _TOP_K:
            raise Refusal(200, "400", "top_k is 1 to 20")
        account, bases = account_of(request), ask.knowledge_ids or []
        hits = self.find(account, bases, ask.query, most, ask.document_ids or None)
        return [self._shown(account, hit) for hit in hits]

    def _shown(self, account: str, hit: Hit) -> dict[str, Any]:
        document = self._store.get(account, _DOC, hit.owner) or {}
        return {
            "id": f"{hit.owner}_{hit.place}",
            "text": hit.text,
            # Scores of words have no bound; the service's lie between 0 and 1.
            "score": hit.score / (1 + hit.score) if hit.score > 0 else 0.0,
            "metadata": {
                "knowledge_id": document.get("knowledge_id"),
                "doc_id": hit.owner,
                "doc_name": hit.title,
                "doc_url": "",
                "doc_type": PurePath(hit.title).suffix.lstrip("."),
                "index": hit.place,
            },
        }

    def _take(
        self, account: str, base: str, name: str, text: str, length: int, size: int
    ) -> str:
        id = _new_id()
        self._store.content(id).write_bytes(text.encode("utf-8", "replace"))
        document = {
            "id": id,
            "knowledge_id": base,
            "name": name,
            "word_num": len(text),
            "length": length,
            "sentence_size": size,
            "embedding_stat": 1,
            "failInfo": None,
        }
        self._store.put(account, _DOC, id, document)
        self._learn(document, size)
        return id

    def _learn(self, document: dict[str, Any], size: int) -> None:
        text = self._store.content(document["id"]).read_text("utf-8")
        self._index.add(document["id"], document["name"], pieces_of(text, size))

    def _forget(self, account: str, id: str) -> None:
        self._index.drop(id)
        self._store.drop(account, _DOC, id)

    def of(self, account: str, base: str) -> list[dict[str, Any]]:
        """Return the documents of a knowledge base."""
        kept = self._store.all(account, _DOC)
        return [one for one in kept if one["knowledge_id"] == base]

    def _counted(self, account: str, base: dict[str, Any]) -> dict[str, Any]:
        kept = self.of(account, base["id"])
        words = sum(document["word_num"] for document in kept)
        return {**base, "document_size": len(kept), "word_num": words}

    def _base(self, request: Request) -> dict[str, Any]:
        return self._one(request, _KB, "the knowledge base")

    def _document(self, request: Request) -> dict[str, Any]:
        return self._one(request, _DOC, "the document")

    def _one(self, request: Request, kind: str, what: str) -> dict[str, Any]:
        id = request.path_params["id"]
        found = self._store.get(account_of(request), kind, id)
        if found is None:
            raise Refusal(200, "404", f"{what} {id} does not exist")
        return found


def _page(request: Request, kept: list[dict[str, Any]]) -> dict[str, Any]:
    page, size = (
        int(text) if (text := request.query_params.get(name, "")).isdecimal() else whole
        for name, whole in (("page", 1), ("size", 10))
    )
    start = (max(1, page) - 1) * size
    return {"list": kept[start : start + size], "total": len(kept)}


def _grain(text: str) -> int:
    if not text:
        return 300
    if not text.isdecimal() or int(text) not in _GRAIN:
        raise Refusal(200, "400", "sentence_size is 20 to 2000")
    return int(text)


def _new_id() -> str:
    return str(secrets.randbelow(9 * 10**18) + 10**18)
