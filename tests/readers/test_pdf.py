"""PDF files: pages, reading order, tables, and files that cannot be read whole."""

import io
import re
import threading
import time
from pathlib import Path

import psutil
import pypdf
import pytest
from reportlab.pdfgen.canvas import Canvas

import glmkit
from glmkit.readers import files, page_layout, pdf as pdf_reader
from glmkit.readers.paged_text import PagedText
from tests.readers.drawn import CHINESE, column, lines, pdf, table, write


def read(data: bytes) -> PagedText:
    return files.of_bytes(data, "a.pdf")


def refused(path: Path) -> glmkit.ConfigError:
    with pytest.raises(glmkit.ConfigError) as caught:
        glmkit.read(path)
    assert caught.value.hint
    return caught.value


def nothing(canvas: Canvas) -> None:
    """Draw nothing."""


def test_each_of_51_pages_is_a_page(tmp_path: Path) -> None:
    path = write(tmp_path, pdf(*(lines(f"This is sheet {n * n}") for n in range(51))))
    text = glmkit.read(path)
    assert [page.number for page in text.pages] == list(range(1, 52))
    assert [page.text for page in text.pages] == [
        f"This is sheet {n * n}" for n in range(51)
    ]
    assert (text.unit, text.name, text.path) == ("page", "a.pdf", str(path))
    assert text == "\n\n".join(page.text for page in text.pages)
    assert (text.blank, text.notes) == ((), ())


@pytest.mark.parametrize("justified", [False, True])
@pytest.mark.parametrize("offset", [0, 3, 6])
@pytest.mark.parametrize("gap", [12, 20, 30])
def test_two_columns_are_read_column_by_column(
    justified: bool, offset: float, gap: float
) -> None:
    left, right = [f"L{n}" for n in range(50)], [f"R{n}" for n in range(44)]

    def draw(canvas: Canvas) -> None:
        width = (475 - gap) / 2
        beside = 60 + width + gap
        column(canvas, right, beside, width, 750 - offset, justified, seed=1)
        column(canvas, left, 60, width, 750, justified, seed=2)
        canvas.setFont("Helvetica-Bold", 16)
        canvas.drawString(80, 790, "A heading that stands over both of the columns")
        canvas.setFont("Helvetica", 8)
        canvas.drawCentredString(297, 40, "- 17 -")

    found = [line for line in read(pdf(draw)).split("\n") if line]
    assert found[0] == "A heading that stands over both of the columns"
    assert [line.split()[0] for line in found[1:-1]] == left + right
    assert found[-1] == "- 17 -"
    assert not any("|" in line for line in found)


ROWS = [
    ["项目（万元）", "２０２３年", "2022年", "增减"],
    ["营业收入", "１，２３４．５", "1,100.0", "12.2%"],
    ["净利润", "(56.7)", "34.5", "-"],
    ["Total assets and other", "9,999", "8,888", "12.5%"],
]


@pytest.mark.parametrize("columns", [False, True])
def test_a_table_over_a_page_break_keeps_its_rows(columns: bool) -> None:
    more = [[f"行{n}", f"{n},111", f"{n},222", "-"] for n in range(30)]
    text = read(pdf(table(ROWS + more[:20], columns), table(more[20:], columns)))
    for page, rows in zip(text.pages, (ROWS + more[:20], more[20:]), strict=True):
        assert page.text.split("\n") == [" | ".join(row) for row in rows]


def test_chinese_and_full_width_text_is_read_as_it_stands() -> None:
    said = "公司营业收入为１２，３４５万元，同比增长８．５％。"
    assert read(pdf(lines(said, font=CHINESE))) == said


def test_a_word_cut_at_a_lines_end_is_found_whole() -> None:
    text = read(
        pdf(lines("The company's opera-", "tions grew by a well-", "known 5%."))
    )
    assert "operations grew" in text
    assert "\ufffe" not in text


LATIN = [["Item", "2023", "2022"], ["Revenue", "1,234.5", "(1.0)"], ["Tax", "5%", "-"]]


@pytest.mark.parametrize("shown", [False, True])
@pytest.mark.parametrize(("angle", "turn"), [(90, 90), (-90, 270)])
def test_a_table_along_the_side_of_a_page_keeps_its_rows(
    angle: int, turn: int, shown: bool
) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.translate(*((595, 0) if angle > 0 else (0, 842)))
        canvas.rotate(angle)
        table(LATIN, columns=True, font="Helvetica", top=500)(canvas)

    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf(draw)))
    if shown:  # as viewers show it: upright
        writer.pages[0].rotate(turn)
    buffer = io.BytesIO()
    writer.write(buffer)
    assert read(buffer.getvalue()).split("\n") == [" | ".join(row) for row in LATIN]


def test_pages_without_text_are_named_in_a_warning_and_a_note(tmp_path: Path) -> None:
    blank = {3, 7, 8, 9}
    pages = (nothing if n in blank else lines(f"page {n}") for n in range(1, 12))
    path = write(tmp_path, pdf(*pages))
    with pytest.warns(glmkit.MediaWarning, match="without text: 3, 7 to 9") as caught:
        text = glmkit.read(path)
    assert "glmkit.read_scans(path)" in str(caught[0].message)
    assert caught[0].filename == __file__
    assert text.blank == (3, 7, 8, 9)
    assert text.notes == ("pages without text: 3, 7 to 9",)
    assert [page.number for page in text.pages] == list(range(1, 12))


