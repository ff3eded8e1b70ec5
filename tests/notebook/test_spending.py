"""`%glm budget`: what a session, a notebook or a day may cost."""

import pytest

import glmkit
from tests.conftest import Paced, Run


def test_budget_is_set_shown_and_lifted(run: Run) -> None:
    _, out = run("%glm budget 5 CNY")
    assert out == "¥0 of ¥5 a session are gone, 0%\n"
    result, _ = run("%glm budget")
    assert list(result.result["scope"]) == ["session"]
    _, out = run("%glm budget off")
    assert out == "no budget for the session any more\n"


def test_call_beyond_the_budget_is_not_sent(run: Run, place: Paced) -> None:
    run("%glm budget 0 CNY day")
    result, out = run("%%glm -m glm-4-plus\nHi")
    assert isinstance(result.error_in_exec, glmkit.BudgetError)
    assert len(out.splitlines()) == 2
    assert place.seen["requests"] == 0


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("%glm budget 5", "5 CNY day"),
        ("%glm budget much CNY", "not an amount"),
        ("%glm budget -1 CNY", "not an amount"),
        ("%glm budget 5 EUR", "not a currency"),
        ("%glm budget 5 CNY week", "'session'"),
        ("%glm budget 5 CNY day week", "5 CNY day"),
        ("%glm budget 5 CNY notebook", "name is not known"),
    ],
)
def test_slip_with_a_budget_is_a_short_error(run: Run, cell: str, said: str) -> None:
    result, out = run(cell)
    assert isinstance(result.error_in_exec, glmkit.ConfigError)
    assert said in out


def test_notebook_has_a_budget_of_its_own(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", "lesson.ipynb")
    _, out = run("%glm budget 1 USD notebook")
    assert out == "$0 of $1 a notebook are gone, 0%\n"


def test_without_a_budget_the_next_step_is_told(run: Run, place: Paced) -> None:
    result, out = run("%glm budget")
    assert result.result is None
    assert "`%glm budget 5 CNY`" in out
