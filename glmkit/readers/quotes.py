"""Where a quote stands in a text with pages, and whether it holds a value.

A quote is looked for as it is, then with width, case, blanks, hyphens and the grouping
of digits made equal. What a number is worth is read from the page, never from the
quote: a quote may leave out a bracket, a sign or a unit.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal, NamedTuple

import msgspec

from glmkit.readers.dates import dates
from glmkit.readers.paged_text import PagedText, paged
from glmkit.readers.quantities import ANY, Field, amounts, holds, narrow
from glmkit.readers.table_units import declared, has_own_unit

Found = Literal["exact", "normalised", "value differs", "not found"]
FOUND: tuple[Found, ...] = ("exact", "normalised", "value differs", "not found")

#: What makes no difference in a quote: blanks, hyphens, brackets, marks of a table.
_DROPPED = re.compile(
    "[\\s|()\u00ad\u200b-\u200f\u2060\ufeff\u2010-\u2015\u2212\uff0d\\-]+"
)
_GROUPING = re.compile(r"(?<=\d)[,'](?=\d)")
_SAME = str.maketrans("’‘“”„«»`", '\'\'"""""\'')
_GAP = re.compile(r"\[?(?:\.{3,}|…+)\]?")
#: Characters of a folded quote that are needed to find it.
_LEAST = 2


class QuotePlace(msgspec.Struct, frozen=True):
    """Where a quote stands: the page's number, and start and end in its text.

    `exact` is False where width, blanks, hyphens or grouping differ.
    """

    page: int
    start: int
    end: int
    exact: bool


class Measured(NamedTuple):
    """A value within a value, and what is known of the field that it is for."""

    value: Any
    field: Field


class Quotes:
    """Finds quotes in one text; each page is folded once.

    Places in a text that does not know its pages are on page 1.
    """

    def __init__(self, text: str) -> None:
        self._text: PagedText = paged(text)
        self._numbers = [page.number for page in self._text.pages]

    def find(self, quote: str, page: int | None = None) -> QuotePlace | None:
        """Return where a quote stands; first on the page that is claimed for it."""
        order = sorted(
            range(len(self._numbers)),
            key=lambda at: (self._numbers[at] != page, _away(self._numbers[at], page)),
        )
        if not quote.strip() or not order:
            return None
        claimed = [at for at in order[:1] if self._numbers[at] == page]
        for places in (claimed, order):
            for look in (self._exactly, self._folded):
                for at in places:
                    if found := look(quote, at):
                        return found
        return self._across(quote)

    def judge(
        self, value: Any, quote: str, page: int | None, field: Field = ANY
    ) -> tuple[Found, QuotePlace | None]:
        """Return whether a quote stands in the text and holds a value, and where."""
        place = self.find(quote, page)
        if place is None:
            return "not found", None
        if not self._holds(value, place, field):
            return "value differs", place
        return ("exact" if place.exact else "normalised"), place

    def _exactly(self, quote: str, at: int) -> QuotePlace | None:
        start = self._text.pages[at].text.find(quote)
        if start < 0:
            return None
        return QuotePlace(self._numbers[at], start, start + len(quote), True)

    def _folded(self, quote: str, at: int) -> QuotePlace | None:
        span = _span(_parts(quote), self._folds[at])
        if span is None:
            return None
        start, end = _unfolded(self._text.pages[at].text, *span)
        return QuotePlace(self._numbers[at], start, end, False)

    def _across(self, quote: str) -> QuotePlace | None:
        """Find a quote that begins on one page and ends on the next."""
        parts = _parts(quote)
        for at, (here, there) in enumerate(
            zip(self._folds, self._folds[1:], strict=False)
        ):
            span = _span(parts, here + there)
            if span is None or span[0] >= len(here):
                continue
            text = self._text.pages[at].text
            start, _end = _unfolded(text, span[0], len(here))
            return QuotePlace(self._numbers[at], start, len(text), False)
        return None

    @cached_property
    def _folds(self) -> list[str]:
        return [fold(page.text) for page in self._text.pages]

    def _holds(self, value: Any, place: QuotePlace, field: Field) -> bool:
        at = self._numbers.index(place.page)
        text = self._text.pages[at].text
        match value:
            case bool() | None | str():
                return True
            case int() | float() | Decimal():
                unit = self._unit(at, place)
                found = amounts(text, place.start, place.end, field, unit)
                return holds(value, found, field)
            case date():
                return value in dates(text[place.start : place.end])
            case Measured():
                return self._holds(value.value, place, value.field)
            case list() | tuple():
                return all(self._holds(part, place, field) for part in value)
            case _:
                return True

    def _unit(self, at: int, place: QuotePlace) -> Decimal | None:
        """Return the unit that is declared above a place, or on the page before."""
        text = self._text.pages[at].text
        if has_own_unit(text[text.rfind("\n", 0, place.start) + 1 : place.end]):
            return None
        unit = declared(text[: place.end])
        if unit is None and at:
            unit = declared(self._text.pages[at - 1].text)
        return unit


def fold(text: str) -> str:
    """Return a text without what makes no difference in a quote."""
    return "".join(piece for piece, _place, _run in _pieces(text))


def _pieces(text: str) -> Iterator[tuple[str, int, bool]]:
    """Yield the folded characters of a text with their places in it.

    A run of ASCII comes as one piece; it is as long as what it stands for.
    """
    plain = _GROUPING.sub(lambda match: "\u200b", narrow(text).translate(_SAME))
    start = 0
    for gap in [*_DROPPED.finditer(plain), None]:
        end = gap.start() if gap else len(plain)
        word = plain[start:end]
        if word.isascii():
            if word:
                yield word.lower(), start, True
        else:
            for at, sign in enumerate(word, start):
                yield unicodedata.normalize("NFKD", sign).casefold(), at, False
        start = gap.end() if gap else end


def _unfolded(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the places in a text of a part of its folded form."""
    size = 0
    first = last = 0
    for piece, place, run in _pieces(text):
        if size <= start < size + len(piece):
            first = place + (start - size if run else 0)
        if size < end <= size + len(piece):
            last = place + (end - size if run else 1)
            break
        size += len(piece)
    return first, max(first, last)


def _parts(quote: str) -> list[str]:
    """Return the folded parts of a quote, cut where it leaves something out."""
    parts = [fold(part) for part in _GAP.split(quote)]
    return [part for part in parts if part]


def _span(parts: Sequence[str], folded: str) -> tuple[int, int] | None:
    """Return start and end of the parts, one after the other, in a folded text."""
    if sum(map(len, parts)) < _LEAST:
        return None
    first = end = -1
    for part in parts:
        start = folded.find(part, max(end, 0))
        if start < 0:
            return None
        first = start if first < 0 else first
        end = start + len(part)
    return first, end


def _away(number: int, page: int | None) -> int:
    return 0 if page is None else abs(number - page)
