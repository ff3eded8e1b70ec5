"""The needle, asked of a reader that sees the start and the end of a prompt alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import glmkit
from glmkit.errors import ConfigError
from glmkit.figures.hidden_sentence import wilson
from tests.conftest import Paced
from tests.support.paced_answers import SEES

Factory = Callable[..., Paced]


def test_the_heat_map_is_what_the_reader_sees(paced: Factory) -> None:
    place = paced(text="code")
    client = glmkit.Client(place.url, api_key=place.key, model="glm-4-long")
    asked = {"depths": [0, 0.2, 0.5, 0.8, 1], "lengths": [500, 2_000, 8_000, 20_000]}
    plan = glmkit.needle(client=client, run=False, **asked)
    found = glmkit.needle(client=client, rounds=1, **asked)
    assert plan.rows == len(found.frame) == 20
    bodies = place.seen["bodies"]
    prompts = {body["messages"][-1]["content"] for body in bodies}
    wanted = {}
    for row in found.frame.itertuples():
        prompt = next(text for text in prompts if f"is {row.code}." in text)
        at = prompt.index("The code word of the archive")
        whole = at + 70
        wanted[row.length, row.depth] = whole < SEES[0] or at > len(prompt) - SEES[1]
    shown = {
        (row.length, row.depth): row.found == row.asked
        for row in found.shares.itertuples()
    }
    assert shown == wanted
    assert 0 < sum(wanted.values()) < 20
    heat = found.figure.data[0]
    assert [list(column) for column in zip(*heat.z, strict=True)] == [
        [float(wanted[length, depth]) for depth in asked["depths"]]
        for length in asked["lengths"]
    ]
    assert "glm-4-long" in found.figure.layout.title.text


def test_a_text_of_ones_own_is_the_hay_and_the_depth_is_kept(paced: Factory) -> None:
    place = paced(text="code")
    client = glmkit.Client(place.url, api_key=place.key)
    text = "\n".join(f"Line {n} of my own text." for n in range(300))
    found = glmkit.needle(
        text=text, depths=[0, 1], lengths=[300], client=client, rounds=3
    )
    assert found.shares["asked"].tolist() == [3, 3]
    first = place.seen["bodies"][0]["messages"][-1]["content"]
    assert "Line 1 of my own text." in first


def test_what_was_not_answered_is_not_counted(paced: Factory) -> None:
    place = paced(status=400, code="1214")
    client = glmkit.Client(place.url, api_key=place.key)
    found = glmkit.needle(depths=[0], lengths=[300], client=client)
    assert found.frame["found"].isna().all()
    assert found.shares.empty


@pytest.mark.parametrize(
    "wrong",
    [
        {"depths": 0.5},
        {"lengths": ["a"]},
        {"lengths": 10**9},
        {"lengths": [10**9], "model": "glm-4-long"},
        {"depths": [2]},
        {"depths": []},
        {"lengths": [1]},
        {"rounds": 0},
    ],
)
def test_what_cannot_be_is_told(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        glmkit.needle(**wrong)


def test_the_interval_of_a_share_is_wilsons() -> None:
    assert wilson(0, 5)[0] == 0
    assert wilson(5, 5)[1] == 1
    assert [round(end, 3) for end in wilson(50, 100)] == [0.404, 0.596]
