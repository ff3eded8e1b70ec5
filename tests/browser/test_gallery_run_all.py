"""Run All in JupyterLab over the whole gallery, from the cassettes."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from glmkit.notebook import gallery
from tests.browser.lab import Lab
from tests.browser.notebook import Notebook

NOTEBOOKS = gallery.notebooks()


@pytest.fixture(scope="module")
def copied(lab: Lab) -> Path:
    """Return JupyterLab's folder with a copy of the gallery in it."""
    gallery.copy(lab.folder)
    return lab.folder


@pytest.mark.slow
@pytest.mark.parametrize("one", NOTEBOOKS, ids=lambda one: one.name)
def test_run_all_ends_without_an_error(
    copied: Path, page: Page, one: gallery.GalleryNotebook
) -> None:
    """The page asks no other host meanwhile: a fixture of all tests here sees to it."""
    book = Notebook(page, copied / one.place, one.place.as_posix())
    try:
        outputs = book.run_all()
        book.screenshot(f"gallery-{one.name}")
    finally:
        book.close()
    assert outputs
    assert [out for out in outputs if out["output_type"] == "error"] == []
    assert not [out for out in outputs if out.get("name") == "stderr"]
    figures = [
        out["data"]["application/vnd.plotly.v1+json"]
        for out in outputs
        if "application/vnd.plotly.v1+json" in out.get("data", {})
    ]
    assert all(figure["data"] for figure in figures)
