"""Files as text: each kind read, each fault a short error."""

import base64
import json
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

import docx
import pypdf
import pytest

import glmkit
from glmkit.readers import files as texts
from glmkit.tables.inputs import inputs_of
from glmkit.types.errors import MediaWarning
from glmkit_widgets.chat.attachments import of_file, of_upload
from tests.conftest import Paced
from tests.readers.test_signatures import changed, excel, word

Run = Callable[[str], Any]

#: A page that says "Hello from page one", written by hand.
PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 100]/Contents 4 0 R
/Resources<</Font<</F1 5 0 R>>>>>>endobj
4 0 obj<</Length 55>>stream
BT /F1 18 Tf 20 40 Td (Hello from page one) Tj ET     \nendstream endobj
5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj
trailer<</Root 1 0 R>>
startxref
0
%%EOF
"""


def test_pdf_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(PDF)
    assert glmkit.read(tmp_path / "a.pdf") == "Hello from page one"


def test_word_file_is_read_with_its_tables(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_heading("Title")
    document.add_paragraph("A paragraph.")
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "speed", "3"
    document.add_paragraph("The end.")
    document.save(str(tmp_path / "a.docx"))
    read = glmkit.read(str(tmp_path / "a.docx"))
    assert read == "Title\n\nA paragraph.\n\n| speed | 3 |\n\nThe end."


def test_html_is_read_without_its_scripts(tmp_path: Path) -> None:
    page = "<title>T</title><script>no()</script><style>x{}</style><p>Yes <b>you</b>"
    (tmp_path / "a.HTML").write_text(page, "utf-8")
    assert glmkit.read(tmp_path / "a.HTML") == "T\nYes you"


def test_notebook_is_read_without_its_outputs(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# T\n", "text"]},
        {"cell_type": "code", "source": "x = 1", "outputs": [{"text": "secret"}]},
    ]
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": cells}), "utf-8")
    assert glmkit.read(tmp_path / "a.ipynb") == "# T\ntext\n\n```\nx = 1\n```"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_is_read_in_unicode(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.csv").write_text("天空,é\r\n", encoding, newline="")
    assert glmkit.read(tmp_path / "a.csv") == "天空,é\r\n"


CITIES = "城市,年份\n北京,1990\n上海,2001\n"


@pytest.mark.parametrize(
    ("text", "encoding", "guess"),
    [
        (CITIES, "gb18030", "GB18030"),
        (CITIES, "gbk", "GB18030"),
        (CITIES, "utf-16-le", "UTF-16"),
        (CITIES, "utf-16-be", "UTF-16"),
        ("臺北,1990\n高雄,2001\n", "big5", "Big5"),
        ("Straße,Stadt\nHauptstraße,Köln\n", "cp1252", "Windows-1252"),
    ],
)
def test_text_in_another_encoding_is_read_and_the_guess_shown(
    tmp_path: Path, text: str, encoding: str, guess: str
) -> None:
    (tmp_path / "a.csv").write_text(text, encoding, newline="")
    with pytest.warns(MediaWarning, match=f"a.csv is not UTF-8 .* as {guess},"):
        assert glmkit.read(tmp_path / "a.csv") == text
    assert glmkit.read(tmp_path / "a.csv", encoding) == text


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-16-le"])
def test_every_place_that_takes_a_file_reads_it_alike(
    tmp_path: Path,
    encoding: str,
    run: Run,
    place: Paced,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text(CITIES, encoding, newline="")
    guessed = encoding != "utf-16"
    _, shown = run("%%glm --file a.csv\nSum it up")
    assert CITIES in place.seen["bodies"][-1]["messages"][0]["content"]
    assert ("which is a guess" in shown) == guessed
    _, dry = run("%%glm --dry-run --file a.csv\nSum it up")
    assert ("which is a guess" in dry) == guessed
    with catch_warnings(record=True) as caught:
        simplefilter("always")
        assert inputs_of("a.csv").columns == ("城市", "年份")
    assert [w.category for w in caught] == [MediaWarning] * guessed
    data = base64.b64encode(Path("a.csv").read_bytes()).decode()
    for attached in (of_file(Path("a.csv")), of_upload("b", data)):
        assert CITIES in str(attached.content)
        assert ("a guess" in attached.about) == guessed


def test_an_encoding_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("これは短い。", "shift_jis")
    assert glmkit.read(path, encoding="shift_jis") == "これは短い。"
    with pytest.raises(glmkit.ConfigError, match="'klingon' is not an encoding"):
        glmkit.read(path, encoding="klingon")
    with pytest.raises(glmkit.ConfigError, match="not text in utf-8"):
        glmkit.read(path, encoding="utf-8")


def test_a_page_is_read_by_the_encoding_that_it_declares(tmp_path: Path) -> None:
    for name, head in (("a.html", '<meta charset="gb2312">'), ("b.html", "")):
        page = f"<html>{head}<p>城市的天气很好</p></html>"
        (tmp_path / name).write_text(page, "gbk")
    assert glmkit.read(tmp_path / "a.html") == "城市的天气很好"
    with pytest.warns(MediaWarning, match="GB18030"):
        assert glmkit.read(tmp_path / "b.html") == "城市的天气很好"


def test_what_decodes_as_nothing_names_the_encodings_tried(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("Größe, Köln".encode() + b"\xff")  # UTF-8 with a broken byte
    said = refused(path)
    for name in ("UTF-8", "UTF-16", "GB18030", "Big5", "Windows-1252"):
        assert name in said


def refused(path: Path) -> str:
    with pytest.raises(glmkit.ConfigError) as caught:
        glmkit.read(path)
    assert caught.value.hint
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.bin", b"\x00\xff\x01", "is not text"),
        ("a.txt", b"nul \x00 in it", "is not text"),
        ("a.pdf", b"no pdf at all", "cannot be read as pdf"),
        ("a.pdf", PDF[:200], "cannot be read as pdf"),
        ("a.docx", b"PK no zip", "cannot be read as docx"),
        ("a.ipynb", b'{"cells": [1]}', "cannot be read as ipynb"),
        ("a.ipynb", b"{", "cannot be read as ipynb"),
        ("a.html", b"<script>only</script>", "holds no text"),
    ],
)
def test_file_that_is_no_text_is_refused(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert said in refused(tmp_path / name)


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    assert "cannot be read" in refused(tmp_path / "nowhere.txt")
    assert "is not a file" in refused(tmp_path)


@pytest.mark.parametrize("name", ["a.txt", "a.pdf"])
def test_huge_file_is_refused_unread(tmp_path: Path, name: str) -> None:
    with (tmp_path / name).open("wb") as file:
        file.truncate(200 * 2**20)
    assert "too large: 200 MB" in refused(tmp_path / name)


def test_locked_pdf_is_refused(tmp_path: Path) -> None:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(10, 10)
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(tmp_path / "a.pdf")
    assert "is protected by a password" in refused(tmp_path / "a.pdf")


def test_scanned_pdf_says_what_to_do(tmp_path: Path) -> None:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(10, 10)
    writer.write(tmp_path / "a.pdf")
    with pytest.raises(glmkit.ConfigError) as caught:
        texts.read(tmp_path / "a.pdf")
    assert "--image" in caught.value.hint


@pytest.mark.parametrize("seed", range(3))
def test_damaged_files_are_read_or_refused_and_nothing_else(seed: int) -> None:
    chosen = random.Random(seed)
    for name, data in (("a.pdf", PDF), ("a.docx", word()), ("a.xlsx", excel())):
        for _ in range(60):
            broken = bytearray(data)
            for _ in range(chosen.randint(1, 8)):
                broken[chosen.randrange(len(broken))] = chosen.randrange(256)
            with suppress(glmkit.ConfigError):
                texts.of_bytes(bytes(broken), name)


def test_a_workbook_without_its_parts_is_damaged(tmp_path: Path) -> None:
    gone = changed(excel(), "[Content_Types].xml", b"sheet.main+xml", b"other+xml")
    (tmp_path / "a.xlsx").write_bytes(gone)
    assert "cannot be read as xlsx" in refused(tmp_path / "a.xlsx")
