"""Web pages: sections by headings, rows of tables, encodings."""

from glmkit.readers import files
from glmkit.readers.paged_text import PagedText


def read(page: str) -> PagedText:
    return files.of_bytes(page.encode(), "a.html")


def test_headings_begin_sections() -> None:
    text = read(
        "<title>T</title><p>before</p><h1>One <i>title</i></h1><p>a</p><h3>x</h3>"
        "<div><h2>Two</h2><p>b</p></div>"
    )
    assert text.unit == "section"
    assert [(page.title, page.text) for page in text.pages] == [
        ("", "T\nbefore"),
        ("One title", "One title\na\nx"),
        ("Two", "Two\nb"),
    ]


def test_a_tables_row_is_a_line() -> None:
    text = read(
        "<table><tr><th>Year</th><th>Sum</th></tr><tr><td>2023</td><td><b>1</b>,2</td>"
        "</tr></table><p>after"
    )
    assert text == "Year | Sum\n2023 | 1,2\nafter"


def test_a_table_for_layout_is_read_as_text() -> None:
    inner = "<table><tr><td>a</td><td>b</td></tr></table>"
    text = read(f"<table><tr><td><p>x</p>{inner}</td></tr></table>")
    assert text == "x\na | b"


def test_a_page_cannot_make_sections_by_the_readers_own_mark() -> None:
    assert [page.title for page in read("a\ufdd0b<h1>One</h1>").pages] == ["", "One"]


def test_deep_nesting_is_read_or_refused() -> None:
    text = files.of_bytes(b"<div>" * 300 + b"deep", "a.html")
    assert text == "deep"


def test_a_line_breaks_where_a_browser_breaks_it() -> None:
    text = read(
        "<p>Net <b>loss</b> of 1,<i>234</i>\n million<!-- no --><br>in 2024</p>"
        "<pre>a\n  b</pre><table><tr><td>1<br>2</td><td><p>3</p><p>4</p></td></tr>"
    )
    lines = ["Net loss of 1,234 million", "in 2024", "a", "b", "1 2 | 3 4"]
    assert text.split("\n") == lines


def test_what_a_browser_does_not_show_is_left_out() -> None:
    text = read(
        "<body style='display:none'><p>a</p><div style='color:red; DISPLAY: none'>b"
        "<p hidden>c</p></div><p hidden>d</p>e</body>"
    )
    assert text == "a\ne"
