"""Name the next step for a refusal, by the card of the model that was asked."""

from __future__ import annotations

from glmkit.catalog import alternatives, cards
from glmkit.catalog.cards import Card
from glmkit.config.endpoints import LOCAL
from glmkit.types.errors import ContextLengthError, InvalidRequestError
from glmkit.types.replies import Call
from glmkit.types.translation import _


def advise(exc: BaseException | None, call: Call, currency: str | None) -> None:
    """Replace the general hint of a refusal by one that fits the model.

    A prompt that is too long names a model with a larger window, and a retired model
    its successor.
    """
    card = cards.card(call.model)
    match exc:
        case ContextLengthError(hint=ContextLengthError.hint):
            exc.hint = _longer(card, currency, local=call.endpoint == LOCAL.name)
        case InvalidRequestError(code="1211") if card and card.status == "retired":
            exc.hint = f"{alternatives.withdrawn(card)}."


def _longer(card: Card | None, currency: str | None, *, local: bool) -> str:
    """Return the next step for a prompt that is longer than a window.

    The stand-in's window is smaller than that of the model it answers for.
    """
    if local and card and card.context_window:
        return _(
            "Shorten the prompt, or set a key: {model} itself reads {tokens} tokens.",
            model=card.id,
            tokens=f"{card.context_window:,}",
        )
    return alternatives.larger_window(card, currency)
