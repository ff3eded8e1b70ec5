"""The columns of prose on a page: gutters that rows of text keep clear of."""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import median

from glmkit.readers.page_rows import Row, cells, height, length

#: Width of a gutter, in heights of a line.
_GUTTER = 0.8
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
#: The share of a side that a table's only cell on it fills at most.
_SHORT = 0.6
_MOST_GAPS, _MOST_GUTTERS, _DEEPEST = 400, 8, 5


def sides(rows: list[Row], x: float) -> tuple[list[Row], list[Row]]:
    """Cut rows at x; both sides have as many rows, some of them empty."""
    left = [[w for w in row if w.right <= x] for row in rows]
    return left, [[w for w in row if w.right > x] for row in rows]


def gutter(rows: list[Row], depth: int) -> tuple[int, int, float] | None:
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
        reach, least = -math.inf, _GUTTER * height(upper[0])
        for word in sorted((*upper, *lower), key=lambda w: w.left):
            if word.left - reach > least and reach > -math.inf:
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
    """Return the runs of rows that x does not cut, and that are not a table's."""
    tables = _tables(rows, x)
    runs, first = [], 0
    for place, row in enumerate([*rows, []]):
        if not row or place in tables or _is_cut(row, x):
            begin, end = _trimmed(rows, first, place, x)
            if end - begin >= _LEAST_ROWS:
                runs.append((begin, end))
            first = place + 1
    return runs


def _tables(rows: list[Row], x: float) -> set[int]:
    """Return the places of rows of cells on both sides of x, two or more together."""
    left = min(w.left for row in rows for w in row)
    right = max(w.right for row in rows for w in row)
    found: set[int] = set()
    before = -1
    for place, row in enumerate(rows):
        a, b = ([w for w in row if (w.right <= x) == side] for side in (True, False))
        if not a or not b:
            continue  # a line of one column, or of a cell with several lines
        if _is_cells(a, x - left) and _is_cells(b, right - x):
            if before >= 0:
                found |= {before, place}
            before = place
        else:
            before = -1
    return found


def _is_cells(side: Row, width: float) -> bool:
    return side[-1].right - side[0].left < _SHORT * width or len(cells(side)) > 1


def _is_cut(row: Row, x: float) -> bool:
    """Whether x lies in a word of a row, or in a mere space between two."""
    if any(w.left < x < w.right for w in row):
        return True
    return any(
        a.right <= x <= b.left and b.left - a.right < _SPACE * height(a)
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
        return gap > _APART * height(rows[edge][0]) and inked < width * _FILLED

    while end - first > 1 and apart(first, first + 1):
        first += 1
    while end - first > 1 and apart(end - 1, end - 2):
        end -= 1
    return first, end


def _is_prose(rows: list[Row], x: float, depth: int) -> bool:
    """Whether both sides of x hold lines of running text."""
    left, right = sides(rows, x)
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
    wide = median(gaps) + _ROW_GAP * height(rows[0][0])
    starts = [0, *(place for place, gap in enumerate(gaps, 1) if gap > wide)]
    level = sum(bool(left[place]) and bool(right[place]) for place in starts)
    return len(starts) >= _LEAST_ROWS and level == len(starts)


def _fills(rows: list[Row], depth: int) -> bool:
    """Whether most rows of a column are unbroken lines about as wide as it is."""
    if len(rows) < _LEAST_ROWS:
        return False
    width = max(r[-1].right for r in rows) - min(r[0].left for r in rows)
    shares = [(r[-1].right - r[0].left) / width for r in rows] if width > 0 else [0.0]
    lengths = [sum(map(length, row)) for row in rows]
    if median(shares) < _FILLED or median(lengths) < _LONG:
        return False
    broken = sum(len(cells(row)) > 1 for row in rows)
    return broken <= len(rows) * _BROKEN_ROWS or gutter(rows, depth + 1) is not None
