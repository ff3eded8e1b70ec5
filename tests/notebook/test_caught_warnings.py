"""Warnings in a notebook: glmkit's are lines of the output, others stay as they are."""

from __future__ import annotations

import warnings
from pathlib import Path

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from nbclient import NotebookClient

from glmkit.notebook import extension
from glmkit.types.errors import MediaWarning
from tests.conftest import Paced, Run

pytestmark = pytest.mark.filterwarnings("default::UserWarning")


def test_a_kernel_prints_a_warning_of_glmkit_without_its_place(tmp_path: Path) -> None:
    cells = [
        "%load_ext glmkit\nimport warnings\nimport glmkit",
        "client = glmkit.Client()",
        "warnings.warn('the kettle boils', UserWarning)",
    ]
    book = nbformat.v4.new_notebook(cells=[*map(nbformat.v4.new_code_cell, cells)])
    where = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(book, kernel_name="python3", timeout=600, resources=where).execute()
    _loaded, made, other = (cell.outputs for cell in book.cells)
    assert [(out.name, out.text.split(":")[0]) for out in made] == [
        ("stdout", "No key was found")
    ]
    assert ".py:1: UserWarning: the kettle boils" in other[0].text
    assert other[0].name == "stderr"


def test_a_cell_of_python_prints_a_warning_plainly(
    shell: InteractiveShell, run: Run, place: Paced
) -> None:
    run("import glmkit")
    _, out = run(
        "glmkit.Client(serves='bigmodel').chat('Hi', model='glm-z1-air').complete"
    )
    assert "glm-z1-air was withdrawn" in out
    assert "OptionWarning" not in out
    assert ".py" not in out


def test_an_unloaded_extension_leaves_warnings_as_they_were(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    extension.unload(shell)
    before = warnings.showwarning
    extension.load(shell)
    assert warnings.showwarning != before
    warnings.warn("a cat is smaller", MediaWarning, stacklevel=1)
    assert capsys.readouterr().out == "a cat is smaller\n"
    extension.unload(shell)
    assert warnings.showwarning == before


def test_who_took_warnings_over_since_keeps_them(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warnings, "showwarning", print)
    extension.unload(shell)
    assert warnings.showwarning is print
