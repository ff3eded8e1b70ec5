"""Tokens without a network: an estimate, and how far off it may be.

No package ships GLM's vocabulary, so features of the text are counted and weighed:
Han characters, punctuation, words, long words, groups of digits, line breaks, and the
bytes of every other script. The weights are set to the platform's own rules of thumb
(0.75 English words or 1.5 Chinese characters a token), not fitted to its tokenizer;
the band is as wide as those rules differ among themselves. What a call really used is
in its `usage`.
"""

from __future__ import annotations

import math
import re

import msgspec

from glmkit.messages import ImagePart, Message, Request, TextPart

#: `[gMASK]<sop>` and the closing `<|assistant|>`; then a role and a line break a turn.
_PER_REQUEST = 3
_PER_MESSAGE = 2
#: What the platform's guide says of a picture.
_PER_IMAGE = 1047
#: Letters of a word that pass as one token.
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
#: Feature → share by which the truth may be lower or higher.
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
    """An estimated number of tokens; the truth is expected from `low` to `high`."""

    tokens: int
    low: int
    high: int

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(
            self.tokens + other.tokens, self.low + other.low, self.high + other.high
        )


def estimate(text: str) -> Estimate:
    """Estimate the tokens of a text.

    >>> estimate("here is a text demo")
    Estimate(tokens=5, low=4, high=6)
    """
    weights = dict.fromkeys(_BAND, 0.0)
    for found in _FEATURE.finditer(text):
        feature = found.lastgroup or "other"
        weights[feature] += _weight(feature, found[0])
    tokens = sum(weights.values())
    doubt = sum(weight * _BAND[feature] for feature, weight in weights.items())
    return Estimate(round(tokens), int(tokens - doubt), round(tokens + doubt + 0.49))


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


def estimate_request(request: Request) -> Estimate:
    """Estimate the prompt tokens of a request: texts, chat template, tools, pictures.

    Videos, sounds and files are not counted.
    """
    total = Estimate(_PER_REQUEST, _PER_REQUEST, _PER_REQUEST)
    for message in request.messages:
        total += _of_message(message)
    if request.tools:
        # The template writes the definitions into the system text, indented.
        tools = msgspec.json.format(msgspec.json.encode(request.tools), indent=4)
        total += estimate(tools.decode())
    return total


def _of_message(message: Message) -> Estimate:
    total = Estimate(_PER_MESSAGE, _PER_MESSAGE, _PER_MESSAGE)
    parts = message.content or ()
    for part in (TextPart(parts),) if isinstance(parts, str) else parts:
        if isinstance(part, TextPart):
            total += estimate(part.text)
        elif isinstance(part, ImagePart):
            total += Estimate(_PER_IMAGE, _PER_IMAGE // 2, _PER_IMAGE * 2)
    for call in message.tool_calls:
        total += estimate(call.function.name + call.function.arguments)
    return total
