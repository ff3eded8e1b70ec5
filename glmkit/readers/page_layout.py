"""The reading order of a page, from the places of its words.

Words on one baseline are a row. Where rows of prose keep clear of a gutter, what
stands left of it is read before what stands right of it; a row across the gutter ends
that. In every other row the cells, words apart from each other, stay together.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from itertools import pairwise
from statistics import median

from glmkit.readers.page_columns import gutter, sides
from glmkit.readers.page_rows import Box, Row, cells, height, joined, rows_of

#: Between the cells of a row.
CELL = " | "
#: Ends a line whose last word goes on in the next line.
HYPHEN = "\ufffe"
#: Heights of a line between paragraphs, and more than between their lines.
_PARAGRAPH, _MORE = 0.75, 0.25
#: Gaps of which the middle one tells how far lines are apart.
_FEW = 3

_BROKEN = re.compile(rf"(\w+)(?:{HYPHEN}|\u00ad)\n+(\w+)")


def text_of(words: Iterable[Box]) -> str:
    """Return the text of a page in reading order.

    >>> text_of([Box("b", 50, 0, 60, 10), Box("a", 0, 0, 10, 10)])
    'a | b'
    """
    return dehyphenated("\n".join(_read(list(words))))


def _read(words: list[Box], depth: int = 0) -> list[str]:
    """Return the lines of words, column by column where there are columns."""
    if not words:
        return []
    rows = rows_of(words)
    found = gutter(rows, depth)
    if found is None:
        return _lines(rows)
    first, end, x = found
    lines = _read([w for row in rows[:first] for w in row], depth + 1)
    for side in sides(rows[first:end], x):
        lines += ["", *_read([w for row in side for w in row], depth + 1)]
    lines += ["", *_read([w for row in rows[end:] for w in row], depth + 1)]
    return [line for before, line in pairwise(["", *lines]) if before or line]


def _lines(rows: list[Row]) -> list[str]:
    """Return rows as lines, with an empty line between paragraphs."""
    gaps = [
        min(w.bottom for w in upper) - max(w.top for w in lower)
        for upper, lower in pairwise(rows)
    ]
    usual = median(gaps) if len(gaps) >= _FEW else 0.0
    lines: list[str] = []
    table = False
    for gap, row in zip([-math.inf, *gaps], rows, strict=True):
        parts = [joined(cell) for cell in cells(row)]
        size = median(map(height, row))
        apart = gap > _PARAGRAPH * size and gap > usual + _MORE * size
        if apart and not (table and len(parts) > 1):
            lines.append("")
        table = len(parts) > 1
        lines.append(CELL.join(parts))
    return lines


def dehyphenated(text: str) -> str:
    """Join the words that a line's end cuts.

    The hyphen stays where the text has the word with it elsewhere, or where what
    follows is not in lower case.

    >>> dehyphenated("exam\\ufffe\\nple, well\\ufffe\\nknown: well-known")
    'example, well-known: well-known'
    """

    def whole(found: re.Match[str]) -> str:
        head, tail = found.groups()
        begin = text.rfind("\n", 0, found.start()) + 1
        if CELL in text[begin : text.find("\n", found.end())]:
            return found[0]  # the next row of a table
        hyphened = f"{head}-{tail}"
        stays = hyphened in text or not (head[-1].isalpha() and tail[0].islower())
        return hyphened if stays else head + tail

    whole_words = _BROKEN.sub(whole, text)
    return whole_words.replace(HYPHEN, "-").replace("\u00ad", "")
