"""The job market: one advert of each shortlist fits best, and CVs name no skill."""

from __future__ import annotations

from typing import Any

import pytest

from tests.gallery.checks import MODULES, _data, check

MODULE = MODULES[11]
PEOPLE = pytest.mark.parametrize(
    "person", MODULE.market()["people"], ids=lambda person: person["person"]
)


@PEOPLE
def test_one_advert_of_a_shortlist_fits_best(person: dict[str, Any]) -> None:
    shared = sorted(MODULE.relevances(person), reverse=True)
    assert shared[0] == 4
    assert shared[1] <= 2
    assert len(set(person["shortlist"])) == len(shared) == 8


@PEOPLE
def test_a_cv_names_none_of_its_skills(person: dict[str, Any]) -> None:
    fitting = person["shortlist"][MODULE.LETTERS.index(person["right"])]
    (advert,) = (a for a in MODULE.market()["adverts"] if a["advert"] == fitting)
    text = person["cv"].lower()
    assert not [skill for skill in advert["skills"] if skill.lower() in text]


def test_the_script_and_the_notebook_see_the_same_trends() -> None:
    yearly = _data(11)["yearly"]
    for (name, first, last), trend in MODULE.trends().items():
        change = yearly.at[last, name] / yearly.at[first, name] - 1
        bounds = "grew" if change > 0.01 else "fell" if change < -0.01 else "steady"
        assert trend == bounds


def test_stated_trends_are_wrong_at_the_stated_rate() -> None:
    found = [check(11, MODULE.outcome(seed)) for seed in range(30)]
    values = [one.set_index("measure").loc["right trends", "value"] for one in found]
    assert abs(sum(values) / 30 - (1 - MODULE.MISREAD)) < 0.03
