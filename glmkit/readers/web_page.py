"""Web pages: their visible text, in sections by headings."""

from __future__ import annotations

import codecs
import re
from typing import Any

from glmkit.readers.paged_text import PagedText
from glmkit.readers.plain_text_file import text_of
from glmkit.readers.sections import sections
from glmkit.readers.source import FileSource, Reading, damaged, no_reader, without_text

_UNSEEN = ["script", "style", "template", "noscript"]
#: Elements that stand on lines of their own; all others go on within a line.
_BLOCKS = [
    "address", "article", "aside", "blockquote", "caption", "dd", "details", "div",
    "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3",
    "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "option", "p", "pre",
    "section", "summary", "table", "td", "th", "title", "tr", "ul",
]  # fmt: skip
_BLANKS = re.compile("[ \t\r\n\f]+")
_NOT_SHOWN = re.compile(r"display\s*:\s*none", re.I)
#: Stands before a heading while a page's text is taken.
_MARK = "\ufdd0"


def web_page(source: FileSource, encoding: str | None = None) -> Reading:
    """Return the text of a page; a table's row is a line."""
    try:
        import bs4
    except ImportError as exc:
        raise no_reader("HTML") from exc
    declared = bs4.dammit.EncodingDetector.find_declared_encoding(
        source.read(), is_html=True
    )
    text, guess = text_of(source, encoding or _known(declared))
    try:
        page = bs4.BeautifulSoup(text.replace(_MARK, ""), "html.parser")
        parts = _parts(page)
    except (RecursionError, AssertionError, ValueError) as exc:
        raise damaged(source, exc) from exc
    if not any(part.strip() for _title, part in parts):
        raise without_text(source)
    return PagedText(sections(parts), source.name, source.path, "section"), guess


def _parts(page: Any) -> list[tuple[str, str]]:
    """Return the titles and texts of the sections."""
    for hidden in [*page(_UNSEEN), *page(hidden=True), *page(style=_NOT_SHOWN)]:
        if hidden.name not in ("html", "body"):  # which a script may show
            hidden.decompose()
    _break_lines(page)
    for row in page("tr"):
        if row.find("table") is None:
            cells = row.find_all(["td", "th"])
            row.string = " | ".join(" ".join(cell.get_text().split()) for cell in cells)
    titles = [""]
    for heading in page(["h1", "h2"]):
        titles.append(" ".join(heading.get_text().split()))
        heading.insert(0, _MARK)
    texts = page.get_text().split(_MARK)
    return [(title, _lines(part)) for title, part in zip(titles, texts, strict=False)]


def _break_lines(page: Any) -> None:
    """Put the breaks of lines where a browser shows them."""
    plain = page.new_string("")
    for node in page.find_all(string=_BLANKS):
        if type(node) is type(plain) and node.find_parent("pre") is None:
            node.replace_with(_BLANKS.sub(" ", node))
    for end in page("br"):
        end.replace_with("\n")
    for block in page(_BLOCKS):
        block.insert_before("\n")
        block.insert_after("\n")


def _lines(text: str) -> str:
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def _known(encoding: str | None) -> str | None:
    """Return the encoding that a page declares; None where Python has no such one.

    GB2312 is read as its superset, as browsers do.
    """
    try:
        name = codecs.lookup(encoding or "").name
    except LookupError:
        return None
    return {"gb2312": "gb18030", "gbk": "gb18030", "iso8859-1": "cp1252"}.get(
        name, name
    )
