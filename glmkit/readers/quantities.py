"""Numbers in a text as the amounts that they stand for: signs, grouping, units.

>>> [str(amount) for amount in amounts("净利润（1,234.5）万元", 0, 14)]
['-12345000.0']
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from glmkit.readers import number_words

#: Full-width signs as ASCII, character by character, so that places stay.
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    0x3000: 32, 0x2212: 45, 0x2010: 45, 0x2011: 45, 0x2013: 45, 0x2014: 45,
    0x25B3: 45, 0x25B2: 45, 0xA5: 36, 0x20AC: 36, 0xA3: 36, 0x2019: 39,
    0xA0: 0x202F, 0x2009: 0x202F, 0x2007: 0x202F,
}  # fmt: skip

#: Words behind a number → what it is multiplied by.
_TIMES = {
    "万亿": 12, "千亿": 11, "百亿": 10, "十亿": 9, "亿": 8, "億": 8, "千万": 7,
    "百万": 6, "十万": 5, "万": 4, "萬": 4, "千": 3,
    "thousand": 3, "million": 6, "billion": 9, "trillion": 12, "mn": 6, "mio": 6,
    "bn": 9, "k": 3, "m": 6,
}  # fmt: skip
_PERCENT = r"%|percent|per\s?cent|个百分点"
_AFTER = re.compile(
    r"\s?(?:(?P<percent>%|(?:percent|per\s?cent)\b|个百分点)|(?P<permille>‰)"
    r"|(?P<han>万亿|千亿|百亿|十亿|千万|百万|十万|[亿億万萬]|千(?![克米瓦]))"
    r"|(?P<word>(?:thousand|million|billion|trillion)s?|mn|mio|bn|[km])(?![a-z]))",
    re.I,
)
_MONEY = r"(?:(?:rmb|cny|usd|eur|gbp|hkd|us|hk|人民币)?\s?\$?\s?)"
_CORE = (
    r"(?P<grouped>\d{1,3}(?:[,'\u202f]\d{3})+(?:\.\d+)?(?!\d))"
    r"|(?P<european>\d{1,3}(?:\.\d{3}){2,}(?:,\d+)?|\d{1,3}(?:\.\d{3})+,\d+)(?!\d)"
    r"|(?P<spaced>\d{1,3}(?: \d{3})+(?:\.\d+)?)(?![\d,])"
    r"|(?P<comma>\d+,\d{1,2})(?![\d,])"
    r"|(?P<plain>\d+(?:\.\d+)?)"
)
_NUMBER = re.compile(
    rf"(?P<open>\(\s?)?(?P<before>{_MONEY})?(?P<minus>(?<![\w\d])-\s?|负)?"
    rf"(?P<money>{_MONEY})?(?:{_CORE})",
    re.I,
)
_CLOSE = re.compile(r"\s?(?:元|yuan|dollars?)?\s?\)")
_BARE_YUAN = re.compile(r"\s?元")
#: What is counted, and not an amount of money in the unit of a table.
_COUNTED = re.compile(
    r"\s?(?:[人名股家个年月日天倍次号页条]|元/股|employees|people|persons|shares|"
    r"days|months|years|pages|times|customers|stores|bps)",
    re.I,
)
_FALLS = re.compile(
    r"(?:亏损|损失|减少|下降|降低|下滑|loss(?:es)?|deficit|decreas\w+|declin\w+|fell"
    r"|dropped|down|negative)[^\d\n。;；]{0,24}$",
    re.I,
)
_DECLARED = re.compile(
    r"单位(?:为|是)?\s?[:：]?\s?(?:人民币|币种[:：]?人民币)?\s?"
    r"(?P<han>[千万百十亿]{0,2})元"
    r"|(?:人民币|港币|美元)(?P<han2>[千万百十亿]{1,2})元"
    r"|(?P<thousands>(?:rmb|cny|usd|hkd|us|hk|eur)?\s?\$?\s?'000s?\b)"
    r"|\bin\s(?:[a-z$']+\s(?:of\s)?)?(?P<word>thousand|million|billion)s?\b"
    r"|\((?:rmb|cny|usd|us|hk)?\s?\$?\s?(?P<word2>thousand|million|billion|mn|bn)s?\)",
    re.I,
)


class Field(NamedTuple):
    """What is known of the field that a number is for.

    `times` is the unit in which it wants its number (10000 for 万元); `percent` True
    wants 12.5 for 12.5 %, False wants 0.125, None takes both; `gains` is a profit or
    an income, whose loss is negative.
    """

    times: Decimal = Decimal(1)
    percent: bool | None = None
    gains: bool = False


class Token(NamedTuple):
    """A number of a text, and the amounts that it may stand for."""

    start: int
    end: int
    amounts: tuple[Decimal, ...]


def narrow(text: str) -> str:
    """Return a text with full-width signs in ASCII; every place stays."""
    return text.translate(_NARROW)


#: A field of which nothing is known.
ANY = Field()


def amounts(
    text: str, start: int, end: int, field: Field = ANY, unit: Decimal | None = None
) -> list[Decimal]:
    """Return what the numbers may stand for that lie in a part of a text, or reach in.

    `unit` is what a table around it declares ("in thousands").
    """
    left = max(0, text.rfind("\n", 0, start) + 1, start - 80)
    right = text.find("\n", end)
    right = min(len(text) if right < 0 else right, end + 40)
    line = narrow(text[left:right])
    found: list[Decimal] = []
    for token in _tokens(line, field, unit):
        if token.start < end - left and start - left < token.end:
            found += token.amounts
    return found


def holds(value: object, found: list[Decimal], field: Field = ANY) -> bool:
    """Return whether a field's number is one of the amounts."""
    wanted = Decimal(str(value)) * field.times
    room = abs(wanted) * Decimal("1e-9")
    return any(abs(amount - wanted) <= room for amount in found)


