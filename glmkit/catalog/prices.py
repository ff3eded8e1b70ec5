"""Price a usage by a model's card, in exact integers."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from glmkit.catalog import cards
from glmkit.catalog.cards import USER, Card, Price, Tier
from glmkit.types.events import Usage
from glmkit.types.money import PARTS, Money

#: Without a currency, the first of these that the card has a price in.
_CURRENCIES = ("CNY", "USD")
_NO_BOUND = 2**63
#: 10⁻¹² units of a token, for a price of 1 the million.
_PARTS_PER_TOKEN = 10**6
#: The service's default search engine.
_ENGINE = "search_std"
_EPOCH = date(1970, 1, 1).toordinal()
_BEIJING_S = 8 * 3600


class _Rate(NamedTuple):
    """One tier in 10⁻¹² units a token."""

    prompt_below: int
    output_below: int
    input: int | None
    cached: int | None
    output: int | None


class _Tariff(NamedTuple):
    """Tiers of tokens; or `each`, the 10⁻¹² units of one image, video, minute or call.

    `calls` are the units of a call whose units were not counted: 1 where the unit is
    the call, else None.
    """

    currency: str
    rates: tuple[_Rate, ...]
    each: int | None = None
    calls: int | None = None


_FREE = (_Rate(_NO_BOUND, _NO_BOUND, 0, 0, 0),)


def cost(
    card: Card | None,
    usage: Usage | None,
    currency: str | None,
    *,
    batch: bool = False,
    day: date | None = None,
    units: int | Fraction | None = None,
) -> Money | None:
    """Return the price of a usage; None where the card has none in that currency.

    `units` are images, videos, minutes of audio or calls (None: one call), where the
    card bills by these; a part is rounded up to whole 10⁻¹² units of money.

    `currency` None takes the list price in yuan, else in dollars; `day` is the day
    of the call (None: today). Cached input without a price of its own counts in full,
    and the cost is marked `at_most`.

    >>> from glmkit.catalog.cards import card
    >>> print(cost(card("glm-4-long"), Usage(35, 451), "CNY"))
    ¥0.000486
    >>> print(cost(card("cogview-4"), None, "CNY", units=2))
    ¥0.12
    """
    if card is None:
        return None
    tariff = _tariff(card, currency, batch, day or day_of(time.time()))
    if tariff is None:
        return None
    if tariff.each is not None:
        parts = _of_units(tariff.each, tariff.calls if units is None else units)
        return None if parts is None else Money(parts, tariff.currency)
    if usage is None:
        return None
    prompt, output = usage.prompt_tokens, usage.completion_tokens
    for rate in tariff.rates:
        if prompt < rate.prompt_below and output < rate.output_below:
            cached = usage.cached_tokens or 0
            parts = _parts(rate, prompt, cached, output)
            at_most = rate.cached is None and bool(cached and rate.input)
            return None if parts is None else Money(parts, tariff.currency, at_most)
    return None


def max_cost(
    card: Card | None,
    prompt_tokens: int,
    output_tokens: int,
    currency: str | None,
    *,
    batch: bool = False,
    day: date | None = None,
) -> Money | None:
    """Return the most that a call up to these lengths costs, in any tier.

    None where a tier in reach has no price, or the card bills by another unit.

    >>> from glmkit.catalog.cards import card
    >>> print(max_cost(card("glm-4.7"), 1000, 500, "CNY"))
    ¥0.01
    """
    tariff = card and _tariff(card, currency, batch, day or day_of(time.time()))
    if not tariff or not tariff.rates:
        return None
    amounts: list[int] = []
    for rate in tariff.rates:
        prompt = min(prompt_tokens, rate.prompt_below - 1)
        output = min(output_tokens, rate.output_below - 1)
        if rate.input is None or (rate.output is None and output):
            return None
        dearer = max(rate.input, rate.cached or 0)
        amounts.append(prompt * dearer + output * (rate.output or 0))
        if prompt == prompt_tokens and output == output_tokens:
            break  # no shorter call gets past this tier
    return Money(max(amounts), tariff.currency)


def edges(card: Card) -> dict[str, set[int]]:
    """Return the lengths of prompt and output at which another tier begins."""
    tiers = [tier for price in card.prices for tier in price.tiers]
    return {
        "prompt": {tier.prompt_below or 0 for tier in tiers},
        "output": {tier.output_below or 0 for tier in tiers},
    }


def of_band(
    card: Card, usage: Usage, lengths: tuple[int, int], currency: str | None
) -> Money | None:
    """Return the price of the tokens of many calls that are all in one tier.

    `lengths` are the prompt and output lengths of one of them.
    """
    tariff = _tariff(card, currency, False, day_of(time.time()))
    for rate in tariff.rates if tariff else ():
        if lengths[0] < rate.prompt_below and lengths[1] < rate.output_below:
            counts = (usage.prompt_tokens, usage.cached_tokens or 0)
            parts = _parts(rate, *counts, usage.completion_tokens)
            return None if parts is None else Money(parts, currency or "")
    return None


def with_searches(
    amount: Money | None,
    tools: Iterable[Mapping[str, Any]],
    currency: str | None,
    day: date | None = None,
) -> Money | None:
    """Add one search's fee for each web search among a chat's tools.

    >>> search = {"type": "web_search", "web_search": {"search_engine": "search_pro"}}
    >>> print(with_searches(Money.of("0.02", "CNY"), [search], "CNY"))
    ¥0.05
    """
    for engine in (_engine(tool) for tool in tools if tool["type"] == "web_search"):
        fee = engine and cost(cards.fee(engine), None, currency, day=day)
        if fee is None or amount is None:
            return None
        amount = amount + fee if fee else amount
    return amount


def _engine(tool: Mapping[str, Any]) -> str:
    """Return the engine of a search tool; "" where it is switched off."""
    search = tool.get("web_search") or {}
    off = str(search.get("enable", True)).lower() in {"false", "0"}
    return "" if off else search.get("search_engine") or _ENGINE


def own_currency(card: Card | None) -> str | None:
    """Return the currency of a price in the user's own file; None: there is none.

    On a custom URL no other price is known.
    """
    prices = card.prices if card else ()
    return next((p.currency for p in prices if p.source == USER), None)


def day_of(at: float) -> date:
    """Return the day of a time in Unix seconds, in Beijing, where prices are made.

    >>> day_of(1767200400.0)
    datetime.date(2026, 1, 1)
    """
    return date.fromordinal(_EPOCH + int((at + _BEIJING_S) // 86400))


def _of_units(each: int, units: int | Fraction | None) -> int | None:
    if units is None:
        return None if each else 0
    return math.ceil(each * units)


def _parts(rate: _Rate, prompt: int, cached: int, output: int) -> int | None:
    if rate.input is None or (rate.output is None and output):
        return None
    if rate.cached is None:
        return prompt * rate.input + output * (rate.output or 0)
    cached = min(cached, prompt)
    fresh = (prompt - cached) * rate.input
    return fresh + cached * rate.cached + output * (rate.output or 0)


@lru_cache(maxsize=4096)
def _tariff(card: Card, currency: str | None, batch: bool, day: date) -> _Tariff | None:
    for wanted in _CURRENCIES if currency is None else (currency,):
        price = in_force(card, wanted, day)
        if price is not None:
            rates, each = _rates(card, price, batch), _each(card, price, batch)
            known = bool(rates) or each is not None
            calls = 1 if price.unit == "call" else None
            return _Tariff(wanted, rates, each, calls) if known else None
    return None


def in_force(card: Card, currency: str, day: date) -> Price | None:
    """Return the newest price whose first day is not after `day`."""
    begun = [
        price
        for price in card.prices
        if price.currency == currency and (price.first_day or date.min) <= day
    ]
    return max(begun, key=lambda price: price.first_day or date.min, default=None)


def _each(card: Card, price: Price, batch: bool) -> int | None:
    """Return the price of a unit; None where the unit is the token."""
    factor = card.batch_price_factor if batch else Decimal(1)
    if price.unit == "1M tokens" or price.each is None:
        return None
    if price.free:
        return 0
    return None if factor is None else int(price.each * factor * PARTS)


def _rates(card: Card, price: Price, batch: bool) -> tuple[_Rate, ...]:
    """Return the tiers in integers; () where the unit is not the token."""
    if price.unit != "1M tokens":
        return ()
    if price.free:
        return _FREE
    factor = card.batch_price_factor if batch else Decimal(1)
    if factor is None:
        return ()
    return tuple(_rate(tier, factor) for tier in price.tiers)


def _rate(tier: Tier, factor: Decimal) -> _Rate:
    return _Rate(
        _NO_BOUND if tier.prompt_below is None else tier.prompt_below,
        _NO_BOUND if tier.output_below is None else tier.output_below,
        _per_token(tier.input, factor),
        _per_token(tier.cached, factor),
        _per_token(tier.output, factor),
    )


def _per_token(amount: Decimal | None, factor: Decimal) -> int | None:
    """Return an amount in 10⁻¹² units a token, which the card has checked are whole."""
    return None if amount is None else int(amount * factor * _PARTS_PER_TOKEN)
