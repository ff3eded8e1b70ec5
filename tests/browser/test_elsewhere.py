"""The same notebook in other front ends: Notebook 7, papermill, nbconvert."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.lab import TOKEN, Lab, running_server
from tests.browser.notebook import SCREENSHOTS
from tests.conftest import Paced, home_variables, wait_for
from tests.support.paced_answers import pieces

#: What the model says, in more than 300 words.
TEXT = "".join(pieces("mixed", 450))
BADGE = "7 tokens in, 450 out"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return an environment with a home of its own."""
    home = home_variables(tmp_path / "home")
    return {**os.environ, **home, "JUPYTER_PLATFORM_DIRS": "1"}


@pytest.fixture
def file(tmp_path: Path, paced: Callable[..., Paced]) -> Path:
    """Return a notebook that asks once."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    url = paced(tokens=450, rate=150, text="mixed").url
    cells = [
        f"%load_ext glmkit\n%glm config endpoint {url}",
        "%%glm -o answer\nHi",
        "print(answer.complete, answer.usage.completion_tokens)",
    ]
    return Lab("", folder, tmp_path / "home").write("same.ipynb", cells)


def shown(file: Path) -> dict[str, str]:
    """Return the one output of the cell that asks."""
    cells = json.loads(file.read_text("utf-8"))["cells"]
    assert "".join(cells[2]["outputs"][0]["text"]) == "True 450\n"
    (output,) = cells[1]["outputs"]
    data = {kind: "".join(text) for kind, text in output["data"].items()}
    assert set(data) == {"text/html", "text/plain"}
    assert data["text/plain"].startswith(TEXT.rstrip())
    assert BADGE in data["text/plain"]
    return data


@pytest.mark.slow
def test_papermill_keeps_one_static_output(
    file: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "out.ipynb"
    command = [sys.executable, "-m", "papermill", file, out, "--no-progress-bar"]
    subprocess.run(command, check=True, env=environment, cwd=tmp_path)
    shown(out)
    assert "widgets" not in json.loads(out.read_text("utf-8"))["metadata"]
    page = [sys.executable, "-m", "nbconvert", "--to", "html", out]
    subprocess.run(page, check=True, env=environment, cwd=tmp_path)
    html = out.with_suffix(".html").read_text("utf-8")
    assert "<strong>every colour</strong>" in html
    assert BADGE in html
    assert "Loading widget" not in html


@pytest.fixture
def notebook_7(environment: dict[str, str], file: Path) -> Iterator[str]:
    """Run Notebook 7 in the notebook's folder and return its address."""
    log = file.parent.parent / "notebook.log"
    with running_server("notebook", file.parent, environment, log) as url:
        yield url


def choose(page: Page, menu: str, command: str) -> None:
    """Choose a command from the menus of Notebook 7."""
    page.locator(".lm-MenuBar-item", has_text=menu).first.click()
    page.locator(".lm-Menu-item", has_text=command).first.click()


def run_all(page: Page) -> None:
    """Run all cells; once more where the notebook did not take the command yet."""
    first = page.locator(".jp-InputArea-prompt").first

    def begun() -> bool:
        choose(page, "Run", "Run All Cells")
        with contextlib.suppress(AssertionError):
            expect(first).not_to_have_text("[ ]:", timeout=10_000)
        return "[ ]" not in first.inner_text()

    wait_for(begun)


def test_notebook_7_streams_and_keeps_the_answer(
    second_page: Page, notebook_7: str, file: Path
) -> None:
    page = second_page
    page.goto(f"{notebook_7}/notebooks/{file.name}?token={TOKEN}")
    expect(page.locator(".jp-Notebook .jp-Cell")).to_have_count(3)
    kernel = page.locator(".jp-Notebook-ExecutionIndicator")
    expect(kernel).to_have_attribute("data-status", "idle")
    run_all(page)
    cell = page.locator(".jp-Notebook .jp-Cell").nth(1)
    answer = cell.locator(".glmkit-answer")
    lengths = {len(answer.inner_text())}
    wait_for(lambda: lengths.add(len(answer.inner_text())) or len(lengths), (3).__lt__)
    expect(cell.locator(".glmkit-badge")).to_contain_text(BADGE)
    expect(cell.locator(".glmkit-live")).to_have_count(0)
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "notebook-7.png")
    choose(page, "File", "Save Notebook")
    wait_for(lambda: BADGE in file.read_text("utf-8"))
    shown(file)
