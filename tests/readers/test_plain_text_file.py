"""Text files: pages by form feeds, sections of Markdown."""

import pytest

from glmkit.readers import files
from glmkit.readers.paged_text import PagedText


def read(text: str, name: str) -> PagedText:
    return files.of_bytes(text.encode(), name)


@pytest.mark.parametrize("end", ["", "\f", "\f\n"])
def test_a_form_feed_ends_a_page(end: str) -> None:
    text = read(f"one\n\ftwo{end}", "a.txt")
    assert text.unit == "page"
    assert [page.text for page in text.pages] == ["one\n", "two"]


def test_a_text_without_form_feeds_is_one_section_as_it_stands() -> None:
    text = read("a,b\r\n1,2\r\n", "a.csv")
    assert (text, text.unit, len(text.pages)) == ("a,b\r\n1,2\r\n", "section", 1)


def test_headings_of_markdown_begin_sections() -> None:
    source = "before\n\n# One #\na\n### x\n```\n# no heading\n```\n\n## Two\nb\n"
    text = read(source, "a.md")
    assert [(page.title, page.text) for page in text.pages] == [
        ("", "before"),
        ("One", "# One #\na\n### x\n```\n# no heading\n```"),
        ("Two", "## Two\nb\n"),
    ]
    assert text == source


def test_a_hash_in_other_texts_is_no_heading() -> None:
    assert len(read("# a comment\nx = 1\n# another\n", "a.py").pages) == 1
