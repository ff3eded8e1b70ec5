"""Files that are not what their names promise, or that are made to do harm."""

import io
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import docx
import openpyxl
import pptx
import pytest

import glmkit
from glmkit.readers import office_archive
from tests.readers.drawn import lines, pdf

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 40
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
HTML = b"\n<!DOCTYPE html><html><body>Sign in</body></html>"


def packed(members: dict[str, bytes], kind: int = ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", kind) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def word(text: str = "Hello") -> bytes:
    buffer = io.BytesIO()
    document = docx.Document()
    document.add_paragraph(text)
    document.save(buffer)
    return buffer.getvalue()


def excel() -> bytes:
    buffer = io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append(["a"])
    book.save(buffer)
    return buffer.getvalue()


def powerpoint() -> bytes:
    buffer = io.BytesIO()
    pptx.Presentation().save(buffer)
    return buffer.getvalue()


def changed(data: bytes, name: str, old: bytes, new: bytes) -> bytes:
    """Return an Office file with a part in which a text is another."""
    with ZipFile(io.BytesIO(data)) as archive:
        members = {item: archive.read(item) for item in archive.namelist()}
    assert old in members[name]
    return packed({**members, name: members[name].replace(old, new, 1)})


def refused(path: Path) -> glmkit.ConfigError:
    with pytest.raises(glmkit.ConfigError) as caught:
        glmkit.read(path)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("report.pdf", packed({"a.txt": b"x"}), "is a ZIP archive, not a PDF"),
        ("report.pdf", packed({"a.pdf": pdf(lines("x"))}, 0), "is a ZIP archive"),
        ("report.pdf", word(), "is a Word document, not a PDF"),
        ("report.pdf", HTML, "is a web page (HTML), not a PDF"),
        ("report.pdf", PNG, "is a PNG picture, not a PDF"),
        ("report.docx", pdf(lines("x")), "is a PDF document, not a Word document"),
        ("report.docx", excel(), "is an Excel workbook, not a Word document"),
        ("report.xlsx", powerpoint(), "is a PowerPoint presentation, not an Excel"),
        ("report.pptx", JPEG, "is a JPEG picture, not a PowerPoint"),
        ("report.html", pdf(lines("x")), "is a PDF document, not a web page"),
        ("report.txt", pdf(lines("x")), "is a PDF document, not text"),
        ("report.csv", excel(), "is an Excel workbook, not text"),
        ("report.csv", HTML, "is a web page (HTML), not text"),
        ("report.png", PNG, "is a PNG picture, not text"),
        ("report.doc", OLE, "is an old Office file"),
        ("report.xls", OLE, "is an old Office file"),
        ("report.docx", OLE, "is an old Office file"),
        (
            "report.docx",
            OLE + "EncryptedPackage".encode("utf-16-le"),
            "is protected by a password",
        ),
        ("report.xlsx", b"a,b\n1,2\n", "cannot be read as xlsx"),
        ("report.pptx", powerpoint()[:3000], "cannot be read as pptx"),
        ("report.docx", word()[:3000], "cannot be read as docx"),
        ("report.xlsx", excel()[:3000], "cannot be read as xlsx"),
    ],
    ids=lambda value: value if isinstance(value, str) else "data",
)
def test_a_file_that_is_something_else_is_named(
    tmp_path: Path, name: str, data: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(data)
    assert said in str(refused(tmp_path / name))


@pytest.mark.parametrize("name", ["a.txt", "a.pdf", "a.docx", "a.xlsx", "a.html"])
def test_an_empty_file_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    assert str(refused(tmp_path / name)) == f"{name} is empty"


def test_a_file_without_an_ending_is_read_as_what_it_is(tmp_path: Path) -> None:
    for data, text in ((pdf(lines("x")), "x"), (word(), "Hello"), (b"plain", "plain")):
        (tmp_path / "report").write_bytes(data)
        assert glmkit.read(tmp_path / "report") == text


def test_the_source_of_a_page_in_a_text_is_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(HTML)
    assert glmkit.read(tmp_path / "a.txt") == HTML.decode()


@pytest.mark.parametrize("name", ["a.pdf", "a.docx", "a.xlsx", "a.pptx", "a.txt"])
def test_2_gigabytes_are_refused_unread(tmp_path: Path, name: str) -> None:
    with (tmp_path / name).open("wb") as file:
        file.truncate(2 * 2**30)
    assert f"{name} is too large: 2,048 MB" in str(refused(tmp_path / name))


def test_an_archive_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(office_archive, "LARGEST_UNPACKED", 3 * 2**20)
    files = (
        (word(), "a.docx"),
        (excel(), "a.xlsx"),
        (powerpoint(), "a.pptx"),
    )
    for data, name in files:
        with ZipFile(io.BytesIO(data)) as archive:
            members = {item: archive.read(item) for item in archive.namelist()}
        bomb = packed({**members, "media/image1.bin": b"\0" * 4 * 2**20})
        assert len(bomb) < 200_000
        (tmp_path / name).write_bytes(bomb)
        assert "unpacks to more than 3 MB" in str(refused(tmp_path / name))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_xml_entities_are_refused(tmp_path: Path, encoding: str) -> None:
    name = "word/document.xml"
    with ZipFile(io.BytesIO(word())) as archive:
        part = archive.read(name)
    entities = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    root = part.decode().partition("?>")[2].replace("Hello", "&b;")
    harm = f'<?xml version="1.0" encoding="{encoding}"?>{entities}{root}'
    data = changed(word(), name, part, harm.encode(encoding))
    (tmp_path / "a.docx").write_bytes(data)
    assert "XML entities" in str(refused(tmp_path / "a.docx"))


def test_a_harmful_part_would_reach_the_library_without_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(office_archive, "check", lambda source: None)  # the control
    name = "word/document.xml"
    data = changed(word(), name, b"<w:document", b"<!DOCTYPE x []><w:document")
    (tmp_path / "a.docx").write_bytes(data)
    assert glmkit.read(tmp_path / "a.docx") == "Hello"
