"""What a file is by its first bytes, and whether its name promises something else."""

from __future__ import annotations

import re
import zipfile
from typing import Literal

from glmkit.readers.source import FileSource, locked
from glmkit.types.errors import ConfigError
from glmkit.types.translation import _

Kind = Literal[
    "pdf", "docx", "xlsx", "pptx", "zip", "ole", "html", "png", "jpeg", "gif", "other"
]

#: Kind → how a message names it.
_NAMES: dict[Kind, str] = {
    "pdf": _("a PDF document"),
    "docx": _("a Word document"),
    "xlsx": _("an Excel workbook"),
    "pptx": _("a PowerPoint presentation"),
    "zip": _("a ZIP archive"),
    "ole": _("an old Office file (.doc, .xls or .ppt)"),
    "html": _("a web page (HTML)"),
    "png": _("a PNG picture"),
    "jpeg": _("a JPEG picture"),
    "gif": _("a GIF picture"),
}
#: Ending → the kind that it promises, and how a message names that.
_PROMISES: dict[str, tuple[Kind, str]] = {
    ".pdf": ("pdf", _("a PDF")),
    ".docx": ("docx", _("a Word document")),
    ".xlsx": ("xlsx", _("an Excel workbook")),
    ".xlsm": ("xlsx", _("an Excel workbook")),
    ".pptx": ("pptx", _("a PowerPoint presentation")),
    ".html": ("html", _("a web page")),
    ".htm": ("html", _("a web page")),
}
_OLD = {".doc": ".docx", ".xls": ".xlsx", ".ppt": ".pptx"}
#: Endings of texts that are no tables when they hold a web page.
_TABLES = {".csv", ".tsv"}
#: Kinds that only OCR can read.
PICTURES: frozenset[Kind] = frozenset({"png", "jpeg", "gif"})

_MAGIC: tuple[tuple[bytes, Kind], ...] = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
)
_MEMBERS: tuple[tuple[str, Kind], ...] = (
    ("word/document.xml", "docx"),
    ("xl/workbook.xml", "xlsx"),
    ("ppt/presentation.xml", "pptx"),
)
_PAGE = re.compile(rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype html|html)", re.I)
#: The stream in which Office keeps an encrypted file, as OLE writes names.
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


def kind_of(source: FileSource) -> Kind:
    """Return what a file is by its bytes; "other" where no signature is known."""
    head = source.head()
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return _packed(source) if kind == "zip" else kind
    if b"%PDF-" in head[:1024]:
        return "pdf"
    return "html" if _PAGE.match(head.removeprefix(b"\xef\xbb\xbf")) else "other"


def _packed(source: FileSource) -> Kind:
    """Return which kind of ZIP archive it is; a torn one has no kind."""
    try:
        with source.open() as file, zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return "other"
    return next((kind for member, kind in _MEMBERS if member in names), "zip")


def check(source: FileSource, kind: Kind) -> None:
    """Raise ConfigError where a file is not what its name promises."""
    if kind == "ole":
        raise locked(source) if _is_encrypted(source) else _old(source)
    promised, name = _PROMISES.get(source.ending, ("other", _("text")))
    if kind in {promised, "other"} or not source.ending:
        return  # what has no signature is its reader's to refuse
    if kind == "html" and promised == "other" and source.ending not in _TABLES:
        return  # the source of a page may be a text's subject
    raise ConfigError(
        _(
            "{file} is {kind}, not {promised}",
            file=source.name,
            kind=_NAMES[kind],
            promised=name,
        ),
        hint=_hint(kind),
    )


def _hint(kind: Kind) -> str:
    if kind in PICTURES:
        return _(
            "Send it as a picture with --image, or have it read by OCR: "
            "client.documents.parse(path)."
        )
    if kind == "zip":
        return _("Unpack it, and read the files in it.")
    return _("Rename it to end in .{kind}, and read that.", kind=kind)


def _is_encrypted(source: FileSource) -> bool:
    return _ENCRYPTED in source.read()


def _old(source: FileSource) -> ConfigError:
    new = _OLD.get(source.ending, ".docx, .xlsx or .pptx")
    return ConfigError(
        _("{file} is {kind}, which is not read", file=source.name, kind=_NAMES["ole"]),
        hint=_("Open it in its own program, and save it as {new}.", new=new),
    )
