"""Illustrations: the checks of the notebooks find the mistakes that scripts made."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from glmkit.client.replay import lines
from glmkit.client.replay.lines import HEADER
from glmkit.notebook import gallery, gallery_run
from tests.gallery.checks import (
    GALLERY,
    MODULES,
    check,
    covers,
    illustrations,
    notebook,
)

numbered = pytest.mark.parametrize("number", MODULES)


def _share_covered(number: int, seeds: int) -> float:
    module = MODULES[number]
    found = [check(number, module.outcome(seed)) for seed in range(seeds)]
    return sum(covers(one, 1 - module.RATE) for one in found) / seeds


@numbered
def test_every_answer_of_a_cassette_is_marked_as_an_illustration(number: int) -> None:
    cassette = notebook(number).with_suffix(".glm.jsonl")
    first, *rest = cassette.read_bytes().splitlines(keepends=True)
    assert first == HEADER
    assert rest
    for line in rest:
        recording = lines.decode(line)
        assert recording.rank == "illustration"
        assert not recording.at
        assert not recording.cell


@numbered
def test_a_check_covers_the_stated_rate_of_mistakes(number: int) -> None:
    assert _share_covered(number, 30) >= 0.8


@pytest.mark.slow
@numbered
def test_a_check_covers_the_stated_rate_in_95_of_100_seeds(number: int) -> None:
    assert 0.9 <= _share_covered(number, 200) <= 0.99


@numbered
def test_with_the_truth_shuffled_a_check_comes_out_at_chance(number: int) -> None:
    module = MODULES[number]
    found = [check(number, module.shuffled(seed)) for seed in range(20)]
    values = [one["value"].iloc[0] for one in found]
    assert abs(sum(values) / len(values) - module.CHANCE) < 0.05
    assert not any(covers(one, 1 - module.RATE) for one in found)


@pytest.mark.slow
@numbered
def test_a_notebook_prints_the_check_of_its_illustrations(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLMKIT_REPLAY", "only")
    gallery.copy(tmp_path, gallery.find(str(number)))
    book = nbformat.read(notebook(number), as_version=4)
    book.cells.append(new_code_cell("print(check.to_json(double_precision=12))"))
    path = tmp_path / notebook(number).relative_to(GALLERY)
    nbformat.write(book, path)
    done = asyncio.run(gallery_run.execute(path, {}, path.parent))
    printed = json.loads(done.cells[-1].outputs[-1]["text"])
    left = MODULES[number].outcome(illustrations.SEED)
    wanted = check(number, left).to_json(double_precision=12)
    assert printed == json.loads(wanted)


@numbered
def test_a_headline_has_mistakes_to_find(number: int) -> None:
    module = MODULES[number]
    first = check(number, module.outcome(illustrations.SEED)).iloc[0]
    assert first["value"] < 1
    assert first["n"] >= 20
