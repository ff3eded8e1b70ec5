"""A question about one document, asked of a simulated reader."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import glmkit
from glmkit.catalog.tokens import count
from glmkit.documents.chunks import chunks
from glmkit.errors import ConfigError, GLMError
from glmkit.readers.paged_text import PagedText, TextPage
from tests.conftest import Paced

Factory = Callable[..., Paced]


def report(pages: int, words: int = 40, every: int = 1) -> PagedText:
    """Return a report with a fact on every so many pages."""
    facts = {n: f"\nFACT {n} is {n * 7},000" for n in range(every, pages + 1, every)}
    return PagedText(
        [
            TextPage(n, f"Page {n} says little. " * words + facts.get(n, ""))
            for n in range(1, pages + 1)
        ],
        "report.pdf",
    )


def client_of(place: Paced) -> glmkit.Client:
    return glmkit.Client(place.url, api_key=place.key)


def test_a_short_document_is_sent_whole_and_its_quotes_are_checked(
    paced: Factory, capsys: pytest.CaptureFixture[str]
) -> None:
    place = paced(text="facts")
    text = PagedText([*report(3).pages, TextPage(4, "")], "report.pdf")
    found = glmkit.ask_document(text, "WHOLE: which facts?", client=client_of(place))
    assert found.text == "3 facts"
    assert [(s.page, s.quote, s.found) for s in found.statements] == [
        (n, f"FACT {n} is {n * 7},000", "exact") for n in (1, 2, 3)
    ]
    assert (found.portions, found.blank) == (1, (4,))
    assert place.seen["requests"] == 1
    assert "report.pdf whole" in capsys.readouterr().out
    assert "page 2" in str(found)
    assert "Not read" in found._repr_html_()


def test_a_long_one_goes_in_portions_and_the_answer_rests_on_some_statements(
    paced: Factory,
) -> None:
    place = paced(text="facts")
    text = report(1_000, words=60, every=10)
    found = glmkit.ask_document(text, "Which facts?", client=client_of(place))
    assert found.text == "all in all"
    assert found.portions == place.seen["requests"] - 1 > 2
    pages = [statement.page for statement in found.statements]
    assert pages == list(range(10, 1_001, 20))
    assert not found.unfounded


def test_what_was_answered_is_not_asked_again(paced: Factory) -> None:
    place = paced(text="facts")
    text = report(3)
    for _again in range(2):
        glmkit.ask_document(text, "WHOLE: which facts?", client=client_of(place))
    assert place.seen["requests"] == 1


def test_an_invented_quote_is_told(paced: Factory) -> None:
    place = paced(
        text="answer",
    )
    claim = {"statement": "a", "quote": "it is so", "page": 2}
    said = json.dumps({"answer": "Yes.", "statements": [claim]})
    found = glmkit.ask_document(report(3), f"ANSWER:{said}", client=client_of(place))
    assert [one.found for one in found.unfounded] == ["not found"]
    assert "not found" in str(found)


def test_a_portion_without_an_answer_is_no_answer(paced: Factory) -> None:
    place = paced(status=400, code="1214")
    with pytest.raises(GLMError, match="1 of 1 portions"):
        glmkit.ask_document(report(3), "WHOLE?", client=client_of(place))


def test_a_plan_is_priced_and_nothing_is_sent(paced: Factory) -> None:
    place = paced(text="facts")
    plan = glmkit.ask_document(
        report(3), "Which?", client=client_of(place), model="glm-4-long", run=False
    )
    assert plan.rows == 1
    assert place.seen["requests"] == 0


def test_a_path_is_read_and_a_missing_one_is_told(
    paced: Factory, tmp_path: Path
) -> None:
    place = paced(text="facts")
    file = tmp_path / "notes.txt"
    file.write_text("FACT 1 is here\n", "utf-8")
    found = glmkit.ask_document(file, "WHOLE?", client=client_of(place))
    assert [one.page for one in found.statements] == [1]
    with pytest.raises(ConfigError, match="gone"):
        glmkit.ask_document(str(tmp_path / "gone.pdf"), "?", client=client_of(place))
    with pytest.raises(ConfigError, match="empty"):
        glmkit.ask_document(file, " ", client=client_of(place))


def test_portions_hold_whole_pages_and_whole_rows() -> None:
    rows = "\n".join(f"row {n} | {n * 13},000 | {n * 17},000" for n in range(2000))
    text = PagedText([TextPage(1, "short"), TextPage(2, rows), TextPage(3, "end")])
    found = chunks(text, 1_000)
    lines = [
        line for part in found for page in part.pages for line in page.text.split("\n")
    ]
    assert lines == ["short", *rows.split("\n"), "end"]
    assert max(count(part.marked).tokens for part in found) <= 1_000
    assert {page.number for page in found[-1].pages} == {2, 3}


def test_a_line_that_is_too_long_is_cut_at_a_blank_and_nothing_is_lost() -> None:
    text = "word " * 5_000
    found = chunks(PagedText([TextPage(1, text)]), 500)
    assert "".join(str(part) for part in found).split() == text.split()


@pytest.mark.parametrize("name", ["to", "evidence", "pages", "schema"])
def test_an_option_of_a_table_is_refused_before_anything_is_sent(
    paced: Factory, name: str
) -> None:
    place = paced(text="facts")
    options: dict[str, Any] = {name: "relevant", "client": client_of(place)}
    with pytest.raises(ConfigError, match=f"takes no {name}"):
        glmkit.ask_document(report(3), "Which?", **options)
    assert place.seen["requests"] == 0


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (None, "NoneType"),
        (b"text", "bytes"),
        ([report(1)], "list"),
        ("annual report 2024.pdf", "cannot be read"),
    ],
)
def test_what_is_not_a_document_is_refused_before_anything_is_sent(
    paced: Factory, document: Any, said: str
) -> None:
    place = paced(text="facts")
    with pytest.raises(ConfigError, match=said):
        glmkit.ask_document(document, "Which?", client=client_of(place))
    assert place.seen["requests"] == 0
