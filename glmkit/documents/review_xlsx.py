"""A review as an Excel workbook."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

from glmkit.documents.cell_values import plain_value, text_of
from glmkit.documents.review_rows import ReviewRow, file_link, review_rows
from glmkit.documents.review_store import ReviewStore
from glmkit.documents.review_table import ReviewTable
from glmkit.documents.whole_file import write_whole
from glmkit.types.errors import ConfigError
from glmkit.types.plain_text import plain
from glmkit.types.translation import _

#: Columns with their widths in characters.
_ITEMS = {
    "row": 7, "field": 18, "value": 18, "quote": 60, "page": 7, "found": 14,
    "decision": 12, "corrected": 18, "note": 30, "reviewer": 14, "at": 26,
    "document": 26, "link": 16,
}  # fmt: skip
_DECISIONS = {
    "row": 7, "field": 18, "decision": 12, "corrected": 18, "note": 40,
    "reviewer": 14, "at": 26,
}  # fmt: skip

#: What Excel holds: rows, links of a sheet, characters of a cell, exact integers.
_ROWS, _LINKS, _CELL, _EXACT = 1_048_575, 60_000, 32_000, 2**53
#: What a spreadsheet could read as a formula, and what XML cannot hold.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NOT_XML = re.compile("[\ufffe\uffff]")


def write_xlsx(path: Path, table: ReviewTable, store: ReviewStore) -> None:
    """Write a sheet of all items, with links to their pages, and one of decisions.

    A text stays a text, also where it begins like a formula. Raises ConfigError.
    """
    try:
        import openpyxl
    except ImportError as exc:
        raise ConfigError(
            _("an Excel file cannot be written: openpyxl is not installed"),
            hint=_('Run `pip install "glmkit[documents]"`, or export to .html.'),
        ) from exc
    if len(table) > _ROWS:
        raise ConfigError(
            _("{count:,} values are more than an Excel sheet holds", count=len(table)),
            hint=_("Review a part of the table: `Review(out.iloc[:100_000])`."),
        )
    book = openpyxl.Workbook()
    rows = [*review_rows(table, store)]
    _items(book.active, rows, path.parent)
    _decisions(book.create_sheet("Decisions"), rows)

    def save(file: IO[bytes]) -> None:
        book.save(file)

    write_whole(path, save)


def _items(sheet: Any, rows: Iterable[ReviewRow], folder: Path) -> None:
    sheet.title = "Review"
    _head(sheet, _ITEMS)
    for line, row in enumerate(rows, 2):
        item, document = row.item, row.document
        state = "" if row.outcome.state == "untouched" else row.outcome.state
        values = [
            item.row, item.field, item.value, item.quote, item.page, item.found,
            state, row.corrected, row.notes, row.reviewers, row.at,
            document.name if document is not None else "",
        ]  # fmt: skip
        _line(sheet, line, values)
        link = file_link(document, item.page, folder)
        if link:
            cell = sheet.cell(line, len(_ITEMS))
            place = _("page {page}", page=item.page) if item.page else _("file")
            _put(cell, place)
            if line <= _LINKS:
                cell.hyperlink = link
                cell.style = "Hyperlink"


def _decisions(sheet: Any, rows: Iterable[ReviewRow]) -> None:
    _head(sheet, _DECISIONS)
    line = 2
    for row in rows:
        for made in row.decisions:
            values = [
                made.row, made.field, made.decision, made.corrected, made.note,
                made.reviewer, made.at,
            ]  # fmt: skip
            _line(sheet, line, values)
            line += 1


def _head(sheet: Any, columns: dict[str, int]) -> None:
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    for place, (name, width) in enumerate(columns.items(), 1):
        sheet.cell(1, place, name).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(place)].width = width
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}1"


def _line(sheet: Any, line: int, values: Iterable[Any]) -> None:
    for place, value in enumerate(values, 1):
        value = plain_value(value)
        if value is not None and value != "":
            _put(sheet.cell(line, place), value)


def _put(cell: Any, value: Any) -> None:
    """Write a value as what it is: numbers as numbers, all else as text."""
    match value:
        case bool():
            cell.value = value
        case int() if abs(value) <= _EXACT:
            cell.value = value
        case float() if value - value == 0:
            cell.value = value
        case datetime() if value.tzinfo is None and value.year >= 1900:
            cell.value = datetime.fromisoformat(value.isoformat())
        case date() if not isinstance(value, datetime) and value.year >= 1900:
            cell.value = value
        case _:
            _put_text(cell, text_of(value))


def _put_text(cell: Any, text: str) -> None:
    text = _NOT_XML.sub("\ufffd", plain(text))
    cell.value = text if len(text) <= _CELL else f"{text[:_CELL]}…"
    cell.data_type = "s"  # openpyxl reads "=" as a formula, "#N/A" as an error
    if text.startswith(_FORMULA):
        cell.quotePrefix = True
