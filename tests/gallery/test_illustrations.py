"""Illustrations: the checks of the notebooks find the mistakes that scripts made."""

from __future__ import annotations

import pytest

from glmkit.client.replay import lines
from glmkit.client.replay.lines import HEADER
from tests.gallery.checks import MODULES, check, covers, notebook

SEED = 2026
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


@numbered
def test_a_headline_has_mistakes_to_find(number: int) -> None:
    module = MODULES[number]
    first = check(number, module.outcome(SEED)).iloc[0]
    assert first["value"] < 1
    assert first["n"] >= 20
