"""A streamed answer of 300 words in real front ends: the last thing shown is whole.

Those that need a browser stand in `tests/browser/test_elsewhere.py`.
"""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.conftest import LIMIT_S, ROOT, Paced
from tests.notebook.test_front_ends import BADGE, WORDS

_CODES = re.compile(r"\x1b(?:\[[0-9;?]*[a-zA-Z]|\][^\x07]*\x07|[=>])")


@pytest.fixture
def place(paced: Callable[..., Paced]) -> Paced:
    return paced(tokens=300, rate=600, text="paragraph")


def words_of(text: str) -> str:
    """Return a text's words, as a terminal of any width may have broken them."""
    return re.sub(r"\s", "", _CODES.sub("", text))


def whole(text: str) -> bool:
    return words_of(WORDS) in words_of(text) and words_of(BADGE) in words_of(text)


def book_of(place: Paced) -> nbformat.NotebookNode:
    cells = [f"%load_ext glmkit\n%glm config endpoint {place.url}", "%%glm\nHi"]
    return nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells)))


def output_of(book: Any) -> dict[str, str]:
    """Return the one output of the cell that asks."""
    (output,) = book["cells"][1]["outputs"]
    return {kind: "".join(data) for kind, data in output["data"].items()}


def on_terminal(command: list[Any], lines: list[str], end: str, folder: Path) -> str:
    """Type lines on a terminal of a program; return all that it wrote, once it ended.

    A line is typed when the prompt for it is there; `end` ends the program.
    """
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "200"}
    child = subprocess.Popen(
        command, cwd=folder, stdin=slave, stdout=slave, stderr=slave, env=environment
    )
    os.close(slave)
    seen = ""
    try:
        for prompt, line in enumerate([*lines, end], 1):
            while f"In [{prompt}]:" not in _CODES.sub("", seen):
                seen += os.read(master, 65536).decode("utf-8", "replace")
            os.write(master, f"{line}\n".encode())
        while part := os.read(master, 65536):
            seen += part.decode("utf-8", "replace")
    except OSError:  # so Linux says that the other end is closed
        pass
    os.close(master)
    assert child.wait(LIMIT_S) == 0, seen
    return seen


SESSION = [
    "%load_ext glmkit",
    "%glm config endpoint {url}",
    "get_ipython().run_cell_magic('glm', '', 'Hi')",  # a cell in one line
]


@pytest.mark.skipif(sys.platform == "win32", reason="has no pty")
@pytest.mark.parametrize("program", ["IPython", "jupyter_console"])
def test_a_console_shows_all_of_an_answer(
    program: str, place: Paced, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", program, "--simple-prompt"]
    lines = [line.format(url=place.url) for line in SESSION]
    seen = on_terminal(command, lines, "exit", tmp_path)
    assert whole(seen.partition("In [3]:")[2])


def test_nbclient_keeps_all_of_an_answer(place: Paced) -> None:
    book = book_of(place)
    NotebookClient(book, timeout=LIMIT_S).execute()
    assert whole(output_of(book)["text/plain"])
    assert whole(re.sub("<[^>]+>", "", output_of(book)["text/html"]))
    assert "widgets" not in book.metadata


def test_papermill_keeps_all_of_an_answer(place: Paced, tmp_path: Path) -> None:
    file, out = tmp_path / "in.ipynb", tmp_path / "out.ipynb"
    nbformat.write(book_of(place), file)
    command = [sys.executable, "-m", "papermill", file, out, "--no-progress-bar"]
    subprocess.run([*command, "-k", "python3"], check=True, cwd=tmp_path)
    book = json.loads(out.read_text("utf-8"))
    assert whole(output_of(book)["text/plain"])
    assert "widgets" not in book["metadata"]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_nbval_compares_all_of_an_answer(place: Paced, tmp_path: Path) -> None:
    """It hooks itself into pytest, so that it has an environment of its own."""
    venv.create(tmp_path / "venv", with_pip=True, symlinks=True)
    python = tmp_path / "venv" / "bin" / "python"
    # Packages come from the registry: the tests' guard and home stay out of pip.
    free = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "HOME")}
    install = [python, "-m", "pip", "install", "--quiet", "nbval", f"{ROOT}[lab]"]
    subprocess.run(install, check=True, env=free)
    file = tmp_path / "saved.ipynb"
    book = book_of(place)
    NotebookClient(book, timeout=LIMIT_S).execute()
    nbformat.write(book, file)
    # The seconds of a call differ from run to run, all else is compared.
    rules = tmp_path / "rules.cfg"
    rules.write_text("[seconds]\nregex: \\d+\\.\\d+ s\nreplace: N s\n")
    check = ["-m", "pytest", "--nbval", f"--nbval-sanitize-with={rules}", "-p"]
    command = [python, *check, "no:cacheprovider", "-rA", file]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout
