"""Numbers in a text as the amounts that they stand for: signs, grouping, units.

>>> [str(amount) for amount in amounts("净利润（1,234.5）万元", 0, 14)]
['-12345000.0']
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from glmkit.readers import number_words

#: Full-width signs as ASCII, character by character, so that places stay.
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    0x3000: 32, 0x2212: 45, 0x2010: 45, 0x2011: 45, 0x2013: 45, 0x2014: 45,
    0x25B3: 45, 0x25B2: 45, 0xA5: 36, 0x20AC: 36, 0xA3: 36, 0x2019: 39,
    0xFE63: 45, 0xA0: 0x202F, 0x2009: 0x202F, 0x2007: 0x202F,
}  # fmt: skip

#: Words behind a number → what it is multiplied by.
_TIMES = {
    "万亿": 12, "千亿": 11, "百亿": 10, "十亿": 9, "亿": 8, "億": 8, "千万": 7,
    "百万": 6, "十万": 5, "万": 4, "萬": 4, "千": 3,
    "thousand": 3, "million": 6, "billion": 9, "trillion": 12, "mn": 6, "mio": 6,
    "bn": 9, "k": 3, "m": 6, "lakh": 5, "crore": 7,
}  # fmt: skip
_PERCENT = r"%|percent|per\s?cent|个百分点"
_AFTER = re.compile(
    r"\s?[余多]?(?:(?P<percent>%|(?:percent|per\s?cent)\b|个百分点)|(?P<permille>‰)"
    r"|(?P<points>bps?\b|basis\spoints?\b|个?基点)"
    r"|(?P<han>[万萬千百十][亿億]|[千百十][万萬]|[亿億万萬]|千(?![克米瓦]))"
    r"|(?P<word>(?:thousand|million|billion|trillion|lakh|crore)s?|mn|mio|bn|[km])"
    r"(?![a-z]))",
    re.I,
)
_MONEY = r"(?:(?:rmb|cny|usd|eur|gbp|hkd|us|hk|人民币)?\s?\$?\s?)"
#: What a minus may stand behind: in "COVID-19" and "3-5" it is none.
_SIGN = r"(?:(?<![a-z\d_])|(?<=rmb)|(?<=cny)|(?<=usd)|(?<=hkd))"
_CORE = (
    r"(?P<grouped>\d{1,3}(?:[,'\u202f]\d{3})+(?:\.\d+)?(?!\d)"
    r"|\d{1,2}(?:,\d\d)+,\d{3}(?:\.\d+)?(?![\d,]))"
    r"|(?P<european>\d{1,3}(?:\.\d{3}){2,}(?:,\d+)?|\d{1,3}(?:\.\d{3})+,\d+)(?!\d)"
    r"|(?P<spaced>\d{1,3}(?: \d{3})+(?:\.\d+)?)(?![\d,])"
    r"|(?P<comma>\d+,\d{1,2})(?![\d,])"
    r"|(?P<plain>(?:\d+(?:\.\d+)?|(?<![\w.])\.\d+)(?:e[+-]?\d{1,2}(?![a-z\d]))?)"
)
_NUMBER = re.compile(
    rf"(?P<open>\(\s?)?(?P<before>{_MONEY})?(?P<minus>{_SIGN}-\s?|负)?"
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
#: A loss, or a fall by an amount; a fall to or from an amount has no sign.
_FALLS = re.compile(
    r"(?:亏损|损失|loss(?:es)?|deficit|negative"
    r"|(?:减少|下降|降低|下滑|(?:decreas\w+|declin\w+|fell|dropped|down)\b)"
    r"(?![了额]?(?:至|到|为|由|从)|\s(?:to|from)\b))"
    r"(?:(?![,，][^\d]{0,24}(?:profit|income|earning|利润|收益|盈利))[^\d\n。;；]){0,24}$",
    re.I,
)
#: What goes between the ends of a range, and the number at its end.
_RANGE = re.compile(
    rf"\s?(?:(?P<loose>and\b|或|和)|-{{1,2}}|~|to\b|至|到)\s?{_MONEY}"
    r"\d[\d,]*(?:\.\d+)?",
    re.I,
)
#: A range up to its second number: 10 - 12, 5%-10%; in "5% -3%" the minus is a sign.
_BEGUN = re.compile(r"\d\s?(?:[%‰]|[百千万亿]+元?|元)?(?:\s?-\s|-)$")
#: A cell of a table in which a dash says that there is nothing.
_NIL = re.compile(r"(?:^|[|\t])\s*(-{1,2}|nil|无)\s*(?=[|\t]|$)", re.I)
_OF_HUNDRED = {"百分之": 100, "千分之": 1000, "万分之": 10_000}


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
    numbers = (
        _token(line, match, field, unit, in_table) for match in _NUMBER.finditer(line)
    )
    yield from _joined(line, numbers)
    for start, end, amount in number_words.found(line):
        if whole := _OF_HUNDRED.get(line[max(0, start - 3) : start]):
            values = [amount * 100 / whole, amount / whole]
        else:
            after = _AFTER.match(line, end)
            values = [amount * _scale(after) if after else amount]
        yield Token(start, end, tuple(values))
    if " | " in line or "\t" in line:
        for nil in _NIL.finditer(line):
            yield Token(nil.start(1), nil.end(1), (Decimal(0),))


def _joined(line: str, tokens: Iterable[Token]) -> Iterator[Token]:
    """Yield the tokens; what Chinese units divide is one: 1亿2000万."""
    last: Token | None = None
    for token in tokens:
        if last and _goes_on(line, last, token):
            whole, part = last.amounts[0], token.amounts[0]
            total = whole - part if whole < 0 else whole + part
            last = Token(last.start, token.end, (total,))
            continue
        if last:
            yield last
        last = token
    if last:
        yield last


def _goes_on(line: str, last: Token, token: Token) -> bool:
    if token.start != last.end or not line[token.start].isdigit():
        return False
    if line[last.end - 1] not in "亿億万萬千" or not (last.amounts and token.amounts):
        return False
    return abs(token.amounts[0]) < abs(last.amounts[0])


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
    if closed and _is_footnote(line, match):
        return Token(match.start(), closed.end(), ())
    if closed and not after and (after := _AFTER.match(line, closed.end())):
        end = after.end()
    if after:
        values = _times(values, after, field, match)
    elif (to := _RANGE.match(line, end)) and (after := _AFTER.match(line, to.end())):
        times = _times(values, after, field, match)
        values = values + times if to["loose"] else times
    elif unit and unit != 1 and not _stands_alone(line, end, match):
        scaled = [value * unit for value in values]
        values = scaled if in_table else scaled + values
    start = match.start() if closed else match.start() + len(match["open"] or "")
    values = _signed(line, match, values, closed is not None, field)
    return Token(start, max(end, closed.end() if closed else 0), tuple(values))


def _is_footnote(line: str, match: re.Match[str]) -> bool:
    """Return whether a number in brackets is the mark of a note: 1,234(1)."""
    before = line[: match.start()]
    return bool(re.search(r"[\d)%]$", before)) and len(match["plain"] or "   ") <= 2


def _times(
    values: list[Decimal], after: re.Match[str], field: Field, match: re.Match[str]
) -> list[Decimal]:
    """Return the values in the unit that stands behind them."""
    if after["points"]:
        return [value / over for over in (1, 100, 10_000) for value in values]
    if after["percent"] or after["permille"]:
        return _shares(values, after, field)
    scaled = [value * _scale(after) for value in values]
    money = f"{match['before'] or ''}{match['money'] or ''}".strip()
    if after[0][0] == " " and after["word"] in ("k", "m") and not money:
        return values + scaled  # metres, perhaps
    return scaled


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
    return power_of(after["han"] or after["word"] or "")


def power_of(word: str) -> Decimal:
    """Return what a word multiplies a number by.

    >>> power_of("百萬") == power_of("Millions") == 1_000_000
    True
    """
    word = word.lower().replace("萬", "万").replace("億", "亿")
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
    before = line[: match.start()]
    if match["minus"]:
        if match["minus"] != "负" and _BEGUN.search(line[: match.end("minus")]):
            return values
        return [-value for value in values]
    if " | " in line and re.match(r"-\s*(?:\||$)", line[match.end() :]):
        return [-value for value in values]  # as accounting programs print it
    if closed and not number_words.ends_with_one(before):
        return [*(-v for v in values), *(values if _is_year(match) else ())]
    if _FALLS.search(before[-64:]):
        lost = [-value for value in values]
        return lost if field.gains else values + lost
    return values
