"""Replay in notebooks: the lines of `%glm replay`, and whole runs without a network."""

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell

import glmkit
from glmkit.client import default
from glmkit.client.replay import Cassette
from glmkit.client.replay.illustrations import illustrate
from glmkit.notebook import extension
from tests.conftest import ROOT, Paced

Factory = Callable[..., Paced]
Run = Callable[[str], Any]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the notebook runs."""
    made = tmp_path / "work"
    made.mkdir()
    monkeypatch.chdir(made)
    return made


@pytest.fixture
def cells(folder: Path, run: Run, shell: InteractiveShell) -> Run:
    """Cells of a notebook in `folder`, in a shell that has just loaded us."""
    run("%reload_ext glmkit")
    return run


def test_replay_is_off_until_asked_for(cells: Run, folder: Path, place: Paced) -> None:
    for _ in range(2):
        cells("%%glm\nHi")
    _, out = cells("%glm replay")
    assert out == "replay off\n"
    assert place.seen["requests"] == 2
    assert not list(folder.iterdir())


def test_cell_that_runs_again_is_answered_by_the_cassette(
    cells: Run, folder: Path, shell: InteractiveShell, place: Paced
) -> None:
    _, out = cells("%glm replay auto")
    assert out == (
        "replay auto: glmkit.glm.jsonl (not there yet: nothing is replayed)\n"
    )
    _, first = cells("%%glm -m glm-4-plus -o one\nHi")
    _, second = cells("%%glm -m glm-4-plus -o two\nHi")
    one, two = shell.user_ns["one"], shell.user_ns["two"]
    assert one.text == two.text
    assert "replayed" not in first
    assert "replayed" in second
    assert "¥0" in second
    assert place.seen["requests"] == 1
    assert [p.name for p in folder.iterdir()] == ["glmkit.glm.jsonl"]


def test_plain_python_in_a_cell_replays_too(
    cells: Run, shell: InteractiveShell, place: Paced
) -> None:
    cells("%glm replay auto")
    cell = (
        "import glmkit\nwith glmkit.Client() as client:\n"
        "    said = [client.chat('Roll').source for _ in range(2)]"
    )
    for source in ("service", "cassette", "cassette"):
        cells(cell)
        assert shell.user_ns["said"] == [source, source]
    assert place.seen["requests"] == 2


def test_changed_cell_is_asked_anew_and_says_what_changed(
    cells: Run, shell: InteractiveShell, place: Paced
) -> None:
    cells("%glm replay auto")
    cells("%%glm -m glm-4-plus\nHi")
    count = shell.execution_count
    shell.execution_count = count - 1  # the same cell, to a front end without ids
    _, out = cells("%%glm -m glm-4-plus -t 0.5\nHello")
    assert "asked again, changed: prompt, temperature" in out
    assert "replayed" not in out
    assert place.seen["requests"] == 2


def test_a_cell_of_the_stand_in_is_asked_again_once_a_service_is_there(
    cells: Run, folder: Path, place: Paced, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(
        ROOT / "tests/data/cassettes/version_1_unranked.glm.jsonl",
        folder / "glmkit.glm.jsonl",
    )
    cell = "%%glm -m glm-4-plus -o r\nName a river."
    monkeypatch.setenv("GLMKIT_ENDPOINT", "local")
    cells("%glm replay auto")
    _, out = cells(cell)
    assert "The river is big." in out
    assert "replayed, answered by the stand-in SmolLM2-360M" in out
    assert "saved" not in out
    monkeypatch.setenv("GLMKIT_ENDPOINT", place.url)
    default.forget()
    cells("%glm replay auto")
    _, out = cells(cell)
    assert "The river is big." not in out
    assert "asked again: recorded by the stand-in" in out
    assert place.seen["requests"] == 1
    cells("%glm replay only")
    assert "replayed" in cells(cell)[1]
    assert place.seen["requests"] == 1


def test_an_illustration_is_badged_as_one(
    cells: Run, folder: Path, place: Paced, monkeypatch: pytest.MonkeyPatch
) -> None:
    illustrate(folder / "glmkit.glm.jsonl", "Why?", "Because.")
    cells("%glm replay only")
    _, out = cells("%%glm\nWhy?")
    assert "Because." in out
    assert "illustration, not a model's answer" in out
    assert place.seen["requests"] == 0


def test_only_raises_before_anything_is_sent(cells: Run, place: Paced) -> None:
    cells("%glm replay auto")
    cells("%%glm\nHi")
    cells("%glm replay only")
    _, out = cells("%%glm\nHi")
    assert "replayed" in out
    result, out = cells("%%glm\nHo")
    assert isinstance(result.error_in_exec, glmkit.ReplayError)
    assert "differs in: prompt" in out
    assert place.seen["requests"] == 1


def test_rerun_never_replays_an_answer_that_was_had(
    cells: Run, shell: InteractiveShell, paced: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies = [{"content": word} for word in ("one", "two", "three")]
    place = paced(replies=json.dumps(replies))
    monkeypatch.setenv("GLMKIT_ENDPOINT", place.url)
    told = []
    for _ in range(2):  # as recorded, and as it is run again
        cells("%glm replay auto")
        for cell in ("%%glm\nRoll", "%glm rerun", "%glm rerun"):
            result, out = cells(cell)
            told.append((result.result.text, result.result.source, out))
    assert [text for text, *_ in told] == ["one", "two", "three"] * 2
    assert [source for _, source, _ in told] == ["service"] * 3 + ["cassette"] * 3
    assert "rerun: asked again" in told[1][2]
    assert "rerun: the next recorded answer" in told[4][2]
    assert place.seen["requests"] == 3
    cells("%glm rerun")
    assert place.seen["requests"] == 4
    cells("%glm replay only")
    cells("%%glm\nRoll")
    for _ in range(3):
        assert cells("%glm rerun")[0].error_in_exec is None
    result, _ = cells("%glm rerun")
    assert isinstance(result.error_in_exec, glmkit.ReplayError)
    assert place.seen["requests"] == 4


def test_one_cell_can_have_a_mode_of_its_own(cells: Run, place: Paced) -> None:
    cells("%%glm --replay auto\nHi")
    cells("%%glm --replay auto\nHi")
    assert place.seen["requests"] == 1
    cells("%%glm\nHi")
    cells("%%glm --replay refresh\nHi")
    assert place.seen["requests"] == 3
    result, _ = cells("%%glm --replay only --no-stream\nHo")
    assert isinstance(result.error_in_exec, glmkit.ReplayError)
    assert place.seen["requests"] == 3


def test_a_cassette_is_named_after_the_mode(
    cells: Run, folder: Path, place: Paced
) -> None:
    illustrate(folder / "lesson.glm.jsonl", "Hi", "drawn by hand")
    _, out = cells("%glm replay only lesson.glm.jsonl")
    assert out == "replay only: lesson.glm.jsonl\n"
    assert "drawn by hand" in cells("%%glm\nHi")[1]
    _, out = cells("mode = 'auto'\n%glm replay {mode} absent.glm.jsonl")
    assert "absent.glm.jsonl (not there yet" in out
    assert place.seen["requests"] == 0


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("%glm replay sometimes", "auto, record, only, refresh, off"),
        ("%glm replay auto now", "a file that ends in .jsonl"),
        ("%glm replay auto a.glm.jsonl b", "a mode"),
        ("%%glm --replay sometimes\nHi", "auto, record, only, refresh, off"),
        ("%glm replay prune", "all would be dropped"),
    ],
)
def test_slip_is_a_short_error(cells: Run, place: Paced, cell: str, said: str) -> None:
    result, out = cells(cell)
    assert isinstance(result.error_in_exec, glmkit.GLMError)
    assert said in out
    assert place.seen["requests"] == 0


def test_prune_leaves_what_the_last_run_used(cells: Run, place: Paced) -> None:
    cells("%glm replay auto")
    for prompt in ("one", "two"):
        cells(f"%%glm\n{prompt}")
    cells("%glm replay auto")
    cells("%%glm\ntwo")
    cells("%%glm\nthree")
    _, out = cells("%glm replay prune")
    assert out.startswith("1 answer dropped, 2 left\n")
    requests = place.seen["requests"]
    cells("%glm replay only")
    for prompt in ("two", "three"):
        assert cells(f"%%glm\n{prompt}")[0].error_in_exec is None
    assert place.seen["requests"] == requests


def test_cassette_lies_beside_the_notebook(
    folder: Path, run: Run, place: Paced, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", str(folder / "Lesson 1.ipynb"))
    run("%reload_ext glmkit")
    run("%glm replay auto")
    run("import os; os.chdir('/')")
    run("%%glm\nHi")
    assert [p.name for p in folder.iterdir()] == ["Lesson 1.glm.jsonl"]


def test_damaged_cassette_is_a_short_error_and_stays(
    cells: Run, folder: Path, place: Paced
) -> None:
    path = folder / "glmkit.glm.jsonl"
    path.write_text('{"format":"glmkit cassette","version":9}\n')
    result, out = cells("%glm replay auto")
    assert isinstance(result.error_in_exec, glmkit.ReplayError)
    assert "line 1" in out
    assert "format 9" in out
    assert cells("%glm replay")[1] == "replay off\n"
    assert path.read_text().endswith('"version":9}\n')


def test_hostile_cassette_is_shown_as_safely_as_any_answer(
    folder: Path, paced: Factory
) -> None:
    place = paced(text="hostile", tokens=80)
    glmkit.Client(place.url, place.key, cassette=folder / "glmkit.glm.jsonl").chat("Hi")
    book = notebook(folder / "a.ipynb", ["%load_ext glmkit", "%%glm --replay only\nHi"])
    done = executed(book, mode="only")
    (shown,) = [o for o in done.cells[1].outputs if "data" in o]
    html = shown["data"]["text/html"]
    assert "replayed" in html
    for odd in ("<script", "<img", "<iframe", "<svg", 'href="javascript'):
        assert odd not in html.split("</style>")[1]
    assert place.seen["requests"] == 1


# Whole notebooks, in kernels of their own.

HEAD = ["%load_ext glmkit\nimport glmkit, json\nsaid = {}", "%glm replay auto"]
LAST = "print('ANSWERS', json.dumps(said, sort_keys=True))"


def questions(count: int = 30) -> list[str]:
    """Return cells of which none needs another's answer."""
    kinds: list[Callable[[int], str]] = [
        lambda n: f"%%glm -o r\nTell {n}: the `sky` is **blue** $5",
        lambda n: f"%%glm --no-stream -t 0.5 -o r\nTable {n}\n\n| a | b |\n|--|--|\n",
        lambda n: f"r = glmkit.Client().chat('Plain {n}', model='glm-4-plus')\nr",
        lambda n: (
            f"with glmkit.Client() as c, c.stream('Stream {n}') as s:\n"
            "    r = [e for e in s] and s.reply\nprint(r.seconds)"
        ),
        lambda n: (
            f"rs = [glmkit.Client().chat('Die {n}') for _ in range(3)]; r = rs[2]"
        ),
    ]
    cells = []
    for n in range(count):
        cell = kinds[n % len(kinds)](n)
        cells.append(f"{cell}\n")
        if cell.startswith("%%"):
            cells.append(f"said[{n}] = r.text, r.source, str(r.cost)")
        else:
            cells[-1] += f"said[{n}] = r.text, r.source, str(r.cost)"
    return cells


