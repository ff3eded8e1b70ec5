"""The parts of a context window: what is sent, and the reserve for the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from glmkit.catalog import capabilities, prices
from glmkit.catalog.cards import Card
from glmkit.catalog.tokens import NOTHING, Estimate, reserve_of
from glmkit.config.endpoints import Endpoint
from glmkit.types.events import Usage
from glmkit.types.translation import _

#: The parts that are sent, in their order, each with its label.
SENT = {
    "system": "System prompt",
    "history": "History",
    "attachments": "Attachments",
    "prompt": "Prompt",
}
_NO_THINKING = ("off", "none", False)


class Share(msgspec.Struct, frozen=True):
    """A part of the window, expected to have `low` to `high` tokens."""

    name: str
    label: str
    tokens: int
    low: int
    high: int


class Reading(msgspec.Struct, frozen=True):
    """How much of a context window a prompt takes, before it is sent.

    `shares` are what is sent and what is reserved, `sent` the sum of the former;
    `window` and `free` are tokens (None: the model's window is not known), `over` how
    many tokens do not fit. `cost` is in words.
    """

    model: str
    shares: tuple[Share, ...]
    sent: Estimate
    window: int | None
    free: int | None
    over: int
    cost: str


def read(
    model: str,
    card: Card | None,
    parts: Mapping[str, Estimate],
    options: Mapping[str, Any],
    endpoint: Endpoint | None = None,
) -> Reading:
    """Return the reading of counted parts, by the names in SENT.

    Of the `options` of a chat, `max_tokens` and `thinking` matter.

    >>> from glmkit.catalog import card
    >>> parts = {"prompt": Estimate(9, 8, 10)}
    >>> found = read("glm-4-plus", card("glm-4-plus"), parts, {})
    >>> [(share.name, share.tokens) for share in found.shares], found.free
    ([('prompt', 9), ('answer', 4095)], 126968)
    >>> found.cost
    '¥0.00004 for the prompt, at most ¥0.020525 with the full reserve'
    """
    sent = sum(parts.values(), NOTHING)
    window = card.context_window if card else None
    room = None if window is None else max(0, window - sent.tokens)
    asked = options.get("max_tokens")
    reserve = reserve_of(card, asked, room)
    shares = [
        Share(name, label, parts[name].tokens, parts[name].low, parts[name].high)
        for name, label in SENT.items()
        if parts.get(name, NOTHING).high
    ]
    if reserve is not None:
        label = _("Reserved for thinking and answer")
        if not _thinks(card, options.get("thinking")):
            label = _("Reserved for the answer")
        shares.append(Share("answer", label, reserve, reserve, reserve))
    needed = sent.tokens + (asked or 0)
    return Reading(
        model=model,
        shares=tuple(shares),
        sent=sent,
        window=window,
        free=None if room is None else max(0, room - (reserve or 0)),
        over=0 if window is None else max(0, needed - window),
        cost=_cost(card, sent, reserve, endpoint),
    )


def _thinks(card: Card | None, thinking: Any) -> bool:
    return card is not None and bool(
        capabilities.efforts(card) and thinking not in _NO_THINKING
    )


def _cost(
    card: Card | None, sent: Estimate, reserve: int | None, endpoint: Endpoint | None
) -> str:
    if endpoint is not None and endpoint.plan:
        return _("covered by a plan")
    currency = endpoint.currency if endpoint else None
    if endpoint is not None and currency is None:
        currency = prices.own_currency(card)
        if currency is None:
            return _("price unknown")
    least = prices.cost(card, Usage(sent.low, 0, sent.low), currency)
    most = prices.max_cost(card, sent.high, reserve or 0, currency)
    if least is None or most is None:
        return _("price unknown")
    if not most:
        return _("free")
    text = _("{least} for the prompt, at most {most}", least=least, most=most)
    return _("{text} with the full reserve", text=text) if reserve else text
