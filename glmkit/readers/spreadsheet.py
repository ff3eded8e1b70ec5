"""Excel workbooks: each sheet a page, each row a line."""

from __future__ import annotations

import datetime
import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from glmkit.readers import office_archive
from glmkit.readers.paged_text import PagedText, TextPage
from glmkit.readers.source import (
    FileSource,
    Reading,
    faults,
    no_reader,
    too_long,
    without_text,
)
from glmkit.types.errors import ConfigError
from glmkit.types.translation import _

#: Rows with cells, and cells with values, of a whole workbook.
MOST_ROWS, MOST_CELLS = 200_000, 2_000_000
_CHUNK = 2**20
_DIGITS = 15
#: A formula in a cell without a value.
_UNSAVED = re.compile(rb"<f(?: [^>]*)?(?:/>|>[^<]*</f>)\s*(?:</c>|<v\s*/>|<v></v>)")


def spreadsheet(source: FileSource, encoding: str | None = None) -> Reading:
    """Return the sheets; cells that a merged one covers are empty.

    A formula is its saved value, or its own text where none was saved.
    """
    try:
        import openpyxl
    except ImportError as exc:
        raise no_reader("Excel") from exc
    with faults(source):
        unsaved = _counted(source)
        office_archive.check(source)
        with warnings.catch_warnings(), source.open() as file, source.open() as again:
            warnings.simplefilter("ignore")  # styles and validations that it drops
            values = openpyxl.load_workbook(file, read_only=True, data_only=True)
            with closing(values):
                texts = openpyxl.load_workbook(again, read_only=True)
                with closing(texts):
                    return _read(source, values, texts if unsaved else None), ""


def _read(source: FileSource, values: Any, texts: Any) -> PagedText:
    pages, notes, unsaved = [], [], []
    for number, sheet in enumerate(values.worksheets, 1):
        if sheet.sheet_state != "visible":
            notes.append(_("the sheet {name} is hidden", name=repr(sheet.title)))
        twin = texts[sheet.title] if texts else None
        lines = _SheetRows(sheet, twin)
        pages.append(TextPage(number, "\n".join(lines.all()), sheet.title))
        if lines.unsaved:
            unsaved.append(f"{sheet.title} ({lines.unsaved})")
    if unsaved:
        notes.append(
            _(
                "formulas without a saved value are shown as formulas: {sheets}",
                sheets=", ".join(unsaved),
            )
        )
    charts = [repr(sheet.title) for sheet in values.chartsheets]
    if charts:
        notes.append(_("charts are not read: {sheets}", sheets=", ".join(charts)))
    if not any(page.text for page in pages):
        raise without_text(source)
    return PagedText(pages, source.name, source.path, "sheet", notes)


class _SheetRows:
    """Reads the rows of a sheet as lines; counts formulas without a value."""

    def __init__(self, sheet: Any, texts: Any) -> None:
        self._sheet, self._texts = sheet, texts
        self.unsaved = 0

    def all(self) -> Iterator[str]:
        """Yield the rows that hold something."""
        twins = iter(()) if self._texts is None else _rows(self._texts)
        for row in _rows(self._sheet):
            texts = next(twins, ())
            cells = [shown(cell.value, _format(cell)) for cell in row]
            for place, (cell, value) in enumerate(zip(texts, row, strict=False)):
                # An empty text that was saved is of type "s".
                empty = value.value is None and value.data_type == "n"
                if empty and cell.data_type == "f":
                    cells[place] = shown(_formula(cell.value), "")
                    self.unsaved += 1
            while cells and not cells[-1]:
                cells.pop()
            if cells:
                yield " | ".join(cells)


def _rows(sheet: Any) -> Iterator[Any]:
    sheet.reset_dimensions()  # a file may claim any
    return iter(sheet.iter_rows())


def _formula(value: Any) -> str:
    return str(getattr(value, "text", None) or value)


def _format(cell: Any) -> str:
    return str(getattr(cell, "number_format", None) or "")


def shown(value: Any, style: str) -> str:
    """Return a cell's value as a sheet shows it, with dates as in ISO 8601.

    >>> shown(0.125, "0.0%"), shown(3.0, "General"), shown("a\\nb", "")
    ('12.5%', '3', 'a b')
    """
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case datetime.datetime():
            midnight = value.time() == datetime.time()
            return str(value.date()) if midnight else value.isoformat(" ", "seconds")
        case datetime.date() | datetime.time():
            return value.isoformat()
        case int() | float():
            percent = "%" in style.split(";")[0]
            return f"{_number(value * 100)}%" if percent else _number(value)
        case _:
            return " ".join(str(value).split())


def _number(value: float) -> str:
    """Return a number without the noise of binary floats and an exponent."""
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e15):
        return str(int(value))
    return f"{value:.{_DIGITS}g}"


def _counted(source: FileSource) -> bool:
    """Whether a formula has no saved value; ConfigError for too many rows.

    Counts in the packed file, before anything of it is loaded.
    """
    rows = cells = unpacked = 0
    unsaved = False
    with source.open() as file, zipfile.ZipFile(file) as archive:
        sheets = [n for n in archive.namelist() if n.startswith("xl/worksheets/")]
        for name in sheets:
            with archive.open(name) as content:
                rest = b""
                while chunk := content.read(_CHUNK):
                    # What the chunks cut is counted with the next one.
                    text = rest + chunk
                    end = text.rfind(b"</c>") + 4
                    if end < 4:
                        end = text.rfind(b">") + 1
                    text, rest = text[:end], text[end:][-_CHUNK:]
                    rows += text.count(b"<row")
                    cells += text.count(b"<v>") + text.count(b"<is>")
                    unsaved = unsaved or _UNSAVED.search(text) is not None
                    unpacked += len(chunk)
                    filled = min(rows, cells)  # styles alone make rows too
                    if filled > MOST_ROWS or cells > MOST_CELLS:
                        raise _too_many(source, filled > MOST_ROWS)
                    if unpacked > office_archive.LARGEST_UNPACKED:
                        return unsaved  # the check of the archive refuses it
    return unsaved


def _too_many(source: FileSource, rows: bool) -> ConfigError:
    what, most = (_("rows"), MOST_ROWS) if rows else (_("cells"), MOST_CELLS)
    return too_long(
        source,
        what,
        most,
        _("Read it with pandas.read_excel(path) and ask of its rows: df.glm."),
    )
