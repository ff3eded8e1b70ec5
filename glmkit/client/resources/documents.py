"""Documents and handwriting converted to text."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from glmkit.client.call.pricing import by_tokens, fixed, unknown
from glmkit.client.resources import uploads
from glmkit.client.resources.files import Files
from glmkit.client.resources.operations import Ask
from glmkit.client.resources.polling import Progress, until
from glmkit.client.resources.sync_async import Awaited, F, Namespace, verb
from glmkit.client.resources.tasks import id_of
from glmkit.client.resources.types import Billed, Record
from glmkit.client.resources.uploads import MB, File
from glmkit.types.errors import ConfigError, GLMError, ServerError
from glmkit.wire.forms import form_body, given, json_body, path_of
from glmkit.wire.records import read_record

_LAYOUT = ("png", "jpg", "jpeg", "pdf")


class Region(Record, frozen=True):
    """A part of a page: its `label`, its box in pixels, its text."""

    index: int = 0
    label: str = ""
    bbox_2d: tuple[float, ...] = ()
    content: str = ""
    height: float | None = None
    width: float | None = None


class Layout(Billed, frozen=True):
    """A document's pages: `md_results` is Markdown, `layout_details` the regions."""

    md_results: str = ""
    layout_details: tuple[tuple[Region, ...], ...] = ()
    data_info: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def text(self) -> str:
        """The whole document as Markdown."""
        return self.md_results


class Words(Record, frozen=True):
    """A line of handwriting: its box and its text."""

    words: str = ""
    location: dict[str, float] = msgspec.field(default_factory=dict)
    probability: dict[str, float] = msgspec.field(default_factory=dict)


class Handwriting(Billed, frozen=True):
    """Handwriting of an image, line by line."""

    task_id: str = ""
    message: str = ""
    status: str = ""
    words_result: tuple[Words, ...] = ()

    @property
    def text(self) -> str:
        """All lines."""
        return "\n".join(line.words for line in self.words_result)


class Parsed(Billed, frozen=True):
    """A parser's task: `status` is "processing", "succeeded" or "failed"."""

    task_id: str = ""
    status: str = "processing"
    message: str = ""
    content: str = ""
    parsing_result_url: str = ""

    @property
    def text(self) -> str:
        """The document's text."""
        return self.content


class _Extracted(Record, frozen=True):
    content: str = ""


