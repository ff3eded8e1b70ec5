"""The examples in docstrings are true."""

import doctest
import pkgutil
from importlib import import_module

import pytest

import glmkit

NAMES = [
    module.name
    for module in pkgutil.walk_packages(glmkit.__path__, "glmkit.")
    if not module.name.endswith("__main__")
]


@pytest.mark.parametrize("name", NAMES)
def test_examples_hold(name: str) -> None:
    assert doctest.testmod(import_module(name)).failed == 0
