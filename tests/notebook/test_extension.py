"""The extension as it is loaded: again, under `python -OO`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from glmkit.notebook import extension
from tests.conftest import Paced, Run

_CELLS = """
import sys
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

config = Config()
config.HistoryManager.enabled = False
config.InteractiveShell.colors = "nocolor"
shell = InteractiveShell.instance(config=config)
for cell in (
    "%load_ext glmkit", "%glm help", "%glm help all", "%%glm -h", "%glm config",
    "%%glm --dry-run\\nHi", "%glm models long", "%glm controls", "%glm talk",
    "%glm promptlab", "%glm dashboard", "help(__import__('glmkit').Client.chat)",
    "import glmkit\\n@glmkit.tool\\ndef double(n: int) -> int:\\n    return 2 * n",
    "%%glm -q --tools double -o answer\\nHi", "answer.text[0]", "%reload_ext glmkit",
):
    done = shell.run_cell(cell)
    if not done.success:
        sys.exit(f"{cell}: {done.error_in_exec or done.error_before_exec!r}")
print("all ran")
"""


def test_everything_works_without_docstrings(place: Paced) -> None:
    command = [sys.executable, "-OO", "-c", _CELLS]
    environment = {**os.environ, "GLMKIT_ENDPOINT": place.url}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment
    )
    assert done.stdout.splitlines()[-1] == "all ran", done.stderr
    assert "%glm models [WORDS]" in done.stdout


def test_reloading_keeps_chats_settings_and_client(
    run: Run,
    shell: InteractiveShell,
    place: Paced,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)  # the answers are recorded there
    run("%%glm --chat sky\nHi")
    run("%glm config temperature 0.5")
    run("%glm replay auto")
    before = extension.of(shell)
    client = before.client()
    run("%reload_ext glmkit")
    after = extension.of(shell)
    assert [*after.chats] == ["sky"]
    assert after.settings.options() == {"temperature": 0.5}
    assert after.client() is client
    _, out = run("%glm replay")
    assert out.startswith("replay auto")
    run("%%glm --chat sky\nAgain")
    assert after.chats["sky"].turns == 2


def test_another_shell_begins_with_nothing(
    run: Run, shell: InteractiveShell, place: Paced
) -> None:
    run("%%glm --chat sky\nHi")
    extension.unload(shell)
    other = InteractiveShell()
    extension.load(other)
    try:
        assert len(extension.of(other).chats) == 0
    finally:
        extension.unload(other)
