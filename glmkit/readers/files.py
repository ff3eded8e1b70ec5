"""Files as texts that know their pages: each kind by its reader."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from glmkit.readers import signatures
from glmkit.readers.notebook_cells import notebook
from glmkit.readers.page_ranges import compact
from glmkit.readers.paged_text import PagedText
from glmkit.readers.pdf import pdf
from glmkit.readers.plain_text_file import plain_text
from glmkit.readers.slides import slides
from glmkit.readers.source import FileSource, Reading, unreadable
from glmkit.readers.spreadsheet import spreadsheet
from glmkit.readers.web_page import web_page
from glmkit.readers.word import word
from glmkit.types.errors import ConfigError, MediaWarning
from glmkit.types.plain_text import warn
from glmkit.types.translation import _

#: Most bytes of a text, and of a document.
LARGEST_TEXT = 20 * 2**20
LARGEST_DOCUMENT = 100 * 2**20

#: Reads a file, by an encoding where the caller names one.
Reader = Callable[[FileSource, str | None], Reading]

_READERS: dict[str, Reader] = {
    ".pdf": pdf,
    ".docx": word,
    ".xlsx": spreadsheet,
    ".xlsm": spreadsheet,
    ".pptx": slides,
    ".html": web_page,
    ".htm": web_page,
    ".ipynb": notebook,
}
_TEXTS = (".txt", ".md", ".markdown", ".csv", ".tsv")
#: Endings of what is read as a document; those of old Office files to be refused.
DOCUMENTS = frozenset({*_READERS, *_TEXTS, ".doc", ".xls", ".ppt"})
_BINARY = (pdf, word, spreadsheet, slides)


class FileText(NamedTuple):
    """A file's text; `guess` names its encoding where that is not certain."""

    text: PagedText
    guess: str = ""


def read(path: str | Path, encoding: str | None = None) -> PagedText:
    """Return the text of a file as a string that knows its pages.

    Reads .pdf, .docx, .xlsx, .pptx, .html, .md, .ipynb and any text. `.pages` are the
    pages, sheets, slides or sections, `.blank` the numbers of those without text,
    `.notes` what was not read as it stands. Text is UTF-8 or what its byte order mark
    names; else GB18030, UTF-16, Big5 or Windows-1252, whichever fits best, with a
    MediaWarning that names the guess. `encoding` names another.

    A MediaWarning names pages without text, which may be scanned. Raises ConfigError
    for a file that is missing, empty, too large (20 MB of text, 100 MB of a document),
    damaged, protected by a password, not what its name promises, or without any text.

        text = glmkit.read("report.pdf")
        text.pages[11].text
    """
    text, guess = decoded(path, encoding)
    for message in _warnings(text, guess):
        warn(message, MediaWarning, stacklevel=2)
    return text


def _warnings(text: PagedText, guess: str) -> list[str]:
    found = []
    if guess:
        found.append(
            _(
                "{file} is not UTF-8 and was read as {guess}, which is a guess",
                file=text.name,
                guess=guess,
            )
        )
    if text.unit == "page" and text.blank:
        found.append(
            _(
                "{file} has pages without text: {pages}. If they are scanned, "
                "glmkit.read_scans(path) reads them by OCR",
                file=text.name,
                pages=compact(text.blank),
            )
        )
    return found


def decoded(path: str | Path, encoding: str | None = None) -> FileText:
    """Return what `read` does, with the guessed encoding in place of a warning."""
    file = Path(path).expanduser()
    try:
        regular, size = file.is_file(), file.stat().st_size
    except (OSError, ValueError) as exc:
        raise unreadable(file.name or file, exc) from exc
    if not regular:
        raise ConfigError(
            _("{file} is not a file", file=file),
            hint=_(
                "Name one file; glmkit.read_folder(path) reads the files of a folder."
            ),
        )
    try:
        return _read(FileSource(file.name, file), size, encoding)
    except OSError as exc:
        raise unreadable(file.name or file, exc) from exc


def of_bytes(data: bytes, name: str) -> PagedText:
    """Return the text of a file's bytes, read as its name promises."""
    return _read(FileSource(name, data), len(data), None).text


def _read(source: FileSource, size: int, encoding: str | None) -> FileText:
    if size == 0:
        raise ConfigError(
            _("{file} is empty", file=source.name),
            hint=_("It has 0 bytes: save or download it again."),
        )
    reader = _READERS.get(source.ending, plain_text)
    _check_size(source, size, LARGEST_DOCUMENT if reader in _BINARY else LARGEST_TEXT)
    kind = signatures.kind_of(source)
    signatures.check(source, kind)
    if not source.ending:
        reader = _READERS.get(f".{kind}", plain_text)
    return FileText(*reader(source, encoding))


def _check_size(source: FileSource, size: int, most: int) -> None:
    if size > most:
        raise ConfigError(
            _(
                "{file} is too large: {size} MB, the limit is {most} MB",
                file=source.name,
                size=f"{size / 2**20:,.0f}",
                most=most // 2**20,
            ),
            hint=_("Send the part that matters, or a summary of its tables."),
        )
