"""How much the answers to one prompt differ, at each of several temperatures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise, product
from statistics import fmean

import msgspec

from glmkit.types.translation import _
from glmkit_widgets.compare.differences import distance, words

#: Words and characters of each answer that are compared, so that it takes little
#: time.
_MOST, _CHARACTERS = 2_000, 20_000
#: Shares of words that differ by less count as equal.
_STEP = 0.05


class AnswerText(msgspec.Struct, frozen=True):
    """The text of one answer so far; `whole`: it is finished."""

    text: str
    whole: bool = True


class Spread(msgspec.Struct, frozen=True):
    """How much answers differ: the shares of words that are not shared, 0 to 1.

    `within`: the mean over all pairs of answers at this temperature (None: fewer than
    two have begun); `from_first`: the mean over all pairs with one answer at the first
    temperature and one at this (None at the first, or where one has not begun). `same`:
    all answers at this temperature are equal, letter for letter.
    """

    temperature: float
    within: float | None = None
    from_first: float | None = None
    same: bool = False


def spreads(answers: Mapping[float, Sequence[AnswerText]]) -> list[Spread]:
    """Measure the answers at each temperature, in the order of the mapping.

    While one of two answers grows, as many words are compared as both have.

    >>> cold = [AnswerText("a b"), AnswerText("a b")]
    >>> spreads({0: cold, 1: [AnswerText("a c"), AnswerText("d e")]})[1]
    Spread(temperature=1, within=1.0, from_first=0.75, same=False)
    """
    begun = {
        temperature: [_cut(one) for one in group if one.text]
        for temperature, group in answers.items()
    }
    first = next(iter(begun.values()), [])
    return [
        Spread(
            temperature,
            _mean([_apart(a, b) for a, b in combinations(group, 2)]),
            None
            if group is first
            else _mean([_apart(a, b) for a, b in product(first, group)]),
            _same(answers[temperature]),
        )
        for temperature, group in begun.items()
    ]


_Cut = tuple[list[str], bool]


def _cut(one: AnswerText) -> _Cut:
    return words(one.text[:_CHARACTERS])[:_MOST], one.whole


def _apart(one: _Cut, other: _Cut) -> float:
    (first, whole), (second, also) = one, other
    if not (whole and also):
        common = min(len(first), len(second))
        first, second = first[:common], second[:common]
    return distance(first, second)


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def _same(group: Sequence[AnswerText]) -> bool:
    texts = {one.text for one in group}
    return len(group) > 1 and len(texts) == 1 and all(one.whole for one in group)


def sentence(found: Sequence[Spread]) -> str:
    """Return the measures in words; "" where nothing is measured.

    >>> sentence([Spread(0, 0.0, same=True), Spread(1, 0.6, 0.5)])[:42]
    'At temperature 0 all answers are the same;'
    """
    measured = [each for each in found if each.within is not None]
    if len(measured) < 2:
        return _from_first(found)
    ends = f"{_shared(measured[0])}; {_shared(measured[-1], again=True)}."
    return f"{ends} {_trend([each.within or 0.0 for each in measured])}"


def _trend(apart: Sequence[float]) -> str:
    """Return the trend from the lowest to the highest temperature, in words."""
    whole = apart[-1] - apart[0]
    if whole < -_STEP:
        return _("Here higher temperatures differ less; try more answers.")
    if whole < _STEP:
        return _("Here temperature makes little difference.")
    if all(warm > cold - _STEP for cold, warm in pairwise(apart)):
        return _("The higher the temperature, the more they differ.")
    return _("They differ more than at the lowest temperature.")


def _shared(each: Spread, *, again: bool = False) -> str:
    place = f"{'at' if again else 'At temperature'} {each.temperature:g}"
    if each.same:
        return f"{place} all answers are the same"
    who = "they" if again else "the answers"
    return f"{place} {who} share {_percent(each.within)} of their words"


def _from_first(found: Sequence[Spread]) -> str:
    compared = [each for each in found if each.from_first is not None]
    if not compared:
        return ""
    last = compared[-1]
    return (
        f"The answer at temperature {last.temperature:g} shares "
        f"{_percent(last.from_first)} of its words with the one at "
        f"{found[0].temperature:g}."
    )


def _percent(apart: float | None) -> str:
    return f"{1 - (apart or 0.0):.0%}"