def notebook(path: Path, sources: list[str]) -> Path:
    format_: Any = nbformat  # has no types
    book = format_.v4.new_notebook()
    book.cells = [format_.v4.new_code_cell(source) for source in sources]
    format_.write(book, path)
    return path


def executed(
    path: Path,
    *,
    endpoint: str = "",
    mode: str = "",
    alone: bool = False,
    python: str = sys.executable,
) -> Any:
    """Run a notebook in a process of its own and return it; fail where it fails."""
    done = started(path, endpoint, mode, alone, python)
    _, said = done.communicate()
    assert done.returncode == 0, said
    format_: Any = nbformat
    return format_.read(path.with_suffix(".out"), as_version=4)


def started(
    path: Path, endpoint: str, mode: str, alone: bool, python: str = sys.executable
) -> subprocess.Popen[str]:
    command = [python, "-m", "tests.support.replay_run", str(path)]
    command.append(str(path.with_suffix(".out")))
    if alone:
        command = ["unshare", "-rn", *command, "alone"]
    environment = {**os.environ}
    environment |= {"GLMKIT_ENDPOINT": endpoint} if endpoint else {}
    environment |= {"GLMKIT_REPLAY": mode} if mode else {}
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    )


def answers(book: Any) -> dict[str, list[str]]:
    text = "".join(o.get("text", "") for o in book.cells[-1].outputs)
    found: dict[str, list[str]] = json.loads(text.partition("ANSWERS ")[2])
    return found


