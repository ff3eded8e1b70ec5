"""The display of an answer: what a cell keeps, in each kind of front end."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.terminal.interactiveshell import TerminalInteractiveShell
from nbclient import NotebookClient

import glmkit
from glmkit.notebook.output import Display
from glmkit.render.answer import Rendering
from glmkit.render.answer.badge import About, partial_of
from glmkit.types.events import (
    Event,
    Repair,
    Search,
    Source,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Usage,
)
from glmkit.types.messages import Message, Request
from glmkit.types.money import Money
from glmkit.types.replies import Answer, Call, Reply
from tests.conftest import LIMIT_S, Paced


def reply(text: str = "Hi", **answer: object) -> Reply:
    call = Call(
        at=0.0,
        endpoint="local",
        model="glm-4-flash",
        request=Request(messages=(Message("user", "?"),)),
        state="done",
        answer=Answer(
            text=text,
            **{"usage": Usage(3, 4, 7), "finish_reason": "stop", **answer},
        ),
        cost=Money(0, "CNY"),
        seconds=1.0,
    )
    return Reply((call,))


@pytest.fixture
def terminal() -> Iterator[InteractiveShell]:
    InteractiveShell.clear_instance()  # one that another test may have left
    shell = TerminalInteractiveShell.instance()
    yield shell
    TerminalInteractiveShell.clear_instance()


def written(shell: InteractiveShell, events: list[Event], end: Reply) -> str:
    out = io.StringIO()
    with redirect_stdout(out), Display(shell) as shown:
        for event in events:
            shown.show([event])
        shown.end(end)
    return out.getvalue()


def test_terminal_gets_plain_text_and_the_badge(terminal: InteractiveShell) -> None:
    text = written(terminal, [Text("H\x1b[31mi "), Text("you")], reply("Hi you"))
    assert text == "H[31mi you\n\nglm-4-flash · 3 tokens in, 4 out · ¥0 · 1.0 s\n"


def test_quiet_display_writes_nothing(terminal: InteractiveShell) -> None:
    out = io.StringIO()
    with redirect_stdout(out), Display(terminal, quiet=True) as shown:
        shown.show([Text("Hi")])
        shown.end(reply())
    assert out.getvalue() == ""


def test_whole_reply_is_written_once(terminal: InteractiveShell) -> None:
    out = io.StringIO()
    with redirect_stdout(out):
        Display(terminal).whole(reply("All of it"))
    assert out.getvalue().count("All of it") == 1


def final(events: list[Event]) -> dict[str, str]:
    rendering = Rendering()
    for event in events:
        rendering.add([event])
        rendering.take()
    return rendering.final(None, "")


def test_thinking_is_folded_and_rendered_by_the_same_path() -> None:
    html = final([Thinking("<b>hm</b> *so*"), Text("Yes")])["text/html"]
    assert re.search(r"<summary>Thinking \(about \d+ tokens\)</summary>", html)
    assert "&lt;b&gt;hm&lt;/b&gt; <em>so</em>" in html
    assert "<details open" not in html


def test_tools_and_sources_are_folded_and_escaped() -> None:
    html = final(
        [
            ToolCall(0, "1", "add<i>", '{"a"'),
            ToolCall(0, "", "", ": 1}"),
            ToolResult("1", "add", "<script>2</script>"),
            Search((Source("A <b>page</b>", "https://example.org/x"), Source())),
        ]
    )["text/html"]
    assert "Calls add&lt;i&gt;" in html
    assert '{"a": 1}' in html
    assert "<script>" not in html
    assert '<a href="https://example.org/x"' in html
    assert "(example.org)" in html


def test_repair_drops_what_was_shown() -> None:
    bundle = final([Text("wrong"), Repair("no JSON"), Text("right")])
    assert bundle["text/plain"] == "right"
    assert "wrong" not in bundle["text/html"]


@pytest.mark.parametrize(
    ("reason", "said"), [("length", "limit of tokens"), ("sensitive", "review")]
)
def test_answer_that_is_not_whole_says_why(reason: str, said: str) -> None:
    assert said in partial_of(reply(finish_reason=reason))


def test_whole_answer_says_nothing_more() -> None:
    assert partial_of(reply()) == ""


_CELL = """\
import glmkit
from glmkit.notebook.output import Display
client = glmkit.Client({url!r}, api_key={key!r})
with client.stream("go") as answer, Display(get_ipython()) as shown:
    for batch in answer.batches():
        shown.show(batch)
    shown.end(answer.reply)
