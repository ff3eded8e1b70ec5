"""Grids of inputs, models and temperatures: what a run may cost."""

from __future__ import annotations

import pytest

from glmkit.config.endpoints import endpoint_of
from glmkit.tables import grid
from glmkit.tables.grid import Grid
from glmkit.tables.inputs import Inputs


@pytest.mark.parametrize(
    ("endpoint", "model", "told"),
    [
        ("bigmodel", "glm-4-plus", "¥0.0003 to at most ¥0.206"),
        ("local", "glm-4-plus", "free here; list price ¥0.0003 to"),
        ("bigmodel", "glm-4-flash-250414", "free"),
        ("zai-coding", "glm-4.7", "covered by a plan"),
        ("bigmodel", "my-own", "price unknown"),
        ("http://127.0.0.1:9/v1", "glm-4-plus", "price unknown"),
    ],
)
def test_the_cost_is_told_before_the_run(endpoint: str, model: str, told: str) -> None:
    rows = tuple((n,) for n in range(1000, 1010))
    asked = Grid("{n}", Inputs(("n",), rows), (model,))
    found = grid.forecast(asked, {}, endpoint_of(endpoint), "glm-4-plus")
    assert found.cost.startswith(told)


def test_a_forecast_of_many_rows_counts_some_of_them() -> None:
    rows = tuple(("word " * 10,) for _ in range(1000))
    asked = Grid("{n}", Inputs(("n",), rows), ("glm-4-plus",))
    few = grid.forecast(
        Grid("{n}", Inputs(("n",), rows[:100]), ("glm-4-plus",)), {}, None, ""
    )
    assert grid.forecast(asked, {}, None, "").tokens == 10 * few.tokens
