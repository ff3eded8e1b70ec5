"""Files at the service: uploaded for batches, assistants, voices, fine-tuning."""

from __future__ import annotations

from typing import Literal

import msgspec

from glmkit.client.resources import uploads
from glmkit.client.resources.sync_async import Awaited, F, Namespace, verb
from glmkit.client.resources.tasks import id_of
from glmkit.client.resources.types import Deleted, Page, Record
from glmkit.client.resources.uploads import MB
from glmkit.types.errors import ConfigError
from glmkit.wire.forms import form_body, path_of

Purpose = Literal[
    "batch",
    "code-interpreter",
    "agent",
    "voice-clone-input",
    "fine-tune",
    "retrieval",
    "file-extract",
]

_OFFICE = (
    "pdf", "docx", "doc", "xls", "xlsx", "txt", "png", "jpg", "jpeg", "csv",
)  # fmt: skip
_PICTURES = frozenset({"png", "jpg", "jpeg"})


class _Limit(msgspec.Struct, frozen=True):
    cap: int = 100 * MB
    suffixes: tuple[str, ...] = ()


#: Source: the upload page; where it names no size, what the service refuses above.
_LIMITS: dict[str, _Limit] = {
    "batch": _Limit(100 * MB, ("jsonl",)),
    "code-interpreter": _Limit(20 * MB, _OFFICE),
    "agent": _Limit(20 * MB, _OFFICE),
    "voice-clone-input": _Limit(10 * MB, ("mp3", "wav")),
    "fine-tune": _Limit(suffixes=("jsonl",)),
    "retrieval": _Limit(),
    "file-extract": _Limit(),
}


class StoredFile(Record, frozen=True):
    """A file at the service; `created_at` is in Unix seconds, `bytes` its size."""

    id: str
    filename: str = ""
    bytes: int = 0
    purpose: str = ""
    created_at: int = 0


class Files(Namespace[F]):
    """Files, by purpose. They cost nothing to keep; batch files stay 30 days."""

    @verb
    async def upload(
        self: Files[Awaited],
        file: uploads.File,
        purpose: Purpose,
        *,
        name: str | None = None,
    ) -> StoredFile:
        """Upload a path, or bytes under a `name`.

        Limits: batch .jsonl of 100 MB; code-interpreter and agent 20 MB (images
        5 MB); voice-clone-input mp3 or wav. A batch file is checked by the service at
        once. Purposes fine-tune, retrieval and file-extract are those of the service's
        SDKs; its API pages no longer list them (ZH, ZAI, JAVA). Raises ConfigError
        before anything is sent, else APIError.
        """
        limit = _LIMITS.get(purpose)
        if limit is None:
            raise ConfigError(
                f"unknown purpose {purpose!r}", hint=f"Use one of {', '.join(_LIMITS)}."
            )
        suffix = limit.suffixes[0] if limit.suffixes else "bin"
        upload = uploads.load(
            (name, file) if name and isinstance(file, bytes) else file,
            cap=limit.cap,
            suffixes=limit.suffixes,
            name=f"file.{suffix}",
        )
        if limit.suffixes == _OFFICE and upload.name.rpartition(".")[2] in _PICTURES:
            uploads.at_most(
                upload.name, upload.data, 5 * MB, "bytes", "Make the image smaller."
            )
        body = form_body({"purpose": purpose}, [("file", upload)])
        return await self._caller.fetch("POST", "/files", StoredFile, body)

    @verb
    async def list(
        self: Files[Awaited],
        purpose: Purpose = "batch",
        *,
        limit: int | None = None,
        after: str | None = None,
    ) -> tuple[StoredFile, ...]:
        """List the files of a purpose, the pages joined; `limit` bounds their number.

        `after` is the id to go on from. Raises APIError.
        """
        found: list[StoredFile] = []
        while limit is None or len(found) < limit:
            most = min(100, 100 if limit is None else limit - len(found))
            query = {"purpose": purpose, "limit": most, "after": after}
            path = path_of("/files", query={**query, "order": "created_at"})
            page = await self._caller.fetch("GET", path, Page[StoredFile])
            found += page.data
            if not page.has_more or not page.data or page.data[-1].id == after:
                break
            after = page.data[-1].id
        return tuple(found)

    @verb
    async def delete(self: Files[Awaited], file: StoredFile | str) -> Deleted:
        """Delete a file."""
        path = path_of("/files", id_of(file))
        return await self._caller.fetch("DELETE", path, Deleted)

    @verb
    async def content(self: Files[Awaited], file: StoredFile | str) -> bytes:
        """Return a file's content; the service returns that of batch files only."""
        path = path_of("/files", id_of(file), "content")
        return await self._caller.read("GET", path)
