"""Files as text: plain text, PDF, Word, HTML and notebooks, for a prompt."""

from __future__ import annotations

import codecs
import json
import logging
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from glmkit.types.errors import ConfigError

#: Bytes of a file that is read, and of what a Word file unpacks to.
LARGEST_TEXT = 20 * 2**20
LARGEST_DOCUMENT = 100 * 2**20
_LARGEST_UNPACKED = 200 * 2**20

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_INSTALL = 'Install the readers: pip install "glmkit[documents]".'


def read(path: str | Path) -> str:
    """Return the text of a file: text, .pdf, .docx, .html or .ipynb.

    Raises ConfigError for a file that is missing, too large (20 MB of text, 100 MB
    of a document), damaged, or not text at all.

        glmkit.read("report.pdf")
    """
    file = Path(path).expanduser()
    reader = _READERS.get(file.suffix.lower(), _plain)
    _check_size(file, LARGEST_DOCUMENT if reader in _DOCUMENTS else LARGEST_TEXT)
    try:
        return reader(file)
    except OSError as exc:
        raise _unreadable(file, exc) from exc


def _check_size(file: Path, most: int) -> None:
    try:
        regular, size = file.is_file(), file.stat().st_size
    except (OSError, ValueError) as exc:
        raise _unreadable(file, exc) from exc
    if not regular:
        raise ConfigError(f"{file} is no file", hint="Name one file, not a folder.")
    if size > most:
        raise ConfigError(
            f"{file.name} is too large: {size / 2**20:,.0f} MB, the limit is "
            f"{most // 2**20} MB",
            hint="Send the part that matters, or a summary of its tables.",
        )


def _unreadable(file: Path, exc: Exception) -> ConfigError:
    why = getattr(exc, "strerror", None) or str(exc)
    return ConfigError(
        f"{file.name or file} can not be read: {why}",
        hint=f"Paths start from {Path.cwd()}.",
    )


def _plain(file: Path) -> str:
    data = file.read_bytes()
    mark = next((name for bom, name in _MARKS.items() if data.startswith(bom)), "utf-8")
    try:
        text = data.decode(mark)
    except UnicodeError:
        raise _no_text(file) from None
    if "\0" in text:
        raise _no_text(file)
    return text


def _no_text(file: Path) -> ConfigError:
    return ConfigError(
        f"{file.name} is no text in UTF-8",
        hint="Text, .pdf, .docx, .html and .ipynb can be read; pictures go by --image.",
    )


def _pdf(file: Path) -> str:
    try:
        import pypdf
        import pypdf.errors
    except ImportError as exc:
        raise ConfigError("no reader for PDF is there", hint=_INSTALL) from exc
    logging.getLogger("pypdf").setLevel(logging.ERROR)  # it tells every oddity
    try:
        pages = [page.extract_text() for page in pypdf.PdfReader(file).pages]
    except OSError:
        raise
    except Exception as exc:  # it raises whatever a damaged file leads to
        raise _damaged(file, exc) from exc
    text = "\n\n".join(page.strip() for page in pages if page.strip())
    return _some(file, text, "It may be scanned: send its pages by --image.")


def _docx(file: Path) -> str:
    try:
        import docx
    except ImportError as exc:
        raise ConfigError("no reader for Word files is there", hint=_INSTALL) from exc
    try:
        with zipfile.ZipFile(file) as packed:
            size = sum(entry.file_size for entry in packed.infolist())
        if size > _LARGEST_UNPACKED:
            raise ValueError("it unpacks to far too much")
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


def _html(file: Path) -> str:
    try:
        import bs4
    except ImportError as exc:
        raise ConfigError("no reader for HTML is there", hint=_INSTALL) from exc
    page = bs4.BeautifulSoup(file.read_bytes(), "html.parser")
    for hidden in page(["script", "style", "template", "noscript"]):
        hidden.decompose()
    lines = (line.strip() for line in page.get_text("\n").splitlines())
    return _some(file, "\n".join(line for line in lines if line), "")


def _notebook(file: Path) -> str:
    """Return a notebook's cells, without their outputs."""
    try:
        cells = json.loads(_plain(file))["cells"]
        return "\n\n".join(_cell(cell["cell_type"], cell["source"]) for cell in cells)
    except (ValueError, KeyError, TypeError) as exc:
        raise _damaged(file, exc) from exc


def _cell(kind: str, source: str | list[str]) -> str:
    text = "".join(source)
    return f"```\n{text}\n```" if kind == "code" else text


def _some(file: Path, text: str, hint: str) -> str:
    if text.strip():
        return text
    raise ConfigError(f"{file.name} holds no text", hint=hint or "Look into the file.")


def _damaged(file: Path, exc: Exception) -> ConfigError:
    return ConfigError(
        f"{file.name} can not be read as {file.suffix[1:]}: {exc}",
        hint="Open it in its own program, and save it again or without a password.",
    )


_READERS: dict[str, Callable[[Path], str]] = {
    ".pdf": _pdf,
    ".docx": _docx,
    ".html": _html,
    ".htm": _html,
    ".ipynb": _notebook,
}
_DOCUMENTS = (_pdf, _docx)
