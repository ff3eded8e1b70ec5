"""Count tokens offline: with GLM's tokenizer if its file is available, else estimate.

`GLMKIT_TOKENIZER` names the `tokenizer.json` of GLM's open weights; reading it needs
the library `tokenizers` (`pip install "glmkit[tokenizer]"`). No package ships GLM's
vocabulary, so an estimate counts and weighs features of the text: Han characters,
punctuation, words, long words, groups of digits, line breaks, and the bytes of other
scripts. The weights follow the platform's rules of thumb (0.75 English words or 1.5
Chinese characters a token) and are not fitted to its tokenizer; the band is as wide as
these rules differ. What a call used is in its `usage`.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from glmkit.catalog.cards import Card
from glmkit.types.errors import ConfigError
from glmkit.types.messages import ImagePart, Message, Request, TextPart
from glmkit.types.translation import _

if TYPE_CHECKING:
    from tokenizers import Tokenizer

#: `[gMASK]<sop>` and the closing `<|assistant|>`; then a role and a line break a turn.
_PER_REQUEST = 3
_PER_MESSAGE = 2
#: Tokens of a picture, as the platform's guide states.
_PER_IMAGE = 1047
#: Letters of a word that count as one token.
_SHORT_WORD = 6

_FEATURE = re.compile(
    r"(?P<han>[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+)"
    r"|(?P<stop>[\u2018-\u201f\u2026\u3000-\u3020\uff01-\uff20\uff3b-\uff40\uff5b-\uff65])"
    r"|(?P<word>[A-Za-z]+)"
    r"|(?P<digits>[0-9]{1,3})"
    r"|(?P<breaks>\s*\n\s*)"
    r"|(?P<space>\s+)"
    r"|(?P<marks>[!-/:-@\[-`{-~]+)"
    r"|(?P<other>[^\x00-\x7f\u3400-\u4dbf\u4e00-\u9fff]+)"
)
#: Where a text can be cut without cutting a feature.
_LINES = re.compile(r"(?<=\n)(?=\S)")
#: Feature → relative error of its estimate.
_BAND = {
    "han": 0.2,
    "stop": 0.25,
    "word": 0.15,
    "digits": 0.05,
    "breaks": 0.25,
    "space": 0.5,
    "marks": 0.3,
    "other": 0.4,
}


class Estimate(msgspec.Struct, frozen=True):
    """An estimated number of tokens, expected to lie from `low` to `high`."""

    tokens: int
    low: int
    high: int

    @property
    def exact(self) -> bool:
        """Whether the tokens were counted, not estimated."""
        return self.low == self.high

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(
            self.tokens + other.tokens, self.low + other.low, self.high + other.high
        )


#: Counts or estimates the tokens of a text.
Count = Callable[[str], Estimate]

NOTHING = Estimate(0, 0, 0)


def count(text: str) -> Estimate:
    """Count the tokens of a text; exactly, where GLMKIT_TOKENIZER names a tokenizer.

    Raises ConfigError where that file cannot be read.

    >>> count("here is a text demo").tokens
    5
    """
    file = os.environ.get("GLMKIT_TOKENIZER", "")
    if not file:
        return estimate(text)
    plain = text.encode("utf-8", "replace").decode()
    found = _tokenizer(file).encode(plain, add_special_tokens=False)
    return Estimate(len(found), len(found), len(found))


@lru_cache(maxsize=2)
def _tokenizer(file: str) -> Tokenizer:
    try:
        from tokenizers import Tokenizer
    except ImportError as exc:
        raise ConfigError(
            _("GLMKIT_TOKENIZER needs the library tokenizers"),
            hint=_('`pip install "glmkit[tokenizer]"`, or unset it for estimates.'),
        ) from exc
    try:
        return Tokenizer.from_file(str(Path(file).expanduser()))
    except Exception as exc:  # the library raises nothing narrower
        raise ConfigError(
            _("the tokenizer {file} cannot be read: {why}", file=file, why=exc),
            hint=_("GLMKIT_TOKENIZER names the tokenizer.json of GLM's open weights."),
        ) from exc


def estimate(text: str) -> Estimate:
    """Estimate the tokens of a text.

    >>> estimate("here is a text demo")
    Estimate(tokens=5, low=4, high=6)
    """
    return _banded(*_measured(text))


def _banded(tokens: float, doubt: float) -> Estimate:
    return Estimate(round(tokens), int(tokens - doubt), round(tokens + doubt + 0.49))


def _measured(text: str) -> tuple[float, float]:
    """Return the tokens of a text, and the error of that estimate."""
    weights = dict.fromkeys(_BAND, 0.0)
    for found in _FEATURE.finditer(text):
        feature = found.lastgroup or "other"
        weights[feature] += _weight(feature, found[0])
    doubt = sum(weight * _BAND[feature] for feature, weight in weights.items())
    return sum(weights.values()), doubt


class Draft:
    """Counts a text that is being edited; unchanged lines are not counted again.

    >>> draft = Draft()
    >>> draft.count("here is\\na text demo") == estimate("here is\\na text demo")
    True
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, float]] = {}

    def count(self, text: str) -> Estimate:
        """Return the same as `count` of the module."""
        if os.environ.get("GLMKIT_TOKENIZER"):
            return count(text)
        before, self._known = self._known, {}
        tokens = doubt = 0.0
        for line in _LINES.split(text):
            found = self._known.get(line) or before.get(line) or _measured(line)
            self._known[line] = found
            tokens, doubt = tokens + found[0], doubt + found[1]
        return _banded(tokens, doubt)


