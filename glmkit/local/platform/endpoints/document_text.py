"""The text of uploaded documents, read by the readers of `glmkit.read`."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool

from glmkit.local.platform.server.errors import LackError, Refusal
from glmkit.readers import files, signatures
from glmkit.readers.paged_text import PagedText
from glmkit.readers.source import FileSource, NoTextError
from glmkit.types.errors import ConfigError

_UNREADABLE = "1210"


async def text_of(data: bytes, name: str) -> PagedText:
    """Return the text of a file's bytes, read while other requests go on.

    Raises LackError for pictures and scans, Refusal for any other file that cannot be
    read whole.
    """
    return await run_in_threadpool(read_text, data, name)


def read_text(data: bytes, name: str) -> PagedText:
    """Return the text of a file's bytes; raises as `text_of` does."""
    try:
        return files.of_bytes(data, name)
    except NoTextError as exc:
        raise blind() from exc
    except ConfigError as exc:
        if signatures.kind_of(FileSource(name, data)) in signatures.PICTURES:
            raise blind() from exc
        raise Refusal(400, _UNREADABLE, f"{exc}. {exc.hint}") from exc


def blind() -> LackError:
    """Return the refusal of what only OCR can read."""
    return LackError(
        "read pictures and scans, which takes OCR",
        "it reads the text of PDF, Word, Excel, PowerPoint, HTML and text files",
    )
