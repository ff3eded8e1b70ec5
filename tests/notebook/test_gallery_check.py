"""The check of the gallery finds what is wrong with a notebook, and names the cell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from glmkit.client.replay.illustrations import illustrate
from glmkit.notebook import gallery_check
from tests.support.small_gallery import make, notebook

ASK = """import glmkit
glmkit.Client().chat("Name a colour.", model="glm-4-long").text"""
REPLAY = "%load_ext glmkit\n%glm replay auto"
NO_KEY = """import os
assert not [name for name in os.environ if "API_KEY" in name]"""
EMPTY = """import plotly.graph_objects as go
go.Figure()"""
DRAWN = "go.Figure(go.Bar(y=[1]))"
PALE = """go.Figure(go.Bar(y=[1])).update_layout(
    paper_bgcolor="rgba(0,0,0,0)", font={"color": "#999999"}
)"""


def check(*which: str) -> int:
    return gallery_check.main(which)


def test_a_sound_gallery_passes_without_a_key_and_is_left_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ZHIPUAI_API_KEY", "a" * 32 + ".canary0123456789")
    asked = notebook("Law", REPLAY, ASK, number=19, model="glm-4-long")
    files = {
        "00_start.ipynb": notebook("Start here", REPLAY, ASK, NO_KEY, number=0),
        "glm-4-long/19_law.ipynb": asked,
    }
    base = make(tmp_path, files, monkeypatch)
    cassette = base / "glm-4-long/19_law.glm.jsonl"
    illustrate(cassette, "Name a colour.", "Blue.", {"model": "glm-4-long"})
    before = {path: path.read_bytes() for path in base.rglob("*") if path.is_file()}
    code, said = check(), capsys.readouterr().out
    assert code == 0, said
    assert "s  glm-4-long/19_law.ipynb" in said
    assert "2 notebooks, 0 failed, " in said
    assert before == {p: p.read_bytes() for p in base.rglob("*") if p.is_file()}


def test_faults_are_named_with_notebook_cell_and_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {
        "glm-4-long/19_law.ipynb": notebook(
            "Nothing recorded", REPLAY, ASK, number=19, model="glm-4-long"
        ),
        "working/a_fails.ipynb": notebook("A", "1", "1 / 0"),
        "working/b_meant.ipynb": notebook("B", "1 / 0", tags=["raises-exception"]),
        "working/c_draws.ipynb": notebook("C", EMPTY, DRAWN, PALE),
        "working/d_dies.ipynb": notebook("D", "import os\nos._exit(3)"),
    }
    make(tmp_path, files, monkeypatch)
    assert check("19", "a_fails", "b_meant", "c_draws", "d_dies") == 1
    said = capsys.readouterr().out
    faults = {
        lines[0].split("/")[-1]: lines[1:]
        for part in said.split(" s  ")[1:]
        if (lines := [line.strip() for line in part.splitlines()])
    }
    assert faults["a_fails.ipynb"][0] == (
        "FAILED  cell 3: ZeroDivisionError: division by zero"
    )
    assert faults["b_meant.ipynb"][0] == (
        "FAILED  cell 2: ZeroDivisionError: division by zero"
    )
    assert faults["c_draws.ipynb"][:2] == [
        "FAILED  cell 2: a figure without traces",
        "FAILED  cell 4: a figure hard to read",
    ]
    assert faults["19_law.ipynb"][0].startswith("FAILED  cell 3: ReplayError: ")
    assert "d_dies.ipynb did not end" in faults["d_dies.ipynb"][0]
    assert said.count("FAILED") == 6
    assert "5 notebooks, 5 failed" in said


def test_an_unknown_number_runs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert check("400") == 1
    said = capsys.readouterr().out
    assert "'400' is not a notebook of the gallery" in said
    assert "→ Near it: " in said


def test_a_notebook_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"working/a.ipynb": json.dumps({"cells": []})}
    make(tmp_path, files, monkeypatch)
    assert check() == 1
    assert "a.ipynb is not a notebook of the gallery" in capsys.readouterr().out


def test_no_job_at_a_time_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        check("--jobs", "0")
    assert "--jobs takes 1 or more" in capsys.readouterr().err
