"""Answers of the web search and the page reader."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from glmkit.catalog import cards, prices
from glmkit.client.call.pricing import Price
from glmkit.client.resources.types import Billed, Record
from glmkit.types.events import Source, Usage
from glmkit.types.money import Money


class Intent(Record, frozen=True):
    """Intent of a query: SEARCH_ALL, SEARCH_NONE or SEARCH_ALWAYS."""

    query: str = ""
    intent: str = ""
    keywords: str = ""


class SearchAnswer(Billed, frozen=True):
    """The pages that were found; also a sequence of them."""

    created: int = 0
    search_intent: tuple[Intent, ...] = ()
    search_result: tuple[Source, ...] = ()

    def __len__(self) -> int:
        return len(self.search_result)

    def __getitem__(self, place: int) -> Source:
        return self.search_result[place]


class WebPage(Record, frozen=True):
    """A web page as text; its `cost` is not known."""

    title: str = ""
    url: str = ""
    description: str = ""
    content: str = ""
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    external: dict[str, Any] = msgspec.field(default_factory=dict)


class ReaderAnswer(Billed, frozen=True, kw_only=True):
    """The reader's answer around a page."""

    reader_result: WebPage


def price_of(engine: str) -> Price:
    """Return how a search by an engine is billed: by the call."""

    def price(
        model: str, usage: Usage | None, currency: str | None, day: date
    ) -> Money | None:
        return prices.cost(cards.fee(engine), None, currency, units=1, day=day)

    return price
