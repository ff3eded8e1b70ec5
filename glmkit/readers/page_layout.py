"""The reading order of a page, from the places of its words.

Words on one baseline are a row. Where rows of prose keep clear of a gutter, what
stands left of it is read before what stands right of it; a row across the gutter ends
that. In every other row the cells, words apart from each other, stay together.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median

import msgspec

#: Between the cells of a row.
CELL = " | "
#: Ends a line whose last word goes on in the next line.
HYPHEN = "\ufffe"

#: Widths in heights of a line: between cells, of a gutter, between paragraphs.
_CELL_GAP, _GUTTER, _PARAGRAPH = 0.8, 0.8, 0.75
#: Rows that have text on both sides of a gutter, at least.
_LEAST_ROWS = 3
#: What is prose: the share of a column that its lines fill, and their characters.
_FILLED, _LONG = 0.72, 14
#: The share of a column's lines that may have wide gaps.
_BROKEN_ROWS = 0.4
#: Heights of a line: a space at most, and from a header or footer to the text.
_SPACE, _APART = 0.6, 1.0
#: Height of a line by which the rows of a table are further apart than their lines.
_ROW_GAP = 0.3
#: Heights of a line: a space at least, and one at least between Han characters.
_LEAST_SPACE, _WIDE_SPACE = 0.08, 0.4
_MOST_GAPS, _MOST_GUTTERS, _DEEPEST = 400, 8, 5

_BULLET = re.compile(r"[•◦▪‣∙·●○■□–—*-]|\(?\w{1,3}[.)、]|\d+(\.\d+)+\.?")
_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")


class Box(msgspec.Struct, frozen=True, gc=False):
    """A word and its place; y grows upwards, as in a PDF.

    `spaced` where the file has a space before it, however narrow.
    """

    text: str
    left: float
    bottom: float
    right: float
    top: float
    spaced: bool = False


#: Words of one baseline, from left to right.
Row = list[Box]
#: Left, bottom, right and top of a character.
Place = tuple[float, float, float, float]


def text_of(words: Iterable[Box]) -> str:
    """Return the text of a page in reading order.

    >>> text_of([Box("b", 50, 0, 60, 10), Box("a", 0, 0, 10, 10)])
    'a | b'
    """
    return dehyphenated("\n".join(_read(list(words))))


def turned(place: Place, turn: int) -> Place:
    """Return a place on a page that is turned clockwise round its corner.

    >>> turned((1, 2, 3, 4), 90)
    (2, -3, 4, -1)
    """
    left, bottom, right, top = place
    match turn % 360:
        case 90:
            return bottom, -right, top, -left
        case 180:
            return -right, -top, -left, -bottom
        case 270:
            return -top, left, -bottom, right
        case _:
            return place


def rows_of(words: Sequence[Box]) -> list[Row]:
    """Group words by their baseline, the highest row first."""
    rows: list[Row] = []
    tallest = None
    for word in sorted(words, key=lambda w: (-(w.bottom + w.top), w.left)):
        if tallest and (_level(word, tallest) or _level(tallest, word)):
            rows[-1].append(word)
            if _height(word) > _height(tallest):
                tallest = word
        else:
            rows.append([word])
            tallest = word
    for row in rows:
        row.sort(key=lambda w: w.left)
    return rows


def _height(word: Box) -> float:
    return word.top - word.bottom


def _level(a: Box, b: Box) -> bool:
    """Whether the middle of one word is beside another."""
    margin = 0.2 * (b.top - b.bottom)
    return b.bottom + margin < (a.bottom + a.top) / 2 < b.top - margin


def _read(words: list[Box], depth: int = 0) -> list[str]:
    """Return the lines of words, column by column where there are columns."""
    if not words:
        return []
    rows = rows_of(words)
    gutter = _gutter(rows, depth)
    if gutter is None:
        return _lines(rows)
    first, end, x = gutter
    lines = _read([w for row in rows[:first] for w in row], depth + 1)
    for side in _sides(rows[first:end], x):
        lines += ["", *_read([w for row in side for w in row], depth + 1)]
    lines += ["", *_read([w for row in rows[end:] for w in row], depth + 1)]
    return [line for before, line in pairwise(["", *lines]) if before or line]


def _sides(rows: list[Row], x: float) -> tuple[list[Row], list[Row]]:
    """Cut rows at x; both sides have as many rows, some of them empty."""
    left = [[w for w in row if w.right <= x] for row in rows]
    return left, [[w for w in row if w.right > x] for row in rows]


def _gutter(rows: list[Row], depth: int) -> tuple[int, int, float] | None:
    """Return the longest run of rows that a gutter parts into prose, and its middle."""
    best = None
    if depth < _DEEPEST and len(rows) >= _LEAST_ROWS:
        for x in _candidates(rows):
            for first, end in _runs(rows, x):
                longer = best is None or end - first > best[1] - best[0]
                if longer and _is_prose(rows[first:end], x, depth):
                    best = (first, end, x)
    return best


def _candidates(rows: list[Row]) -> list[float]:
    """Return middles of gaps, first those that most pairs of rows have in common.

    The baselines of two columns may differ, so that each row is of one of them.
    """
    gaps = []
    for upper, lower in pairwise(rows):
        reach, height = -math.inf, _GUTTER * _height(upper[0])
        for word in sorted((*upper, *lower), key=lambda w: w.left):
            if word.left - reach > height and reach > -math.inf:
                gaps.append((reach, word.left))
            reach = max(reach, word.right)
    counts: dict[float, int] = {}
    for begin, end in gaps[:_MOST_GAPS]:
        x = round((begin + end) / 2)
        if x not in counts:
            counts[x] = sum(a < x < b for a, b in gaps)
    usual = [x for x, count in counts.items() if count >= _LEAST_ROWS]
    return sorted(usual, key=lambda x: -counts[x])[:_MOST_GUTTERS]


def _runs(rows: list[Row], x: float) -> list[tuple[int, int]]:
    """Return the runs of rows that x does not cut."""
    runs, first = [], 0
    for place, row in enumerate([*rows, []]):
        if not row or _is_cut(row, x):
            begin, end = _trimmed(rows, first, place, x)
            if end - begin >= _LEAST_ROWS:
                runs.append((begin, end))
            first = place + 1
    return runs


def _is_cut(row: Row, x: float) -> bool:
    """Whether x lies in a word of a row, or in a mere space between two."""
    if any(w.left < x < w.right for w in row):
        return True
    return any(
        a.right <= x <= b.left and b.left - a.right < _SPACE * _height(a)
        for a, b in pairwise(row)
    )


def _trimmed(rows: list[Row], first: int, end: int, x: float) -> tuple[int, int]:
    """Leave out short rows that stand apart at the ends of a run: headers, footers."""
    width = max((w.right for r in rows for w in r), default=0) - min(
        (w.left for r in rows for w in r), default=0
    )

    def apart(edge: int, inner: int) -> bool:
        upper, lower = sorted((edge, inner))
        gap = min(w.bottom for w in rows[upper]) - max(w.top for w in rows[lower])
        inked = sum(w.right - w.left for w in rows[edge])
        return gap > _APART * _height(rows[edge][0]) and inked < width * _FILLED

    while end - first > 1 and apart(first, first + 1):
        first += 1
    while end - first > 1 and apart(end - 1, end - 2):
        end -= 1
    return first, end


def _is_prose(rows: list[Row], x: float, depth: int) -> bool:
    """Whether both sides of x hold lines of running text."""
    left, right = _sides(rows, x)
    pairs = zip(pairwise(left), pairwise(right), strict=True)
    both = sum(any(a) and any(b) for a, b in pairs)
    if both < _LEAST_ROWS - 1 or _is_grid(rows, left, right):
        return False
    return all(_fills([row for row in side if row], depth) for side in (left, right))


def _is_grid(rows: list[Row], left: list[Row], right: list[Row]) -> bool:
    """Whether wider gaps part both sides into the rows of a table with long cells."""
    gaps = [
        min(w.bottom for w in upper) - max(w.top for w in lower)
        for upper, lower in pairwise(rows)
    ]
    wide = median(gaps) + _ROW_GAP * _height(rows[0][0])
    starts = [0, *(place for place, gap in enumerate(gaps, 1) if gap > wide)]
    level = sum(bool(left[place]) and bool(right[place]) for place in starts)
    return len(starts) >= _LEAST_ROWS and level == len(starts)


def _fills(rows: list[Row], depth: int) -> bool:
    """Whether most rows of a column are unbroken lines about as wide as it is."""
    if len(rows) < _LEAST_ROWS:
        return False
    width = max(r[-1].right for r in rows) - min(r[0].left for r in rows)
    shares = [(r[-1].right - r[0].left) / width for r in rows] if width > 0 else [0.0]
    lengths = [sum(map(_length, row)) for row in rows]
    if median(shares) < _FILLED or median(lengths) < _LONG:
        return False
    broken = sum(len(cells(row)) > 1 for row in rows)
    return broken <= len(rows) * _BROKEN_ROWS or _gutter(rows, depth + 1) is not None


def _length(word: Box) -> int:
    """Return the characters of a word with its space; a Han character counts as two."""
    return len(word.text) + 1 + len(_WIDE.findall(word.text))


def cells(row: Row) -> list[Row]:
    """Cut a row where its words stand apart: the cells of a table."""
    gaps = [b.left - a.right for a, b in pairwise(row)]
    height = median(map(_height, row))
    usual = median(gaps) if len(gaps) >= 5 else 0.0  # justified lines have wide spaces
    found: list[Row] = [[row[0]]]
    for gap, word in zip(gaps, row[1:], strict=True):
        if gap > max(_CELL_GAP * height, 1.8 * usual if usual < height * 1.2 else 0):
            found.append([word])
        else:
            found[-1].append(word)
    if len(found) == 2 and _BULLET.fullmatch(_joined(found[0])) and _begins(found[1]):
        return [row]
    return found


def _begins(cell: Row) -> bool:
    """Whether a cell begins with a letter, as what follows a bullet does."""
    return cell[0].text[:1].isalpha()


def _lines(rows: list[Row]) -> list[str]:
    """Return rows as lines, with an empty line between paragraphs."""
    lines: list[str] = []
    before: tuple[float, bool] | None = None
    for row in rows:
        parts = [_joined(cell) for cell in cells(row)]
        bottom, top = min(w.bottom for w in row), max(w.top for w in row)
        table = len(parts) > 1
        if before and not (table and before[1]):
            gap = before[0] - top
            if gap > _PARAGRAPH * median(map(_height, row)):
                lines.append("")
        lines.append(CELL.join(parts))
        before = (bottom, table)
    return lines


def _joined(cell: Row) -> str:
    text = cell[0].text
    for a, b in pairwise(cell):
        gap, height = b.left - a.right, a.top - a.bottom
        apart = b.spaced or gap > _LEAST_SPACE * height
        if apart and gap < _WIDE_SPACE * height:
            apart = not (_WIDE.match(a.text[-1]) and _WIDE.match(b.text))
        text += f" {b.text}" if apart else b.text
    return text


_BROKEN = re.compile(rf"(\w*)(?:{HYPHEN}|\u00ad)\n+(\w*)")


def dehyphenated(text: str) -> str:
    """Join the words that a line's end cuts.

    The hyphen stays where the text has the word with it elsewhere, or where what
    follows is not in lower case.

    >>> dehyphenated("exam\\ufffe\\nple, well\\ufffe\\nknown: well-known")
    'example, well-known: well-known'
    """

    def whole(found: re.Match[str]) -> str:
        head, tail = found.groups()
        hyphened = f"{head}-{tail}"
        stays = hyphened in text or not (head[-1:].isalpha() and tail[:1].islower())
        return hyphened if stays else head + tail

    joined = _BROKEN.sub(whole, text)
    return joined.replace(HYPHEN, "-").replace("\u00ad", "")
