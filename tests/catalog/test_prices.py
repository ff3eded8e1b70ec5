"""Costs are exact: the pages' examples, every tier edge, cached input and batches."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from glmkit.catalog.cards import Card, Price, Tier, card, cards
from glmkit.catalog.prices import cost, max_cost, own_currency, with_searches
from glmkit.ledger.views.frames import models
from glmkit.types.events import Usage
from glmkit.types.money import Money

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


def test_unknown_cached_price_is_counted_in_full_and_marked() -> None:
    partly = cost(card("glm-4-plus"), Usage(100, 10, 110, 40), "CNY")
    fresh = cost(card("glm-4-plus"), Usage(100, 10, 110, 0), "CNY")
    assert partly == Money(550_000_000, "CNY", at_most=True)
    assert fresh == Money(550_000_000, "CNY")
    known = cost(card("glm-5.3"), Usage(100, 10, 110, 40), "CNY")
    assert known is not None
    assert not known.at_most


@pytest.mark.parametrize(
    ("engine", "yuan"),
    [
        ("search_std", "0.01"),
        ("search_pro", "0.03"),
        ("search_pro_sogou", "0.05"),
        ("search_pro_quark", "0.05"),
    ],
)
def test_search_is_billed_by_the_call(engine: str, yuan: str) -> None:
    search = {"type": "web_search", "web_search": {"search_engine": engine}}
    fee = Money.of(yuan, "CNY")
    one = Money(1, "CNY")
    assert with_searches(one, [search], "CNY") == one + fee
    assert with_searches(one, [search], "USD") is None  # what it costs is not known
    off = {"type": "web_search", "web_search": {"enable": "False"}}
    assert with_searches(one, [off, {"type": "function"}], "CNY") == one
    assert with_searches(None, [search], "CNY") is None


@pytest.mark.parametrize(
    ("model", "units", "yuan"),
    [("cogview-4", 3, "0.18"), ("cogvideox-3", 1, "1"), ("glm-asr", 2, "0.12")],
)
def test_other_units_than_tokens(model: str, units: int, yuan: str) -> None:
    assert cost(card(model), None, "CNY", units=units) == Money.of(yuan, "CNY")
    assert cost(card(model), None, "CNY") is None


def test_users_price_wins_is_named_and_prices_a_url_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "models.json"
    path.write_text(
        """[
  {"id": "my-model", "prices": [{"currency": "USD", "unit": "call", "each": "0.5"}]},
  {"id": "glm-4-plus", "prices": [{"currency": "CNY",
    "tiers": [{"input": "1", "output": "2"}]}]},
  {"id": "glm-4.6", "context_window": 1000},
  {"id": "search_pro", "prices": [{"currency": "CNY", "unit": "call", "each": "0.02"}]}
]"""
    )
    monkeypatch.setenv("GLMKIT_MODELS_FILE", str(path))
    assert cost(card("glm-4-plus"), Usage(10**6), "CNY") == Money.of(1, "CNY")
    assert cost(card("my-model"), Usage(5, 5), "USD") == Money.of("0.5", "USD")
    assert own_currency(card("my-model")) == "USD"
    assert own_currency(card("glm-4.6")) is None  # its price is still ours
    search = {"type": "web_search", "web_search": {"search_engine": "search_pro"}}
    assert with_searches(Money(0, "CNY"), [search], "CNY") == Money.of("0.02", "CNY")
    sources = models("glm-4-plus").set_index("model")["price_source"]
    assert sources["glm-4-plus"] == f"your file {path}"


def test_worst_case_is_the_dearest_tier_in_reach() -> None:
    tiered = card("glm-4.7")
    assert max_cost(tiered, 1000, 100, "CNY") == Money.of("0.0028", "CNY")
    assert max_cost(tiered, 1000, 500, "CNY") == Money.of("0.01", "CNY")
    assert max_cost(tiered, 40_000, 500, "CNY") == Money.of("0.168", "CNY")
    assert max_cost(card("cogview-4"), 1, 1, "CNY") is None
    assert max_cost(None, 1, 1, "CNY") is None
