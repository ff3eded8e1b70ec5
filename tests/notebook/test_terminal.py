"""Answers on a terminal: styles where they are wanted, and no other codes ever."""

from __future__ import annotations

import os
import pty
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from glmkit.notebook.terminal import Styler
from tests.conftest import ROOT, Paced
from tests.support.paced_answers import pieces

_CODES = re.compile(r"\x1b\[[0-9;]*m")


def styled(text: str, sizes: Callable[[], int] | None = None) -> str:
    styler, written, at = Styler(), [], 0
    while at < len(text):
        size = sizes() if sizes else len(text)
        written.append(styler.feed(text[at : at + size]))
        at += size
    return "".join([*written, styler.close()])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# Sky", "\x1b[1mSky\x1b[22m"),
        ("a **b** c", "a \x1b[1mb\x1b[22m c"),
        ("a *b* `c`", "a \x1b[3mb\x1b[23m \x1b[36mc\x1b[39m"),
        ("``a ` b``", "\x1b[36ma ` b\x1b[39m"),
        ("- one\n2. two", "• one\n2. two"),
        ("> said", "\x1b[2m│ \x1b[22msaid"),
        ("2 * 3 * 4, a_b_c, **open, \\*", "2 * 3 * 4, a_b_c, **open, *"),
        (r"\(a_1\) and \[ b \]", r"\(a_1\) and \[ b \]"),
        ("| a | *b* |", "| a | *b* |"),
        (
            "~~~\n*a*\n\nb\n~~~\nc",
            "\n    \x1b[2m*a*\x1b[22m\n\n    \x1b[2mb\x1b[22m\n\nc",
        ),
    ],
)
def test_markdown_becomes_styles(text: str, shown: str) -> None:
    assert styled(text) == shown


def test_code_has_the_colours_of_its_language() -> None:
    shown = styled("```python\ndef f(): pass\n```\n")
    assert "    \x1b[" in shown
    assert _CODES.sub("", shown) == "python\n    def f(): pass\n\n"


@pytest.mark.parametrize("kind", ["mixed", "hostile", "fence", "paragraph"])
def test_any_split_of_a_text_shows_the_same(kind: str) -> None:
    text = "".join(pieces(kind, 300))
    whole = _CODES.sub("", styled(text))
    chance = random.Random(kind)
    for most in (1, 3, 20):
        parts = styled(text, lambda most=most: chance.randint(1, most))
        assert _CODES.sub("", parts) == whole


def test_no_code_but_our_styles_is_written() -> None:
    hostile = "\x1b]0;title\x07\x1b[2J *a\x1b[31mb* `\x9b31m`\n# \x1b[5mHi\r\x08\n"
    shown = _CODES.sub("", styled(hostile))
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", shown)


@pytest.mark.parametrize("part", ["**a ", "*a ", "_a ", "a` ", "``a", "\\", "# ", "> "])
def test_marks_that_never_end_are_text(part: str) -> None:
    """A long line of them is read in no more than its own length."""
    assert styled(part * 20_000 + "\nend").endswith("\nend")


_SESSION = """
import sys
from IPython.terminal.interactiveshell import TerminalInteractiveShell
from traitlets.config import Config
quiet = Config(HistoryManager={"enabled": False})
shell = TerminalInteractiveShell.instance(config=quiet)
shell.run_cell("%load_ext glmkit")
shell.run_cell("%glm config endpoint " + sys.argv[1])
shell.run_cell("%%glm -q -o a\\nHi")
print("BEGIN", flush=True)
shell.run_cell("%%glm -o answer\\nHi")
"""


def on_terminal(folder: Path, url: str, **environment: str) -> str:
    """Run a cell in a terminal's IPython and return what the terminal got."""
    master, slave = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", _SESSION, url],
        cwd=ROOT,
        stdout=slave,
        stderr=subprocess.STDOUT,
        env={**os.environ, "TERM": "xterm", **environment},
    )
    os.close(slave)
    seen = b""
    try:
        while part := os.read(master, 65536):
            seen += part
    except OSError:  # so Linux tells that the other end is closed
        pass
    os.close(master)
    assert child.wait(60) == 0, seen
    return seen.decode().partition("BEGIN\r\n")[2]


@pytest.mark.skipif(sys.platform == "win32", reason="has no pty")
def test_a_terminal_shows_styles_and_no_color_none(
    tmp_path: Path, paced: Callable[..., Paced]
) -> None:
    place = paced(tokens=60, text="mixed", thinking=9, rate=40)
    shown = on_terminal(tmp_path, place.url)
    assert "\x1b[1mevery colour\x1b[22m" in shown
    assert shown.count("\x1b[2mthinking …\x1b[22m") == 1
    badge, prompt = shown.rstrip().split("\r\n")[-2:]
    assert re.fullmatch(r"\x1b\[2m.* 7 tokens in, .* out .*\x1b\[22m", badge)
    assert prompt.endswith("Out[0]: \r\x1b[K")  # the line of the value is wiped
    plain = on_terminal(tmp_path, place.url, NO_COLOR="1")
    assert "\x1b" not in plain
    assert "**every colour**" in plain
