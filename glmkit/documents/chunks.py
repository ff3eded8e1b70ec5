"""A document in portions that fit a window; a row of a table is never cut."""

from __future__ import annotations

from collections.abc import Iterator

from glmkit.catalog.tokens import count
from glmkit.readers.paged_text import PagedText, TextPage

#: Tokens of the line that names a page, at most.
_MARK = 12


def chunks(text: PagedText, size: int) -> list[PagedText]:
    """Return a text as portions of at most `size` tokens, whole pages where they fit.

    A page that is too long is cut between its lines; a line that alone is too long,
    which no row of a table is, at a blank.
    """
    found: list[PagedText] = []
    held: list[TextPage] = []
    length = 0
    for page in _pieces(text, size):
        tokens = count(page.text).high + _MARK
        if held and length + tokens > size:
            found.append(_portion(text, held))
            held, length = [], 0
        held.append(page)
        length += tokens
    if held:
        found.append(_portion(text, held))
    return found


def _portion(text: PagedText, pages: list[TextPage]) -> PagedText:
    return PagedText(pages, text.name, text.path, text.unit)


def _pieces(text: PagedText, size: int) -> Iterator[TextPage]:
    """Yield the pages with text; one that is too long in parts of the same number."""
    for page in text.pages:
        if not page.text.strip():
            continue
        if count(page.text).high + _MARK <= size:
            yield page
            continue
        for part in _parts(page.text, max(1, size - _MARK)):
            yield TextPage(page.number, part, page.title)


def _parts(text: str, size: int) -> Iterator[str]:
    held: list[str] = []
    length = 0
    for line in _lines(text, size):
        tokens = count(line).high + 1
        if held and length + tokens > size:
            yield "".join(held).strip("\n")
            held, length = [], 0
        held.append(line)
        length += tokens
    yield "".join(held).strip("\n")


def _lines(text: str, size: int) -> Iterator[str]:
    """Yield the lines; one that is too long in pieces."""
    for line in text.splitlines(keepends=True):
        while (tokens := count(line).high) > size:
            end = max(1, len(line) * size // (tokens + 1))
            place = max(line.rfind(sign, end // 2, end) for sign in (" ", "。", "，"))
            end = place + 1 if place > 0 else end
            yield line[:end]
            line = line[end:]
        yield line
