"""How two answers differ, word by word: as a number, and as marked text.

Words are runs of letters and digits; each Chinese, Japanese or Korean character is a
word of its own, and so is each other character that is not blank.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from heapq import heappop, heappush

import msgspec

from glmkit.render import escaped
from glmkit.types.translation import _

#: Words of each text that are compared.
MOST = 4_000
#: Steps after which the rest counts as different: about half a second.
_STEPS = 2_000_000

_HAN = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_HAN}]|[^\W_{_HAN}]+|[^\w\s]|_")
_SPACED = re.compile(rf"\s*(?:{_WORD.pattern})")


def words(text: str) -> list[str]:
    """Return the words of a text, in order, as they are compared.

    >>> words("The sky's blue. 天空!")
    ['the', 'sky', "'", 's', 'blue', '.', '天', '空', '!']
    """
    return _WORD.findall(text.casefold())


def distance(first: Sequence[str], second: Sequence[str]) -> float:
    """Return the share of words that two texts do not share, 0 to 1.

    Each occurrence counts, the order does not: Dice's distance of two bags of words.

    >>> distance(["a", "b"], ["b", "a"]), distance(["a", "b"], ["b", "c"])
    (0.0, 0.5)
    >>> distance([], ["a"]), distance([], [])
    (1.0, 0.0)
    """
    total = len(first) + len(second)
    shared = (Counter(first) & Counter(second)).total()
    return 1 - 2 * shared / total if total else 0.0


class Changes(msgspec.Struct, frozen=True):
    """One text compared with another: safe HTML with marks, and how many words differ.

    `only_here` and `only_there` count words; `cut`: only the beginning was compared.
    """

    html: str
    only_here: int
    only_there: int
    cut: bool

    @property
    def summary(self) -> str:
        """The numbers in words."""
        if not (self.only_here or self.only_there):
            text = _("the same words")
        else:
            text = _(
                "{here:,} words only in this answer, {there:,} only in the other",
                here=self.only_here,
                there=self.only_there,
            )
        return (
            _("{text} (of the first {most:,})", text=text, most=MOST)
            if self.cut
            else text
        )


def changes(there: str, here: str) -> Changes:
    """Mark the words of `here` that are not in `there`, and what stands there instead.

    `<ins>` is only in `here`, `<del>` only in `there`; all text is escaped. At most
    the first 4,000 words are compared, and the steps are bounded, so that texts that
    share nothing take no longer than half a second.

    >>> changes("The sky is blue.", "The sky is grey.").html
    'The sky is <del>blue</del> <ins>grey</ins>.'
    """
    old, new = _SPACED.findall(there), _SPACED.findall(here)
    cut = len(old) > MOST or len(new) > MOST
    old, new = old[:MOST], new[:MOST]
    pieces: list[str] = []
    gone = came = 0
    a = b = 0
    for i, j, size in _matches(_keys(old), _keys(new)):
        pieces.append(_marked("del", old[a:i]))
        pieces.append(" " if _melt(old[a:i], new[b:]) else "")
        pieces.append(_marked("ins", new[b:j]))
        gone, came = gone + i - a, came + j - b
        pieces.append(escaped("".join(new[j : j + size])))
        a, b = i + size, j + size
    return Changes("".join(pieces), came, gone, cut)


def _keys(spaced: Sequence[str]) -> list[str]:
    return [word.strip().casefold() for word in spaced]


def _marked(tag: str, spaced: Sequence[str]) -> str:
    """Return words inside a tag; the blanks before them stay outside."""
    text = "".join(spaced)
    words = text.lstrip()
    before = text[: len(text) - len(words)]
    return f"{before}<{tag}>{escaped(words)}</{tag}>" if words else ""


def _melt(gone: Sequence[str], after: Sequence[str]) -> bool:
    """Whether two words would look like one: no blank separates them."""
    joint = gone[-1][-1:] + after[0][:1] if gone and after else ""
    return len(joint) == 2 and _WORD.fullmatch(joint) is not None


def _matches(old: list[str], new: list[str]) -> Iterator[tuple[int, int, int]]:
    """Yield the blocks that both have, in order, and an empty one at the end."""
    start = _alike(old, new)
    end = _alike(old[start:][::-1], new[start:][::-1])
    i, j = len(old) - end, len(new) - end
    yield (0, 0, start)
    for a, b, size in _inner(old[start:i], new[start:j]):
        yield (start + a, start + b, size)
    yield (i, j, end)


def _alike(old: Sequence[str], new: Sequence[str]) -> int:
    """Return how many words both begin with."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(old), len(new)))


def _inner(old: list[str], new: list[str]) -> list[tuple[int, int, int]]:
    """Return the blocks that `SequenceMatcher.get_matching_blocks` would.

    Its time has no bound; this is the same search, the largest gaps first, until the
    steps are used up.
    """
    matcher = SequenceMatcher(None, old, new)
    places = Counter(new)
    costs = [1 + places[word] for word in old]
    found: list[tuple[int, int, int]] = []
    gaps = [(-len(old), (0, len(old)), (0, len(new)))]
    steps = 0
    while gaps and steps < _STEPS:
        _, (alo, ahi), (blo, bhi) = heappop(gaps)
        steps += sum(costs[alo:ahi])
        i, j, size = matcher.find_longest_match(alo, ahi, blo, bhi)
        if size:
            found.append((i, j, size))
            for a, b in (((alo, i), (blo, j)), ((i + size, ahi), (j + size, bhi))):
                if a[0] < a[1] and b[0] < b[1]:
                    heappush(gaps, (a[0] - a[1], a, b))
    return sorted(found)
