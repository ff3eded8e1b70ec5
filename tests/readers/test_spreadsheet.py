"""Excel workbooks: sheets as pages, rows as lines."""

import datetime
import io
import time
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import psutil
import pytest

import glmkit
from glmkit.readers import files, spreadsheet
from glmkit.readers.paged_text import PagedText

SHEET = "xl/worksheets/sheet1.xml"


def bytes_of(book: Any) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def with_values(data: bytes, values: dict[str, str]) -> bytes:
    """Return the file with saved values of formulas, as Excel writes them."""
    buffer = io.BytesIO()
    with ZipFile(io.BytesIO(data)) as old, ZipFile(buffer, "w") as new:
        for item in old.namelist():
            part = old.read(item).decode()
            for formula, value in values.items():
                found = f"<f>{formula}</f><v></v>", f"<f>{formula}</f><v />"
                for empty in found:
                    part = part.replace(empty, f"<f>{formula}</f><v>{value}</v>")
            new.writestr(item, part)
    return buffer.getvalue()


def read(data: bytes) -> PagedText:
    return files.of_bytes(data, "a.xlsx")


def book_of(rows: list[list[Any]]) -> Any:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    return book


def test_sheets_are_pages_and_rows_are_lines() -> None:
    book = book_of([["项目", "2023", None, "note"], [], ["收入", 1234.5, None, "a\nb"]])
    book.active.title = "利润表"
    more = book.create_sheet("Hidden")
    more.append([1, 2.0, True])
    more.sheet_state = "hidden"
    book.create_sheet("Empty")
    text = read(bytes_of(book))
    assert text.unit == "sheet"
    assert [(page.number, page.title, page.text) for page in text.pages] == [
        (1, "利润表", "项目 | 2023 |  | note\n收入 | 1234.5 |  | a b"),
        (2, "Hidden", "1 | 2 | TRUE"),
        (3, "Empty", ""),
    ]
    assert text.notes == ("the sheet 'Hidden' is hidden",)
    assert text.blank == (3,)


def test_formulas_are_their_saved_values_or_stand_themselves() -> None:
    book = book_of([["sum", "=A2+B2", "=SUM(A2:B2)"], [1, 2]])
    text = read(with_values(bytes_of(book), {"A2+B2": "3"}))
    assert text.pages[0].text == "sum | 3 | =SUM(A2:B2)\n1 | 2"
    assert text.notes == (
        "formulas without a saved value are shown as formulas: Sheet (1)",
    )


def test_a_formula_whose_saved_value_is_an_empty_text_is_empty() -> None:
    data = bytes_of(book_of([["a", "=IF(A1,A1,B1)", "b"]]))
    buffer = io.BytesIO()
    with ZipFile(io.BytesIO(data)) as old, ZipFile(buffer, "w") as new:
        for item in old.namelist():
            part = old.read(item).replace(b'<c r="B1"><f>', b'<c r="B1" t="str"><f>')
            new.writestr(item, part)
    text = read(buffer.getvalue())
    assert (text, text.notes) == ("a |  | b", ())


@pytest.mark.parametrize("chunk", [150, 200, 333])
def test_a_formula_cut_by_the_count_is_found(
    monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(spreadsheet, "_CHUNK", chunk)
    text = read(bytes_of(book_of([[n, "b", "=A1+1"] for n in range(9)])))
    assert text.split("\n")[8] == "8 | b | =A1+1"


def test_merged_cells_are_read_once_and_keep_the_places() -> None:
    book = book_of([["Revenue", None, "Cost"], ["a", "b", "c"]])
    book.active.merge_cells("A1:B1")
    assert read(bytes_of(book)) == "Revenue |  | Cost\na | b | c"


def test_percentages_and_dates_are_written_as_they_are_meant() -> None:
    day = datetime.datetime(2023, 12, 31)
    book = book_of([[0.085, 0.1 + 0.2, day, day.replace(hour=9), datetime.time(8, 30)]])
    book.active["A1"].number_format = "0.0%"
    text = read(bytes_of(book))
    assert text == "8.5% | 0.3 | 2023-12-31 | 2023-12-31 09:00:00 | 08:30:00"


def test_a_claimed_size_of_a_sheet_is_not_believed() -> None:
    data = bytes_of(book_of([["a", "b"]]))
    buffer = io.BytesIO()
    with ZipFile(io.BytesIO(data)) as old, ZipFile(buffer, "w") as new:
        for item in old.namelist():
            part = old.read(item)
            new.writestr(item, part.replace(b'ref="A1:B1"', b'ref="A1:XFD1048576"'))
    assert read(buffer.getvalue()) == "a | b"


def test_a_million_rows_are_refused_unloaded(tmp_path: Path) -> None:
    head = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    )
    row = b'<row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c></row>'
    data = bytes_of(book_of([["a"]]))
    path = tmp_path / "a.xlsx"
    with ZipFile(io.BytesIO(data)) as old, ZipFile(path, "w", ZIP_DEFLATED) as new:
        for item in old.namelist():
            if item != SHEET:
                new.writestr(item, old.read(item))
        with new.open(SHEET, "w") as sheet:
            sheet.write(head + b"<sheetData>")
            for _ in range(100):
                sheet.write(row * 10_000)
            sheet.write(b"</sheetData></worksheet>")
    before, start = psutil.Process().memory_info().rss, time.process_time()
    with pytest.raises(glmkit.ConfigError) as caught:
        glmkit.read(path)
    assert str(caught.value) == "a.xlsx is too large: it has more than 200,000 rows"
    assert "pandas.read_excel" in caught.value.hint
    assert psutil.Process().memory_info().rss - before < 100 * 2**20
    assert time.process_time() - start < 10


def test_the_last_row_that_can_be_read_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheet, "MOST_ROWS", 30)
    data = bytes_of(book_of([[n] for n in range(30)]))
    assert read(data).split("\n")[-1] == "29"
    with pytest.raises(glmkit.ConfigError, match="more than 30 rows"):
        read(bytes_of(book_of([[n] for n in range(31)])))


def test_a_workbook_without_values_is_refused() -> None:
    with pytest.raises(glmkit.ConfigError, match="holds no text"):
        read(bytes_of(openpyxl.Workbook()))
