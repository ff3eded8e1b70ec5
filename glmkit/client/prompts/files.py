"""Files as text: plain text, PDF, Word, HTML and notebooks, for a prompt."""

from __future__ import annotations

import codecs
import json
import logging
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from glmkit.types import encodings
from glmkit.types.encodings import Decoded
from glmkit.types.errors import ConfigError, MediaWarning
from glmkit.types.plain_text import warn
from glmkit.types.translation import _

#: Most bytes of a text, of a document, and of an unpacked Word file.
LARGEST_TEXT = 20 * 2**20
LARGEST_DOCUMENT = 100 * 2**20
_LARGEST_UNPACKED = 200 * 2**20

_INSTALL = _('Install the readers: pip install "glmkit[documents]".')


def read(path: str | Path, encoding: str | None = None) -> str:
    """Return the text of a file: text, .pdf, .docx, .html or .ipynb.

    Text is read as UTF-8 or by its byte order mark; else as GB18030, UTF-16, Big5 or
    Windows-1252, whichever fits best, with a MediaWarning that names the guess.
    `encoding` names another, or overrules the guess. Raises ConfigError for a file
    that is missing, too large (20 MB of text, 100 MB of a document), damaged, or not
    text at all.

        glmkit.read("report.pdf")
    """
    found = decoded(path, encoding)
    if found.guess:
        warn(
            _(
                "{file} is not UTF-8 and was read as {guess}, which is a guess",
                file=Path(path).name,
                guess=found.guess,
            ),
            MediaWarning,
            stacklevel=2,
        )
    return found.text


def decoded(path: str | Path, encoding: str | None = None) -> Decoded:
    """Return what `read` does, with the guessed encoding in place of a warning."""
    file = Path(path).expanduser()
    reader = _READERS.get(file.suffix.lower(), _plain)
    _check_size(file, LARGEST_DOCUMENT if reader in _DOCUMENTS else LARGEST_TEXT)
    try:
        return reader(file, encoding)
    except OSError as exc:
        raise _unreadable(file, exc) from exc


def _check_size(file: Path, most: int) -> None:
    try:
        regular, size = file.is_file(), file.stat().st_size
    except (OSError, ValueError) as exc:
        raise _unreadable(file, exc) from exc
    if not regular:
        raise ConfigError(
            _("{file} is not a file", file=file),
            hint=_("Name one file, not a folder."),
        )
    if size > most:
        raise ConfigError(
            _(
                "{file} is too large: {size} MB, the limit is {most} MB",
                file=file.name,
                size=f"{size / 2**20:,.0f}",
                most=most // 2**20,
            ),
            hint=_("Send the part that matters, or a summary of its tables."),
        )


def _unreadable(file: Path, exc: Exception) -> ConfigError:
    why = getattr(exc, "strerror", None) or str(exc)
    return ConfigError(
        _("{file} cannot be read: {why}", file=file.name or file, why=why),
        hint=_("Relative paths start from {folder}.", folder=Path.cwd()),
    )


def _plain(file: Path, encoding: str | None = None) -> Decoded:
    data = file.read_bytes()
    if encoding is not None:
        return Decoded(_named(file, data, encoding))
    found = encodings.decode(data)
    if found is None:
        raise ConfigError(
            _(
                "{file} is not text: tried {encodings}",
                file=file.name,
                encodings=encodings.TRIED,
            ),
            hint=_(
                "Save it as UTF-8, or name its encoding: glmkit.read(path, "
                "encoding='shift_jis'). .pdf, .docx, .html and .ipynb can be read "
                "too; pictures go by --image."
            ),
        )
    return found


def _named(file: Path, data: bytes, encoding: str) -> str:
    """Return the text in the encoding that the caller names."""
    try:
        return data.decode(encoding)
    except LookupError as exc:
        raise ConfigError(
            _("{encoding} is not an encoding", encoding=repr(encoding)),
            hint=_("Use a name that Python knows: 'gb18030', 'big5', 'shift_jis'."),
        ) from exc
    except UnicodeError as exc:
        raise ConfigError(
            _("{file} is not text in {encoding}", file=file.name, encoding=encoding),
            hint=_("Leave `encoding` out to have it guessed."),
        ) from exc


