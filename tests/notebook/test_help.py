"""`%glm fix`, `hint`, `rerun`, `last`: help with code, and the last reply."""

import json
from collections.abc import Callable

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell

import glmkit
from tests.conftest import Paced, Run

Factory = Callable[..., Paced]


def asked(place: Paced) -> str:
    return str(place.seen["bodies"][-1]["messages"][-1]["content"])


def fail(run: Run, shell: InteractiveShell) -> None:
    shell.user_ns["df"] = pd.DataFrame({"speed": [12345.5, 2.0], "kind": ["a", "b"]})
    run("def half(x):\n    return x / 0")
    run("limit = 77\nhalf(limit) + df['speed'].sum()")


def test_hint_tells_cell_traceback_and_shapes_but_no_values(
    run: Run, shell: InteractiveShell, place: Paced
) -> None:
    fail(run, shell)
    result, _ = run("%glm hint")
    assert result.error_in_exec is None
    text = asked(place)
    assert "half(limit) + df['speed'].sum()" in text
    assert "ZeroDivisionError: division by zero" in text
    assert "- df: DataFrame, shape (2, 2), columns speed float64, kind" in text
    assert "- limit: int" in text
    assert "12345.5" not in text
    assert "interactiveshell.py" not in text


def test_values_are_told_where_they_are_asked_for(
    run: Run, shell: InteractiveShell, place: Paced
) -> None:
    fail(run, shell)
    run("%glm hint --values")
    assert "12345.5" in asked(place)


def test_fix_puts_the_corrected_cell_into_the_next_one(
    run: Run,
    shell: InteractiveShell,
    paced: Factory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = [{"content": "```python\nhalf = 1\n```"}]
    monkeypatch.setenv("GLMKIT_ENDPOINT", paced(replies=json.dumps(said)).url)
    fail(run, shell)
    run("%glm fix")
    assert shell.rl_next_input == "half = 1"


def test_cell_with_braces_goes_out_as_it_is(
    run: Run, shell: InteractiveShell, place: Paced
) -> None:
    run("name = 'Ada'\nf'{name}' + 1")
    run("%glm hint")
    assert "f'{name}' + 1" in asked(place)


def test_syntax_error_can_be_fixed_too(run: Run, place: Paced) -> None:
    run("x = = 1")
    run("%glm hint")
    assert "SyntaxError" in asked(place)


def test_dry_run_shows_what_would_be_told(
    run: Run, shell: InteractiveShell, place: Paced
) -> None:
    fail(run, shell)
    _, out = run("%glm fix --dry-run")
    assert "Nothing was sent." in out
    assert place.seen["requests"] == 0


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("%glm fix", "no cell has failed"),
        ("%glm hint --all", "--values"),
        ("%glm rerun", "nothing was asked yet"),
        ("%glm rerun glm-4-plus", "rerun -m"),
    ],
)
def test_slip_is_a_short_error(
    run: Run, place: Paced, cell: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glmkit.client.call.execution._latest", None)
    if cell.endswith("--all"):
        run("1 / 0")
    result, out = run(cell)
    assert isinstance(result.error_in_exec, glmkit.ConfigError)
    assert said in out


def test_rerun_asks_the_same_of_another_model(
    run: Run, shell: InteractiveShell, place: Paced
) -> None:
    run("%%glm -m glm-4-plus -t 0.5\nWhy?")
    result, out = run("%glm rerun -m glm-4-long")
    first, second = place.seen["bodies"][-2:]
    assert (second["model"], second["temperature"]) == ("glm-4-long", 0.5)
    assert first["messages"] == second["messages"]
    assert result.result is shell.user_ns["_"]
    assert out.count(result.result.text) == 1
    assert second["stream"] is True


def test_rerun_waits_for_the_whole_where_streaming_is_off(
    run: Run, place: Paced
) -> None:
    run("%glm config stream off")
    run("%%glm -q\nWhy?")
    result, out = run("%glm rerun")
    assert "stream" not in place.seen["bodies"][-1]
    assert out.count(result.result.text) == 1


def test_last_shows_the_last_reply(run: Run, place: Paced) -> None:
    run("%%glm -q\nWhy?")
    _, out = run("%glm last")
    assert "tokens in" in out


def test_a_refusal_is_not_the_last_reply(
    run: Run, shell: InteractiveShell, place: Paced, paced: Factory
) -> None:
    run("%%glm -q -o answer\nWhy?")
    good = glmkit.last()
    run(f"%glm config endpoint {paced(status=401, code='1002').url}")
    for line in ("", "--no-stream", '--schema "name"'):
        result, _ = run(f"%%glm {line} -o answer\nAnd now?")
        assert isinstance(result.error_in_exec, glmkit.AuthError)
        assert glmkit.last() == good
        assert shell.user_ns["answer"] == good


def test_reply_cites_itself_in_one_line(
    run: Run, shell: InteractiveShell, place: Paced
) -> None:
    run("%%glm -m glm-4-plus -t 0.5 -o a\nWhy?")
    run("%%glm -m glm-4-plus -t 0.5 -o b\nWhy not?")
    first, second = (shell.user_ns[name].cite() for name in "ab")
    assert "\n" not in first
    assert first.startswith("glm-4-plus, ")
    assert "temperature=0.5" in first
    assert first.rpartition("sha256:")[2] != second.rpartition("sha256:")[2]
