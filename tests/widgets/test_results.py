"""The facts below one answer of several: who answered it, and what it cost."""

import pytest

from glmkit.types.money import Money
from glmkit.types.replies import Origin
from glmkit_widgets.columns.results import AnswerResult, facts


@pytest.mark.parametrize(
    ("source", "stand_in", "cost", "who"),
    [
        ("service", "", "¥0 (list ¥0.5)", None),
        ("cassette", "", "replayed, saved ¥0.5", None),
        ("cassette", "Small", "replayed", "stand-in Small"),
        ("illustration", "", "¥0 (list ¥0.5)", "an illustration, not a model"),
    ],
)
def test_what_answered_is_named_and_only_a_bill_is_saved(
    source: Origin, stand_in: str, cost: str, who: str | None
) -> None:
    result = AnswerResult(
        model="glm-4-plus",
        source=source,
        stand_in=stand_in,
        cost=Money(0, "CNY"),
        list_cost=Money.of("0.5", "CNY"),
    )
    shown = dict(facts(result))
    assert shown["Cost"] == cost
    assert shown.get("Answered by") == who