def _pdf(file: Path, encoding: str | None = None) -> Decoded:
    try:
        import pypdf
        import pypdf.errors
    except ImportError as exc:
        raise _no_reader("PDF") from exc
    logging.getLogger("pypdf").setLevel(logging.ERROR)  # it warns of every oddity
    try:
        pages = [page.extract_text() for page in pypdf.PdfReader(file).pages]
    except OSError:
        raise
    except Exception as exc:  # it raises whatever a damaged file leads to
        raise _damaged(file, exc) from exc
    text = "\n\n".join(page.strip() for page in pages if page.strip())
    return _some(file, text, _("It may be scanned: send its pages by --image."))


def _no_reader(kind: str) -> ConfigError:
    return ConfigError(
        _("the reader for {kind} is not installed", kind=kind), hint=_INSTALL
    )


def _docx(file: Path, encoding: str | None = None) -> Decoded:
    try:
        import docx
    except ImportError as exc:
        raise _no_reader("Word") from exc
    try:
        with zipfile.ZipFile(file) as packed:
            size = sum(entry.file_size for entry in packed.infolist())
        if size > _LARGEST_UNPACKED:
            raise ValueError(_("it unpacks to more than 200 MB"))
        document = docx.Document(str(file))
        blocks = [_block(part) for part in document.iter_inner_content()]
    except OSError:
        raise
    except Exception as exc:
        raise _damaged(file, exc) from exc
    return _some(file, "\n\n".join(block for block in blocks if block), "")


def _block(part: Any) -> str:
    """Return a paragraph, or a table as lines of cells."""
    if not hasattr(part, "rows"):
        return str(part.text).strip()
    return "\n".join(
        "| " + " | ".join(cell.text.strip() for cell in row.cells) + " |"
        for row in part.rows
    )


def _html(file: Path, encoding: str | None = None) -> Decoded:
    try:
        import bs4
    except ImportError as exc:
        raise _no_reader("HTML") from exc
    data = file.read_bytes()
    declared = bs4.dammit.EncodingDetector.find_declared_encoding(data, is_html=True)
    found = _plain(file, encoding or _known(declared))
    page = bs4.BeautifulSoup(found.text, "html.parser")
    for hidden in page(["script", "style", "template", "noscript"]):
        hidden.decompose()
    lines = (line.strip() for line in page.get_text("\n").splitlines())
    text = "\n".join(line for line in lines if line)
    return _some(file, text, "")._replace(guess=found.guess)


def _known(encoding: str | None) -> str | None:
    """Return the encoding that a page declares; None where Python has no such one.

    GB2312 is read as its superset, as browsers do.
    """
    try:
        name = codecs.lookup(encoding or "").name
    except LookupError:
        return None
    return {"gb2312": "gb18030", "gbk": "gb18030", "iso8859-1": "cp1252"}.get(
        name, name
    )


def _notebook(file: Path, encoding: str | None = None) -> Decoded:
    """Return a notebook's cells, without their outputs."""
    try:
        cells = json.loads(_plain(file, encoding).text)["cells"]
        parts = (_cell(cell["cell_type"], cell["source"]) for cell in cells)
        return Decoded("\n\n".join(parts))
    except (ValueError, KeyError, TypeError) as exc:
        raise _damaged(file, exc) from exc


def _cell(kind: str, source: str | list[str]) -> str:
    text = "".join(source)
    return f"```\n{text}\n```" if kind == "code" else text


def _some(file: Path, text: str, hint: str) -> Decoded:
    if text.strip():
        return Decoded(text)
    raise ConfigError(
        _("{file} holds no text", file=file.name), hint=hint or _("Look into the file.")
    )


def _damaged(file: Path, exc: Exception) -> ConfigError:
    return ConfigError(
        _(
            "{file} cannot be read as {kind}: {why}",
            file=file.name,
            kind=file.suffix[1:],
            why=exc,
        ),
        hint=_("Open it in its own program, and save it again or without a password."),
    )


_READERS: dict[str, Callable[[Path, str | None], Decoded]] = {
    ".pdf": _pdf,
    ".docx": _docx,
    ".html": _html,
    ".htm": _html,
    ".ipynb": _notebook,
}
_DOCUMENTS = (_pdf, _docx)
