"""Dates in a text, in the ways that reports write them.

>>> sorted(map(str, dates("2024年3月5日; 6 May 2023; 07/08/2022")))
['2022-07-08', '2022-08-07', '2023-05-06', '2024-03-05']
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date

from glmkit.readers.number_words import chinese
from glmkit.readers.quantities import narrow

_MONTHS = (
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"
)  # fmt: skip
_MONTH = rf"(?P<m>{'|'.join(_MONTHS)})[a-z]*\.?"
_HAN = r"[〇零一二三四五六七八九十]"
_WAYS = tuple(
    re.compile(way, re.I)
    for way in (
        r"(?<!\d)(?P<y>\d{4})\s?[-/.年]\s?(?P<m>\d{1,2})\s?[-/.月]\s?(?P<d>\d{1,2})(?!\d)",
        r"(?<!\d)(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?!\d)",
        rf"(?<!\d)(?P<d>\d{{1,2}})(?:\s?(?:st|nd|rd|th))?[\s-]?(?:of\s)?{_MONTH},?[\s-]?"
        r"(?P<y>\d{4})(?!\d)",
        rf"{_MONTH}\s(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s(?P<y>\d{{4}})",
        r"(?<!\d)(?P<d>\d{1,2})[-/.](?P<m>\d{1,2})[-/.](?P<y>\d{4})(?!\d)",
        r"(?<!\d)(?P<m>\d{1,2})[-/.](?P<d>\d{1,2})[-/.](?P<y>\d{4})(?!\d)",
        rf"(?P<y>{_HAN}{{4}})年(?P<m>{_HAN}{{1,2}})月(?P<d>{_HAN}{{1,3}})日",
    )
)


def dates(text: str) -> set[date]:
    """Return the dates that a text may mean: 07/08/2022 is two."""
    found = set()
    line = " ".join(narrow(text).split())
    for way in _WAYS:
        for match in way.finditer(line):
            with suppress(ValueError):
                found.add(date(*(_number(match[part]) for part in "ymd")))
    return found


def _number(word: str) -> int:
    if word.isdecimal():
        return int(word)
    if word.lower() in _MONTHS:
        return _MONTHS.index(word.lower()) + 1
    return int(chinese(word) or 0)
