"""The levels of an account, and the variable that names one."""

import subprocess
import sys

import pytest

from glmkit.catalog import tiers
from glmkit.types.errors import ConfigError


def test_the_variable_names_the_level(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tiers.current() == "V0"
    for text, level in (("v2", "V2"), (" V8 ", "V8"), ("", "V0")):
        monkeypatch.setenv("GLMKIT_TIER", text)
        assert tiers.current() == level


@pytest.mark.parametrize("text", ["V9", "gold", "2", "V10", "V-1"])
def test_a_level_that_does_not_exist_is_a_config_error(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLMKIT_TIER", text)
    with pytest.raises(ConfigError, match=f"there is no tier '{text}'") as caught:
        tiers.current()
    assert "GLMKIT_TIER" in caught.value.hint


def test_the_doctor_names_a_level_that_does_not_exist(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GLMKIT_TIER", "V9")
    command = [sys.executable, "-m", "glmkit", "doctor"]
    shown = subprocess.run(command, capture_output=True, text=True).stdout
    assert "there is no tier 'V9'" in shown
