"""`python -OO` strips docstrings and asserts; nothing that glmkit does needs them."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, Paced

CELLS = r"""
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
cells = [
    "%load_ext glmkit", "%glm", "%glm help", "%glm help all",
    "%glm models long", "%glm usage",
    "%glm budget", "%glm replay auto", "%glm config", "%glm doctor",
    "%%glm -m glm-4-plus -o r\nHi", "print(r.text)", "%glm last", "%glm rerun",
    "%%glm --dry-run\nHi", "%%glm --chat c\nHi", "%glm chats",
    "import dataclasses\n@dataclasses.dataclass\nclass A:\n    x: int",
    "import glmkit\n@glmkit.tool(description='Add one')\n"
    "def f(x: int) -> int:\n    return x + 1",
    "%%glm --tools f\nHi", "%%glm --schema A --dry-run\nHi",
    "glmkit.models(columns='all')", "glmkit.usage('model')", "glmkit.verify()",
    "glmkit.widgets.dashboard()", "glmkit.widgets.Chat()",
]
for cell in cells:
    done = shell.run_cell(cell)
    if not done.success:
        sys.exit(f"FAILED {cell}")
print("ALL DONE", __debug__)
"""


def test_a_notebook_runs_without_docstrings_and_asserts(
    place: Paced, tmp_path: Path
) -> None:
    script = tmp_path / "cells.py"
    script.write_text(CELLS)
    done = subprocess.run(
        [sys.executable, "-OO", str(script)],
        capture_output=True, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert "ALL DONE False" in done.stdout, done.stdout[-2000:] + done.stderr[-2000:]
    assert place.seen["requests"] >= 4


@pytest.mark.parametrize("command", [["--help"], ["doctor"], ["usage"]])
def test_the_command_line_runs_without_docstrings(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-OO", "-m", "glmkit", *command],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def test_a_tool_needs_no_docstring_then_and_may_have_a_description() -> None:
    code = (
        "import glmkit\n"
        "def f(x: int) -> int:\n"
        "    'Add one.'\n"
        "    return x\n"
        "for made in (glmkit.tool(f), glmkit.tool(description='Add one.')(f)):\n"
        "    print([made.definition['function']['description']])\n"
    )
    done = subprocess.run(
        [sys.executable, "-OO", "-c", code],
        capture_output=True, text=True, cwd=ROOT, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines() == ["['']", "['Add one.']"]
