"""Where a quote is marked on a page."""

from __future__ import annotations

from typing import NamedTuple

from glmkit.readers.paged_text import PagedText, TextPage
from glmkit.readers.quotes import Quotes


class QuoteSpan(NamedTuple):
    """A part of a page's text: its first place, and the place behind it."""

    start: int
    end: int


def span_of(text: str, quote: str, following: str = "") -> QuoteSpan | None:
    """Return where a quote stands on a page, or begins if it ends on the `following`.

    >>> span_of("Revenue was １２,345 万元.", "12345万元")
    QuoteSpan(start=12, end=21)
    """
    pages = [TextPage(1, text), *([TextPage(2, following)] if following else [])]
    place = Quotes(PagedText(pages)).find(quote, 1)
    if place is None or place.page != 1:
        return None
    return QuoteSpan(place.start, place.end)
