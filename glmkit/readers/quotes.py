"""Where a quote stands in a text with pages, and whether it holds a value.

A quote is looked for as it is, then with width, case, blanks, hyphens and the grouping
of digits made equal. What a number is worth is read from the page, never from the
quote: a quote may leave out a bracket, a sign or a unit.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import islice
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
#: The line that names a page in a prompt, which may be copied with a quote.
_MARK = re.compile(r"\[(?:page|sheet|slide|section) \d+[^\]\n]*\]")
#: What a quote may be wrapped in, or end with, that is not of the text.
_WRAPPED = " \n*_`\"'“”‘’„«»「」『』.。"
#: Places of a quote on a page that are tried until one holds its value.
_TRIED = 20
#: Characters of a folded quote that are needed to find it.
_LEAST = 2


class QuotePlace(msgspec.Struct, frozen=True):
    """Where a quote stands: the page's number, and start and end in its text.

    `exact` is False where width, blanks, hyphens or grouping differ. `pieces` are its
    parts where it leaves something out or goes over to the next page: the place of the
    page in the text, start and end.
    """

    page: int
    start: int
    end: int
    exact: bool
    pieces: tuple[tuple[int, int, int], ...]


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
        return next(self._places(quote, page), None)

    def judge(
        self, value: Any, quote: str, page: int | None, field: Field = ANY
    ) -> tuple[Found, QuotePlace | None]:
        """Return whether a quote stands in the text and holds a value, and where.

        Of a quote that a page holds more than once, the place with the value counts.
        """
        places = [*islice(self._places(quote, page), _TRIED)]
        if not places:
            return "not found", None
        for place in places:
            if self._holds(value, place, field):
                return ("exact" if place.exact else "normalised"), place
        return "value differs", places[0]

    def _places(self, quote: str, page: int | None) -> Iterator[QuotePlace]:
        """Yield where a quote stands on the first page that has it."""
        bare = _MARK.sub(" ", quote).strip(_WRAPPED)
        found = False
        for place in self._as_it_is(quote, page):
            found = True
            yield place
        if not found and bare != quote:
            for place in self._as_it_is(bare, page):
                yield msgspec.structs.replace(place, exact=False)

    def _as_it_is(self, quote: str, page: int | None) -> Iterator[QuotePlace]:
        order = sorted(
            range(len(self._numbers)),
            key=lambda at: (self._numbers[at] != page, _away(self._numbers[at], page)),
        )
        if not quote.strip() or not order:
            return
        claimed = [at for at in order[:1] if self._numbers[at] == page]
        for places in (claimed, order):
            for look in (self._exactly, self._folded):
                for at in places:
                    found = look(quote, at)
                    if first := next(found, None):
                        yield first
                        yield from found
                        return
        yield from self._across(quote)

    def _exactly(self, quote: str, at: int) -> Iterator[QuotePlace]:
        text = self._text.pages[at].text
        start = text.find(quote)
        while start >= 0:
            yield self._place([(at, start, start + len(quote))], exact=True)
            start = text.find(quote, start + 1)

    def _folded(self, quote: str, at: int) -> Iterator[QuotePlace]:
        text, parts = self._text.pages[at].text, _parts(quote)
        spans = _spans(parts, self._folds[at])
        while spans:
            yield self._place((at, *_unfolded(text, *span)) for span in spans)
            spans = _spans(parts, self._folds[at], spans[0][0] + 1)

    def _across(self, quote: str) -> Iterator[QuotePlace]:
        """Find a quote that begins on one page and ends on the next."""
        parts = _parts(quote)
        pairs = zip(self._folds, self._folds[1:], strict=False)
        for at, (here, there) in enumerate(pairs):
            spans = _spans(parts, here + there)
            if spans and spans[0][0] < len(here):
                yield self._place(self._over(at, len(here), spans))
                return

    def _over(
        self, at: int, size: int, spans: Sequence[tuple[int, int]]
    ) -> Iterator[tuple[int, int, int]]:
        """Yield the pieces of spans in the folded text of two pages."""
        for start, end in spans:
            if start < size:
                text = self._text.pages[at].text
                yield (at, *_unfolded(text, start, min(end, size)))
            if end > size:
                text = self._text.pages[at + 1].text
                yield (at + 1, *_unfolded(text, max(0, start - size), end - size))

    def _place(
        self, pieces: Iterable[tuple[int, int, int]], *, exact: bool = False
    ) -> QuotePlace:
        found = tuple(pieces)
        at, start, _end = found[0]
        end = max(end for here, _start, end in found if here == at)
        if found[-1][0] != at:
            end = len(self._text.pages[at].text)
        return QuotePlace(self._numbers[at], start, end, exact, found)

    @cached_property
    def _folds(self) -> list[str]:
        return [fold(page.text) for page in self._text.pages]

    def _holds(self, value: Any, place: QuotePlace, field: Field) -> bool:
        match value:
            case bool() | None | str():
                return True
            case int() | float() | Decimal():
                return holds(value, self._amounts(place, field), field)
            case date():
                return any(
                    value in dates(self._text.pages[at].text[start:end])
                    for at, start, end in place.pieces
                )
            case Measured():
                return self._holds(value.value, place, value.field)
            case list() | tuple():
                return all(self._holds(part, place, field) for part in value)
            case _:
                return True

    def _amounts(self, place: QuotePlace, field: Field) -> list[Decimal]:
        found: list[Decimal] = []
        for at, start, end in place.pieces:
            text, unit = self._text.pages[at].text, self._unit(at, start, end)
            found += amounts(text, start, end, field, unit)
        return found

    def _unit(self, at: int, start: int, end: int) -> Decimal | None:
        """Return the unit that is declared above a place, or on the page before."""
        text = self._text.pages[at].text
        if has_own_unit(text[text.rfind("\n", 0, start) + 1 : end]):
            return None
        unit = declared(text[:end])
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


def _spans(parts: Sequence[str], folded: str, after: int = 0) -> list[tuple[int, int]]:
    """Return start and end of each part, one after the other; [] where one is not."""
    if sum(map(len, parts)) < _LEAST:
        return []
    spans: list[tuple[int, int]] = []
    for part in parts:
        start = folded.find(part, after)
        if start < 0:
            return []
        after = start + len(part)
        spans.append((start, after))
    return spans


def _away(number: int, page: int | None) -> int:
    return 0 if page is None else abs(number - page)
