"""Tables of inputs: where they come from, and how they fill a template."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from glmkit.tables.inputs import Inputs, fill, inputs_of, pasted, slips, written
from glmkit.types.errors import ConfigError

CITIES = {"city": ["Bonn", "Ulm", "Kiel"], "year": [1990, 1991, None]}


@pytest.mark.parametrize(
    "source",
    [
        CITIES,
        pd.DataFrame(CITIES),
        [
            {"city": "Bonn", "year": 1990},
            {"city": "Ulm", "year": 1991},
            {"city": "Kiel"},
        ],
        "city\tyear\nBonn\t1990\nUlm\t1991\nKiel\t\n",
    ],
    ids=["columns", "frame", "rows", "csv"],
)
def test_a_table_comes_in_many_shapes(source: Any, tmp_path: Path) -> None:
    if isinstance(source, str):
        path = tmp_path / "cities.csv"
        path.write_text(source, "utf-8")
        source = path
    table = inputs_of(source)
    assert table.columns == ("city", "year")
    asked = [fill("{city}: {year}", table.columns, row)[:6] for row in table.rows]
    assert asked == ["Bonn: ", "Ulm: 1", "Kiel: "]


def test_a_paste_survives_editing() -> None:
    text = 'a,b\n"x, ""y""","two\nlines"\n'
    assert pasted(text).rows == (('x, "y"', "two\nlines"),)
    assert pasted(written(pasted(text))) == pasted(text)
    assert pasted(" \n") == Inputs()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a,b\n1\n", "line 2 has 1 values for 2 columns"),
        ("a,a\n1,2\n", "column name 'a' is empty or not unique"),
        ('a\n"open\n', "is not CSV"),
    ],
)
def test_what_is_no_table_is_told_with_its_line(text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as refused:
        pasted(text)
    assert refused.value.hint


def test_values_are_never_read_for_fields_again() -> None:
    assert fill("{a} {b}", ["a", "b"], ["{b}", "{a}"]) == "{b} {a}"
    assert fill('{"k": {n}} {{a}} {x y}', ["n"], [1]) == '{"k": 1} {{a}} {x y}'
    assert slips("{a} {b}", ["a"]) == ["{b} is not a column and is sent as it is"]


def test_other_values_are_refused_by_their_type() -> None:
    with pytest.raises(ConfigError, match="inputs cannot be a float"):
        inputs_of(3.5)
    with pytest.raises(ConfigError, match="columns differ in length"):
        inputs_of({"a": [1], "b": [1, 2]})
