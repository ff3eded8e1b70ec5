"""Costs are exact: the pages' examples, every tier edge, cached input and batches."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glmkit.catalog import Card, Price, Tier, card, cards
from glmkit.events import Usage
from glmkit.money import Money
from glmkit.prices import cost

PRICED = [
    (each, price)
    for each in cards()
    for price in each.prices
    if price.tiers and not price.free
]


@pytest.mark.parametrize(
    ("model", "prompt", "output", "yuan"),
    [
        ("glm-4-long", 35, 451, "0.000486"),
        ("glm-4-air-250414", 76, 435, "0.0002555"),
        ("glm-4-flashx-250414", 529, 617, "0.0001146"),
        ("glm4flashx250414", 529, 617, "0.0001146"),
        ("glm-4-plus", 1, 1, "0.00001"),
        ("glm-4-flash-250414", 1000, 1000, "0"),
    ],
)
def test_worked_examples_of_the_model_pages(
    model: str, prompt: int, output: int, yuan: str
) -> None:
    paid = cost(card(model), Usage(prompt, output, prompt + output), "CNY")
    assert paid == Money.of(yuan, "CNY")


def by_hand(priced: Card, price: Price, usage: Usage, batch: bool) -> Fraction | None:
    """Price a usage anew, in fractions, straight from the card's words."""
    for tier in price.tiers:
        long_prompt = (
            tier.prompt_below is not None and usage.prompt_tokens >= tier.prompt_below
        )
        long_output = (
            tier.output_below is not None
            and usage.completion_tokens >= tier.output_below
        )
        if long_prompt or long_output or tier.input is None:
            continue
        cached_price = tier.input if tier.cached is None else tier.cached
        cached = usage.cached_tokens or 0
        total = Fraction(tier.input) * (usage.prompt_tokens - cached)
        total += Fraction(cached_price) * cached
        total += Fraction(tier.output or 0) * usage.completion_tokens
        if batch:
            if priced.batch_price_factor is None:
                return None
            total *= Fraction(priced.batch_price_factor)
        return total / 10**6
    return None


def edges(price: Price) -> list[tuple[int, int]]:
    """Return lengths on both sides of every edge of a price's tiers."""
    prompts, outputs = {1, 100_000}, {0}
    for tier in price.tiers:
        if tier.prompt_below is not None:
            prompts |= {tier.prompt_below - 1, tier.prompt_below}
        if tier.output_below is not None:
            outputs |= {tier.output_below - 1, tier.output_below}
        if tier.output is not None:
            outputs.add(5_000)
    return [(prompt, output) for prompt in prompts for output in outputs]


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize(
    ("priced", "price"),
    PRICED,
    ids=[f"{each.id}-{price.currency}" for each, price in PRICED],
)
def test_every_priced_model_at_every_tier_edge(
    priced: Card, price: Price, batch: bool
) -> None:
    for prompt, output in edges(price):
        for cached in (None, 0, prompt // 3, prompt):
            usage = Usage(prompt, output, prompt + output, cached)
            paid = cost(priced, usage, price.currency, batch=batch)
            due = by_hand(priced, price, usage, batch)
            assert (paid and Fraction(paid.amount)) == due


def test_output_length_chooses_the_tier() -> None:
    short = cost(card("glm-4.7"), Usage(1000, 199), "CNY")
    long = cost(card("glm-4.7"), Usage(1000, 200), "CNY")
    assert short == Money.of("0.003592", "CNY")  # 1000 at 2, 199 at 8
    assert long == Money.of("0.0058", "CNY")  # 1000 at 3, 200 at 14


@given(st.integers(0, 2**20), st.integers(0, 2**17), st.integers(0, 2**20))
def test_cached_tokens_never_cost_more_than_fresh_ones(
    prompt: int, output: int, cached: int
) -> None:
    fresh = cost(card("glm-4.6"), Usage(prompt, output), "CNY")
    partly = cost(card("glm-4.6"), Usage(prompt, output, 0, cached), "CNY")
    assert fresh is not None
    assert partly is not None
    assert partly.parts <= fresh.parts


def test_unknown_model_currency_or_unit_has_no_cost() -> None:
    usage = Usage(10, 10, 20)
    assert cost(None, usage, "CNY") is None
    assert cost(card("glm-4-long"), usage, "USD") is None
    assert cost(card("cogview-4"), usage, "CNY") is None
    assert cost(Card(id="weights"), usage, None) is None


def test_list_price_is_in_yuan_else_in_dollars() -> None:
    usage = Usage(1000, 1000, 2000)
    both = cost(card("glm-4.6"), usage, None)
    assert both is not None
    assert both.currency == "CNY"
    tier = Tier(input=Decimal(1), output=Decimal(1))
    dollars = Card(id="abroad", prices=(Price(currency="USD", tiers=(tier,)),))
    assert cost(dollars, usage, None) == Money.of("0.002", "USD")


def test_free_model_is_free_in_a_batch_as_well() -> None:
    assert cost(card("glm-4.7-flash"), Usage(9, 9), "USD", batch=True) == Money(
        0, "USD"
    )


def test_batch_of_unknown_price_has_no_cost() -> None:
    assert cost(card("glm-4-airx"), Usage(9, 9), "CNY", batch=True) is None


def test_price_in_force_on_the_day_counts() -> None:
    def price(amount: str, first_day: date | None) -> Price:
        tier = Tier(input=Decimal(amount), output=Decimal(amount))
        return Price(currency="CNY", first_day=first_day, tiers=(tier,))

    changing = Card(
        id="changing",
        prices=(price("1", None), price("2", date(2026, 5, 1))),
    )
    before = cost(changing, Usage(10**6), "CNY", day=date(2026, 4, 30))
    after = cost(changing, Usage(10**6), "CNY", day=date(2026, 5, 1))
    assert (before, after) == (Money.of(1, "CNY"), Money.of(2, "CNY"))
