"""How much of a model's context window a prompt takes, while it is written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Any

import msgspec
import traitlets

from glmkit.catalog import cards, tokens
from glmkit.catalog.tokens import NOTHING, Draft, Estimate
from glmkit.client.prompts.media import prompt_of
from glmkit.types.errors import ConfigError, GLMError
from glmkit.types.messages import Message, Request
from glmkit.types.plain_text import escaped
from glmkit.types.requests import turns_of
from glmkit.types.translation import _
from glmkit_widgets.controls.model_list import choice, choices
from glmkit_widgets.ruler import window_shares
from glmkit_widgets.shared.assets import module, style
from glmkit_widgets.shared.throttled_worker import ThrottledWorker
from glmkit_widgets.shared.widget import GLMWidget

if TYPE_CHECKING:
    from glmkit.client.clients import Client

_SETTINGS = ("model", "system", "max_tokens", "think", "endpoint")


class TokenRuler(GLMWidget):
    """Show how many tokens a prompt has, and what it may cost; nothing is sent.

    `text` is the draft, which can be typed in the page too; `model` None that of the
    settings, else of the client, else the endpoint's default. `settings` holds traits
    like a notebook's (`model`, `system`, `max_tokens`, `think`, `endpoint`). `history`
    are messages or a Conversation, `attachments` the parts beside the text.
    Counting is local: exact where GLMKIT_TOKENIZER names GLM's tokenizer, else an
    estimate that says its error. `.value` is the newest `shares.Reading`.

    >>> ruler = TokenRuler("here is a text demo", model="glm-4-plus")
    >>> ruler.value.sent
    Estimate(tokens=10, low=9, high=11)
    >>> ruler.close()
    """

    _esm = module("shared/dom", "ruler/ruler")
    _css = style("shared/ground", "ruler/ruler")

    model = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    choices: traitlets.List[Any] = traitlets.List().tag(sync=True)
    #: Numbers and labels; the text itself travels as a message.
    reading: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        text: str = "",
        model: str | None = None,
        client: Client | None = None,
        settings: traitlets.HasTraits | None = None,
        history: Any = (),
        attachments: Sequence[Any] = (),
        **options: Any,
    ) -> None:
        if not isinstance(text, str):
            raise ConfigError(
                _("a draft cannot be a {kind}", kind=type(text).__name__),
                hint=_('Pass a text: TokenRuler("Why is the sky blue?").'),
            )
        self._text = text
        self._settings = settings
        self._history = history
        self._attached = tuple(attachments)
        self._draft = Draft()
        self._counter = ThrottledWorker(self._count)
        self._counting = Lock()
        super().__init__(client, model=model, choices=_listed(model), **options)
        self._count()
        self.observe(lambda _: self._counter.ask(), "model")
        if settings is not None:
            settings.observe(self._changed, list(_SETTINGS))

    @property
    def text(self) -> str:
        """The draft; setting it changes the page."""
        return self._text

    @text.setter
    def text(self, text: str) -> None:
        self._text = text
        self.send({"text": text})
        self._count()

    def refresh(self) -> None:
        """Count again, after a change of the history or the attachments."""
        self._count()

    def _leave(self) -> None:
        self._counter.close()
        if self._settings is not None:
            with suppress(ValueError):  # it is not observed yet
                self._settings.unobserve(self._changed, list(_SETTINGS))

    def _changed(self, _change: Any) -> None:
        self._counter.ask()

    def _do(self, name: str, content: dict[str, Any]) -> None:
        match name, content:
            case "show", _:
                self.send({"text": self._text})
            case "write", {"text": str(text)}:
                self._text = text
                self._counter.ask()
            case _:
                pass

    def _count(self) -> None:
        """Count and show it; on a thread of its own while the user types."""
        with self._counting:
            try:
                found = self._read()
            except GLMError as exc:
                self._refuse(exc)
                return
            if self._closed:
                return
            self.reading = {**msgspec.to_builtins(found), "how": _how()}
        self.set_trait("value", found)
        self._still.update()

    def _read(self) -> window_shares.Reading:
        endpoint = self._endpoint(self._settings)
        chosen = self.model or getattr(self._settings, "model", None)
        model = chosen or self._unchosen(endpoint)
        card = cards.card(model)
        return window_shares.read(model, card, self._parts(), self._options(), endpoint)

    def _options(self) -> dict[str, Any]:
        settings = self._settings
        return {
            "max_tokens": getattr(settings, "max_tokens", None),
            "thinking": getattr(settings, "think", None),
        }

    def _parts(self) -> dict[str, Estimate]:
        given = getattr(self._history, "messages", self._history)
        messages = turns_of(given) if given else ()
        system = [one for one in messages if one.role == "system"]
        prompt = getattr(self._settings, "system", None)
        if prompt and not system:
            system = [Message("system", prompt)]
        turns = tuple(one for one in messages if one.role != "system")
        return {
            "system": tokens.estimate_messages(tuple(system), tokens.count),
            "history": tokens.estimate_messages(turns, tokens.count),
            "attachments": self._attachments(),
            "prompt": self._draft.count(self._text) + _template(),
        }

    def _attachments(self) -> Estimate:
        if not self._attached:
            return NOTHING
        alone = tokens.estimate_messages((Message("user", ""),), tokens.count)
        found = tokens.estimate_messages(
            turns_of(prompt_of(list(self._attached))), tokens.count
        )
        less = alone.tokens
        return Estimate(found.tokens - less, found.low - less, found.high - less)

    def _draw(self) -> tuple[str, str]:
        found: window_shares.Reading = self.value
        rows = [(share.label, banded(share)) for share in found.shares]
        window = _("unknown") if found.window is None else f"{found.window:,} tokens"
        rows = [
            ("Model", found.model),
            ("Context window", window),
            *rows,
            ("Cost", found.cost),
        ]
        cells = "".join(
            f"<tr><th scope='row'>{escaped(name)}</th><td>{escaped(text)}</td></tr>"
            for name, text in rows
        )
        plain = "\n".join(f"{name}: {text}" for name, text in rows)
        return f"<table>{cells}</table>", plain


def banded(share: window_shares.Share | Estimate) -> str:
    """Return a count with its error.

    >>> banded(Estimate(100, 85, 117)), banded(Estimate(7, 7, 7))
    ('100 tokens (85 to 117)', '7 tokens')
    """
    count = f"{share.tokens:,} tokens"
    if share.low == share.high:
        return count
    return f"{count} ({share.low:,} to {share.high:,})"


def _template() -> Estimate:
    """Return the tokens that the chat template adds to the prompt."""
    alone = Request(messages=(Message("user", ""),))
    return tokens.estimate_request(alone, tokens.count)


def _how() -> str:
    if os.environ.get("GLMKIT_TOKENIZER"):
        return _("Counted with the tokenizer in GLMKIT_TOKENIZER.")
    return _(
        "Estimated, with the expected range. For exact counts set GLMKIT_TOKENIZER to "
        "the path of GLM's tokenizer.json."
    )


def _listed(model: str | None) -> list[Any]:
    listed = choices()
    if model is None or any(entry["id"] == model for entry in listed):
        return list(listed)
    return [*listed, choice(model)]