class Documents(Namespace[F]):
    """GLM-OCR, handwriting, the file parser, and extraction for question answering."""

    @verb
    async def parse(
        self: Documents[Awaited],
        file: File,
        *,
        model: str = "glm-ocr",
        start_page_id: int | None = None,
        end_page_id: int | None = None,
        return_crop_images: bool | None = None,
        need_layout_visualization: bool | None = None,
        request_id: str | None = None,
        user_id: str | None = None,
    ) -> Layout:
        """Read a document's layout into Markdown and regions.

        `file` is a URL, a path or bytes: an image of at most 10 MB, or a PDF of at
        most 50 MB and 100 pages. Raises ConfigError before anything is sent.
        """
        link = _layout_file(file)
        options = {
            "start_page_id": start_page_id,
            "end_page_id": end_page_id,
            "return_crop_images": return_crop_images,
            "need_layout_visualization": need_layout_visualization,
            "request_id": request_id,
            "user_id": user_id,
        }
        payload = given({"model": model, "file": link} | options)
        ask = Ask("/layout_parsing", json_body(payload), Layout, by_tokens)
        return await self._caller.record(ask, "layout", model, payload)

    @verb
    async def ocr(
        self: Documents[Awaited],
        file: File,
        *,
        language_type: str | None = None,
        probability: bool | None = None,
    ) -> Handwriting:
        """Read handwriting in an image of at most 8 MB; 0.01 yuan a page.

        `language_type` is "CHN_ENG" by default. Raises ConfigError, APIError.
        """
        upload = uploads.load(file, cap=8 * MB, name="picture.png")
        fields = {
            "tool_type": "hand_write",
            "language_type": language_type,
            "probability": probability,
        }
        body = form_body(fields, [("file", upload)])
        ask = Ask("/files/ocr", body, Handwriting, fixed("0.01"))
        payload = given(fields) | {"file": uploads.described(upload)}
        return await self._caller.record(ask, "ocr", "hand_write", payload)

    @verb
    async def submit(
        self: Documents[Awaited],
        file: File,
        *,
        tool_type: Literal["lite", "expert", "prime"] = "lite",
        file_type: str | None = None,
    ) -> Parsed:
        """Submit a file to the parser; `wait` returns its text.

        `file_type` ("PDF", "DOCX", ...) is the name's suffix by default. No page
        tells the price.
        """
        uploads.one_of("tool_type", tool_type, ("lite", "expert", "prime"))
        return await self._parse("/files/parser/create", file, tool_type, file_type)

    @verb
    async def fetch(
        self: Documents[Awaited],
        task: Parsed | str,
        format: Literal["text", "download_link"] = "text",
    ) -> Parsed:
        """Return a parser's task; its `content` or link is set once it has ended."""
        task_id = _task_id(task)
        uploads.one_of("format", format, ("text", "download_link"))
        path = path_of("/files/parser/result", task_id, format)
        body = await self._caller.read("GET", path)
        seen, events = read_record(body, Parsed)
        seen = msgspec.structs.replace(seen, task_id=seen.task_id or task_id)
        if seen.status != "processing":
            call = await self._caller.task(task_id)
            exc: GLMError | None = _failure(seen) if seen.status == "failed" else None
            await self._caller.settle(call, task_id, "parser", events, unknown, exc)
        return seen

    @verb
    async def wait(
        self: Documents[Awaited],
        task: Parsed | str,
        *,
        timeout_s: float = 900.0,
        poll_s: float = 2.0,
        progress: Progress = False,
    ) -> Parsed:
        """Wait until a parser's task has ended; ServerError where it failed."""
        seen = await until(
            lambda: self.fetch(task),
            lambda seen: seen.status != "processing",
            what=f"the parser's task {_task_id(task)}",
            count=lambda seen: (seen.status, int(seen.status != "processing"), 1),
            progress=progress,
            timeout_s=timeout_s,
            poll_s=poll_s,
        )
        if seen.status == "failed":
            raise _failure(seen)
        return seen

    @verb
    async def convert(
        self: Documents[Awaited], file: File, *, file_type: str | None = None
    ) -> Parsed:
        """Parse a file and wait for its text, in one request ("prime-sync")."""
        path = "/files/parser/sync"
        parsed = await self._parse(path, file, "prime-sync", file_type)
        if parsed.status == "failed":
            raise _failure(parsed)
        return parsed

    @verb
    async def extract(self: Documents[Awaited], file: File) -> str:
        """Return a file's text, to ask questions about it in a chat.

        Uploads it for "file-extract", reads the text, deletes the file. The purpose
        is known from an SDK of the service (JAVA); its API pages do not list it.

            text = client.documents.extract("paper.pdf")
            client.chat(f"What is found here?\\n\\n{text}")
        """
        files = Files[Awaited](self._caller, blocking=False)
        stored = await files.upload(file, "file-extract")
        try:
            content = await files.content(stored)
        finally:
            await files.delete(stored)
        if not content.lstrip().startswith(b"{"):
            return content.decode(errors="replace")
        return read_record(content, _Extracted)[0].content

    async def _parse(
        self, path: str, file: File, tool: str, file_type: str | None
    ) -> Parsed:
        upload = uploads.load(file, cap=100 * MB)
        kind = file_type or upload.name.rpartition(".")[2].upper()
        fields = {"tool_type": tool, "file_type": kind}
        body = form_body(fields, [("file", upload)])
        later = tool != "prime-sync"
        ask = _ParserAsk(path, body, Parsed, unknown, task=later)
        payload = fields | {"file": uploads.described(upload)}
        return await self._caller.record(ask, "parser", f"parser-{tool}", payload)


class _ParserAsk(Ask[Parsed]):
    """Request to the parser, whose task id has another name."""

    def id_of(self, result: Parsed) -> str:
        """Return the id under which the task is fetched."""
        return result.task_id


def _layout_file(file: File) -> str:
    named = file[0] if isinstance(file, tuple) else file
    pdf = (
        named.startswith(b"%PDF")
        if isinstance(named, bytes)
        else str(named).lower().endswith(".pdf")
    )
    return uploads.link_or_base64(file, cap=(50 if pdf else 10) * MB, suffixes=_LAYOUT)


def _task_id(task: Parsed | str) -> str:
    task_id = task.task_id if isinstance(task, Parsed) else task
    if not task_id:
        raise ConfigError("the task has no id", hint="Pass what submit returned.")
    return id_of(task_id)


def _failure(seen: Parsed) -> ServerError:
    return ServerError(
        f"the file was not parsed: {seen.message or 'no reason named'}",
        hint="Try another tool_type, or a smaller file.",
    )
