"""The chat models of the catalogue, as a list to choose from."""

from __future__ import annotations

import os
from datetime import date
from typing import TypedDict

from glmkit.catalog import capabilities
from glmkit.catalog.cards import Card, Price, Tier, card, cards
from glmkit.catalog.prices import in_force
from glmkit.types.money import Money
from glmkit.types.translation import _

#: Kinds in the order of the list, each with its heading.
_KINDS = {
    "text": "Text",
    "reasoning": "Reasoning",
    "vision": "Text and images",
    "code": "Code",
    "character": "Role play",
}
#: The service refuses these, so they are listed only where one is set.
_GONE = ("retired", "deprecated", "finetune-base")
_CURRENCIES = ("CNY", "USD")
#: Features of a card, each with its label.
_ABILITIES = {
    "thinking": "thinking",
    "function": "tools",
    "json": "JSON",
    "web_search": "web search",
}


class ModelChoice(TypedDict):
    """One model: `label` is the line in the list, `facts` are shown below it.

    `able` has capabilities, each with whether the model has it; `efforts` the values
    that thinking accepts (None: unknown), `cap` the maximum tokens of an answer.
    """

    id: str
    group: str
    label: str
    facts: list[str]
    able: list[tuple[str, bool]]
    efforts: list[str] | None
    cap: int | None


def choices() -> list[ModelChoice]:
    """Return the models that answer a chat, by kind, those on sale first."""
    talkers = [card for card in cards() if _talks(card) and card.status not in _GONE]
    kinds = list(_KINDS)
    talkers.sort(key=lambda card: (kinds.index(card.kind), card.status != "current"))
    return [_choice(card) for card in talkers]


def choice(model: str) -> ModelChoice:
    """Return the line of a model that is not in the list."""
    known = card(model)
    if known is None:
        return ModelChoice(
            id=model,
            group="Other",
            label=model,
            facts=[_("not in the catalogue")],
            able=[],
            efforts=None,
            cap=None,
        )
    return {**_choice(known), "id": model}


def _talks(card: Card) -> bool:
    return card.kind in _KINDS and card.output_modalities == ("text",)


def _choice(card: Card) -> ModelChoice:
    return ModelChoice(
        id=card.id,
        group=_KINDS.get(card.kind, "Other"),
        label=_label(card),
        facts=[*_lengths(card), *_prices(card), *_rights(card)],
        able=_abilities(card),
        efforts=list(capabilities.efforts(card)),
        cap=card.cap,
    )


def _abilities(card: Card) -> list[tuple[str, bool]]:
    can = [(name, word in card.features) for word, name in _ABILITIES.items()]
    return [("images", "image" in card.input_modalities), *can]


def _rights(card: Card) -> list[str]:
    """Return how many requests may be in flight, for the account's level."""
    tier = os.environ.get("GLMKIT_TIER", "V0").strip().upper()
    right = (card.in_flight or {}).get(tier)
    return [] if right is None else [f"{right:,} requests at a time ({tier})"]


def _label(card: Card) -> str:
    name = card.name or card.id
    status = card.status.replace("-", " ")
    return name if status == "current" else f"{name} ({status})"


def _lengths(card: Card) -> list[str]:
    facts = []
    if card.context_window:
        facts.append(_("context window {length}", length=_length(card.context_window)))
    if card.cap:
        facts.append(_("max output {length} tokens", length=_length(card.cap)))
    return facts


def _length(tokens: int) -> str:
    """Return a length as the model pages write it.

    >>> _length(131072), _length(4095), _length(1048576)
    ('128K', '4,095', '1M')
    """
    for unit, sign in ((2**20, "M"), (2**10, "K")):
        if tokens >= unit and tokens % unit == 0:
            return f"{tokens // unit}{sign}"
    return f"{tokens:,}"


def _prices(card: Card) -> list[str]:
    found = [in_force(card, currency, date.today()) for currency in _CURRENCIES]
    prices = [price for price in found if price is not None and price.tiers]
    if not prices:
        return [_("price unknown")]
    if all(price.free for price in prices):
        return ["free"]
    return [_price(price) for price in prices]


def _price(price: Price) -> str:
    first, *dearer = price.tiers
    amounts = _amounts(first, price.currency)
    return f"{'from ' if dearer else ''}{amounts} per million tokens"


def _amounts(tier: Tier, currency: str) -> str:
    named = ((tier.input, "in"), (tier.output, "out"))
    return ", ".join(
        f"{Money.of(amount, currency)} {way}"
        for amount, way in named
        if amount is not None
    )
