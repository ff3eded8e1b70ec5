"""Q&A assistant: a right answer fits its question alone, and a wrong one never does."""

from __future__ import annotations

import pytest

from tests.gallery.checks import MODULES, check

MODULE = MODULES[7]


@pytest.mark.parametrize("wrong", [0.0, 1.0])
def test_the_check_tells_right_replies_from_wrong_ones(
    wrong: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = dict.fromkeys(MODULE.RATES, wrong)
    monkeypatch.setattr(MODULE, "RATES", rates)
    found = check(7, MODULE.outcome(1)).set_index("measure")["value"]
    assert found["right replies to what was shown"] == 1 - wrong
    assert found["right replies, alone"] == 1 - wrong
    assert found["right replies, search"] == 1 - wrong