def outputs(book: Any) -> dict[str, list[Any]]:
    """Return the outputs of each cell by its source, but for counts and chunks."""
    return {cell.source: list(shown(cell)) for cell in book.cells}


def shown(cell: Any) -> Iterator[Any]:
    printed: dict[str, str] = {}
    for output in cell.outputs:
        if output["output_type"] == "stream":
            name = output["name"]
            printed[name] = printed.get(name, "") + output["text"]
        else:
            yield {k: v for k, v in output.items() if k != "execution_count"}
    # The stand-in is named once, in the first cell that asks.
    said = printed.get("stdout", "")
    if said.startswith("No key was found"):
        printed["stdout"] = said.split("\n", 1)[1]
    yield {name: text for name, text in printed.items() if text}


@pytest.fixture
def recorded(folder: Path, paced: Factory) -> tuple[Path, dict[str, list[str]], Paced]:
    """A notebook of 30 questions that was run once with a service."""
    place = paced(tokens=40)
    path = notebook(folder / "class.ipynb", [*HEAD, *questions(), LAST])
    said = answers(executed(path, endpoint=place.url))
    assert {source for _, source, _ in said.values()} == {"service"}
    return path, said, place


needs_namespaces = pytest.mark.skipif(
    not shutil.which("unshare")
    or subprocess.run(
        ["unshare", "-rn", "true"], check=False, capture_output=True
    ).returncode
    != 0,
    reason="this machine gives no network namespaces",
)


