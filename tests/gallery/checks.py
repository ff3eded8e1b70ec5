"""The checks of the gallery's notebooks, run apart from their notebooks."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import nbformat
import pandas as pd

from tests.conftest import ROOT

GALLERY = ROOT / "notebooks"
sys.path.insert(0, str(GALLERY))  # as the scripts see each other

import illustrations  # noqa: E402

MODULES: dict[int, ModuleType] = illustrations.numbered()


def notebook(number: int) -> Path:
    """Return the notebook of a number."""
    (path,) = GALLERY.glob(f"*/{number:02}_*.ipynb")
    return path


@cache
def _cells(number: int, tag: str) -> list[CodeType]:
    book = nbformat.read(notebook(number), as_version=4)
    return [
        compile(cell.source, f"{number}: {tag}", "exec")
        for cell in book.cells
        if tag in cell.metadata.get("tags", ())
    ]


@cache
def _data(number: int) -> dict[str, Any]:
    """Return the names that the cells of the data set."""
    names: dict[str, Any] = {}
    for code in _cells(number, "data"):
        exec(code, names)
    return names


def check(number: int, left: dict[str, object]) -> pd.DataFrame:
    """Return the check of a notebook whose run left these names."""
    names = {**_data(number), **left}
    (code,) = _cells(number, "check")
    exec(code, names)
    found = names["check"]
    assert list(found.columns) == ["measure", "value", "low", "high", "n"]
    return found


def covers(found: pd.DataFrame, share: float) -> bool:
    """Return whether the interval of the headline covers a share."""
    first = found.iloc[0]
    return bool(first["low"] <= share <= first["high"])
