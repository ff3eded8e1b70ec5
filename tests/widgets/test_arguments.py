"""What widgets are made with: a slip is told at once, by name."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from glmkit.types.errors import ConfigError
from glmkit.widgets import Compare, PromptLab, TemperatureTheatre, TokenRuler


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: TemperatureTheatre("x", ["a"]), "temperatures cannot be"),
        (lambda: PromptLab("Hi", None, ["m"], ["x"]), "temperatures cannot be"),
        (lambda: PromptLab("Hi", None, [5]), "a model cannot be 5"),
        (lambda: PromptLab("Hi", nonsense=1), "unknown option 'nonsense'"),
        (lambda: TokenRuler(5), "a draft cannot be a int"),
        (lambda: Compare("Hi", [None]), "a model cannot be None"),
    ],
)
def test_slips_are_told(make: Callable[[], object], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        make()
    assert caught.value.hint


def test_one_model_is_a_list_of_one() -> None:
    lab = PromptLab("Hi", None, "glm-4-plus")
    assert lab.models == ["glm-4-plus"]
    lab.close()