def declared(before: str) -> Decimal | None:
    """Return the unit that was declared last in a text, None where none was."""
    *_, last = [None, *_DECLARED.finditer(narrow(before))]
    if last is None:
        return None
    parts = last.groupdict()
    if parts["thousands"]:
        return Decimal(1000)
    word = next(
        parts[n] for n in ("han", "han2", "word", "word2") if parts[n] is not None
    )
    return Decimal(10) ** _TIMES.get(word.lower(), 0)


def field_of(name: str, about: str = "", most: float | None = None) -> Field:
    """Return what a field wants, by its name, its description and its maximum."""
    text = narrow(f"{name.replace('_', ' ')} {about}").lower()
    times = next((power for word, power in _TIMES.items() if _wants(word, text)), 0)
    percent = None
    if re.search(rf"{_PERCENT}|百分|\bpct\b", text):
        percent = True
    elif (most is not None and most <= 1) or re.search(r"fraction|0 to 1|0-1", text):
        percent = False
    gains = re.search(r"profit|income|earning|利润|收益|盈利", text)
    loss = re.search(r"loss|亏损", text)
    return Field(Decimal(10) ** times, percent, bool(gains) and not loss)


def _wants(word: str, text: str) -> bool:
    if word in ("k", "m"):
        return False  # too short to name a unit
    if word.isascii():
        return re.search(rf"\b{word}s?\b", text) is not None
    return re.search(rf"{word}(?=元|美元|股|人|$|\W)", text) is not None


def _tokens(line: str, field: Field, unit: Decimal | None) -> Iterator[Token]:
    in_table = " | " in line or "\t" in line or _is_row(line)
    for match in _NUMBER.finditer(line):
        yield _token(line, match, field, unit, in_table)
    for start, end, amount in number_words.found(line):
        if line[:start].endswith("百分之"):
            values = [amount, amount / 100]
        else:
            after = _AFTER.match(line, end)
            values = [amount * _scale(after) if after else amount]
        yield Token(start, end, tuple(values))


def _is_row(line: str) -> bool:
    """Return whether a line looks like a row of a table: it ends in a number."""
    return not re.search(r"[。;；]|\w{3}\.\s", line) and bool(
        re.search(r"[\d)%-]\s*$", line)
    )


def _token(
    line: str, match: re.Match[str], field: Field, unit: Decimal | None, in_table: bool
) -> Token:
    values = _values(match)
    after = _AFTER.match(line, match.end())
    end = after.end() if after else match.end()
    closed = _CLOSE.match(line, end) if match["open"] else None
    if closed and not after and (after := _AFTER.match(line, closed.end())):
        end = after.end()
    if after and (after["percent"] or after["permille"]):
        values = _shares(values, after, field)
    elif after:
        values = [value * _scale(after) for value in values]
    elif unit and unit != 1 and not _stands_alone(line, end, match):
        scaled = [value * unit for value in values]
        values = scaled if in_table else scaled + values
    start = match.start() if closed else match.start() + len(match["open"] or "")
    values = _signed(line, match, values, closed is not None, field)
    return Token(start, max(end, closed.end() if closed else 0), tuple(values))


def _values(match: re.Match[str]) -> list[Decimal]:
    kinds = ("grouped", "european", "spaced", "comma", "plain")
    kind = next(kind for kind in kinds if match[kind] is not None)
    text = match[kind]
    match kind:
        case "grouped":
            return [Decimal(re.sub(r"[,'\u202f]", "", text))]
        case "european":
            return [Decimal(text.replace(".", "").replace(",", "."))]
        case "spaced":
            return [Decimal(text.replace(" ", "")), *map(Decimal, text.split(" "))]
        case "comma":
            return [Decimal(text.replace(",", "."))]
        case _:
            return [Decimal(text)]


def _scale(after: re.Match[str]) -> Decimal:
    word = (after["han"] or after["word"] or "").lower()
    return Decimal(10) ** (_TIMES.get(word) or _TIMES.get(word.removesuffix("s"), 0))


def _shares(values: list[Decimal], after: re.Match[str], field: Field) -> list[Decimal]:
    over = Decimal(100 if after["percent"] else 1000)
    parts = [value / over for value in values]
    if not after["percent"]:
        values = [value / 10 for value in values]
    match field.percent:
        case True:
            return values
        case False:
            return parts
        case None:
            return values + parts


def _stands_alone(line: str, end: int, match: re.Match[str]) -> bool:
    """Return whether a table's unit does not hold for a number."""
    if _COUNTED.match(line, end) or _BARE_YUAN.match(line, end):
        return True
    return _is_year(match)


def _is_year(match: re.Match[str]) -> bool:
    return re.fullmatch(r"19\d\d|20\d\d|2100", match["plain"] or "") is not None


def _signed(
    line: str, match: re.Match[str], values: list[Decimal], closed: bool, field: Field
) -> list[Decimal]:
    if match["minus"]:
        return [-value for value in values]
    before = line[: match.start()]
    if closed and not number_words.ends_with_one(before):
        return [*(-v for v in values), *(values if _is_year(match) else ())]
    if _FALLS.search(before):
        lost = [-value for value in values]
        return lost if field.gains else values + lost
    return values
