"""Conversations by name: off until named, then going on, forked, undone, exported."""

import json
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

import glmkit
from glmkit.notebook import extension
from glmkit.render.answer import transcript
from tests.conftest import Paced, Run

Factory = Callable[..., Paced]


def roles(place: Paced) -> list[str]:
    return [message["role"] for message in place.seen["bodies"][-1]["messages"]]


def test_cells_share_nothing_unless_a_chat_is_named(run: Run, place: Paced) -> None:
    run("%%glm\nHi")
    run("%%glm\nAgain")
    assert roles(place) == ["user"]


def test_chat_goes_on_and_the_badge_says_so(run: Run, place: Paced) -> None:
    _, first = run("%%glm -m glm-4-plus --chat sky -s Brief\nHi")
    _, second = run("%%glm -m glm-4-plus --chat sky\nAgain")
    assert roles(place) == ["system", "user", "assistant", "user"]
    assert "chat sky, 1 turn, window" in first
    assert "chat sky, 2 turns, window" in second


def test_fresh_begins_anew(run: Run, place: Paced) -> None:
    run("%%glm --chat sky\nHi")
    run("%%glm --chat sky --fresh -s Brief\nAgain")
    assert roles(place) == ["system", "user"]


def test_other_system_prompt_in_a_chat_is_an_error(run: Run, place: Paced) -> None:
    run("%%glm --chat sky -s Brief\nHi")
    result, out = run("%%glm --chat sky -s Long\nHi")
    assert isinstance(result.error_in_exec, glmkit.ConfigError)
    assert "--fresh" in out


def test_chats_are_listed_forked_undone_and_dropped(run: Run, place: Paced) -> None:
    assert "--chat NAME" in run("%glm chats")[1]
    run("%%glm -m glm-4-plus --chat sky\nHi")
    run("%glm chat sky fork sea")
    run("%%glm --chat sea\nAgain")
    assert run("%glm chats")[1].splitlines()[1].startswith("sea: 2 turns, about")
    run("%glm chat sea undo")
    assert "sea: 1 turn," in run("%glm chats")[1]
    run("%glm chat sky drop")
    assert run("%glm chats")[1].startswith("sea")


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("%glm chat sry", "Did you mean 'sky'?"),
        ("%glm chat sky fork sky", "already"),
        ("%glm chat sky fork", "fork NEW"),
        ("%glm chat", "fork NEW"),
        ("%glm chat sky export a.docx", ".md, .json, .ipynb"),
        ("%glm chat sky export there.md", "Name a new file"),
        ("%glm chat sky export no/where.md", "cannot write"),
    ],
)
def test_slip_with_a_chat_is_a_short_error(
    run: Run,
    place: Paced,
    cell: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there.md").write_text("mine", "utf-8")
    run("%%glm --chat sky\nHi")
    result, out = run(cell)
    assert isinstance(result.error_in_exec, glmkit.ConfigError)
    assert said in out
    assert Path("there.md").read_text("utf-8") == "mine"


def test_chat_is_exported_in_three_forms(
    run: Run, place: Paced, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run("%%glm --chat sky -s Brief -o a\nWhy <b>blue</b>?")
    for name in ("sky.md", "sky.json", "sky.ipynb"):
        run(f"%glm chat sky export {name}")
    assert "## You\n\nWhy &lt;b>blue&lt;/b>?" in Path("sky.md").read_text("utf-8")
    messages = json.loads(Path("sky.json").read_text("utf-8"))
    assert [message["role"] for message in messages] == ["system", "user", "assistant"]
    book = nbformat.read("sky.ipynb", as_version=4)
    nbformat.validate(book)
    line = '%%glm --literal --chat "sky" -s "Brief"'
    assert book.cells[1].source == f"{line}\nWhy <b>blue</b>?"
    assert "glmkit-answer" in book.cells[1].outputs[0].data["text/html"]


#: Questions that would run something, or read otherwise, if a cell evaluated them.
_HOSTILE = [
    "{(In, open('PWN','w').write('ran'))[1]}",
    "{x} {x!r} {open('PWN', 'w') or x}",
    ">>> open('PWN', 'w')\n... x",
    "In [1]: open('PWN', 'w')\n!touch PWN",
    "'''\n\"\"\"\n%%bash\ntouch PWN\n\\",
    "  indented {x}\n\n",
    "Sum up:\n{file}",
]


@pytest.mark.parametrize("name", ["q", 'a "{x}" b'])
def test_an_exported_chat_asks_what_was_asked_and_runs_nothing(
    run: Run,
    shell: InteractiveShell,
    place: Paced,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    shell.user_ns["x"] = 7
    Path("notes.txt").write_text(_HOSTILE[0], "utf-8")
    for question in _HOSTILE:
        shell.user_ns |= {"question": question, "name": name}
        run("%%glm -q --chat {name} --file notes.txt\n{question}")
    asked = questions(place)
    chats = extension.of(shell).chats
    transcript.write(name, chats[name].messages, tmp_path / "q.ipynb")
    chats.drop(name)
    for cell in nbformat.read("q.ipynb", as_version=4).cells[1:]:
        assert shell.run_cell(cell.source).success
    assert len(asked) == len(_HOSTILE)
    assert questions(place)[len(asked) :] == asked
    assert not Path("PWN").exists()


def questions(place: Paced) -> list[str]:
    return [body["messages"][-1]["content"] for body in place.seen["bodies"]]


def test_shown_chat_is_safe(
    run: Run, shell: InteractiveShell, paced: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = paced(tokens=60, text="hostile")
    monkeypatch.setenv("GLMKIT_ENDPOINT", place.url)
    run("%%glm --chat sky\n<script>me</script>")
    with capture_output() as captured:
        shell.run_cell("%glm chat sky")
    html = captured.outputs[0].data["text/html"]
    assert "&lt;script&gt;me" in html
    assert "<script" not in html
    assert "<img" not in html


def test_interrupted_or_failed_turn_leaves_a_chat_that_goes_on(
    run: Run, shell: InteractiveShell, paced: Factory
) -> None:
    bad, good = paced(tokens=50, cut=5), paced(tokens=3)
    run(f"%glm config endpoint {bad.url}")
    run("%%glm --chat sky\nHi")
    run(f"%glm config endpoint {good.url}")
    result, _ = run("%%glm --chat sky\nAgain")
    assert result.error_in_exec is None
    assert roles(good)[-1] == "user"
    assert extension.of(shell).chats["sky"].turns >= 1


def test_form_of_one_answer_leaves_the_chat_as_it_is(run: Run, place: Paced) -> None:
    run("%%glm --chat sky -s Brief\nHi")
    result, _ = run("%%glm --chat sky -f code\nShow it")
    assert result.error_in_exec is None
    messages = place.seen["bodies"][-1]["messages"]
    assert messages[0]["content"] == "Brief"
    assert messages[-1]["content"].startswith("Show it\n\nAnswer with Python code")


def test_chat_keeps_its_tools_and_can_still_undo(
    run: Run, shell: InteractiveShell, place: Paced
) -> None:
    run(
        "import glmkit\n@glmkit.tool\ndef double(n: int) -> int:\n    'Double.'\n"
        "    return 2 * n"
    )
    run("%%glm --chat sky --tools double\nHi")
    run("%%glm --chat sky --tools double\nAgain")
    run("%%glm --chat sky\nAgain")
    assert place.seen["bodies"][-1]["tools"][0]["function"]["name"] == "double"
    run("%glm chat sky undo")
    run("%glm chat sky undo")
    assert extension.of(shell).chats["sky"].turns == 1
