"""Limits and defaults of a model's card: output, window, requests in flight."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from glmkit.catalog.cards import Card
from glmkit.local.engine.client import Sampling
from glmkit.local.engine.process import WINDOW
from glmkit.local.platform.answering.requests import ChatRequest
from glmkit.local.platform.server.errors import LackError, Refusal, invalid, within

#: The most tokens of an answer to a request that names none.
DEFAULT_TOKENS = 512
#: One more is the engine's own word for a random seed.
_SEEDS = 2**32 - 1


class _Family(NamedTuple):
    prefixes: tuple[str, ...]
    temperature: float
    top_p: float


#: Sampling defaults by family, the first match wins. Source: the API description.
_FAMILIES = (
    _Family(("glm-4.5v", "glm-4.6v", "glm-4.1v", "glm-5v", "glm-4v"), 0.8, 0.6),
    _Family(("glm-4-voice",), 0.8, 0.6),
    _Family(("glm-4.5",), 0.6, 0.95),
    _Family(("glm-5", "glm-4.7", "glm-4.6"), 1.0, 0.95),
    _Family(("charglm", "emohaa", "glm-4-alltools"), 0.95, 0.7),
    _Family(("autoglm-phone",), 0.0, 0.85),
    _Family(("",), 0.75, 0.9),
)


def style(ask: ChatRequest, card: Card) -> Sampling:
    """Return the sampling of a request; `n_predict` is the most tokens wanted."""
    family = next(family for family in _FAMILIES if card.id.startswith(family.prefixes))
    temperature = family.temperature if ask.temperature is None else ask.temperature
    top_p = family.top_p if ask.top_p is None else ask.top_p
    return Sampling(
        n_predict=_wanted(ask, card),
        temperature=0.0 if ask.do_sample is False else temperature,
        top_p=min(1.0, max(0.01, top_p)),
        seed=-1 if ask.seed is None else ask.seed % _SEEDS,
    )


def check_cap(ask: ChatRequest, card: Card) -> None:
    """Raise a Refusal unless the tokens asked for are 1 to the card's cap."""
    cap = card.cap or card.context_window or WINDOW
    wanted = ask.wanted_tokens
    if wanted is not None and not 1 <= wanted <= cap:
        raise invalid("max_tokens", within(1, cap))


def _wanted(ask: ChatRequest, card: Card) -> int:
    """Return the most tokens of the answer; without a number the stand-in's own cap.

    The service would go on for 65,536 tokens, which takes the stand-in minutes.
    """
    known = (card.default_max_tokens, card.cap)
    return ask.wanted_tokens or min(DEFAULT_TOKENS, *(n for n in known if n))


def room(card: Card, prompt_tokens: int) -> int:
    """Return the tokens left in the window; Refusal when there are none."""
    window = card.context_window or WINDOW
    if prompt_tokens >= window:
        raise Refusal(400, "1261", "Prompt exceeds max length")
    if prompt_tokens >= WINDOW:
        raise LackError(
            f"take a prompt of {prompt_tokens} tokens, its window has {WINDOW}",
            code="1261",
        )
    return min(window, WINDOW) - prompt_tokens


class Ids:
    """Request ids in flight: an account may use each for one request at a time."""

    def __init__(self) -> None:
        self._flying: set[tuple[str, str]] = set()

    @contextmanager
    def taken(self, account: str, request_id: str | None) -> Iterator[None]:
        """Hold an id; Refusal (1231) while another request has it."""
        if request_id is None:
            yield
            return
        place = (account, request_id)
        if place in self._flying:
            raise Refusal(400, "1231", f"request_id {request_id} exists already")
        self._flying.add(place)
        try:
            yield
        finally:
            self._flying.discard(place)


class Rights:
    """Counts the requests in flight by account and model, up to one tier's right."""

    def __init__(self, tier: str) -> None:
        self.tier = tier
        self._flying: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def taken(self, card: Card, account: str = "") -> Iterator[None]:
        """Hold one place; Refusal (429, 1302) when all are taken."""
        right = (card.in_flight or {}).get(self.tier)
        place = (account, card.id)
        if right is not None and self._flying[place] >= right:
            raise Refusal(
                429, "1302", f"{right} requests to {card.id} are in flight already"
            )
        self._flying[place] += 1
        try:
            yield
        finally:
            self._flying[place] -= 1
            if not self._flying[place]:
                del self._flying[place]
