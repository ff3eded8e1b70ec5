"""A folder's documents as a table."""

import errno
from pathlib import Path

import docx
import pandas as pd
import pytest

import glmkit
from glmkit.readers.paged_text import PagedText
from glmkit.readers.source import FileSource
from tests.readers.drawn import lines, pdf


def nothing(_canvas: object) -> None:
    """Draw nothing."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "docs"
    (root / "sub" / ".git").mkdir(parents=True)
    (root / "b.pdf").write_bytes(pdf(lines("one"), nothing, lines("three")))
    (root / "sub" / "a.txt").write_text("天空 blue", "gb18030")
    (root / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    (root / "empty.docx").touch()
    (root / "old.doc").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    document = docx.Document()
    document.add_paragraph("Hello")
    document.save(str(root / "c.docx"))
    for unseen in (".hidden.txt", "~$c.docx", "sub/.git/x.md", "photo.png", "tool.exe"):
        (root / unseen).write_bytes(b"text")
    (root / "sub" / "loop").symlink_to(root, target_is_directory=True)
    (root / "gone.txt").symlink_to(root / "nowhere.txt")
    return root


def test_each_document_is_a_row_with_its_size_or_its_problem(folder: Path) -> None:
    docs = glmkit.read_folder(folder)
    assert list(docs.columns) == [
        "document", "file", "kind", "pages", "characters", "tokens", "blank", "problem"
    ]  # fmt: skip
    assert list(docs.file) == [
        "b.pdf", "broken.pdf", "c.docx", "empty.docx", "gone.txt", "old.doc",
        "sub/a.txt",
    ]  # fmt: skip
    rows = docs.set_index("file")
    first = rows.loc["b.pdf"]
    assert isinstance(first.document, PagedText)
    assert first.document == "one\n\nthree"
    assert (first.kind, first.pages, first.characters, first.blank) == (
        "pdf", 3, 10, [2]
    )  # fmt: skip
    assert first.tokens > 0
    assert rows.loc["sub/a.txt", "document"] == "天空 blue"
    read = ["b.pdf", "c.docx", "sub/a.txt"]
    assert list(rows.index[rows.problem.isna()]) == read
    assert rows.loc["empty.docx", "problem"].startswith("empty.docx is empty. ")
    assert "old Office file" in rows.loc["old.doc", "problem"]
    bad = rows.loc["broken.pdf"]
    assert "cannot be read as pdf" in bad.problem
    assert "\n" not in bad.problem
    assert bad.document is None
    assert bad.pages is pd.NA


def test_a_pattern_chooses_files_in_every_subfolder(folder: Path) -> None:
    assert list(glmkit.read_folder(folder, "*.txt").file) == ["gone.txt", "sub/a.txt"]
    assert list(glmkit.read_folder(str(folder), "a*").file) == ["sub/a.txt"]


def test_a_folder_without_documents_is_an_empty_table(tmp_path: Path) -> None:
    docs = glmkit.read_folder(tmp_path)
    assert len(docs) == 0
    assert docs.pages.dtype == "Int64"


def test_a_folder_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(glmkit.ConfigError, match="there is no folder") as caught:
        glmkit.read_folder(tmp_path / "nowhere")
    assert caught.value.hint


def test_a_file_that_may_not_be_read_is_a_row(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may read every file, so the refusal is the reader's."""

    def refuse(source: FileSource) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(FileSource, "open", refuse)
    rows = glmkit.read_folder(folder).set_index("file")
    assert "cannot be read: Permission denied" in rows.loc["b.pdf", "problem"]


def test_a_row_goes_through_the_question_of_a_table(folder: Path) -> None:
    docs = glmkit.read_folder(folder, "b.pdf")
    copied = docs[docs.problem.isna()].copy()
    assert copied.document.iloc[0].pages[2].text == "three"