@needs_namespaces
def test_recorded_notebook_runs_alike_without_a_network_in_any_order(
    recorded: tuple[Path, dict[str, list[str]], Paced],
) -> None:
    path, said, place = recorded
    requests = place.seen["requests"]
    cassette = path.with_name("glmkit.glm.jsonl").read_bytes()
    first, second = (executed(path, mode="only", alone=True) for _ in range(2))
    assert outputs(first) == outputs(second)
    assert {n: text for n, (text, *_) in answers(first).items()} == {
        n: text for n, (text, *_) in said.items()
    }
    assert {tuple(rest) for _, *rest in answers(first).values()} == {("cassette", "¥0")}
    pairs = paired(questions())
    random.Random(7).shuffle(pairs)
    shuffled = notebook(
        path.with_name("shuffled.ipynb"),
        [*HEAD, *(cell for pair in pairs for cell in pair), LAST],
    )
    mixed = executed(shuffled, mode="only", alone=True)
    assert answers(mixed) == answers(first)
    assert outputs(mixed) == outputs(first)
    assert place.seen["requests"] == requests == 42
    assert path.with_name("glmkit.glm.jsonl").read_bytes() == cassette


def paired(cells: list[str]) -> list[list[str]]:
    """Put a magic's cell and the one that keeps its answer together."""
    pairs: list[list[str]] = []
    for cell in cells:
        if cell.startswith("said["):
            pairs[-1].append(cell)
        else:
            pairs.append([cell])
    return pairs


