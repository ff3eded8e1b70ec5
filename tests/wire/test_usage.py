"""Counts of tokens: read as far as they are known, and never 0 for "not known"."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from glmkit.types.events import Usage
from glmkit.wire.usage import Meter, usage_of


@pytest.mark.parametrize(
    ("found", "usage"),
    [
        ({"total_tokens": 9, "completion_tokens": 2}, Usage(7, 2, 9)),
        ({"total_tokens": 9, "prompt_tokens": 7}, Usage(7, 2, 9)),
        ({"input_tokens": 7, "output_tokens": 2, "total_tokens": 3}, Usage(7, 2, 9)),
        ({"prompt_tokens": 0, "input_tokens": 7, "output_tokens": 2}, Usage(7, 2, 9)),
        ({"prompt_tokens": 7.0, "completion_tokens": "2"}, Usage(7, 2, 9)),
        ({"prompt_tokens": 7, "completion_tokens": 2.5}, None),
        ({"prompt_tokens": -7, "completion_tokens": 2}, None),
        ({"prompt_tokens": True, "completion_tokens": 2}, None),
        ({"prompt_tokens": 10**30, "completion_tokens": 2}, None),
        ({"prompt_tokens": 7}, None),
        ({"total_tokens": 9}, None),
        ({"moderation_text": {"call_count": 1}}, None),
        ({}, None),
        ([], None),
        ("9", None),
    ],
)  # fmt: skip
def test_usage_is_read_as_far_as_it_is_known(found: Any, usage: Usage | None) -> None:
    assert usage_of(found) == usage


def test_details_are_read_where_they_are_parts_of_their_counts() -> None:
    def detailed(cached: Any, thought: Any) -> tuple[int | None, int | None]:
        found = {"input_tokens": 5, "output_tokens": 2}
        found |= {"input_tokens_details": {"cached_tokens": cached}}
        found |= {"completion_tokens_details": {"reasoning_tokens": thought}}
        usage = usage_of(found)
        assert usage is not None
        return usage.cached_tokens, usage.reasoning_tokens

    assert detailed(3, 2) == (3, 2)
    assert detailed("3", 0.0) == (3, 0)
    assert detailed(6, 3) == (None, None)
    assert detailed(None, "some") == (None, None)


def test_total_of_what_writes_nothing_is_its_prompt() -> None:
    assert usage_of({"total_tokens": 9}, silent=True) == Usage(9, 0, 9)
    assert usage_of({"prompt_tokens": 9}, silent=True) == Usage(9, 0, 9)
    assert usage_of({"total_tokens": 0}, silent=True) is None


def test_zeros_and_gaps_never_overwrite_counts() -> None:
    meter = Meter()
    counted = {"prompt_tokens": 7, "completion_tokens": 2}
    cached = {"prompt_tokens_details": {"cached_tokens": 4}}
    assert meter.read(counted | cached, wrote=True) == [Usage(7, 2, 9, 4)]
    for nothing in (
        {},
        {"prompt_tokens": 0, "completion_tokens": 0},
        {"total_tokens": 9},
    ):
        assert meter.read(nothing, wrote=True) == []
    assert meter.read(counted, wrote=True) == [Usage(7, 2, 9, 4)]
    assert meter.rest(wrote=True) == []


@pytest.mark.parametrize("wrote", [True, False])
def test_completion_of_zero_counts_only_where_nothing_was_written(wrote: bool) -> None:
    meter = Meter()
    assert meter.read({"prompt_tokens": 7, "completion_tokens": 0}, wrote=False) == []
    assert meter.rest(wrote=wrote) == ([] if wrote else [Usage(7, 0, 7)])


COUNTS = (
    st.none() | st.integers(-1, 20) | st.floats() | st.text("0123456789.", max_size=4)
)
NAMES = ("prompt_tokens", "completion_tokens", "total_tokens", "input_tokens")


@given(st.dictionaries(st.sampled_from(NAMES), COUNTS), st.booleans(), st.booleans())
def test_usage_has_a_prompt_and_adds_up(
    found: dict[str, Any], wrote: bool, silent: bool
) -> None:
    usage = usage_of(found, wrote=wrote, silent=silent)
    if usage is not None:
        assert usage.prompt_tokens > 0
        assert usage.completion_tokens >= (1 if wrote and not silent else 0)
        assert usage.total_tokens >= usage.prompt_tokens + usage.completion_tokens
