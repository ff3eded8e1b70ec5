"""The page of an item, as its text or as a picture, with the quote marked."""

from __future__ import annotations

from typing import Any, NamedTuple

from glmkit.documents.review_table import ReviewItem, ReviewTable
from glmkit.readers.paged_text import PagedText
from glmkit.types.plain_text import plain
from glmkit_widgets.review.pdf_pages import PdfPages
from glmkit_widgets.review.quote_marks import span_of

#: Characters of a page's text that are shown at one time.
_SHOWN = 40_000


class PageWish(NamedTuple):
    """What a view wants to see: an item's page, or another one of its document.

    `page` counts from 1, 0 is the page of the quote; `pixels` is the width of a
    picture, 0 asks for the text; `have` is the key of the picture that is shown.
    """

    view: str
    item: int
    page: int
    pixels: int
    have: str = ""


def page_of(table: ReviewTable, item: ReviewItem) -> int:
    """Return the place of an item's page in its document, from 1; 1 where unknown."""
    document = table.document(item.row)
    if document is None or item.page is None:
        return 1
    for place, page in enumerate(document.pages, 1):
        if page.number == item.page:
            return place
    return 1


def shown_page(
    table: ReviewTable, pdf: PdfPages, wish: PageWish
) -> tuple[dict[str, Any], list[bytes]]:
    """Return a page as a view shows it, and the bytes of a picture that it lacks."""
    item = table[wish.item]
    document = table.document(item.row)
    if document is None or not document.pages:
        return {"kind": "none"}, []
    own = page_of(table, item)
    place = min(wish.page or own, len(document.pages))
    page = document.pages[place - 1]
    quote = item.quote if item.page is None or place == own else ""
    shown = {
        "name": plain(document.name)[:200],
        "unit": document.unit,
        "place": place,
        "number": page.number,
        "title": plain(page.title)[:200],
        "count": len(document.pages),
        "own": own if item.page is not None else 0,
        "drawable": is_pdf(document),
    }
    if wish.pixels and is_pdf(document):
        drawn = pdf.draw(document.path, page.number, quote, wish.pixels)
        if drawn is not None:
            size = {"width": drawn.width, "height": drawn.height}
            picture = {"kind": "picture", "boxes": drawn.boxes, "key": drawn.key}
            sent = [] if drawn.key == wish.have else [drawn.png]
            return {**shown, **picture, **size, "marked": bool(drawn.boxes)}, sent
        shown["drawable"] = False
    following = document.pages[place].text if place < len(document.pages) else ""
    parts = marked_parts(page.text, quote, following)
    return {**shown, "kind": "text", "parts": parts, "marked": bool(parts[1])}, []


def is_pdf(document: PagedText) -> bool:
    """Return whether the pages of a document are those of a PDF file."""
    return document.unit == "page" and document.path.lower().endswith(".pdf")


def marked_parts(
    text: str, quote: str, following: str = "", most: int = _SHOWN
) -> list[str]:
    """Return a text as what stands before a quote, the quote, and what follows it.

    Of a text of more than `most` characters, what is near the quote is shown. The quote
    may end on the `following` page.

    >>> marked_parts("Revenue was 12.", "was")
    ['Revenue ', 'was', ' 12.']
    """
    span = span_of(text, quote, following)
    start, end = span or (0, 0)
    first = max(0, start - most // 2)
    last = first + most
    before, after = text[first:start], text[end:last]
    parts = [
        ("… " if first else "") + before,
        text[start : min(end, last)],
        after + (" …" if last < len(text) else ""),
    ]
    return [plain(part) for part in parts]
