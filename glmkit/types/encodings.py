"""Decode a text file: UTF-8, Unicode by its mark, else the encoding that fits best.

Detectors of any encoding guess badly on short texts (a CSV of a few Chinese names), so
only the encodings that Chinese and Western Windows programs save are tried, and the
one with the largest share of common characters is taken.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from typing import NamedTuple

#: The encodings that `decode` tries, as a message names them.
TRIED = "UTF-8, UTF-16, GB18030, Big5, Windows-1252"

#: Byte order marks. That of UTF-32 begins with that of UTF-16, so it comes first.
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
#: Characters that are looked at, and the least share of common ones.
_SAMPLE, _LEAST = 2**16, 0.6
#: What no text holds; Ctrl-Z (1a) ends files of old programs.
_CONTROLS = re.compile(r"[\x00-\x07\x0e-\x19\x1c-\x1f\x80-\x9f]")
_RARE, _FEW = 0.2, 7
#: Characters beyond ASCII, in a row; and those of a Western text beside letters.
_ROW = re.compile(r"[^\x00-\x7f]+")
_SIGNS = frozenset("€£¥§©®°±²³µ·¹º»«¼½¾¿¡×÷–—‘’“”„…•™ª\xa0")


class Decoded(NamedTuple):
    """A text; `guess` names its encoding where that is not certain."""

    text: str
    guess: str = ""


def decode(data: bytes) -> Decoded | None:
    """Return the text of a file's bytes; None where it is not text that `TRIED` fits.

    >>> decode("城市,年份".encode("gb18030"))
    Decoded(text='城市,年份', guess='GB18030')
    >>> decode(bytes(range(256))) is None
    True
    """
    for mark, name in _MARKS.items():
        if data.startswith(mark):
            text = _strict(data, name)
            return None if text is None else Decoded(text)
    text = _strict(data, "utf-8")
    if text is not None and "\0" not in text:
        return Decoded(text)
    return None if _damaged_utf8(data) else _guessed(data)


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeError:
        return None


def _damaged_utf8(data: bytes) -> bool:
    """Whether it is UTF-8 with a few broken bytes, which fit other encodings too."""
    text = data[:_SAMPLE].decode("utf-8", "replace")
    broken = text.count("\ufffd")
    return sum(not char.isascii() for char in text) > 4 * broken > 0


def _guessed(data: bytes) -> Decoded | None:
    """Return the text in the encoding that gives the most common characters."""
    best, found = _LEAST, None
    for name, encoding, score in _CANDIDATES:
        text = _strict(data, encoding)
        if text is None or _CONTROLS.search(text):
            continue
        share = score(text[:_SAMPLE])
        if share > best:
            best, found = share, Decoded(text, name)
    return found


def _chinese(encoding: str, common: range) -> Callable[[str], float]:
    """Return the score of text in a double-byte encoding.

    Its common characters and marks are those of the lead bytes in `common`.
    """

    def score(text: str) -> float:
        codes = [char.encode(encoding) for char in text if not char.isascii()]
        return _mean([_weight(code, common) for code in codes])

    return score


#: Lead bytes of marks and common characters: rows 1 to 3 and level 1 of either set.
_GB_MARKS, _GB_COMMON = range(0xA1, 0xA4), range(0xB0, 0xD8)
_BIG5_COMMON = range(0xA1, 0xC7)


def _weight(code: bytes, common: range) -> float:
    if len(code) != 2:
        return 1.0  # four bytes of GB18030 do not fit each other by chance
    if common is _GB_COMMON:
        usual = code[1] >= 0xA1 and (code[0] in common or code[0] in _GB_MARKS)
    else:
        usual = code[0] in common
    return 1.0 if usual else _RARE


def _mean(weights: list[float]) -> float:
    return sum(weights) / len(weights) if weights else 0.0


def _unmarked_utf16(text: str) -> float:
    """Return the score of text in UTF-16 without a mark; ASCII counts as common.

    Half a dozen characters prove nothing if none of them is ASCII.
    """
    if len(text) < _FEW and not any(map(str.isascii, text)):
        return 0.0
    return _mean([1.0 if c.isascii() else _any_common(c) for c in text])


def _any_common(char: str) -> float:
    if char.isalpha() and char < "\u0180":
        return 1.0
    for encoding, common in (("gb2312", _GB_COMMON), ("big5", _BIG5_COMMON)):
        code = char.encode(encoding, "ignore")
        if code and _weight(code, common) == 1.0:
            return 1.0
    return 0.0


def _western(text: str) -> float:
    """Return the score of text in Windows-1252.

    Its letters with marks and its signs stand alone, or two together beside plain
    letters; Chinese would give longer rows.
    """
    good = total = 0
    for row in _ROW.finditer(text):
        begin, end = row.span()
        around = text[max(0, begin - 1) : begin] + text[end : end + 1]
        total += end - begin
        if end - begin == 1 or (end - begin == 2 and re.search("[a-zA-Z]", around)):
            good += sum(char.isalpha() or char in _SIGNS for char in row[0])
    return good / total if total else 0.0


#: Name, codec, score; the first of equals is taken.
_CANDIDATES: tuple[tuple[str, str, Callable[[str], float]], ...] = (
    ("GB18030", "gb18030", _chinese("gb18030", _GB_COMMON)),
    ("UTF-16", "utf-16-le", _unmarked_utf16),
    ("UTF-16", "utf-16-be", _unmarked_utf16),
    ("Windows-1252", "cp1252", _western),
    ("Big5", "big5", _chinese("big5", _BIG5_COMMON)),
)
