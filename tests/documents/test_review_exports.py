"""An exported review: a workbook and one HTML file, with nothing that acts in them."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import openpyxl
import pandas as pd
import pytest

from glmkit.documents.review_html import write_html
from glmkit.documents.review_store import ReviewDecision, ReviewStore
from glmkit.documents.review_table import ReviewTable
from glmkit.documents.review_xlsx import write_xlsx
from glmkit.readers.paged_text import PagedText, TextPage
from glmkit.types.errors import ConfigError
from glmkit.types.plain_text import plain
from tests.documents.evidence_tables import statement, table

Write = Callable[[Path, ReviewTable, ReviewStore], None]

FORMULAS = ["=1+1", "+1", "-1+2", "@SUM(A1)", '=HYPERLINK("http://x.example")', "#N/A"]


@pytest.fixture
def reviewed(tmp_path: Path) -> tuple[ReviewTable, ReviewStore]:
    held = ReviewTable(statement(tmp_path / "the report.pdf"))
    store = ReviewStore(held, tmp_path / "review.jsonl")
    made: list[tuple[int, dict[str, Any]]] = [
        (0, {"decision": "confirmed"}),
        (1, {"decision": "corrected", "corrected": -567, "note": "in brackets"}),
        (4, {"decision": "rejected"}),
    ]
    for number, fields in made:
        store.add(number, ReviewDecision(row=0, field="", reviewer="Ada", **fields))
    return held, store


def _hostile(tmp_path: Path, texts: list[str]) -> tuple[ReviewTable, ReviewStore]:
    """Return a table that holds these texts wherever a text can stand."""
    name = texts[0]
    docs = [PagedText([TextPage(1, t, t)], t, f"/tmp/{t[:60]}.pdf") for t in texts]
    frame = pd.DataFrame(
        {
            "document": pd.Series(docs, dtype=object),
            name: texts,
            f"{name}_quote": texts,
            f"{name}_page": [1] * len(texts),
            f"{name}_found": texts,
        }
    )
    held = ReviewTable(frame)
    store = ReviewStore(held, tmp_path / "review.jsonl")
    for number, text in enumerate(texts):
        text = plain(text)
        made = ReviewDecision(
            row=0, field="", decision="corrected", corrected=text, note=text,
            reviewer=text,
        )  # fmt: skip
        store.add(number, made)
    return held, store


def test_a_workbook_has_values_quotes_decisions_and_links(
    reviewed: tuple[ReviewTable, ReviewStore], tmp_path: Path
) -> None:
    path = tmp_path / "out.xlsx"
    write_xlsx(path, *reviewed)
    sheet = openpyxl.load_workbook(path)["Review"]
    head, *lines = [[cell.value for cell in row] for row in sheet.iter_rows()]
    held = [dict(zip(head, line, strict=True)) for line in lines]
    assert [line["value"] for line in held] == [1234, 567, 667, -12, 90, 1234]
    assert held[1]["corrected"] == -567
    assert [line["decision"] for line in held] == [
        "confirmed", "corrected", None, None, "rejected", None,
    ]  # fmt: skip
    assert (held[1]["note"], held[1]["reviewer"]) == ("in brackets", "Ada")
    assert (held[0]["page"], held[4]["page"]) == (2, None)
    assert held[0]["quote"] == "Revenue 1,234"
    assert held[4]["found"] == "not found"
    links = [row[-1].hyperlink for row in sheet.iter_rows(min_row=2)]
    assert links[0].target == "the%20report.pdf#page=2"
    assert (tmp_path / unquote(links[0].target.partition("#")[0])).is_file()
    assert links[4].target == "the%20report.pdf"


def test_each_decision_of_each_reviewer_is_in_the_second_sheet(
    reviewed: tuple[ReviewTable, ReviewStore], tmp_path: Path
) -> None:
    held, store = reviewed
    store.add(0, ReviewDecision(row=0, field="", decision="rejected", reviewer="Bea"))
    write_xlsx(tmp_path / "out.xlsx", held, store)
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert book["Review"]["G2"].value == "differs"
    found = [[c.value for c in row][2:6:3] for row in book["Decisions"].iter_rows()]
    assert found[1:] == [
        ["confirmed", "Ada"], ["rejected", "Bea"], ["corrected", "Ada"],
        ["rejected", "Ada"],
    ]  # fmt: skip


def test_no_text_becomes_a_formula(tmp_path: Path) -> None:
    path = tmp_path / "out.xlsx"
    write_xlsx(path, *_hostile(tmp_path, FORMULAS))
    with zipfile.ZipFile(path) as file:
        sheets = [
            file.read(name).decode() for name in file.namelist() if "sheets/" in name
        ]
    assert len(sheets) >= 2
    for sheet in sheets:
        assert "<f>" not in sheet
        assert 't="e"' not in sheet
    found = openpyxl.load_workbook(path)["Review"]
    for line, text in enumerate(FORMULAS, 2):
        for column in "BCDFHIJ":
            cell = found[f"{column}{line}"]
            assert cell.data_type == "s"
        assert found[f"C{line}"].value == text
        assert found[f"C{line}"].quotePrefix == (text[0] in "=+-@")


def test_what_xml_and_excel_cannot_hold_is_left_out(tmp_path: Path) -> None:
    texts = ["\x00\x0b\x1f\ud800\ufffe", "x" * 100_000, "\u202etxt"]
    path = tmp_path / "out.xlsx"
    write_xlsx(path, *_hostile(tmp_path, ["a", *texts]))
    sheet = openpyxl.load_workbook(path)["Review"]
    assert sheet["C3"].value == "\ufffd\ufffd"
    assert len(sheet["C4"].value) == 32_001
    assert sheet["C5"].value == "txt"


class _Elements(HTMLParser):
    """Collects tags, ids, links and attributes of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.names: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.names |= {name for name, _value in attrs}
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.links += [value or "" for name, value in attrs if name == "href"]


