"""Which notebook runs here: the one that its own front end names, or none."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from glmkit.notebook import extension, notebook_file

#: Runs one cell in a kernel of its own, as papermill and nbconvert do.
_RUNS = """
import os
import sys
import nbclient
from nbformat.v4 import new_code_cell, new_notebook
cell = new_code_cell(
    "%load_ext glmkit\\nimport glmkit\\n"
    "from glmkit.notebook import extension\\n"
    "session = extension.of(get_ipython())\\n"
    "print(repr(session.place().notebook), session.replay.path.name)"
)
book = new_notebook(cells=[cell])
nbclient.NotebookClient(book, kernel_name="python3", timeout=60).execute(
    env={**os.environ, **dict(name.split("=") for name in sys.argv[1:])}
)
print("".join(output.get("text", "") for output in cell.outputs))
"""


def seen_by_a_kernel(launcher: dict[str, str], *kernel: str) -> str:
    """Return what a kernel finds that a program of that environment starts."""
    command = [sys.executable, "-c", _RUNS, *kernel]
    environment = {**os.environ, **launcher}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    return done.stdout.strip() or done.stderr


def test_a_notebook_that_runs_in_a_notebook_has_no_name() -> None:
    """Papermill in a `!` line: the environment names the notebook of the line."""
    seen = seen_by_a_kernel({"JPY_SESSION_NAME": "/home/me/parent.ipynb"})
    assert seen == "'' glmkit.glm.jsonl"


def test_a_notebook_has_the_name_that_its_server_sets() -> None:
    seen = seen_by_a_kernel({}, "JPY_SESSION_NAME=lesson.ipynb")
    assert seen == "'lesson.ipynb' lesson.glm.jsonl"


def test_a_server_that_a_notebook_starts_names_its_own() -> None:
    seen = seen_by_a_kernel(
        {"JPY_SESSION_NAME": "parent.ipynb"}, "JPY_SESSION_NAME=lesson.ipynb"
    )
    assert seen == "'lesson.ipynb' lesson.glm.jsonl"


def test_vs_code_names_the_notebook_in_a_variable(
    shell: InteractiveShell, tmp_path: Path
) -> None:
    path = tmp_path / "study.ipynb"
    shell.user_ns["__vsc_ipynb_file__"] = str(path)
    session = extension.of(shell)
    assert notebook_file.path_of(shell) == path
    assert session.place().notebook == "study.ipynb"
    assert session.replay.path == tmp_path / "study.glm.jsonl"


def test_a_script_is_not_a_notebook(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", "script.py")
    assert notebook_file.path_of(shell) is None
