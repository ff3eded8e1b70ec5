"""Pages without text, read by the service's OCR."""

from __future__ import annotations

from pathlib import Path

from glmkit.catalog import cards, prices
from glmkit.client.clients import Client
from glmkit.client.resources.documents import Layout
from glmkit.readers import files
from glmkit.readers.page_ranges import compact
from glmkit.readers.paged_text import PagedText, TextPage
from glmkit.readers.pdf import part_of
from glmkit.readers.source import NoTextError
from glmkit.tables.rows import portions
from glmkit.tables.run_options import client_of
from glmkit.types.errors import ServerError
from glmkit.types.events import Usage
from glmkit.types.plain_text import say
from glmkit.types.translation import _

#: Pages that one request takes.
_MOST = 100


def read_scans(
    path: str | Path, *, client: Client | None = None, model: str = "glm-ocr"
) -> PagedText:
    """Return the text of a PDF, with pages without text read by OCR.

    Only those pages are sent, at most 100 in a request; which, and the price of the
    model, is printed first, and their cost is in the ledger. Pages that OCR finds
    empty stay in `.blank`. Raises what `glmkit.read` does, APIError where the service
    refuses, and ServerError where it returns other pages than it was sent.

        text = glmkit.read_scans("contract.pdf")
    """
    try:
        text = files.decoded(path).text
    except NoTextError as exc:
        if exc.pages is None:
            raise
        text = exc.pages
    if text.unit != "page" or not text.blank or not text.path.lower().endswith(".pdf"):
        return text
    used = client_of(client)
    say(_announcement(text, used, model))
    found: dict[int, str] = {}
    for places in portions(len(text.blank), _MOST):
        numbers = [text.blank[place] for place in places]
        layout = used.documents.parse(part_of(text.path, numbers), model=model)
        found |= dict(zip(numbers, _texts(layout, len(numbers)), strict=True))
    pages = [
        TextPage(page.number, found.get(page.number, page.text), page.title)
        for page in text.pages
    ]
    notes = _("read by OCR: pages {pages}", pages=compact(text.blank))
    kept = [note for note in text.notes if not note.startswith("pages without text")]
    return PagedText(pages, text.name, text.path, text.unit, [*kept, notes])


def _announcement(text: PagedText, client: Client, model: str) -> str:
    card, currency = cards.card(model), client.access.endpoint.currency
    price = prices.cost(card, Usage(1_000_000, 0), currency)
    how = _("price not known") if price is None else _("{p} for 1M tokens", p=price)
    return _(
        "{file}: {n} pages without text go to {model} ({how}): {pages}",
        file=text.name,
        n=len(text.blank),
        model=model,
        how=how,
        pages=compact(text.blank),
    )


def _texts(layout: Layout, count: int) -> list[str]:
    """Return the text of each page that was sent."""
    pages = layout.layout_details
    if len(pages) == count:
        texts = ["\n".join(region.content for region in page) for page in pages]
        if any(text.strip() for text in texts) or not layout.md_results.strip():
            return texts
    if count == 1:
        return [layout.md_results]
    raise ServerError(
        _("OCR returned {found} pages of {count}", found=len(pages), count=count),
        hint=_("Send fewer pages at a time: client.documents.parse(path)."),
    )
