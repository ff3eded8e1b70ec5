"""Code generation: what the script calls a mistake fails its tests, all else passes."""

from __future__ import annotations

import pytest

from glmkit import sandbox
from tests.gallery.checks import MODULES

MODULE = MODULES[10]
FUNCTIONS = pytest.mark.parametrize("name", MODULE.tasks())


def passes(name: str, code: str) -> bool:
    test = MODULE.tasks()[name]["test"]
    return sandbox.python(f"{code}\n{test}\ncheck({name})\n").ok


@FUNCTIONS
def test_a_function_passes_and_its_mistake_fails(name: str) -> None:
    assert passes(name, MODULE.function(name, wrong=False))
    assert not passes(name, MODULE.function(name, wrong=True))


@FUNCTIONS
def test_an_annotated_function_passes(name: str) -> None:
    assert passes(name, MODULE.annotated(name, 2026))


@pytest.mark.parametrize("name", MODULE.TRANSLATED)
def test_a_translation_has_a_place_for_its_mistake(name: tuple[str, str]) -> None:
    code, (old, _new) = MODULE.TRANSLATED[name]
    assert code.count(old) == 1
