"""No text of others reaches a terminal or a `text/plain` with a control character."""

from __future__ import annotations

import asyncio
import os
import pty
import subprocess
import sys
import termios
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

import glmkit
from glmkit.ledger import Ledger
from glmkit.types.replies import Answer, Where
from tests.conftest import LIMIT_S, ROOT
from tests.support.control_characters import SURFACES, raw, reply_of, vectors

FEW, ALL = 120, 2_000
COUNTS = [FEW, pytest.param(ALL, marks=pytest.mark.slow)]


def test_there_are_as_many_texts_as_we_say() -> None:
    assert len(set(vectors(ALL))) == ALL


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("count", COUNTS)
def test_no_plain_text_has_a_control_character(surface: str, count: int) -> None:
    show = SURFACES[surface]
    assert {text: left for text in vectors(count) if (left := raw(show(text)))} == {}


def test_each_text_has_one_itself() -> None:
    harmless = [text for text in vectors(ALL) if not raw(text, styled=True)]
    assert [text for text in harmless if "\ud83d" not in text] == []


@pytest.mark.parametrize("count", COUNTS)
def test_no_name_in_the_usage_has_a_control_character(
    count: int, tmp_path: Path
) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    write(ledger, count)
    for by in (None, "model", "notebook", "tag", "error_code", "finish_reason"):
        frame = glmkit.usage(by, ledger=ledger)
        assert len(frame) > 20
        assert raw(frame.to_string()) == []
        assert raw(frame.to_csv()) == []
    ledger.disconnect()


def write(ledger: Ledger, count: int) -> None:
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, _write(ledger, count)).result()


async def _write(ledger: Ledger, count: int) -> None:
    for text in vectors(count):
        call = reply_of(text.encode("utf-8", "replace").decode()).calls[0]
        name = call.model
        pending = msgspec.structs.replace(
            call, state="pending", answer=Answer(), where=Where(name, name, name)
        )
        opened = await ledger.open(pending)
        done = msgspec.structs.replace(call, id=opened.id, group=opened.group)
        await ledger.close(msgspec.structs.replace(done, where=pending.where))


_SESSION = """
import sys
import warnings
from IPython.terminal.interactiveshell import TerminalInteractiveShell
from traitlets.config import Config
from glmkit import errors
from glmkit.notebook.output import Display
from glmkit.render.answer.badge import About
from glmkit.types.events import Start, Text, Thinking, ToolCall, Waiting
from glmkit.types.plain_text import say, warn
from tests.support.control_characters import SURFACES, reply_of, vectors

shell = TerminalInteractiveShell.instance(
    config=Config(HistoryManager={"enabled": False}))
shell.run_cell("%load_ext glmkit")
warnings.simplefilter("always")
print("BEGIN", flush=True)
for text in vectors(int(sys.argv[1])):
    reply = reply_of(text)
    with Display(shell, about=lambda reply: About(text, 2, (text,))) as shown:
        for event in (Waiting(text, 1.0, text), Thinking(text), Text(text),
                      Text("\\\\n" + text), ToolCall(0, text, text, text)):
            shown.show([event])
        shown.end(reply)
    shell.user_ns["value"] = reply
    shell.run_cell("value")
    try:
        raise errors.APIError(text, hint=text, code=text, request_id=text)
    except errors.APIError:
        shell.showtraceback()
    say(text, text)
    warn(text, errors.MediaWarning)
    shell.user_ns["error"] = errors.APIError(text, hint=text, code=text)
    shell.run_cell("raise error")
"""


def on_terminal(count: int) -> str:
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, 100))
    child = subprocess.Popen(
        [sys.executable, "-c", _SESSION, str(count)],
        cwd=ROOT,
        stdout=slave,
        stderr=slave,
        env={**os.environ, "TERM": "xterm", "PYTHONIOENCODING": "utf-8"},
    )
    os.close(slave)
    seen = b""
    try:
        while part := os.read(master, 65536):
            seen += part
    except OSError:  # so Linux says that the other end is closed
        pass
    os.close(master)
    assert child.wait(LIMIT_S) == 0, seen[-2000:]
    return seen.decode("utf-8").partition("BEGIN\r\n")[2]


@pytest.mark.skipif(sys.platform == "win32", reason="has no pty")
@pytest.mark.parametrize("count", COUNTS)
def test_a_terminal_gets_no_control_character(count: int) -> None:
    shown = on_terminal(count)
    assert len(shown) > 300 * count
    assert raw(shown, styled=True) == []
