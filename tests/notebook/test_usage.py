"""`%glm usage`: the calls, or their sums, as `glmkit.usage` has them."""

from __future__ import annotations

import pandas as pd
import pytest

import glmkit
from tests.conftest import Paced, Run


@pytest.fixture
def three(run: Run, place: Paced) -> Run:
    run("%%glm -m glm-4-plus --tag pilot\nHi")
    run("%%glm -m glm-4-plus\nHi")
    run("%%glm -m glm-4-long --tag pilot\nHi")
    return run


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("", {"newest": 1000}),
        ("by model", {"by": "model"}),
        ("model", {"by": "model"}),
        ("by day model", {"by": ("day", "model")}),
        ("by day,model since 2001-01-01", {"by": ("day", "model")}),
        ("by tag since 7d", {"by": "tag"}),
        ("by model where tag=pilot", {"by": "model", "where": {"tag": "pilot"}}),
        ("by model since 2901-01-01 10:00", {"by": "model", "since": "2901-01-01"}),
        (
            "where tag=pilot model=glm-4-plus,glm-4-air since 1h",
            {"where": {"tag": "pilot", "model": ["glm-4-plus"]}},
        ),
    ],
)
def test_line_asks_what_the_function_does(
    three: Run, line: str, asked: dict[str, object]
) -> None:
    result, _ = three(f"%glm usage {line}")
    pd.testing.assert_frame_equal(result.result, glmkit.usage(**asked))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("by colour", "no column 'colour'"),
        ("where pilot", "'pilot' is not a condition"),
        ("since never", "'never' is not a date or time"),
    ],
)
def test_slip_is_a_short_error(run: Run, line: str, said: str) -> None:
    result, _ = run(f"%glm usage {line}")
    assert said in str(result.error_in_exec)
