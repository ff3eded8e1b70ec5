"""Document parsing: the text of documents page by page; scans are refused."""

from __future__ import annotations

import base64
import binascii
import time
from typing import Any

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from glmkit.local.platform.answering import request_checks, responses
from glmkit.local.platform.answering.fields import FieldText, decoded
from glmkit.local.platform.endpoints.document_text import blind, text_of
from glmkit.local.platform.server.access import account_of, body_of, form_of
from glmkit.local.platform.server.errors import (
    LackError,
    Refusal,
    at_most,
    invalid,
    missing,
    one_of,
    within,
)
from glmkit.local.platform.storage.store import Store
from glmkit.readers.paged_text import TextPage

_KIND = "parse"
_TYPES = {"lite", "expert", "prime"}
_SYNC_TYPES = {"prime-sync"}
#: Pages that a document may have. Source: API description.
_MOST_PAGES = 100


class LayoutAsk(msgspec.Struct):
    """A document to lay out: a URL or base64, and its pages from 1."""

    model: FieldText | None = None
    file: FieldText | None = None
    start_page_id: int | None = None
    end_page_id: int | None = None
    request_id: FieldText | None = None


class DocumentEndpoints:
    """The endpoints of documents."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self, api: str) -> list[Route]:
        """Return the routes below the base path."""
        parser = f"{api}/files/parser"
        return [
            Route(f"{api}/layout_parsing", self.layout, methods=["POST"]),
            Route(f"{api}/files/ocr", self.ocr, methods=["POST"]),
            Route(f"{parser}/create", self.create, methods=["POST"]),
            Route(f"{parser}/sync", self.sync, methods=["POST"]),
            Route(f"{parser}/result/{{id}}/{{form}}", self.result, methods=["GET"]),
        ]

    async def layout(self, request: Request) -> Response:
        """POST /layout_parsing: base64 of a document, of which pages can be chosen."""
        ask = decoded(await body_of(request), LayoutAsk)
        request_checks.known(ask.model, "ocr")
        head, data = _file_of(ask)
        text = await text_of(data, "document")
        pages = _chosen(ask, text.pages)
        id = responses.new_id()
        return JSONResponse(
            {
                "id": id,
                "created": int(time.time()),
                "model": ask.model,
                "request_id": ask.request_id or id,
                "md_results": "\n\n".join(page.text for page in pages if page.text),
                "layout_details": [_regions(page) for page in pages],
                "data_info": {"num_pages": len(text.pages), "pages": []},
                "usage": responses.usage(0, 0),
                "mime": head.partition(";")[0].removeprefix("data:") or None,
            }
        )

    async def ocr(self, request: Request) -> Response:
        """POST /files/ocr."""
        raise blind()

    async def create(self, request: Request) -> Response:
        """POST /files/parser/create."""
        id, _ = await self._parsed(request, _TYPES)
        return JSONResponse({"task_id": id, "message": "任务创建成功", "success": True})

    async def sync(self, request: Request) -> Response:
        """POST /files/parser/sync."""
        id, text = await self._parsed(request, _SYNC_TYPES)
        return JSONResponse(
            {
                "status": "succeeded",
                "message": "结果获取成功",
                "content": text,
                "task_id": id,
                "parsing_result_url": None,
            }
        )

    async def result(self, request: Request) -> Response:
        """GET /files/parser/result/{id}/{form}; the text, and no link to it."""
        id, form = request.path_params["id"], request.path_params["form"]
        found = self._store.get(account_of(request), _KIND, id)
        if found is None:
            raise Refusal(400, "1233", f"the task {id} does not exist")
        if form == "text":
            body = {"status": "succeeded", "message": "结果获取成功", "task_id": id}
            return JSONResponse({**body, "content": found["text"]})
        return PlainTextResponse(found["text"])

    async def _parsed(self, request: Request, types: set[str]) -> tuple[str, str]:
        async with form_of(request) as form:
            file, kind = form.get("file"), str(form.get("tool_type") or "")
            if not isinstance(file, UploadFile):
                raise missing("file")
            if kind not in types:
                raise invalid("tool_type", one_of(sorted(types)))
            text = await text_of(await file.read(), file.filename or "document")
        id = responses.new_id()
        self._store.put(account_of(request), _KIND, id, {"id": id, "text": text})
        return id, text


def _file_of(ask: LayoutAsk) -> tuple[str, bytes]:
    """Return the head of a data URL, "" where there is none, and the bytes."""
    if not ask.file:
        raise missing("file")
    if ask.file.startswith(("http://", "https://")):
        raise LackError("fetch URLs", "send the file as base64")
    head, _, data = ask.file.rpartition(",")
    try:
        return head, base64.b64decode(data, validate=True)
    except (ValueError, binascii.Error) as exc:
        raise invalid("file", "base64") from exc


def _chosen(ask: LayoutAsk, pages: tuple[TextPage, ...]) -> tuple[TextPage, ...]:
    """Return the pages that were asked for, by default all."""
    if len(pages) > _MOST_PAGES:
        raise invalid("file", at_most(_MOST_PAGES))
    first = 1 if ask.start_page_id is None else ask.start_page_id
    last = len(pages) if ask.end_page_id is None else ask.end_page_id
    if first not in range(1, len(pages) + 1):
        raise invalid("start_page_id", within(1, len(pages)))
    if last < first:
        raise invalid("end_page_id", within(first, len(pages)))
    return pages[first - 1 : last]


def _regions(page: TextPage) -> list[dict[str, Any]]:
    """Return a page as one region, without its place."""
    if not page.text:
        return []
    return [{"index": 0, "label": "text", "bbox_2d": None, "content": page.text}]
