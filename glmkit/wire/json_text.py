"""JSON as servers really write it: half characters, invalid bytes, retyped fields."""

from __future__ import annotations

import json
from typing import Any

import msgspec

#: No count of one call is larger; a larger number is not a count.
MOST = 10**9
#: Numbers beyond this, and those that are infinite, are not anybody's text.
_LONGEST = 10**40


def decoded(data: bytes | str) -> Any:
    r"""Return a JSON value; ValueError for what is not JSON or is nested too deep.

    Invalid bytes become U+FFFD, the two halves of a character one character, and a
    half that stands alone stays, so that the next piece of a text can complete it.

    >>> decoded(b'"Hi \\ud83d"')
    'Hi \ud83d'
    """
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        pass
    text = data if isinstance(data, str) else data.decode("utf-8", "replace")
    try:
        return json.loads(text.removeprefix("\ufeff"), strict=False)
    except RecursionError as exc:
        raise ValueError("it is nested too deep") from exc


def decoded_whole(data: bytes | str) -> Any:
    r"""Return a JSON value whose texts are whole; ValueError as `decoded`.

    >>> decoded_whole(b'["Hi \\udcaf there"]')
    ['Hi � there']
    """
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return mended_all(decoded(data))


def mended(text: str) -> str:
    r"""Return a text with its halves of characters joined, or replaced by U+FFFD.

    >>> mended("\ud83d\ude00 \ud83d")
    '😀 �'
    """
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def mended_all(value: Any) -> Any:
    """Return a JSON value with every text in it mended."""
    match value:
        case str():
            return mended(value)
        case list():
            return [mended_all(part) for part in value]
        case dict():
            return {mended(name): mended_all(part) for name, part in value.items()}
        case _:
            return value


def text_of(value: Any) -> str | None:
    """Return a text, or a number as its text; None for anything else.

    >>> text_of(7), text_of("7"), text_of(None), text_of([7])
    ('7', '7', None, None)
    """
    match value:
        case str():
            return mended(value)
        case bool():
            return None
        case int() | float() if -_LONGEST < value < _LONGEST:
            return str(value)
        case _:
            return None


def count_of(value: Any, most: int = MOST) -> int | None:
    """Return a count that is written as a number or as a text; None for no count.

    >>> count_of(5), count_of(5.0), count_of("5"), count_of(-1), count_of("many")
    (5, 5, 5, None, None)
    """
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not 0 <= value <= most or value != int(value):
        return None
    return int(value)


class Halves:
    r"""Completes characters whose halves arrive in two pieces of one text.

    `channel` names the text that a piece belongs to.

    >>> halves = Halves()
    >>> halves.joined("text", "Hi \ud83d"), halves.joined("text", "\ude00 there")
    ('Hi ', '😀 there')
    """

    def __init__(self) -> None:
        self._held: dict[object, str] = {}

    def joined(self, channel: object, piece: str) -> str:
        """Return what is complete of a piece, after what was held back before it."""
        if piece:
            piece = self._held.pop(channel, "") + piece
            if "\ud800" <= piece[-1] <= "\udbff":
                self._held[channel] = piece[-1]
                piece = piece[:-1]
        return mended(piece)

    def rest(self) -> list[object]:
        """Return the channels whose last character never got its second half."""
        left = list(self._held)
        self._held.clear()
        return left
