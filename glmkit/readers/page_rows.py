"""The words of a page with their places, in rows and cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

import msgspec

#: Heights of a line between two cells.
_CELL_GAP = 0.8
#: Heights of a line: a space at least, and one at least between Han characters.
_LEAST_SPACE, _WIDE_SPACE = 0.08, 0.4

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
            if height(word) > height(tallest):
                tallest = word
        else:
            rows.append([word])
            tallest = word
    for row in rows:
        row.sort(key=lambda w: w.left)
    return rows


def height(word: Box) -> float:
    """Return the height of a word, which is that of its font."""
    return word.top - word.bottom


def _level(a: Box, b: Box) -> bool:
    """Whether the middle of one word is beside another."""
    margin = 0.2 * (b.top - b.bottom)
    return b.bottom + margin < (a.bottom + a.top) / 2 < b.top - margin


def length(word: Box) -> int:
    """Return the characters of a word with its space; a Han character counts as two."""
    return len(word.text) + 1 + len(_WIDE.findall(word.text))


def cells(row: Row) -> list[Row]:
    """Cut a row where its words stand apart: the cells of a table.

    The spaces of a justified line are as wide as some gaps, but all about as wide.
    """
    gaps = [b.left - a.right for a, b in pairwise(row)]
    size = median(map(height, row))
    usual = median(gaps) if len(gaps) >= 5 and not _is_numbers(row) else 0.0
    found: list[Row] = [[row[0]]]
    for gap, word in zip(gaps, row[1:], strict=True):
        if gap > max(_CELL_GAP * size, 1.8 * usual if usual < size * 1.2 else 0):
            found.append([word])
        else:
            found[-1].append(word)
    if len(found) == 2 and _BULLET.fullmatch(joined(found[0])) and _begins(found[1]):
        return [row]
    return found


def _is_numbers(row: Row) -> bool:
    """Whether half of the words are numbers, as in no line of justified text."""
    return sum(word.text[-1].isdigit() for word in row) * 2 >= len(row)


def _begins(cell: Row) -> bool:
    """Whether a cell begins with a letter, as what follows a bullet does."""
    return cell[0].text[:1].isalpha()


def joined(cell: Row) -> str:
    """Return the words of a cell as a text; Han characters need no space."""
    text = cell[0].text
    for a, b in pairwise(cell):
        gap, size = b.left - a.right, height(a)
        apart = b.spaced or gap > _LEAST_SPACE * size
        if apart and gap < _WIDE_SPACE * size:
            apart = not (_WIDE.match(a.text[-1]) and _WIDE.match(b.text))
        text += f" {b.text}" if apart else b.text
    return text
