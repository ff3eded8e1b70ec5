"""The notebooks on ways of working have their parts, and the two starts the same."""

from __future__ import annotations

import re

import nbformat
import pytest

from tests.gallery.checks import GALLERY

BOOKS = {
    path.stem: nbformat.read(path, as_version=4)
    for path in sorted((GALLERY / "working").glob("*.ipynb"))
}
#: The one that asks no model.
SILENT = "benchmark_tables"
TOPICS = {
    "streaming_and_thinking", "structured_output", "tools_and_sandbox",
    "vision_images_and_video", "embeddings_and_search", "tables", "batches",
    "documents", "benchmark_tables", "usage_and_budget", "replay",
    "moving_from_other_sdks", "open_weights",
}  # fmt: skip


def test_every_way_of_working_has_its_notebook() -> None:
    assert set(BOOKS) >= TOPICS


@pytest.mark.parametrize("name", BOOKS)
def test_a_way_of_working_has_its_parts(name: str) -> None:
    cells = BOOKS[name].cells
    assert 8 <= len(cells) <= 22
    about, ends = cells[0].source, cells[-1].source
    minutes = BOOKS[name].metadata.glmkit["minutes"]
    level = BOOKS[name].metadata.glmkit["level"]
    assert f"{minutes} minutes, {level}" in about.replace("\n", " ")
    assert re.search(r"[Ww]ithout a key a small\s+local model|stands in", about) or (
        name == SILENT
    )
    assert "\n## Exercises\n\n1. " in f"\n{ends}"
    assert re.findall(r"^\d\. ", ends, re.M) == ["1. ", "2. "]
    assert cells[1].source == "%load_ext glmkit\n%glm replay auto"
    if name != SILENT:
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
        assert "glmkit.usage(" in text


def test_the_two_starts_run_the_same_cells() -> None:
    english, chinese = (
        [
            cell.source if cell.cell_type == "code" else "text"
            for cell in nbformat.read(GALLERY / name, as_version=4).cells
        ]
        for name in ("00_start.ipynb", "00_start_zh.ipynb")
    )
    assert english == chinese
