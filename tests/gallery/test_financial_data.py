"""Financial data: right repairs restore each block, and a mistake never does."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.gallery.checks import MODULES, check

MODULE = MODULES[9]


def right(rate: float, monkeypatch: pytest.MonkeyPatch) -> pd.Series[float]:
    """Return the check where the script errs at a rate, by measure."""
    monkeypatch.setattr(MODULE, "RATE", rate)
    return check(9, MODULE.outcome(1)).set_index("measure")["value"]


def test_the_right_repairs_restore_every_damaged_cell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert right(0.0, monkeypatch).eq(1).all()


def test_no_block_is_right_where_the_script_errs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert right(1.0, monkeypatch).filter(like="right").eq(0).all()
