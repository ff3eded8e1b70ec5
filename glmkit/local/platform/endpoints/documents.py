"""Document parsing: texts are read, scans and office files refused."""

from __future__ import annotations

import base64
import binascii
import time
from pathlib import PurePath

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from glmkit.local.platform.answering import request_checks, responses
from glmkit.local.platform.answering.fields import FieldText, decoded
from glmkit.local.platform.server.access import account_of, body_of, form_of
from glmkit.local.platform.server.errors import (
    LackError,
    Refusal,
    invalid,
    missing,
    one_of,
)
from glmkit.local.platform.storage.full_text_index import plain
from glmkit.local.platform.storage.store import Store

_KIND = "parse"
_TYPES = {"lite", "expert", "prime"}
_SYNC_TYPES = {"prime-sync"}


class LayoutAsk(msgspec.Struct):
    """A document to lay out: a URL or base64."""

    model: FieldText | None = None
    file: FieldText | None = None
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
        """POST /layout_parsing: base64 of a text."""
        ask = decoded(await body_of(request), LayoutAsk)
        request_checks.known(ask.model, "ocr")
        head, _, data = (ask.file or "").rpartition(",")
        try:
            text = plain(base64.b64decode(data, validate=True), "")
        except (ValueError, binascii.Error) as exc:
            raise _blind() from exc
        page = {"index": 0, "label": "text", "bbox_2d": None, "content": text}
        id = responses.new_id()
        return JSONResponse(
            {
                "id": id,
                "created": int(time.time()),
                "model": ask.model,
                "request_id": ask.request_id or id,
                "md_results": text,
                "layout_details": [[page]],
                "data_info": {"num_pages": 1, "pages": []},
                "usage": responses.usage(0, 0),
                "mime": head.partition(";")[0].removeprefix("data:") or None,
            }
        )

    async def ocr(self, request: Request) -> Response:
        """POST /files/ocr."""
        raise _blind()

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
            try:
                ending = PurePath(file.filename or "").suffix.lower()
                text = plain(await file.read(), ending)
            except ValueError as exc:
                raise _blind() from exc
        id = responses.new_id()
        self._store.put(account_of(request), _KIND, id, {"id": id, "text": text})
        return id, text


def _blind() -> Refusal:
    return LackError("read pictures, PDF or office files, only texts")
