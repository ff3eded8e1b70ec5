"""Customer service: the languages of the illustrations are told apart."""

from __future__ import annotations

import pytest

from tests.gallery.checks import MODULES, _data, check

MODULE = MODULES[12]


@pytest.mark.parametrize("talk", MODULE.desk()["talks"], ids=lambda talk: talk["order"])
def test_the_language_of_each_right_answer_is_known(talk: dict[str, str]) -> None:
    language = talk["language"]
    fix = MODULE.desk()["fixes"][talk["article"]][language]
    texts = [fix, MODULE.TIME[language].format(3), MODULE.ORDER[language].format("G-1")]
    found = [_data(12)["language_of"](text) for text in texts]
    assert found == [language] * 3


def test_the_other_shares_of_mistakes_are_found_too() -> None:
    rates = {
        "language kept in all turns": MODULE.OTHER_LANGUAGE,
        "right time": MODULE.RATE,
        "order number remembered": MODULE.FORGOTTEN,
    }
    found = [check(12, MODULE.outcome(seed)) for seed in range(30)]
    for measure, rate in rates.items():
        values = [one.set_index("measure").loc[measure, "value"] for one in found]
        assert abs(sum(values) / 30 - (1 - rate)) < 0.03
