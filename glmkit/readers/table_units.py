"""The unit that a table declares, and the rows for which it does not hold.

>>> declared("Revenue, HK$ million") == 1_000_000, declared("Revenue")
(True, None)
"""

from __future__ import annotations

import re
from decimal import Decimal

from glmkit.readers.quantities import narrow, power_of

_HAN = "[千万萬百十亿億]"
_YUAN = "(?:元|圆|[美港欧日]元)"
_WORD = "thousand|million|billion"
_CODES = "rmb|cny|usd|hkd|eur|gbp"
_DECLARED = re.compile(
    r"[单單]位(?:为|是|為)?\s?:?\s?(?:人民[币幣]|[港美]币|币种:?人民币)?\s?"
    rf"(?:(?P<unit>{_HAN}{{0,2}}){_YUAN}|(?P<count>{_HAN}{{1,2}})[股人])"
    rf"|(?:人民[币幣]|港[币幣]|美元)(?P<after>{_HAN}{{1,2}})元"
    rf"|(?:(?<!\d)\(|\|[ ]|^[ \t]*)(?P<alone>{_HAN}{{1,2}})(?:{_YUAN}|股)"
    r"(?=\)|[ \t]*(?:\||$))"
    rf"|(?P<yuan>\((?:人民币)?元\))"
    r"|(?P<thousands>(?:rmb|cny|usd|hkd|us|hk|eur)?\s?\$?\s?'000s?\b)"
    rf"|\bin\s(?:[a-z$']+\s(?:of\s)?)?(?P<word>{_WORD})s?\b"
    rf"|\((?:rmb|cny|usd|us|hk)?\s?\$?\s?(?P<bracket>{_WORD}|mn|bn)s?\)"
    rf"|(?:\b(?:{_CODES})|\$)\s?(?P<money>(?:{_WORD})s?|mn|bn|m)\b",
    re.I | re.M,
)
#: Rows whose numbers are not in the unit of their table.
_OWN = re.compile(
    r"每股|/股|per\s(?:\w+\s)?share|\beps\b|人数|headcount|%"
    r"|number\sof\s(?:\w+\s)?(?:employees|staff|people)|率[\s|]*$",
    re.I,
)


def declared(before: str) -> Decimal | None:
    """Return the unit that was declared last in a text, None where none was."""
    *_, last = [None, *_DECLARED.finditer(narrow(before))]
    if last is None:
        return None
    if last["thousands"]:
        return Decimal(1000)
    if last["yuan"]:
        return Decimal(1)
    return power_of(next(filter(None, last.groups()), ""))


def has_own_unit(row: str) -> bool:
    """Return whether a row of a table names what is not in the table's unit.

    >>> has_own_unit("每股收益 | 0.35"), has_own_unit("Revenue | 1,234")
    (True, False)
    """
    name = re.split(r"\d", narrow(row), maxsplit=1)[0]
    return _OWN.search(name) is not None and not re.search(r"[。;,，]", name)
