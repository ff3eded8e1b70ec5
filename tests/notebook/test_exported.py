"""What glmkit writes into files and cells: an exported chat asks what was asked, and
runs nothing; a saved answer stays an answer in every export.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from markdown_it import MarkdownIt
from nbclient import NotebookClient
from nbconvert import HTMLExporter, MarkdownExporter

from glmkit.render.answer import transcript
from glmkit.types.messages import Message
from tests.conftest import LIMIT_S, Paced

RUNS = "{(In, open('PWN', 'w').write('ran'))[1]}"

#: Questions that would do more than ask, if a part of a cell were evaluated.
QUESTIONS = [
    RUNS,
    "{open('PWN', 'w').write('ran')}",
    "What is {word}, and {Out}, {In[0]}, {_}, {Err}?",
    "!touch PWN",
    "%run PWN.py",
    "%%bash\ntouch PWN",
    "x\n%%bash\ntouch PWN",
    "{get_ipython().system('touch PWN')}",
    ">>> open('PWN', 'w')",
    "In [1]: open('PWN', 'w')",
    "... open('PWN', 'w')",
    "open('PWN', 'w')?",
    "?open",
    "/open 'PWN' 'w'",
    "$(touch PWN) `touch PWN` ${PWN}",
    "'''\"\"\" + open('PWN', 'w') + \"\"\"'''",
    "\\N{BULLET} \\x41 \\\\ {{word}} {{{word}}}",
    "  indented\n\ttabbed\n\nlast  ",
    "line one\r\nline two",
    "中文 😀 \u2028 \u202e end",
    "--system 'x' -o PWN",
    "\n\nbegins with empty lines",
    "ends with them\n\n",
    "#!/bin/sh",
    "%%glm --file PWN\nHi",
    '{json}: {"a": 1}',
]
NAMES = [
    "q",
    'a "quoted" name',
    "o'clock",
    "-m glm-4",
    "{word}",
    "x\ny",
    "%%bash",
    RUNS,
]


def messages(questions: list[str]) -> tuple[Message, ...]:
    return tuple(
        message
        for question in questions
        for message in (Message("user", question), Message("assistant", RUNS))
    )


def executed(book: Any, folder: Path) -> Any:
    node = nbformat.from_dict(book)
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(node, timeout=LIMIT_S, resources=resources).execute()
    return node


def asked(place: Paced) -> list[str]:
    return [body["messages"][-1]["content"] for body in place.seen["bodies"]]


def test_an_exported_chat_asks_what_was_asked_and_runs_nothing(
    paced: Callable[..., Paced], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = paced(tokens=3)
    monkeypatch.setenv("GLMKIT_ENDPOINT", place.url)
    book = json.loads(transcript.written("q", messages(QUESTIONS), ".ipynb"))
    book["cells"].insert(1, nbformat.v4.new_code_cell("word = 'filled'"))
    executed(book, tmp_path)
    assert asked(place) == QUESTIONS
    assert list(tmp_path.glob("*PWN*")) == []


@pytest.mark.parametrize("system", ["Be 'brief' and \"kind\"", "One\n{word}\nthree"])
def test_an_exported_chat_keeps_its_system_prompt(
    place: Paced, tmp_path: Path, system: str
) -> None:
    history = [Message("system", system), *messages(["Why?", "And?"])]
    book = json.loads(transcript.written("q", history, ".ipynb"))
    book["cells"].insert(1, nbformat.v4.new_code_cell("word = 'filled'"))
    executed(book, tmp_path)
    for body in place.seen["bodies"]:
        assert body["messages"][0] == {"role": "system", "content": system}
    assert asked(place) == ["Why?", "And?"]


def test_the_name_of_an_exported_chat_is_a_name(
    paced: Callable[..., Paced], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = paced(tokens=3)
    monkeypatch.setenv("GLMKIT_ENDPOINT", place.url)
    texts = [transcript.written(n, messages(["Why?"]), ".ipynb") for n in NAMES]
    first, *others = map(json.loads, texts)
    for other in others:  # one kernel runs them all
        first["cells"] += other["cells"][1:]
    for place_, cell in enumerate(first["cells"]):
        cell["id"] = f"cell-{place_}"
    executed(first, tmp_path)
    assert asked(place) == ["Why?"] * len(NAMES)
    assert list(tmp_path.glob("*PWN*")) == []


def test_a_chat_with_an_attached_file_is_exported_as_it_was(
    paced: Callable[..., Paced],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    shell: InteractiveShell,
) -> None:
    place = paced(tokens=3)
    monkeypatch.setenv("GLMKIT_ENDPOINT", place.url)
    monkeypatch.chdir(tmp_path)
    Path("notes.txt").write_text(f"{RUNS}\n%%bash\ntouch PWN\n")
    for cell in (
        "%%glm --chat q --file notes.txt\nSummarise",
        "%glm chat q export q.ipynb",
    ):
        assert shell.run_cell(cell).success
    executed(json.loads(Path("q.ipynb").read_text("utf-8")), tmp_path)
    first, again = asked(place)
    assert first == again
    assert RUNS in first
    assert not Path("PWN").exists()


def answered(text: str) -> Any:
    """Return a notebook with an answer to one question."""
    chat = (Message("user", "Why?"), Message("assistant", text))
    return nbformat.from_dict(json.loads(transcript.written("q", chat, ".ipynb")))


def test_an_answer_exported_as_markdown_has_no_style_sheet_as_text() -> None:
    code = "So:\n\n```python\na = 1\n\n\n![x](http://a.example)\n```\n\n<b>\n\nDone."
    text, _ = MarkdownExporter().from_notebook_node(answered(code))
    shown = MarkdownIt("commonmark", {"html": True}).parse(text)
    outside = "".join(
        token.content for token in shown if token.type in {"inline", "code_block"}
    )
    assert "glmkit" not in outside
    assert "font-family" not in outside
    assert "a = 1" not in outside  # it stays inside its block of HTML
    assert not [c for t in shown for c in t.children or () if c.type == "image"]


def test_a_raw_cell_with_an_answer_stays_out_of_a_page() -> None:
    book = answered("Hi")
    raw = nbformat.v4.new_raw_cell("<script>window.hit = 1</script>")
    book.cells.append(raw)
    assert "window.hit" in HTMLExporter().from_notebook_node(book)[0]
    raw.metadata["raw_mimetype"] = "text/plain"  # as `cells.js` writes it
    assert "window.hit" not in HTMLExporter().from_notebook_node(book)[0]


def test_a_page_of_an_answer_has_one_style_sheet_for_each() -> None:
    page, _ = HTMLExporter().from_notebook_node(answered("# Sky\n\nBlue."))
    assert re.search(r'<div class="glmkit-answer[^>]*><style>div\.glmkit-answer', page)
