"""Whether a prompt surely exceeds its model's window."""

from __future__ import annotations

from typing import Any

from glmkit.catalog import alternatives, cards, tokens
from glmkit.types.errors import ContextLengthError
from glmkit.types.messages import Request, TextPart

#: Characters of a prompt that fits any model's window.
_SURELY_FITS = 4_000


def check(request: Request, model: str) -> None:
    """Raise ContextLengthError for a prompt that surely exceeds the model's window."""
    card = cards.card(model)
    if card is None or not card.context_window:
        return
    size = sum(_length(message.content) for message in request.messages)
    if size <= _SURELY_FITS:
        return
    estimate = tokens.estimate_request(request)
    if estimate.low >= card.context_window:
        raise ContextLengthError(
            f"the prompt has about {estimate.tokens:,} tokens, and {card.id} takes "
            f"{card.context_window:,}",
            hint=alternatives.larger_window(card),
        )


def _length(content: Any) -> int:
    parts = (TextPart(content),) if isinstance(content, str) else content or ()
    return sum(len(part.text) for part in parts if isinstance(part, TextPart))