@needs_namespaces
def test_without_recordings_there_is_no_answer_without_a_network(folder: Path) -> None:
    path = notebook(folder / "class.ipynb", [*HEAD, *questions(3), LAST])
    run = started(path, "http://127.0.0.1:9/api/paas/v4", "off", True)
    _, said = run.communicate()
    assert run.returncode != 0
    assert "TransportError" in said
    run = started(path, "", "only", True)
    _, said = run.communicate()
    assert "ReplayError" in said


def test_changed_cell_stops_a_notebook_that_may_only_replay(
    folder: Path, paced: Factory
) -> None:
    place = paced(text="echo")
    cells = [*HEAD, "%%glm -o r\nOne", "%%glm -o r\nTwo"]
    executed(notebook(folder / "a.ipynb", cells), endpoint=place.url)
    cells[3] = "%%glm -o r\nTwo!"
    run = started(notebook(folder / "a.ipynb", cells), place.url, "only", False)
    _, said = run.communicate()
    assert run.returncode != 0
    assert "ReplayError: cell In[4] asks" in said
    assert "recording of cell In[4] differs in: prompt" in said
    assert place.seen["requests"] == 2


def test_two_kernels_record_into_one_cassette(folder: Path, paced: Factory) -> None:
    place = paced(text="echo")
    runs = []
    for name in ("a", "b"):
        cells = [
            *HEAD,
            f"for n in range(25):\n"
            f"    said[n] = glmkit.Client().chat(f'{name} {{n}}').text",
            LAST,
        ]
        path = notebook(folder / f"{name}.ipynb", cells)
        runs.append(started(path, place.url, "", False))
    for run in runs:
        _, said = run.communicate()
        assert run.returncode == 0, said
    assert len(Cassette(folder / "glmkit.glm.jsonl")) == 50
    executed(folder / "a.ipynb", endpoint=place.url, mode="only")
    assert place.seen["requests"] == 50


def other_python() -> str | None:
    """Return a Python of another version that we support."""
    names = [f"3.{minor}" for minor in (12, 13, 14, 11)]
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    pyenv = Path(os.environ.get("PYENV_ROOT", Path("~/.pyenv").expanduser()))
    for name in names:
        found = sorted(pyenv.glob(f"versions/{name}.*/bin/python3"))
        path = str(found[-1]) if found else shutil.which(f"python{name}")
        if name != own and path and runs(path):
            return path
    return None


def runs(python: str) -> bool:
    """Whether it is one: pyenv's commands are there for versions that are not."""
    return subprocess.run([python, "-c", ""], capture_output=True).returncode == 0


OTHER = other_python()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(OTHER is None, reason="this machine has one Python only")
@needs_namespaces
def test_recorded_notebook_runs_alike_on_another_python(
    recorded: tuple[Path, dict[str, list[str]], Paced], tmp_path: Path
) -> None:
    path, said, place = recorded
    requests = place.seen["requests"]
    here = executed(path, mode="only", alone=True)
    there = executed(path, mode="only", alone=True, python=environment(tmp_path))
    assert answers(there) == answers(here)
    assert outputs(there) == outputs(here)
    assert [text for text, *_ in answers(there).values()] == [
        text for text, *_ in said.values()
    ]
    assert place.seen["requests"] == requests


def environment(folder: Path) -> str:
    """Make an environment of the other Python with this checkout in it."""
    assert OTHER is not None
    subprocess.run([OTHER, "-m", "venv", folder / "other"], check=True)
    python = str(folder / "other" / "bin" / "python")
    install = [python, "-m", "pip", "install", "--quiet"]
    # Packages come from the registry: the guard of the tests stays out of pip.
    free = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "HOME")}
    free["HOME"] = os.path.expanduser("~root") if os.geteuid() == 0 else str(folder)  # noqa: PTH111
    wanted = [str(ROOT), "ipykernel", "nbclient", "nbformat"]
    subprocess.run([*install, *wanted], check=True, env=free)
    return python


def test_sessions_end_leaves_replay_off(
    cells: Run, shell: InteractiveShell, place: Paced
) -> None:
    cells("%glm replay auto")
    extension.unload(shell)
    with glmkit.Client() as client:
        assert [client.chat("Hi").source for _ in range(2)] == ["service"] * 2
    extension.load(shell)
