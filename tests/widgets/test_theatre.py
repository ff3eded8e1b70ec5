"""The temperature theatre without a browser: what is asked, and how answers part."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import glmkit
from glmkit.types.errors import ConfigError
from glmkit_widgets.theatre.spread import AnswerText, Spread, sentence, spreads
from glmkit_widgets.theatre.theatre import TemperatureTheatre
from tests.conftest import LIMIT_S, Paced, Run, wait_for

Factory = Callable[..., Paced]
Make = Callable[..., TemperatureTheatre]


@pytest.fixture
def make() -> Iterator[Make]:
    """Return `make(place, temperatures)`: a theatre that is closed at the end."""
    made: list[TemperatureTheatre] = []

    def of(place: Paced, temperatures: Any = (0, 1), **more: Any) -> Any:
        client = glmkit.Client(place.url, place.key)
        options = {"client": client, **more}
        made.append(TemperatureTheatre("Name a colour.", temperatures, **options))
        return made[-1]

    yield of
    for widget in made:
        widget.close()


def test_each_temperature_is_asked_as_often_as_said(paced: Factory, make: Make) -> None:
    place = paced(tokens=6)
    theatre = make(place, (1, 0, 0.5), repeats=3, model="glm-4-air", max_tokens=9)
    theatre.run()
    assert theatre.wait(LIMIT_S)
    bodies = place.seen["bodies"]
    asked = sorted(body["temperature"] for body in bodies)
    assert asked == [0, 0, 0, 0.5, 0.5, 0.5, 1, 1, 1]
    assert {(body["model"], body["max_tokens"]) for body in bodies} == {
        ("glm-4-air", 9)
    }
    frame = theatre.to_frame()
    assert frame["temperature"].tolist() == [0] * 3 + [0.5] * 3 + [1] * 3
    assert frame["repeat"].tolist() == [1, 2, 3] * 3
    assert [row["heading"] for row in theatre.columns][::3] == [
        "Temperature 0",
        "Temperature 0.5",
        "Temperature 1",
    ]


def test_all_temperatures_stream_at_once_and_the_picture_moves(
    paced: Factory, make: Make
) -> None:
    place = paced(tokens=100_000, rate=100)
    theatre = make(place, (0, 1), repeats=2)
    seen: list[Any] = []
    theatre.observe(lambda change: seen.append(change["new"]), "measures")
    theatre.run()
    place.until(lambda seen: seen["active"] == 4)
    wait_for(lambda: theatre.measures, lambda m: m[1]["within"] is not None)
    assert theatre.summary == "", "nothing is concluded before the end"
    theatre.stop()
    assert theatre.wait(LIMIT_S)
    place.until(lambda seen: (seen["left"], seen["active"]) == (4, 0))
    assert [result.state for result in theatre.value] == ["interrupted"] * 4
    assert theatre.summary


def test_the_model_is_that_of_the_settings(paced: Factory, make: Make) -> None:
    class Settings:
        def options(self) -> dict[str, Any]:
            return {"model": "glm-4-long", "temperature": 0.3}

    place = paced(tokens=6)
    theatre = make(place, settings=Settings())
    theatre.run()
    assert theatre.wait(LIMIT_S)
    assert {result.model for result in theatre.value} == {"glm-4-long"}
    assert {result.temperature for result in theatre.value} == {0, 1}


@pytest.mark.parametrize("wrong", [(), (0.5,), (0, 1.5), (0.5, 0.5), range(10)])
def test_temperatures_that_can_not_be_are_refused(wrong: Any) -> None:
    with pytest.raises(ConfigError, match="temperatures"):
        TemperatureTheatre("Why?", wrong)


@pytest.mark.parametrize("wrong", [0, 5])
def test_repeats_that_can_not_be_are_refused(wrong: int) -> None:
    with pytest.raises(ConfigError, match="repeats"):
        TemperatureTheatre("Why?", repeats=wrong)


def test_repeats_change_the_columns_before_they_are_asked() -> None:
    theatre = TemperatureTheatre("", (0, 1), repeats=1)
    assert [row["title"] for row in theatre.columns] == ["", ""]
    theatre.repeats = 2
    assert [row["title"] for row in theatre.columns] == ["Answer 1", "Answer 2"] * 2
    theatre.close()


def test_a_failure_is_shown_and_measures_nothing(paced: Factory, make: Make) -> None:
    theatre = make(paced(status=500, code="1234"), repeats=1)
    theatre.run()
    assert theatre.wait(LIMIT_S)
    assert {result.state for result in theatre.value} == {"failed"}
    assert theatre.summary == ""
    assert 'role="alert"' in theatre._ended["0.1"]


def test_the_picture_holds_sentence_and_bars(paced: Factory, make: Make) -> None:
    theatre = make(paced(tokens=30))
    theatre.run()
    assert theatre.wait(LIMIT_S)
    html, plain = theatre._draw()
    assert "all answers are the same" in plain
    assert html.count('class="bar"') == 2
    assert html.count("Temperature 1") >= 2


SOME = ["red", "green", "blue", "the", "colour", "is", "天", "空"]


@pytest.mark.parametrize("seed", range(20))
def test_measures_are_shares_and_know_no_order(seed: int) -> None:
    chance = random.Random(seed)
    groups = {
        temperature: [
            AnswerText(" ".join(chance.choices(SOME, k=chance.randrange(1, 12))))
            for _ in range(3)
        ]
        for temperature in (0.0, 0.5, 1.0)
    }
    found = spreads(groups)
    turned = spreads({t: list(reversed(group)) for t, group in groups.items()})
    for one, other in zip(found, turned, strict=True):
        assert one.within == pytest.approx(other.within)
        assert one.within is not None
        assert 0 <= one.within <= 1
    assert found[0].from_first is None
    assert all(each.from_first is not None for each in found[1:])


def test_equal_answers_are_not_apart_and_strange_ones_wholly() -> None:
    same, strange = (
        [AnswerText("a b"), AnswerText("a b")],
        [AnswerText("c"), AnswerText("d")],
    )
    found = spreads({0: same, 1: strange})
    assert found == [
        Spread(0, 0.0, None, same=True),
        Spread(1, 1.0, 1.0, same=False),
    ]


def test_growing_answers_are_compared_as_far_as_both_have_come() -> None:
    grown = {0: [AnswerText("a b c d", whole=False), AnswerText("a b", whole=False)]}
    assert spreads(grown)[0].within == 0
    assert not spreads(grown)[0].same
    whole = {0: [AnswerText("a b c d"), AnswerText("a b")]}
    assert spreads(whole)[0].within == pytest.approx(1 / 3)


def test_one_answer_each_is_compared_with_the_coldest() -> None:
    found = spreads({0: [AnswerText("a b")], 1: [AnswerText("a c")]})
    assert [each.within for each in found] == [None, None]
    assert sentence(found) == (
        "The answer at temperature 1 shares 50% of its words with the one at 0."
    )


@pytest.mark.parametrize(
    ("apart", "moral"),
    [
        ([0.1, 0.3, 0.6], "The higher the temperature, the more they differ."),
        ([0.1, 0.9, 0.6], "They differ more than at the lowest temperature."),
        ([0.3, 0.3, 0.3], "Here temperature makes little difference."),
        (
            [0.6, 0.3, 0.1],
            "Here higher temperatures differ less; try more answers.",
        ),
    ],
)
def test_the_sentence_says_no_more_than_is_seen(apart: list[float], moral: str) -> None:
    found = [Spread(place / 2, value) for place, value in enumerate(apart)]
    assert sentence(found).endswith(moral)
    assert sentence([]) == ""


def test_the_magic_opens_the_theatre(run: Run, place: Paced) -> None:
    result, _ = run('%glm theatre glm-4-air -p "Why?"')
    theatre = result.result
    assert theatre.wait(LIMIT_S)
    assert len(theatre.value) == 10
    assert {each.model for each in theatre.value} == {"glm-4-air"}
    assert set(glmkit.usage()["cell"]) != {""}
    theatre.close()
