"""Files: upload, list, delete; the content of batch files, the text of documents."""

from __future__ import annotations

import secrets
import shutil
import time
from pathlib import PurePath
from typing import Any, NamedTuple

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from glmkit.local.platform.endpoints import batch_lines
from glmkit.local.platform.endpoints.document_text import text_of
from glmkit.local.platform.endpoints.knowledge import KnowledgeBases
from glmkit.local.platform.server.access import account_of, form_of
from glmkit.local.platform.server.errors import (
    Refusal,
    at_most,
    invalid,
    missing,
    one_of,
    within,
)
from glmkit.local.platform.storage.store import Store, page

KIND = "file"

_MB = 2**20
_PAGE = range(1, 101)
_PICTURES = {"png", "jpg", "jpeg"}
_DOCUMENTS = {"pdf", "docx", "doc", "xls", "xlsx", "txt", "csv"} | _PICTURES


class _Limits(NamedTuple):
    endings: set[str]
    bytes: int = 100 * _MB
    files: int = 1000


#: What each purpose takes; an empty set of endings is any. Source: API description.
_PURPOSES = {
    "batch": _Limits({"jsonl"}),
    "code-interpreter": _Limits(_DOCUMENTS, 20 * _MB, 100),
    "agent": _Limits(_DOCUMENTS, 20 * _MB),
    "voice-clone-input": _Limits({"mp3", "wav"}),
    "fine-tune": _Limits({"jsonl"}),
    "retrieval": _Limits(set()),
    "file-extract": _Limits(set()),
}
_PICTURE_BYTES = 5 * _MB


class FileEndpoints:
    """The endpoints of files."""

    def __init__(self, store: Store, knowledge: KnowledgeBases) -> None:
        self._store = store
        self._knowledge = knowledge

    def routes(self, api: str) -> list[Route]:
        """Return the routes below the base path."""
        return [
            Route(f"{api}/files", self.upload, methods=["POST"]),
            Route(f"{api}/files", self.listed, methods=["GET"]),
            Route(f"{api}/files/{{id}}", self.delete, methods=["DELETE"]),
            Route(f"{api}/files/{{id}}/content", self.content, methods=["GET"]),
        ]

    async def upload(self, request: Request) -> Response:
        """POST /files: multipart with `file` and `purpose`."""
        async with form_of(request) as form:
            file, purpose = form.get("file"), form.get("purpose")
            if not isinstance(file, UploadFile):
                raise missing("file")
            if purpose == "retrieval" and (base := str(form.get("knowledge_id") or "")):
                account = account_of(request)
                taken = await self._knowledge.take(account, base, form, "file")
                return JSONResponse(taken)
            self._checked(account_of(request), file, str(purpose or ""))
            if purpose == "batch":
                batch_lines.check(file.file)
            file.file.seek(0)
            record = self._keep(account_of(request), file, str(purpose))
        return JSONResponse(record)

    def _checked(self, account: str, file: UploadFile, purpose: str) -> None:
        if purpose not in _PURPOSES:
            raise invalid("purpose", one_of(_PURPOSES))
        limits = _PURPOSES[purpose]
        ending = PurePath(file.filename or "").suffix.lower().lstrip(".")
        if limits.endings and ending not in limits.endings:
            raise invalid("file", one_of(sorted(limits.endings)))
        most = _PICTURE_BYTES if ending in _PICTURES else limits.bytes
        if (file.size or 0) > most:
            status = 435 if most == 100 * _MB else 400
            raise invalid("file", at_most(most // _MB, " MB"), status=status)
        kept = [one for one in self._all(account) if one["purpose"] == purpose]
        if len(kept) >= limits.files:
            raise invalid("file", at_most(limits.files))

    def _keep(self, account: str, file: UploadFile, purpose: str) -> dict[str, Any]:
        id = new_id()
        with self._store.content(id).open("wb") as target:
            shutil.copyfileobj(file.file, target)
        name = PurePath(file.filename or "file").name
        return record(self._store, account, id, name, purpose)

    def _all(self, account: str) -> list[dict[str, Any]]:
        return self._store.all(account, KIND)

    async def listed(self, request: Request) -> Response:
        """GET /files?purpose&after&limit&order; every purpose where none is named."""
        query = request.query_params
        purpose = query.get("purpose")
        account = account_of(request)
        if base := query.get("knowledge_id"):
            documents = self._knowledge.of(account, base)
            return JSONResponse({"object": "list", "list": documents})
        kept = self._all(account)
        chosen = [one for one in kept if purpose in {None, "", one["purpose"]}]
        data, more = page(chosen, query.get("after"), limit_of(request))
        return JSONResponse({"object": "list", "data": data, "has_more": more})

    async def delete(self, request: Request) -> Response:
        """DELETE /files/{id}."""
        id = request.path_params["id"]
        if not self._store.drop(account_of(request), KIND, id):
            raise no_such_file(id)
        return JSONResponse({"id": id, "object": "file", "deleted": True})

    async def content(self, request: Request) -> Response:
        """GET /files/{id}/content, of batch files and files to extract text from."""
        id = request.path_params["id"]
        found = self._store.get(account_of(request), KIND, id)
        if found is None:
            raise no_such_file(id)
        if found["purpose"] == "file-extract":
            return await self._extracted(id, found["filename"])
        if not found["purpose"].startswith("batch"):
            raise Refusal(400, "1210", "only batch files can be read back")
        return FileResponse(
            self._store.content(id),
            media_type="application/octet-stream",
            filename=found["filename"],
        )

    async def _extracted(self, id: str, name: str) -> Response:
        text = await text_of(self._store.content(id).read_bytes(), name)
        ending = PurePath(name).suffix.lower().lstrip(".")
        answer = {"content": text, "file_type": ending, "filename": name}
        return JSONResponse({**answer, "title": "", "type": "file"})


def new_id() -> str:
    """Return the id of a file: the time and 32 hex digits."""
    return f"{int(time.time())}_{secrets.token_hex(16)}"


def record(
    store: Store, account: str, id: str, name: str, purpose: str
) -> dict[str, Any]:
    """Record a file whose content is in its place; return what the service answers."""
    body = {
        "id": id,
        "object": "file",
        "bytes": store.content(id).stat().st_size,
        "filename": name,
        "purpose": purpose,
        "created_at": int(time.time()),
    }
    store.put(account, KIND, id, body)
    return body


def no_such_file(id: str) -> Refusal:
    """Return the refusal for a file that this account does not have."""
    return Refusal(404, "1214", f"the file {id} does not exist")


def limit_of(request: Request) -> int:
    """Return the page's size, 20 by default; Refusal outside 1 to 100."""
    text = request.query_params.get("limit", "20")
    if not text.isdecimal() or int(text) not in _PAGE:
        raise invalid("limit", within(_PAGE[0], _PAGE[-1]))
    return int(text)
