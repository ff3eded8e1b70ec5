"""Files as text: each kind read, each fault a short error."""

import json
from pathlib import Path

import docx
import pypdf
import pytest

import glmkit
from glmkit.client.prompts import files as texts

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
    assert glmkit.read(tmp_path / "a.HTML") == "T\nYes\nyou"


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


def refused(path: Path) -> str:
    with pytest.raises(glmkit.ConfigError) as caught:
        glmkit.read(path)
    assert caught.value.hint
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.bin", b"\x00\xff\x01", "no text"),
        ("a.txt", b"nul \x00 in it", "no text"),
        ("a.pdf", b"no pdf at all", "can not be read as pdf"),
        ("a.pdf", PDF[:200], "can not be read as pdf"),
        ("a.docx", b"PK no zip", "can not be read as docx"),
        ("a.ipynb", b'{"cells": [1]}', "can not be read as ipynb"),
        ("a.ipynb", b"{", "can not be read as ipynb"),
        ("a.html", b"<script>only</script>", "holds no text"),
    ],
)
def test_file_that_is_no_text_is_refused(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert said in refused(tmp_path / name)


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    assert "can not be read" in refused(tmp_path / "nowhere.txt")
    assert "no file" in refused(tmp_path)


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
    assert "can not be read as pdf" in refused(tmp_path / "a.pdf")


def test_scanned_pdf_says_what_to_do(tmp_path: Path) -> None:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(10, 10)
    writer.write(tmp_path / "a.pdf")
    with pytest.raises(glmkit.ConfigError) as caught:
        texts.read(tmp_path / "a.pdf")
    assert "--image" in caught.value.hint
