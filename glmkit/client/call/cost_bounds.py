"""Maximum cost of a call, known before it is sent: what a budget reserves.

A token has at least one byte, so the request's bytes bound its prompt; where the
service adds to the prompt (a search, documents, media), its whole window does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, NamedTuple

import msgspec

from glmkit.catalog import cards, prices
from glmkit.catalog.cards import Card
from glmkit.types.messages import Request
from glmkit.types.money import Money

#: (model, currency, day) → the most that a call may cost, None where not known.
MaxCost = Callable[[str, str, date], Money | None]

_BY_THE_PIECE = {"image", "video", "call"}


def chat_max_cost(request: Request, content: bytes) -> MaxCost:
    """Return the maximum cost of a chat that is sent as these bytes."""
    return partial(_of_chat, request, content)


def chat_max_tokens(request: Request, content: bytes, model: str) -> int | None:
    """Return the most tokens of a chat; None where it is billed for more than tokens.

    A search has a price of its own, which no grant of tokens pays.
    """
    most = _most(request, content, model)
    if most is None or request.extra_body or _hosted(most.tools):
        return None
    return most.size + most.output


class _Most(NamedTuple):
    """The most tokens of a prompt and of its answer, the tools and who answers."""

    card: Card
    size: int
    output: int
    tools: Sequence[Mapping[str, Any]]


def _most(request: Request, content: bytes, model: str) -> _Most | None:
    body: Mapping[str, Any] = {"max_tokens": request.max_tokens}
    if request.extra_body:  # it may change anything, so what is sent counts
        body = msgspec.json.decode(content)
        model = str(body.get("model"))
    card = cards.card(model)
    if card is None:
        return None
    size = card.context_window if _added_to(request, body) else len(content)
    output = body.get("max_tokens") or card.cap or card.context_window
    if size is None or not isinstance(output, int):
        return None
    return _Most(card, size, output, body.get("tools") or request.tools or ())


def _of_chat(
    request: Request, content: bytes, model: str, currency: str, day: date
) -> Money | None:
    most = _most(request, content, model)
    if most is None:
        return None
    amount = prices.max_cost(most.card, most.size, most.output, currency, day=day)
    return prices.with_searches(amount, most.tools, currency, day)


def card_max_cost(model: str, size: int, currency: str, day: date) -> Money | None:
    """Return the maximum for one unit, or for these bytes and the card's cap."""
    card = cards.card(model)
    if card is None:
        return None
    if any(price.unit in _BY_THE_PIECE for price in card.prices):
        return prices.cost(card, None, currency, units=1, day=day)
    output = _output(card)
    if output is None:
        return None
    return prices.max_cost(card, size, output, currency, day=day)


def card_max_tokens(model: str, size: int) -> int | None:
    """Return the most tokens for these bytes; None where the card counts none."""
    card = cards.card(model)
    if card is None or any(price.unit in _BY_THE_PIECE for price in card.prices):
        return None
    output = _output(card)
    return None if output is None else size + output


def piece_max_cost(model: str, currency: str, day: date) -> Money | None:
    """Return the price of one image or video."""
    return prices.cost(cards.card(model), None, currency, units=1, day=day)


def lines_max_cost(content: bytes) -> MaxCost:
    """Return the maximum cost of a batch of these lines, at the batch price."""

    def max_cost(model: str, currency: str, day: date) -> Money | None:
        total = Money(0, currency)
        for line in content.splitlines():
            each = _of_line(line, model, currency, day)
            if each is None:
                return None
            total += each
        return total

    return max_cost


def _of_line(line: bytes, model: str, currency: str, day: date) -> Money | None:
    card, body = cards.card(model), msgspec.json.decode(line)["body"]
    if card is None:
        return None
    if any(price.unit in _BY_THE_PIECE for price in card.prices):
        return prices.cost(card, None, currency, batch=True, units=1, day=day)
    output = body.get("max_tokens") or _output(card)
    size = card.context_window if _grows(body) else len(line)
    if size is None or output is None:
        return None
    return prices.max_cost(card, size, output, currency, batch=True, day=day)


def _grows(body: Mapping[str, Any]) -> bool:
    tools, messages = body.get("tools") or (), body.get("messages") or ()
    return _hosted(tools) or any(
        isinstance(message.get("content"), list) for message in messages
    )


def _hosted(tools: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the service runs one of the tools."""
    return any(tool["type"] != "function" for tool in tools)


def _output(card: Card) -> int | None:
    silent = card.kind in {"embedding", "rerank"}
    return 0 if silent else card.cap or card.context_window


def _added_to(request: Request, body: Mapping[str, Any]) -> bool:
    """Whether the prompt grows by more than the request's own bytes."""
    if _hosted(request.tools or ()):
        return True
    return any(isinstance(m.content, tuple) for m in request.messages) or _grows(body)
