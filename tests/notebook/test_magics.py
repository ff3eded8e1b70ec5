"""`%%glm` and `%glm` in a real IPython shell, without a kernel."""

from collections.abc import Callable
from typing import Any

import pytest
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell

import glmkit
from glmkit.config import keys
from tests.conftest import Paced, Run

Factory = Callable[..., Paced]


def test_cell_streams_keeps_and_returns_the_reply_once(
    run: Run, shell: InteractiveShell, place: Paced
) -> None:
    result, out = run("%%glm -o answer\nWhy is the sky blue?\n")
    reply = shell.user_ns["answer"]
    assert result.result is reply is shell.user_ns["_"]
    assert out.count(reply.text) == 1
    assert "7 tokens in, 12 out" in out
    assert place.seen["bodies"][-1]["stream"] is True


def test_prompt_goes_out_byte_for_byte(run: Run, place: Paced) -> None:
    text = '{"a": {x}} $HOME {{y}} \\n %time !ls'
    run(f"%%glm\n{text}\n")
    assert place.seen["bodies"][-1]["messages"] == [{"role": "user", "content": text}]


def test_options_reach_the_request(run: Run, place: Paced) -> None:
    run(
        "%%glm -m glm-4-long -t 0.25 --top-p 0.5 --max-tokens 9 -s 'Be \"brief\".'"
        " --no-stream\nHi"
    )
    assert place.seen["bodies"][-1] == {
        "model": "glm-4-long",
        "messages": [
            {"role": "system", "content": 'Be "brief".'},
            {"role": "user", "content": "Hi"},
        ],
        "temperature": 0.25,
        "top_p": 0.5,
        "max_tokens": 9,
    }


def test_defaults_of_the_notebook_hold_until_a_cell_overrides_them(
    run: Run, place: Paced
) -> None:
    run("%glm config temperature 0.3")
    run("%glm config model glm-4-plus")
    run("%%glm -t 0.9\nHi")
    body = place.seen["bodies"][-1]
    assert (body["model"], body["temperature"]) == ("glm-4-plus", 0.9)
    run("%glm config temperature default")
    run("%%glm\nHi")
    assert "temperature" not in place.seen["bodies"][-1]


def test_quiet_cell_shows_nothing_and_keeps_the_reply(
    run: Run, shell: InteractiveShell, place: Paced
) -> None:
    _, out = run("%%glm -q -o kept\nHi")
    assert shell.user_ns["kept"].text not in out
    _, out = run("kept")
    assert shell.user_ns["kept"].text in out


def test_call_knows_its_cell(run: Run, shell: InteractiveShell, place: Paced) -> None:
    run("%%glm -o answer\nHi")
    assert shell.user_ns["answer"].calls[0].where.cell == "In[1]"


def test_error_is_two_lines_and_what_came_is_kept(
    run: Run, shell: InteractiveShell, paced: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLMKIT_ENDPOINT", paced(tokens=50, cut=5).url)
    result, out = run("%%glm -o answer\nHi")
    assert isinstance(result.error_in_exec, glmkit.StreamError)
    assert shell.user_ns["answer"].text in out
    assert shell.user_ns["answer"].complete is False
    assert len(error_lines(out)) == 2


def error_lines(out: str) -> list[str]:
    lines = out.splitlines()
    at = next(i for i, line in enumerate(lines) if "Error: " in line)
    return lines[at:]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("%glm modles", "Did you mean `%glm models`?"),
        ("%glm config warmth 1", "The settings are"),
        ("%glm config temperature 7", "0 to 1"),
        ("%glm config stream maybe", "on or off"),
        ("%glm config endpoint nowhere", "unknown endpoint"),
        ("%glm usage for ever", "has no column"),
        ("%glm 'x", "Close the quotes."),
        ("%%glm\n\n", "the prompt is empty"),
        ("%%glm -t warm\nHi", "warm"),
        ("%%glm --colour red\nHi", "--colour"),
    ],
)
def test_slip_is_a_short_error_that_names_the_next_step(
    run: Run, cell: str, said: str, place: Paced
) -> None:
    result, out = run(cell)
    assert result.error_in_exec is not None
    assert said in out
    assert place.seen["requests"] == 0


def test_status_names_endpoint_key_and_model_but_not_the_key(
    run: Run, place: Paced, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLMKIT_API_KEY", "0123456789abcdef.secretsecret1234")
    _, out = run("%glm")
    assert len(out.splitlines()) == 5
    assert "****1234 from GLMKIT_API_KEY" in out
    assert "secretsecret" not in out


def test_catalogue_and_usage_are_tables(run: Run, place: Paced) -> None:
    run("%%glm -m glm-4-plus\nHi")
    models, _ = run("%glm models long")
    usage, _ = run("%glm usage")
    by_model, _ = run("%glm usage by model")
    assert list(result_of(models)["model"]) == ["glm-4-long"]
    assert len(result_of(usage)) == 1
    assert list(result_of(by_model)["model"]) == ["glm-4-plus"]


def result_of(result: ExecutionResult) -> Any:
    assert result.error_in_exec is None
    return result.result


def test_unloading_takes_the_magics_away(run: Run) -> None:
    run("%unload_ext glmkit")
    _, out = run("%glm")
    assert "not found" in out
    run("%load_ext glmkit")
    result, _ = run("%glm help")
    assert result.error_in_exec is None


def test_stand_in_is_said_once_and_plainly(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "_warned", set())
    _, out = run("%glm")
    assert out.startswith("No key was found: a small local model stands in for GLM.")
    assert "Warning" not in out
    _, out = run("%glm")
    assert out.startswith("endpoint  local")
