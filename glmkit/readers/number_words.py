"""Numbers written in words, Chinese and English.

>>> [str(amount) for _start, _end, amount in found("人民币壹佰贰拾万元整")]
['1200000']
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

_HAN_DIGITS = dict(
    zip(
        "零〇一二三四五六七八九两壹贰叁肆伍陆柒捌玖",
        [0, *range(10), 2, *range(1, 10)],
        strict=True,
    )
)
_HAN_POWERS = {"十": 1, "拾": 1, "百": 2, "佰": 2, "千": 3, "仟": 3}
_HAN_GROUPS = {"万": 4, "萬": 4, "亿": 8, "億": 8}
_HAN_SIGNS = "".join([*_HAN_DIGITS, *_HAN_POWERS, *_HAN_GROUPS])
_HAN = re.compile(
    rf"(?<![\d{_HAN_SIGNS}])[{''.join(_HAN_DIGITS)}十拾][{_HAN_SIGNS}]*(?:点[{''.join(_HAN_DIGITS)}]+)?"
)
_UNIT = re.compile(r"[元%倍个人年月日天股页次名家角分]")

_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen",
    "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = (
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"
)  # fmt: skip
_WORDS = {word: number for number, word in enumerate(_SMALL)} | {
    word: 10 * number for number, word in enumerate(_TENS, 2)
}
_LARGE = {"hundred": 2, "thousand": 3, "million": 6, "billion": 9}
_ANY = "|".join([*_WORDS, *_LARGE])
_ENGLISH = re.compile(
    rf"\b(?:{'|'.join(_WORDS)})(?:(?:[\s-]|\sand\s)+(?:{_ANY}))*\b", re.I
)
_LAST = re.compile(rf"(?:\b(?:{_ANY})|[{_HAN_SIGNS}])\s?\(?$", re.I)


def found(text: str) -> Iterator[tuple[int, int, Decimal]]:
    """Yield start, end and value of each number in words; single signs with a unit."""
    for match in _HAN.finditer(text):
        known = text[: match.start()].endswith(("第", "分之"))
        if known or len(match[0]) > 1 or _UNIT.match(text, match.end()):
            value = chinese(match[0])
            if value is not None:
                yield match.start(), match.end(), value
    for match in _ENGLISH.finditer(text):
        yield match.start(), match.end(), english(match[0])


def ends_with_one(text: str) -> bool:
    """Return whether a number in words ends a text: "thirty" before "(30)"."""
    return _LAST.search(text) is not None


def chinese(text: str) -> Decimal | None:
    """Return the value of a Chinese numeral; None where it is not one.

    >>> chinese("三千零五十"), chinese("二〇二四"), chinese("两点五")
    (Decimal('3050'), Decimal('2024'), Decimal('2.5'))
    """
    whole, _point, parts = text.partition("点")
    decimals = "".join(str(_HAN_DIGITS[sign]) for sign in parts)
    if all(sign in _HAN_DIGITS for sign in whole):
        number = int("".join(str(_HAN_DIGITS[sign]) for sign in whole))
    else:
        number = _grouped(whole)
    return Decimal(f"{number}.{decimals}" if decimals else number)


def _grouped(text: str) -> int:
    total = group = digit = 0
    for sign in text:
        if sign in _HAN_DIGITS:
            digit = _HAN_DIGITS[sign]
        elif sign in _HAN_POWERS:
            group += (digit or 1) * 10 ** _HAN_POWERS[sign]
            digit = 0
        else:
            power = 10 ** _HAN_GROUPS[sign]
            group += digit
            digit = 0
            if power > 10**4 and total:
                total = (total + group) * power  # 万亿
            else:
                total += (group or 1) * power
            group = 0
    return total + group + digit


def english(text: str) -> Decimal:
    """Return the value of an English number in words.

    >>> english("one hundred and twenty-five thousand")
    Decimal('125000')
    """
    total = group = 0
    for word in re.findall(r"[a-z]+", text.lower()):
        if word in _WORDS:
            group += _WORDS[word]
        elif word == "hundred":
            group *= 100
        elif word in _LARGE:
            total += group * 10 ** _LARGE[word]
            group = 0
    return Decimal(total + group)
