"""`%%glm --each df`: a cell as the template of every row."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from IPython.core.interactiveshell import InteractiveShell

from tests.conftest import Paced, Run


@pytest.fixture
def echo(paced: Callable[..., Paced], monkeypatch: pytest.MonkeyPatch) -> Paced:
    made = paced(text="echo")
    monkeypatch.setenv("GLMKIT_ENDPOINT", made.url)
    return made


def test_first_rows_then_all_and_none_is_asked_twice(run: Run, echo: Paced) -> None:
    run(
        "import pandas as pd\ndf = pd.DataFrame({'t': [f'row {n}' for n in range(50)]})"
    )
    result, out = run("%%glm --each df --to said\nSay {t}")
    assert len(result.result) == 20
    assert echo.seen["requests"] == 20
    assert "20 of 50 rows" in out
    assert "--all asks them" in out
    result, _ = run("%%glm --each df --to said --all -o whole\nSay {t}")
    assert list(result.result["said"]) == [f"Say row {n}" for n in range(50)]
    assert echo.seen["requests"] == 50
    assert result.result["said_status"].tolist() == ["kept"] * 20 + ["done"] * 30


def test_the_frame_is_kept_under_its_name(
    run: Run, shell: InteractiveShell, echo: Paced
) -> None:
    run("import pandas as pd\ns = pd.Series(['a'])")
    run("%%glm --each s -o kept -q\n{value}")
    assert shell.user_ns["kept"]["answer"].tolist() == ["a"]


def test_labels_and_a_schema_make_typed_columns(run: Run, echo: Paced) -> None:
    run('import pandas as pd\ns = pd.Series([\'{"value": "bad"}\'])')
    result, _ = run("%%glm --each s --labels good,bad\n{value}")
    assert result.result["label"].tolist() == ["bad"]
    run('s = pd.Series([\'{"name": "Ann", "age": 3}\'])')
    result, _ = run('%%glm --each s --schema "name, age int"\n{value}')
    assert result.result["age"].tolist() == [3]


def test_a_dry_run_shows_the_plan_and_sends_nothing(run: Run, echo: Paced) -> None:
    run("import pandas as pd\ndf = pd.DataFrame({'t': ['a', 'a', 'b']})")
    result, out = run("%%glm --each df --dry-run\nSay {t}")
    assert result.result is None
    assert "2 different prompts" in out
    assert echo.seen["requests"] == 0


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("--each nothing", "there is no 'nothing'"),
        ("--each x", "x is of type int"),
        ("--to said", "--to goes with a table"),
        ("--each df --chat a", "--chat does not go with --each"),
        ('--each df --labels a,b --schema "n int"', "two kinds of answer"),
        ("--each df --labels a", "only one label"),
    ],
)
def test_a_slip_is_a_short_error(run: Run, echo: Paced, line: str, reason: str) -> None:
    run("import pandas as pd\ndf = pd.DataFrame({'t': ['a']})\nx = 1")
    result, out = run(f"%%glm {line}\nSay {{t}}")
    assert reason in out
    assert result.error_in_exec is not None
    assert echo.seen["requests"] == 0


@pytest.mark.parametrize("option", ["--labels ''", "--to ' '", "--document ''"])
def test_an_empty_option_is_told_and_nothing_is_asked(
    run: Run, echo: Paced, option: str
) -> None:
    run("import pandas as pd\ndf = pd.DataFrame({'t': ['a']})")
    _, out = run(f"%%glm --each df {option}\n{{t}}")
    assert f"{option.split()[0]} is empty" in out
    assert echo.seen["requests"] == 0
