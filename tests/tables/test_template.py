"""Templates over columns: what is filled in, and what is refused before sending."""

import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from glmkit.errors import ConfigError
from glmkit.tables.template import template_of, worded


def test_a_value_is_never_read_as_a_template() -> None:
    template = template_of("{a} and {b}", ["a", "b"])
    assert template.fill(["{b}", "{a}"]) == "{b} and {a}"


def test_braces_that_name_no_column_stay() -> None:
    template = template_of('{"of": "{city}", "n": {}}', ["city"])
    assert template.fill(["Bonn"]) == '{"of": "Bonn", "n": {}}'


def test_an_unknown_column_names_the_near_ones() -> None:
    with pytest.raises(ConfigError, match="no column 'txt'") as failure:
        template_of("Say {txt}", ["text", "title"])
    assert "{text}" in failure.value.hint


def test_a_name_of_two_columns_is_refused() -> None:
    with pytest.raises(ConfigError, match="two columns are called 'a'"):
        template_of("{a}", ["a", "b", "a"])


def test_a_template_without_a_column_is_refused() -> None:
    with pytest.raises(ConfigError, match="uses no column"):
        template_of("Say hello", ["text"])


def test_columns_of_several_levels_and_of_odd_names_have_names() -> None:
    names = [("price", 2024), None, 3, ("year", "")]
    template = template_of("{price.2024} {None} {3} {year}", names)
    assert template.fill([1, 2, 3, 4]) == "1 2 3 4"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (math.nan, ""),
        (pd.NaT, ""),
        (pd.NA, ""),
        (np.float64("nan"), ""),
        (0, "0"),
        (False, "False"),
        (Decimal("1.10"), "1.10"),
        ([1, None], "[1, None]"),
        ({"a": 1}, "{'a': 1}"),
        (np.array([1, 2]), "[1 2]"),
        (pd.Timestamp("2024-01-02"), "2024-01-02 00:00:00"),
    ],
)
def test_a_value_becomes_a_text_and_a_missing_one_is_empty(
    value: object, text: str
) -> None:
    assert worded(value) == text
