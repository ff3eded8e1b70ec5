"""Name the method, the successor or the larger model to use instead of a model."""

from __future__ import annotations

from glmkit.catalog import cards
from glmkit.catalog.cards import Card
from glmkit.types.errors import ConfigError
from glmkit.types.translation import _

#: Beginning of a model's id, or its kind → the method that it is for. Audio models
#: other than glm-4-voice do not chat.
_METHODS = {
    "glm-4-assistant": "client.assistants.ask(...)",
    "glm-asr": "client.audio.transcribe(...)",
    "glm-tts-clone": "client.voices.clone(...)",
    "glm-tts": "client.audio.speak(...)",
    "cogtts": "client.audio.speak(...)",
    "embedding": "client.embeddings(...)",
    "rerank": "client.rerank(...)",
    "image": "client.images.generate(...)",
    "video": "client.videos.submit(...)",
    "ocr": "client.documents.parse(...)",
    "moderation": "client.moderate(...)",
}
#: Kind of call → kinds of models that it takes.
_CALLS = {
    "embeddings": {"embedding"},
    "rerank": {"rerank"},
    "images": {"image"},
    "videos": {"video"},
    "layout": {"ocr"},
    "moderation": {"moderation"},
}
_REALTIME = "realtime"
#: Kind of call → beginnings of the ids that it takes.
_SPEECH = {
    "transcription": ("glm-asr",),
    "speech": ("glm-tts", "cogtts"),
    "voice": ("glm-tts-clone",),
}


def check_method(operation: str, card: Card) -> None:
    """Raise ConfigError where a kind of call does not take a model.

    >>> from glmkit.catalog.cards import card
    >>> check_method("chat", card("glm-asr"))
    Traceback (most recent call last):
    glmkit.types.errors.ConfigError: glm-asr does not chat
    → Use client.audio.transcribe(...).
    """
    method = _method(card)
    wanted = _CALLS.get(operation)
    beginnings = _SPEECH.get(operation, ("",))
    if operation == "chat" and method:
        message = _("{model} does not chat", model=card.id)
    elif (wanted and card.kind not in wanted) or not card.id.startswith(beginnings):
        message = _("{model} is not a model for {call}", model=card.id, call=operation)
    else:
        return
    raise ConfigError(message, hint=_use(method, card))


def _method(card: Card) -> str:
    """Return the method that a model is for; "" where it chats."""
    found = (m for begin, m in _METHODS.items() if card.id.startswith(begin))
    if card.kind == "audio" and card.id != "glm-4-voice":
        return next(found, _REALTIME)
    return next(found, _METHODS.get(card.kind, ""))


def _use(method: str, card: Card) -> str:
    if method == _REALTIME:
        return _("It answers in realtime sessions only, over a WebSocket.")
    return _("Use {method}.", method=method or f"client.chat(model={card.id!r})")


def withdrawn(card: Card) -> str:
    """Return a sentence on a retired model that names its successor.

    >>> from glmkit.catalog.cards import card
    >>> withdrawn(card("glm-4-0520"))
    'glm-4-0520 was withdrawn on 2025-12-30: use glm-4-plus'
    """
    when = _(" on {day}", day=card.withdrawn) if card.withdrawn else ""
    successor = card.successor or "`%glm models`"
    return _(
        "{model} was withdrawn{when}: use {successor}",
        model=card.id,
        when=when,
        successor=successor,
    )


def larger_window(card: Card | None, currency: str | None = None) -> str:
    """Return the next step where a prompt is longer than a model's window.

    The model that it names takes the same media and is sold in that currency.

    >>> from glmkit.catalog.cards import card
    >>> larger_window(card("glm-4-plus"), "CNY")
    'Shorten the prompt, or use a model with a larger window: glm-4-long.'
    >>> larger_window(card("glm-4-long"), "CNY")
    'Shorten the prompt: no model has a larger window.'
    """
    window = (card and card.context_window) or 0
    wanted = set(card.input_modalities) if card else {"text"}
    fitting = [
        each
        for each in cards.cards()
        if each.status == "current"
        and (each.context_window or 0) > window
        and wanted <= set(each.input_modalities)
        and (currency is None or any(p.currency == currency for p in each.prices))
    ]
    if not fitting:
        return _("Shorten the prompt: no model has a larger window.")
    largest = max(fitting, key=lambda each: each.context_window or 0)
    return _(
        "Shorten the prompt, or use a model with a larger window: {model}.",
        model=largest.id,
    )
