"""`%%glm --document PATH`: a cell as a question about one document."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from tests.conftest import Paced, Run


@pytest.fixture
def place(paced: Callable[..., Paced], monkeypatch: pytest.MonkeyPatch) -> Paced:
    made = paced(text="facts")
    monkeypatch.setenv("GLMKIT_ENDPOINT", made.url)
    return made


@pytest.fixture
def report(tmp_path: Path) -> Path:
    file = tmp_path / "report.txt"
    file.write_text("FACT 1 is here\fFACT 2 is there\n", "utf-8")
    return file


def test_the_answer_names_its_pages(
    run: Run, shell: InteractiveShell, place: Paced, report: Path
) -> None:
    run("what = 'facts'")
    result, out = run(f"%%glm --document '{report}' -o kept\nWHOLE: which {{what}}?")
    assert [one.page for one in result.result.statements] == [1, 2]
    assert shell.user_ns["kept"] is result.result
    assert "report.txt whole" in out
    assert "which facts?" in place.seen["bodies"][0]["messages"][-1]["content"]


def test_a_text_of_the_notebook_is_a_document(run: Run, place: Paced) -> None:
    run("text = 'FACT 9 is mine'")
    result, _ = run("%%glm --document text\nWHOLE?")
    assert [one.quote for one in result.result.statements] == ["FACT 9 is mine"]


def test_a_dry_run_prices_it_and_sends_nothing(
    run: Run, place: Paced, report: Path
) -> None:
    result, out = run(f"%%glm --document '{report}' --dry-run\nWhich?")
    assert result.result is None
    assert "tokens" in out
    assert place.seen["requests"] == 0


def test_what_does_not_go_together_is_told(
    run: Run, place: Paced, report: Path
) -> None:
    _, out = run(f"%%glm --document '{report}' --chat sky\nWhich?")
    assert "--chat does not go with --document" in out
    _, out = run("%%glm --document gone.pdf\nWhich?")
    assert "gone.pdf" in out
