"""What a run takes: tokens, money and time, from the prompts and from earlier calls."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from glmkit.catalog import cards, prices
from glmkit.catalog.cards import Card
from glmkit.catalog.tokens import Estimate, reserve_of
from glmkit.ledger.default import ledger
from glmkit.tables.preparation import RowTask
from glmkit.types.events import Usage
from glmkit.types.messages import Request
from glmkit.types.money import Money

#: Calls of the ledger that a typical time and length are taken from.
_NEWEST = 500
#: The least that a typical time and length are taken from.
_ENOUGH = 10
#: Prompts by which models are compared.
_SAMPLE = 50


class PriceRange(msgspec.Struct, frozen=True):
    """What a run may cost: from `low` to `high`, with this model, in a batch or not.

    `pages` says which pages of the documents it is for: "all", "relevant" or "".
    """

    model: str
    low: Money
    high: Money
    batch: bool = False
    pages: str = ""


class Load(msgspec.Struct, frozen=True):
    """The prompts that a run would send, counted; `answers` are tokens of an answer."""

    counted: Sequence[Estimate]
    requests: Sequence[Request]
    answers: tuple[int, int] | None = None

    def head(self) -> Load:
        """Return the first prompts alone."""
        return Load(self.counted[:_SAMPLE], self.requests[:_SAMPLE], self.answers)


def learned(task: RowTask) -> tuple[tuple[int, int] | None, float | None]:
    """Return the lengths of answers and the seconds a call of this run has had so far.

    The lengths are the shortest and longest of the middle 80 %; None: not known yet.
    """
    where = {"model": task.model, "run": task.run, "state": "done"}
    found = ledger().read(where=where, newest=_NEWEST)
    place = {name: number for number, name in enumerate(found.columns)}
    lengths, times = (
        sorted(row[place[name]] for row in found.rows if row[place[name]] is not None)
        for name in ("completion_tokens", "seconds")
    )
    tenth = len(lengths) // 10
    known = len(lengths) >= _ENOUGH
    answers = (lengths[tenth], lengths[-1 - tenth]) if known else None
    return answers, times[len(times) // 2] if times else None


def in_flight(task: RowTask) -> int:
    """Return how many calls go at a time: the right, or what was learned of it."""
    service = task.client.service
    right = service.right(task.model)
    if right.known:
        return right.most
    return ledger().rights().get(service.family(task.model), right.most)


def price(
    task: RowTask, model: str, load: Load, *, batch: bool = False
) -> PriceRange | None:
    """Return what the prompts cost with a model; None where a price is not known."""
    card, currency = cards.card(model), task.client.access.endpoint.currency
    if card is None:
        return None
    if not task.client.service.local:  # there it is the list price: what GLM would cost
        currency = currency or prices.own_currency(card)
        if currency is None:
            return None
    low = high = Money(0, currency or "CNY")
    for estimate, request in zip(load.counted, load.requests, strict=True):
        shortest, longest = load.answers or (1, _longest(card, request, estimate))
        least = prices.cost(card, Usage(estimate.low, shortest), currency, batch=batch)
        most = prices.cost(card, Usage(estimate.high, longest), currency, batch=batch)
        if least is None or most is None:
            return None
        low, high = _sum(low, least), _sum(high, most)
    return PriceRange(model, low, high, batch)


def _sum(total: Money, more: Money) -> Money:
    return total + more if total.currency == more.currency else more


def _longest(card: Card, request: Request, estimate: Estimate) -> int:
    room = card.context_window and max(1, card.context_window - estimate.low)
    return reserve_of(card, request.max_tokens, room) or 1


def alternatives(task: RowTask, load: Load) -> list[PriceRange]:
    """Return the price in a batch, and with the cheapest priced model of the kind."""
    card, mine = cards.card(task.model), price(task, task.model, load.head())
    if card is None or mine is None or not mine.high:
        return []
    found = [price(task, task.model, load, batch=True)]
    cheaper = [
        (other.high.parts, other.model)
        for model in _alike(card)
        if (other := price(task, model, load.head())) is not None
        and 0 < other.high.parts < mine.high.parts
    ]
    if cheaper:
        found.append(price(task, min(cheaper)[1], load))
    return [one for one in found if one is not None]


def _alike(card: Card) -> list[str]:
    return [
        other.id
        for other in cards.cards()
        if other.kind == card.kind and other.status == "current" and other.id != card.id
    ]