"""


def executed(endpoint: Paced, cell: str = _CELL) -> nbformat.NotebookNode:
    cell = cell.format(url=endpoint.url, key=endpoint.key)
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    client = NotebookClient(book, timeout=LIMIT_S, allow_errors=True)
    client.execute()
    return book


def test_executed_notebook_keeps_one_output_and_no_widget(
    paced: Callable[..., Paced],
) -> None:
    book = executed(paced(tokens=300, rate=600, text="mixed"))
    (output,) = book.cells[0].outputs
    assert set(output.data) == {"text/html", "text/plain"}
    assert "Sunlight holds" in output.data["text/plain"]
    assert "glmkit-badge" in output.data["text/html"]
    assert "widgets" not in book.metadata


def test_live_view_leaves_one_output_where_no_page_answers(
    paced: Callable[..., Paced], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", "lesson.ipynb")
    book = executed(paced(tokens=50, rate=600, text="mixed"))
    (output,) = book.cells[0].outputs
    assert set(output.data) == {"text/html", "text/plain"}


def test_broken_stream_keeps_and_marks_what_arrived(
    paced: Callable[..., Paced],
) -> None:
    book = executed(paced(tokens=300, rate=600, text="mixed", cut=100))
    shown, error = book.cells[0].outputs
    assert "Sunlight holds" in shown.data["text/plain"]
    assert "broke off" in shown.data["text/plain"]
    assert error.output_type == "error"


class Broken(io.StringIO):
    """A console that takes so many writes, then refuses two."""

    def __init__(self, writes: int) -> None:
        super().__init__()
        self.left = writes

    def write(self, text: str) -> int:
        self.left -= 1
        if self.left in (-1, -2):
            raise OSError(28, "No space left on device")
        return super().write(text)


@pytest.mark.parametrize("writes", [0, 1, 3, 6])
def test_a_display_that_fails_costs_no_answer(
    shell: InteractiveShell,
    paced: Callable[..., Paced],
    monkeypatch: pytest.MonkeyPatch,
    writes: int,
) -> None:
    monkeypatch.setenv("GLMKIT_ENDPOINT", paced(tokens=60, rate=100).url)
    errors = io.StringIO()
    with redirect_stdout(Broken(writes)), redirect_stderr(errors):
        result = shell.run_cell("%%glm -o kept\nHi", store_history=True)
    assert result.error_in_exec is None
    assert "No space left on device" in errors.getvalue()
    reply = shell.user_ns["kept"]
    assert reply.complete
    assert reply.usage == Usage(7, 60, 67)
    last = glmkit.last()
    assert last is not None
    assert last.calls == reply.calls
    assert shell.user_ns["_"] is reply
    assert list(glmkit.usage()["state"]) == ["done"]


def test_a_badge_that_fails_costs_no_answer(terminal: InteractiveShell) -> None:
    def about(_reply: Reply) -> About:
        raise ValueError("no such\nbadge")

    out, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(errors):
        Display(terminal, about=about).whole(reply("All of it"))
    assert "All of it" in out.getvalue()
    assert "could not be displayed (ValueError: no such badge)" in errors.getvalue()


_SESSION = """
import sys
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
config = Config(HistoryManager={"enabled": False})
config.InteractiveShell.colors = "nocolor"
shell = InteractiveShell.instance(config=config)
shell.run_cell("%load_ext glmkit")
shell.run_cell("%glm config endpoint " + sys.argv[1])
def fails(result):
    raise RuntimeError("a hook that fails")
if sys.argv[2:]:
    shell.events.register("post_run_cell", fails)
shell.run_cell("%%glm -o kept\\nHi", store_history=True)
shell.run_cell("import glmkit\\nprint(ascii([kept.text, _.text, glmkit.last().text, "
    "list(glmkit.usage()['state'])]))")
"""


def in_session(url: str, folder: Path, *more: str, encoding: str = "utf-8") -> str:
    """Run a cell in a console of an encoding, and return what it wrote."""
    done = subprocess.run(
        [sys.executable, "-c", _SESSION, url, *more],
        env={**os.environ, "PYTHONIOENCODING": f"{encoding}:strict"},
        cwd=folder,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.decode(encoding)


SAID = "So 😀 and ¥ and …"
KEPT = ascii([SAID, SAID, SAID, ["done"]])


@pytest.mark.parametrize("encoding", ["gbk", "cp1252", "ascii"])
def test_what_a_console_cannot_encode_costs_no_answer(
    paced: Callable[..., Paced], tmp_path: Path, encoding: str
) -> None:
    place = paced(replies=json.dumps([{"content": SAID}]))
    shown = in_session(place.url, tmp_path, encoding=encoding)
    assert KEPT in shown
    assert "So ? and" in shown
    assert "tokens in" in shown


def test_a_hook_that_fails_costs_no_answer(
    paced: Callable[..., Paced], tmp_path: Path
) -> None:
    place = paced(replies=json.dumps([{"content": SAID}]))
    shown = in_session(place.url, tmp_path, "with the hook")
    assert "a hook that fails" in shown
    assert KEPT in shown


@pytest.mark.parametrize("encoding", ["gbk", "ascii"])
def test_a_console_that_lacks_characters_shows_a_dry_run_all_the_same(
    shell: InteractiveShell, place: Paced, encoding: str
) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    with redirect_stdout(out):
        done = shell.run_cell("%%glm --dry-run -m glm-4-plus\nHallo Ü 😀 ¥")
    assert done.error_in_exec is None
    out.flush()
    shown = out.buffer.getvalue().decode(encoding)
    assert "Nothing was sent." in shown
    assert "Hallo" in shown
    assert place.seen["requests"] == 0
