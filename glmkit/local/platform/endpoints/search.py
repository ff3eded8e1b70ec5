"""Search and page reading, over the folder of documents of `--documents`."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from glmkit.local.platform.answering import (
    request_checks,
    requests,
    responses,
    retrieval,
)
from glmkit.local.platform.answering.fields import FieldText, decoded
from glmkit.local.platform.server.access import body_of
from glmkit.local.platform.server.errors import (
    DOCUMENTS,
    LackError,
    Refusal,
    characters,
    invalid,
    missing,
    within,
)
from glmkit.local.platform.storage.full_text_index import Folder

_LONGEST = 70
_COUNT = range(1, 51)
_ENGINES = {
    "search_std", "search_pro", "search_pro_sogou", "search_pro_quark",
    "search-prime", "search_pro_jina", "search_pro_bing",
}  # fmt: skip
_HIGH, _MEDIUM = 2500, 600


class SearchAsk(msgspec.Struct):
    """A request to search."""

    search_query: FieldText | None = None
    search_engine: FieldText | None = None
    search_intent: bool | None = None
    count: int | None = None
    content_size: FieldText | None = None
    request_id: FieldText | None = None
    user_id: FieldText | None = None


class ToolAsk(msgspec.Struct):
    """A request to the older search."""

    model: FieldText | None = None
    tool: FieldText | None = None
    messages: list[requests.ChatMessage] | None = None
    stream: bool | None = None
    request_id: FieldText | None = None


class ReaderAsk(msgspec.Struct):
    """A request to read a page."""

    url: FieldText | None = None
    request_id: FieldText | None = None


class SearchEndpoints:
    """The endpoints of search."""

    def __init__(self, folder: Folder | None) -> None:
        self._folder = folder

    def routes(self, api: str) -> list[Route]:
        """Return the routes below the base path."""
        return [
            Route(f"{api}/web_search", self.search, methods=["POST"]),
            Route(f"{api}/tools", self.tools, methods=["POST"]),
            Route(f"{api}/reader", self.read, methods=["POST"]),
        ]

    async def search(self, request: Request) -> Response:
        """POST /web_search."""
        ask = decoded(await body_of(request), SearchAsk)
        query = _checked(ask)
        size = _HIGH if ask.content_size == "high" else _MEDIUM
        count = ask.count or 10
        found = await run_in_threadpool(retrieval.searched, self._folder, query, count)
        results = [{**one, "content": one["content"][:size]} for one in found]
        id = responses.new_id()
        return JSONResponse(
            {
                "id": id,
                "created": int(time.time()),
                "request_id": ask.request_id or id,
                "search_intent": [_intent(query)],
                "search_result": results,
            }
        )

    async def tools(self, request: Request) -> Response:
        """POST /tools, the older search."""
        ask = decoded(await body_of(request), ToolAsk)
        asked = ask.tool or ask.model
        if asked != "web-search-pro":
            raise Refusal(400, "1211", f"the model {asked} does not exist")
        texts = [message.text for message in ask.messages or ()]
        if not texts:
            raise missing("messages")
        found = await run_in_threadpool(retrieval.searched, self._folder, texts[-1], 10)
        calls: list[dict[str, Any]] = [
            {
                "id": "intent",
                "type": "search_intent",
                "search_intent": [_intent(texts[-1])],
            },
            {"id": "result", "type": "search_result", "search_result": found},
        ]
        answer = _ToolAnswer(ask.request_id)
        if ask.stream:
            chunks = [answer.chunk(call) for call in calls]
            body = b"".join([*chunks, answer.end(), responses.DONE])
            return Response(body, media_type="text/event-stream")
        return JSONResponse(answer.whole(calls))

    async def read(self, request: Request) -> Response:
        """POST /reader: a document of the folder, by its link or its name."""
        ask = decoded(await body_of(request), ReaderAsk)
        if not ask.url:
            raise missing("url")
        found = None
        if self._folder is not None:
            found = await run_in_threadpool(self._folder.read, ask.url)
        if not found:
            raise LackError(
                "read web pages",
                f"{DOCUMENTS}, lets it read the files of a folder by link or name",
                code="1703",
            )
        path, text = found
        id = responses.new_id()
        result = {
            "content": text,
            "description": text[:160],
            "title": path.name,
            "url": path.as_uri(),
            "external": {},
            "metadata": {},
        }
        return JSONResponse(
            {
                "id": id,
                "created": int(time.time()),
                "request_id": ask.request_id or id,
                "model": "reader",
                "reader_result": result,
            }
        )


class _ToolAnswer:
    """The answer of the older search, whole or in chunks."""

    def __init__(self, request_id: str | None) -> None:
        id = responses.new_id()
        self._head = {"id": id, "created": int(time.time()), "model": "web-search-pro"}
        self._request_id = request_id or id

    def whole(self, calls: list[dict[str, Any]]) -> dict[str, Any]:
        message = {"role": "tool", "tool_calls": calls}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        counts = responses.usage(0, 0)
        more = {"request_id": self._request_id, "choices": [choice], "usage": counts}
        return {**self._head, **more}

    def chunk(self, call: dict[str, Any]) -> bytes:
        choice = {"index": 0, "delta": {"role": "tool", "tool_calls": [call]}}
        return responses.event({**self._head, "choices": [choice]})

    def end(self) -> bytes:
        choice = {"index": 0, "finish_reason": "stop", "delta": {"role": "tool"}}
        counts = responses.usage(0, 0)
        return responses.event({**self._head, "choices": [choice], "usage": counts})


def _intent(query: str) -> dict[str, str]:
    return {"query": query, "intent": "SEARCH_ALWAYS", "keywords": query}


def _checked(ask: SearchAsk) -> str:
    request_checks.check_user(ask.user_id)
    query = (ask.search_query or "").strip()
    if not query:
        raise missing("search_query")
    if len(query) > _LONGEST:
        raise invalid("search_query", characters(1, _LONGEST))
    if ask.search_engine is not None and ask.search_engine not in _ENGINES:
        raise Refusal(400, "1211", f"the engine {ask.search_engine} does not exist")
    if ask.count is not None and ask.count not in _COUNT:
        raise invalid("count", within(_COUNT[0], _COUNT[-1]))
    return query