def _weight(feature: str, piece: str) -> float:
    match feature:
        case "han":
            return 0.62 * len(piece)
        case "word":
            return 1.0 + 0.17 * max(0, len(piece) - _SHORT_WORD)
        case "space":
            return 0.0 if piece == " " else 1.0
        case "marks":
            return 0.5 + 0.5 * math.sqrt(len(piece))
        case "other":
            return 0.3 * len(piece.encode("utf-8", "replace"))
        case _:
            return 1.0


def estimate_request(request: Request, count: Count = estimate) -> Estimate:
    """Estimate the prompt tokens of a request: texts, template, tools, pictures.

    The answer's schema is included, as it goes into the system message; videos, sounds
    and files are not. `count` counts or estimates each text.
    """
    total = Estimate(_PER_REQUEST, _PER_REQUEST, _PER_REQUEST)
    total += estimate_messages(request.messages, count)
    if request.tools:
        # The template writes the definitions into the system text, indented.
        tools = msgspec.json.format(msgspec.json.encode(request.tools), indent=4)
        total += count(tools.decode())
    form = request.response_format
    if form is not None and form.json_schema is not None:
        total += count(msgspec.json.encode(form.json_schema).decode())
    return total


def estimate_messages(
    messages: tuple[Message, ...], count: Count = estimate
) -> Estimate:
    """Estimate the tokens of messages, with their share of the chat template."""
    return sum((_of_message(message, count) for message in messages), NOTHING)


def _of_message(message: Message, count: Count) -> Estimate:
    total = Estimate(_PER_MESSAGE, _PER_MESSAGE, _PER_MESSAGE)
    parts = message.content or ()
    for part in (TextPart(parts),) if isinstance(parts, str) else parts:
        if isinstance(part, TextPart):
            total += count(part.text)
        elif isinstance(part, ImagePart):
            total += Estimate(_PER_IMAGE, _PER_IMAGE // 2, _PER_IMAGE * 2)
    for call in message.tool_calls:
        total += count(call.function.name + call.function.arguments)
    return total


def reserve_of(card: Card | None, asked: int | None, room: int | None) -> int | None:
    """Return the tokens to reserve for an answer: `asked`, else the default.

    The service's default is the smallest of the card's default, its cap, and `room`,
    the rest of the window.
    """
    if asked is not None or card is None:
        return asked
    wanted = card.default_max_tokens or card.cap
    known = [n for n in (wanted, card.cap, room) if n is not None]
    return min(known) if wanted is not None else None