def test_a_scan_is_refused_and_names_ocr(tmp_path: Path) -> None:
    def scan(canvas: Canvas) -> None:
        canvas.rect(50, 50, 400, 600, fill=1)

    error = refused(write(tmp_path, pdf(scan, scan)))
    assert "holds no text" in str(error)
    assert "glmkit.read_scans(path)" in error.hint


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-256"])
def test_a_password_is_named(tmp_path: Path, algorithm: str) -> None:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf(lines("secret"))))
    writer.encrypt("word", algorithm=algorithm)
    writer.write(tmp_path / "a.pdf")
    error = refused(tmp_path / "a.pdf")
    assert str(error) == "a.pdf is protected by a password"
    assert "password" in error.hint


def test_a_file_that_needs_no_password_to_be_read_is_read(tmp_path: Path) -> None:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf(lines("open to all"))))
    writer.encrypt("", owner_password="owner", algorithm="AES-128")
    writer.write(tmp_path / "a.pdf")
    assert glmkit.read(tmp_path / "a.pdf") == "open to all"


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_cut_file_is_not_read_as_a_whole_one(tmp_path: Path, share: float) -> None:
    whole = pdf(*(lines(f"page {n}") for n in range(20)))
    path = write(tmp_path, whole[: int(len(whole) * share)])
    assert "cannot be read as pdf" in str(refused(path))


def updated() -> bytes:
    """Return a PDF whose page was replaced by a later state at the file's end."""
    old = pdf(lines("old state"))
    (contents,) = re.findall(rb"/Contents (\d+) 0 R", old)
    (size,) = re.findall(rb"/Size (\d+)", old)
    (root,) = re.findall(rb"/Root (\d+ 0 R)", old)
    (start,) = re.findall(rb"startxref\s+(\d+)", old)
    drawn = b"BT /F1 10 Tf 72 700 Td (new state) Tj ET"
    new = b"%s 0 obj\n<< /Length %d >>\nstream\n%s\nendstream\nendobj\n" % (
        contents, len(drawn), drawn
    )  # fmt: skip
    table_ = b"xref\n%s 1\n%010d 00000 n \n" % (contents, len(old))
    trailer = b"trailer\n<< /Size %s /Root %s /Prev %s >>\n" % (size, root, start)
    end = b"startxref\n%d\n%%%%EOF\n" % (len(old) + len(new))
    return old + new + table_ + trailer + end


def test_a_cut_update_is_not_read_as_the_state_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = updated()
    assert glmkit.read(write(tmp_path, whole)) == "new state"
    cut = write(tmp_path, whole[: whole.rindex(b"xref")])
    assert "its end is missing" in str(refused(cut))
    monkeypatch.setattr(pdf_reader, "_check_end", lambda source: None)  # the control
    assert glmkit.read(cut) == "old state"


def test_the_fields_of_a_form_are_noted() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(72, 700, "Name:")
        canvas.acroForm.textfield(name="n", value="Zhang San", x=120, y=690)

    text = read(pdf(draw))
    assert text == "Name:"
    assert text.notes == ("what is filled into the fields of a form is not read",)


def test_without_the_layout_columns_and_rows_would_be_mixed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def draw(canvas: Canvas) -> None:
        column(canvas, [f"L{n}" for n in range(9)], 60, 220, 750, False, seed=1)
        column(canvas, [f"R{n}" for n in range(9)], 300, 220, 750, False, seed=2)

    assert [line[0] for line in read(pdf(draw)).split("\n") if line] == [
        *"LLLLLLLLL", *"RRRRRRRRR"
    ]  # fmt: skip
    monkeypatch.setattr(page_layout, "gutter", lambda rows, depth: None)
    assert "L0" in read(pdf(draw)).split(" | ")[0]
    assert " | R0" in read(pdf(draw))


def test_1000_pages_are_read_quickly_in_little_memory(tmp_path: Path) -> None:
    marks = [f"L{n}" for n in range(45)]

    def draw(canvas: Canvas) -> None:
        column(canvas, marks, 60, 220, 750, True, seed=1)
        column(canvas, marks, 300, 220, 750, True, seed=2)

    path = write(tmp_path, pdf(*[draw] * 1000))
    process = psutil.Process()
    before, start = process.memory_info().rss, time.process_time()
    text = glmkit.read(path)
    spent = time.process_time() - start
    grown = (process.memory_info().rss - before) / 2**20
    print(f"1,000 pages: {spent:.1f} s, {grown:.0f} MB more")
    assert len(text.pages) == 1000
    assert grown < 250
    assert spent < 40  # 10 ms a page is usual; a slow machine gets four times that


def test_threads_read_at_the_same_time(tmp_path: Path) -> None:
    path = write(tmp_path, pdf(*(lines(f"page {n}") for n in range(60))))
    texts: list[str] = []
    readers = [
        threading.Thread(target=lambda: texts.append(glmkit.read(path)))
        for _ in range(8)
    ]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert len(texts) == 8
    assert len(set(texts)) == 1
