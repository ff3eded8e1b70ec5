"""Numbers of pages as a reader writes them."""

from __future__ import annotations

from collections.abc import Iterable

from glmkit.types.translation import _

#: Ranges that a message names before it counts the rest.
_MOST = 20


def compact(pages: Iterable[int]) -> str:
    """Return numbers in ascending order as ranges.

    >>> compact([3, 7, 8, 9])
    '3, 7 to 9'
    """
    ranges: list[list[int]] = []
    for page in pages:
        if ranges and page == ranges[-1][-1] + 1:
            ranges[-1][1:] = [page]
        else:
            ranges.append([page])
    named = [_shown(one) for one in ranges[:_MOST]]
    if len(ranges) > _MOST:
        named.append(_("and {count} more ranges", count=len(ranges) - _MOST))
    return ", ".join(named)


def _shown(ends: list[int]) -> str:
    if len(ends) == 1:
        return str(ends[0])
    return _("{first} to {last}", first=ends[0], last=ends[1])
