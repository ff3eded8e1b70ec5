"""Prices of operations: by tokens, by unit, or fixed for each call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction

from glmkit.catalog import cards, prices
from glmkit.types.events import Usage
from glmkit.types.money import Money

#: (model, usage, currency or None for the list's, day) → price, None where not known.
Price = Callable[[str, Usage | None, str | None, date], Money | None]


def by_tokens(
    model: str, usage: Usage | None, currency: str | None, day: date
) -> Money | None:
    """Price the tokens by the model's card."""
    return prices.cost(cards.card(model), usage, currency, day=day)


def unknown(
    model: str, usage: Usage | None, currency: str | None, day: date
) -> Money | None:
    """Price an operation without a published price: None, never 0."""
    return None


def by_units(units: int | Fraction | None) -> Price:
    """Price images, videos or minutes by the model's card."""

    def price(
        model: str, usage: Usage | None, currency: str | None, day: date
    ) -> Money | None:
        return prices.cost(cards.card(model), usage, currency, units=units, day=day)

    return price


def fixed(yuan: str) -> Price:
    """Return a fixed price for each call, in yuan; in dollars none is known."""

    def price(
        model: str, usage: Usage | None, currency: str | None, day: date
    ) -> Money | None:
        return Money.of(yuan, "CNY") if currency in {None, "CNY"} else None

    return price


def a_million(yuan: int) -> Price:
    """Return a price for all tokens, in yuan per million."""

    def price(
        model: str, usage: Usage | None, currency: str | None, day: date
    ) -> Money | None:
        if usage is None or currency not in {None, "CNY"}:
            return None
        return Money(usage.total_tokens * yuan * 10**6, "CNY")

    return price
