"""Patterns of keys in texts, so that none leaves in a prompt or stays in a file.

The shapes are those that the services themselves give for scanners of secrets; GLM
gives none, so the pattern of its keys is glmkit's own. A shape is narrow: a text that
only speaks of keys, a digest, an identifier or a placeholder is none.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

_B, _E = r"(?<![0-9A-Za-z_\-])", r"(?![0-9A-Za-z_\-])"

#: A text without the marker is not looked through; `value` marks the secret part.
_SHAPES: dict[str, tuple[str, str]] = {
    "a GLM key": (".", rf"{_B}[0-9a-fA-F]{{32}}\.[A-Za-z0-9]{{16}}{_E}"),
    "an API key": (
        "sk-",
        rf"{_B}sk-(?:[0-9a-f]{{32,64}}{_E}"
        r"|(?=[\w-]*[A-Z])(?=[\w-]*[a-z])(?=(?:[\w-]*\d){2})[\w-]{32,})",
    ),
    "an AWS key": ("A", rf"{_B}(?:AKIA|ASIA)[A-Z2-7]{{16}}(?![0-9A-Za-z/+=_-])"),
    "a GitHub token": (
        "_",
        rf"{_B}(?:gh[pousr]_[A-Za-z0-9]{{36,}}|github_pat_[A-Za-z0-9_]{{60,}})",
    ),
    "a GitLab token": ("glpat-", rf"{_B}glpat-[\w-]{{20,}}"),
    "a Slack token": ("xox", rf"{_B}xox[abprs]-\d[\w-]{{20,}}"),
    "a Google key": ("AIza", rf"{_B}AIza[\w-]{{35}}{_E}"),
    "a Hugging Face token": ("hf_", rf"{_B}hf_[A-Za-z0-9]{{34,40}}{_E}"),
    "a Stripe key": ("k_live_", rf"{_B}[rs]k_live_[0-9A-Za-z]{{24,}}"),
    "a web token": (
        "eyJ",
        rf"{_B}eyJ[\w-]{{10,}}\.eyJ[\w-]{{10,}}\.[\w-]{{20,}}",
    ),
    "a private key": (
        "PRIVATE KEY-----",
        r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"
        r"[^-]{0,300}?[A-Za-z0-9+/]{40}[A-Za-z0-9+/=\s\\]*",
    ),
}
_RULES = {
    kind: (marker, re.compile(shape)) for kind, (marker, shape) in _SHAPES.items()
}

#: A value that is given to a name for a secret.
_GIVEN = re.compile(
    r"(?i)(?:api[_-]?key|(?:secret|access)[_-]?key|client[_-]?secret"
    r"|(?:access|auth|bearer)[_-]?token)[\"']?\s{0,4}[:=]\s{0,4}[\"']?"
    r"(?P<value>[\w+/.~-]{20,200}={0,2})"
)
_NAMES = ("key", "token", "secret")
#: Bits a character of a value that nobody would make up, and turns from letters to
#: digits or back in it: words and identifiers have fewer.
_BITS, _TURNS = 3.0, 4
_TURN = re.compile(r"(?<=\d)(?=[A-Za-z])|(?<=[A-Za-z])(?=\d)")


class Found(NamedTuple):
    """A part of a text that looks like a key."""

    kind: str
    start: int
    end: int


def find(text: str) -> str:
    """Return the kind of key that a text holds, "" for none.

    >>> find("Where do I put api_key='...'?")
    ''
    """
    first = next(_found(text), None)
    return first.kind if first else ""


def masked(text: str) -> str:
    """Return the text with stars in the place of keys.

    >>> masked("it is ghp_" + "a1B2" * 9)
    'it is ****'
    """
    parts, at = [], 0
    for found in sorted(_found(text), key=lambda one: one.start):
        if found.start >= at:
            parts += [text[at : found.start], "****"]
            at = found.end
    return "".join([*parts, text[at:]])


def _found(text: str) -> Iterator[Found]:
    for kind, (marker, rule) in _RULES.items():
        if marker in text:
            for match in rule.finditer(text):
                yield Found(kind, *match.span())
    lowered = text.lower()
    if any(name in lowered for name in _NAMES):
        for match in _GIVEN.finditer(text):
            if _random(match["value"]):
                yield Found("a secret", *match.span("value"))


def _random(value: str) -> bool:
    """Whether a value looks random rather than written by hand."""
    counts = Counter(value).values()
    bits = -sum(n / len(value) * math.log2(n / len(value)) for n in counts)
    return bits >= _BITS and len(_TURN.findall(value)) >= _TURNS
