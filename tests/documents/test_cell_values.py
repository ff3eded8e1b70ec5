"""Values of cells as text, and typed text as values."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from glmkit.documents.cell_values import Kind, kind_of, text_of, value_from
from glmkit.tables.template import missing
from glmkit.types.errors import ConfigError


@pytest.mark.parametrize("value", [None, np.nan, pd.NA, pd.NaT, float("nan")])
def test_what_is_missing_is_no_text(value: Any) -> None:
    assert missing(value)
    assert text_of(value) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.int64(5), "5"),
        (np.float64(0.1), "0.1"),
        (np.bool_(True), "true"),
        (pd.Timestamp("2025-12-31"), "2025-12-31"),
        (datetime(2025, 1, 2, 3, 4), "2025-01-02T03:04:00"),
        ({"a": [1, None]}, '{"a": [1, null]}'),
        ("", ""),
        (0, "0"),
    ],
)
def test_a_value_is_written_as_it_is_typed(value: Any, text: str) -> None:
    assert text_of(value) == text


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2], "integer"),
        ([1.0, np.nan], "number"),
        ([True, None], "boolean"),
        ([True, 1], "text"),
        ([date(2025, 1, 1), None], "date"),
        ([["a"], []], "json"),
        ([None, np.nan], "text"),
    ],
)
def test_the_kind_of_a_column_is_that_of_all_its_values(
    values: list[Any], kind: Kind
) -> None:
    assert kind_of(values) == kind


@pytest.mark.parametrize(
    "kind", ["integer", "number", "date", "json", "text", "boolean"]
)
def test_an_empty_field_is_no_value(kind: Kind) -> None:
    assert value_from("  ", kind) is None


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("1,234,567", "integer", 1234567),
        ("-5.0", "integer", -5),
        ("1e3", "number", 1000.0),
        ("yes", "boolean", True),
        ('["a"]', "json", ["a"]),
        ("2025-12-31", "date", datetime(2025, 12, 31)),
        (" kept ", "text", " kept "),
    ],
)
def test_what_is_typed_becomes_a_value(text: str, kind: Kind, value: Any) -> None:
    assert value_from(text, kind) == value


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("12 million", "integer"), ("1.5", "integer"), ("nan", "number"),
        ("inf", "number"), ("maybe", "boolean"), ("{", "json"), ("[" * 99_999, "json"),
        ("31.12.2025", "date"), ("9" * 5000, "integer"),
    ],
)  # fmt: skip
def test_what_is_not_of_the_kind_is_refused_with_an_example(
    text: str, kind: Kind
) -> None:
    with pytest.raises(ConfigError, match=f"not of type {kind}") as caught:
        value_from(text, kind)
    assert "Type" in caught.value.hint
    assert len(str(caught.value)) < 150