def test_the_html_leads_from_each_value_to_its_marked_quote(
    reviewed: tuple[ReviewTable, ReviewStore], tmp_path: Path
) -> None:
    write_html(tmp_path / "out.html", *reviewed)
    html = (tmp_path / "out.html").read_text("utf-8")
    found = _Elements(html)
    assert found.links == ["#quote-0", "#quote-1", "#quote-2", "#quote-3", "#quote-5"]
    assert {link[1:] for link in found.links} <= {*found.ids}
    assert len(found.ids) == len({*found.ids})
    assert '<span id="quote-3"></span><mark>Net income (12)</mark>' in html
    assert html.count("<section>") == 1
    assert "<del>567</del> -567" in html
    assert "3 of 6 values reviewed" in html
    assert "in brackets" in html


def test_the_html_has_nothing_that_acts_or_asks(tmp_path: Path) -> None:
    from tests.browser.vectors import attacks

    write_html(tmp_path / "o.html", *_hostile(tmp_path, attacks("http://127.0.0.1:9")))
    html = (tmp_path / "o.html").read_text("utf-8")
    found = _Elements(html)
    assert " ".join(sorted(found.tags)) == (
        "a body br del div h1 h2 h3 head html main mark meta p pre section small span "
        "style table tbody td th thead title tr"
    )
    assert " ".join(sorted(found.names)) == (
        "charset class content href http-equiv id lang name scope"
    )
    assert all(re.fullmatch(r"#(quote|page)-\d+", link) for link in found.links)
    head = html.partition("<title>")[0]
    assert "default-src 'none'" in head
    assert "url(" not in html.partition("</style>")[0]
    assert "color-scheme: light dark" in html


@pytest.mark.parametrize("write", [write_xlsx, write_html])
def test_a_file_is_replaced_whole_or_not_at_all(
    reviewed: tuple[ReviewTable, ReviewStore],
    tmp_path: Path,
    write: Write,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "out.file"
    path.write_text("before")
    path.chmod(0o640)

    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(ConfigError, match="No space left"):
            write(path, *reviewed)
    assert path.read_text() == "before"
    write(path, *reviewed)
    assert path.stat().st_size > 1000
    assert path.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in tmp_path.glob(".*")] == []


@pytest.mark.parametrize("write", [write_xlsx, write_html])
def test_a_folder_that_is_not_there_is_named(
    reviewed: tuple[ReviewTable, ReviewStore], tmp_path: Path, write: Write
) -> None:
    with pytest.raises(ConfigError, match="nowhere") as caught:
        write(tmp_path / "nowhere/out.file", *reviewed)
    assert caught.value.hint


@pytest.mark.parametrize("write", [write_xlsx, write_html])
def test_thousands_of_values_are_written(tmp_path: Path, write: Write) -> None:
    held = ReviewTable(table(3000))
    write(tmp_path / "out.file", held, ReviewStore(held, tmp_path / "r.jsonl"))
    assert (tmp_path / "out.file").stat().st_size > 100_000
