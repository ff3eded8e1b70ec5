"""The command line, as a person runs it."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import pytest

from glmkit.local.launcher import Platform
from tests.conftest import wait_for


def glmkit(*arguments: str, folder: Path | None = None) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "glmkit", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    return done.returncode, done.stdout, done.stderr


def test_help_names_every_command() -> None:
    _, said, _ = glmkit("--help")
    for name in ("lab", "demo", "serve", "local", "gallery", "usage", "doctor"):
        assert f"    {name}" in said


def test_an_error_is_two_lines_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GLMKIT_LOCAL_MODEL", "/no/such/file.gguf")
    code, said, complaint = glmkit("local", "install")
    assert (code, said) == (1, "")
    first, second = complaint.splitlines()
    assert "/no/such/file.gguf" in first
    assert second.startswith("→ ")


def test_doctor_tells_the_next_step_and_never_a_key(
    monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    assert "ZHIPUAI_API_KEY" in glmkit("doctor")[1]
    monkeypatch.setenv("ZHIPUAI_API_KEY", "a" * 32 + ".canary0123456789")
    code, said, _ = glmkit("doctor")
    assert code == 0
    assert "from ZHIPUAI_API_KEY" in said
    assert "canary" not in said
    assert str(home) in said


def test_doctor_goes_on_after_what_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLMKIT_ENDPOINT", "nowhere")
    _, said, _ = glmkit("doctor")
    assert "unknown endpoint 'nowhere'" in said
    assert "jupyterlab" in said


def test_gallery_lists_searches_and_names_the_next_step() -> None:
    code, listed, _ = glmkit("gallery")
    assert code == 0
    assert listed.startswith("number")
    assert "\n00 " in listed
    assert "glmkit gallery open NUMBER" in listed
    code, found, _ = glmkit("gallery", "search", "budget", "LEDGER")
    assert code == 0
    assert "usage_and_budget" in found
    assert glmkit("gallery", "search", "zeppelin") == (
        1,
        "no notebook holds 'zeppelin'\n",
        "",
    )


def test_gallery_copies_one_notebook_into_the_folder_of_the_lab(tmp_path: Path) -> None:
    assert glmkit("gallery", "copy", "0", folder=tmp_path)[:2] == (
        0,
        f"copied {Path('glmkit-gallery') / '00_start.ipynb'}\n",
    )
    assert (tmp_path / "glmkit-gallery" / "00_start.ipynb").is_file()


def test_gallery_leaves_a_persons_work_alone(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    glmkit("gallery", "copy", "all", str(mine))
    (mine / "00_start.ipynb").write_text("changed")
    code, said, _ = glmkit("gallery", "copy", "all", str(mine))
    assert code == 0
    assert f"kept   {mine / '00_start.ipynb'}" in said
    assert "copied" not in said
    assert (mine / "00_start.ipynb").read_text() == "changed"


@pytest.mark.parametrize("action", ["copy", "open"])
def test_gallery_names_notebooks_near_an_unknown_one(
    tmp_path: Path, action: str
) -> None:
    code, said, complaint = glmkit("gallery", action, "tabels", folder=tmp_path)
    assert (code, said) == (1, "")
    assert "Near it: tables (" in complaint
    assert list(tmp_path.iterdir()) == [tmp_path / "home"]


@pytest.mark.parametrize(
    "words", [["fly"], ["copy"], ["search"], ["copy", "0", "a", "b"]]
)
def test_gallery_shows_its_usage_where_a_command_is_incomplete(
    tmp_path: Path, words: list[str]
) -> None:
    code, said, complaint = glmkit("gallery", *words, folder=tmp_path)
    assert (code, said) == (2, "")
    assert "usage: glmkit" in complaint


def test_usage_of_an_empty_ledger_says_so() -> None:
    assert glmkit("usage") == (0, "no calls yet\n", "")


def test_usage_shows_calls_and_sums(platform: Platform) -> None:
    from glmkit import Client

    with Client("local") as client:
        client.chat("Name a colour.", max_tokens=4)
    _, calls, _ = glmkit("usage")
    assert "stand-in" in calls
    _, sums, _ = glmkit("usage", "--by", "model", "day")
    assert client.model in sums
    code, _, complaint = glmkit("usage", "--by", "colour")
    assert code == 1
    assert "colour" in complaint


def test_serve_tells_where_it_listens() -> None:
    with serving("--json") as child:
        assert child.stdout is not None
        told = json.loads(child.stdout.readline())
        ask = urllib.request.Request(
            f"{told['url']}/models", headers={"Authorization": f"Bearer {told['key']}"}
        )
        with urllib.request.urlopen(ask) as answer:
            assert json.load(answer)["data"]
        os.kill(told["pid"], 15)


def serving(*arguments: str) -> subprocess.Popen[str]:
    command: Sequence[str] = [sys.executable, "-m", "glmkit", "serve", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_demo_runs_the_first_notebook(platform: Platform, tmp_path: Path) -> None:
    code, said, complaint = glmkit("demo", "--out", "page.html", folder=tmp_path)
    assert (code, complaint) == (0, "")
    lines = dict(line.split(maxsplit=1) for line in said.splitlines() if " " in line)
    assert lines["prompt"].startswith("Why is the sky blue?")
    assert lines["tokens"].endswith("out")
    assert lines["cost"].startswith("0 ")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "Why is the sky blue?" in page
    assert "Loading widget" not in page
    assert "replayed" not in page.replace("<em>replayed</em>", "")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["page.html"]


def test_a_reader_that_leaves_early_sees_no_traceback() -> None:
    """As `glmkit usage | head` does; the pipe is closed before a word is written."""
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "glmkit", "usage"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


def test_calls_before_a_day_are_not_denied() -> None:
    assert glmkit("usage", "--since", "2020-01-01")[1] == "no calls since 2020-01-01\n"


def test_serve_refuses_a_share_above_the_whole(platform: Platform) -> None:
    code, _, complaint = glmkit("serve", "--fail", "3")
    assert code == 1
    assert "$.fail" in complaint


def test_demo_looks_at_its_page_before_it_runs(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "missing" / "page.html"):
        code, said, complaint = glmkit("demo", "--out", str(place))
        assert (code, said) == (1, "")
        assert "--out FILE" in complaint


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize(
    ("words", "notebook"),
    [(["lab"], "00_index.ipynb"), (["gallery", "open", "tables"], "working/tables")],
)
def test_lab_becomes_jupyterlab_and_so_gets_every_signal(
    tmp_path: Path, words: list[str], notebook: str
) -> None:
    command = [sys.executable, "-m", "glmkit", *words, str(tmp_path), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as child:
        program = Path(f"/proc/{child.pid}/cmdline")
        seen = wait_for(program.read_bytes, lambda seen: b"-m\0jupyterlab\0" in seen)
        child.kill()
    assert f"default_url=/lab/tree/{notebook}".encode() in seen
    assert list(tmp_path.rglob("*.ipynb"))
