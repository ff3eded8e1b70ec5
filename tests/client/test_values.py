"""Values in a prompt: digests of odd tables."""

import math

import numpy as np
import pandas as pd
import pytest

from glmkit.client.prompts import values
from glmkit.tables.inputs import inputs_of, worded

INF = math.inf


def test_a_column_without_a_name_is_shown_as_one() -> None:
    rows = {None: range(12), "b": [1.0] * 12}
    for columns in ([None, "b"], pd.Index([None, "b"], dtype=object), [math.nan, "b"]):
        table = pd.DataFrame(rows).set_axis(columns, axis=1)
        told = values.tell(table)
        assert "- (no name): int64" in told
        assert "|  | (no name) | b |" in told
        assert "| (no name) | 0 | 5.5 | 5.5 | 11 |" in told


def test_infinite_values_are_counted_and_left_out_of_the_statistics() -> None:
    table = pd.DataFrame({"a": [INF, -INF, *range(10)], "b": [INF] * 12})
    told = values.tell(table)
    assert "- a: float64, 2 infinite" in told
    assert "- b: float64, 12 infinite" in told
    assert "| a | 0 | 4.5 | 4.5 | 9 |" in told
    assert "| 0 | inf | inf |" in told


@pytest.mark.parametrize(
    "column",
    [
        [1e308] * 12,
        pd.array([1.5, None] * 6, dtype="Float64"),
        pd.array([2**62] * 12, dtype="Int64"),
        np.array([INF] * 12, dtype="float32"),
        [None] * 12,
    ],
)
def test_no_number_makes_a_warning_of_a_library(column: object) -> None:
    told = values.tell(pd.DataFrame({"a": column}))  # warnings are errors here
    assert told.startswith("DataFrame: 12 rows")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (math.nan, ""),
        (pd.NA, ""),
        (pd.NaT, ""),
        (INF, "inf"),
        (np.array([1, 2]), "[1 2]"),
        (0, "0"),
    ],
)
def test_a_cell_of_a_table_becomes_a_text(value: object, text: str) -> None:
    assert worded(value) == text


def test_a_frame_with_missing_values_can_be_inputs() -> None:
    table = inputs_of(pd.DataFrame({"a": pd.array([1, None], dtype="Int64")}))
    assert [worded(row[0]) for row in table.rows] == ["1", ""]
