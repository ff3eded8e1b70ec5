"""The front page is what the notebooks' metadata make it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from glmkit.notebook import gallery, gallery_index
from tests.conftest import ROOT
from tests.support.small_gallery import make, notebook

BASE = ROOT / "notebooks"


def test_the_front_page_is_made_from_the_metadata() -> None:
    """`make gallery-index` writes it."""
    for path, text in gallery_index.pages(BASE).items():
        assert path.read_text("utf-8") == text, path.name


def test_every_notebook_stands_on_the_front_page_and_every_link_leads_to_a_file() -> (
    None
):
    text = (BASE / "README.md").read_text("utf-8")
    links = re.findall(r"\]\(([^)]+)\)|src=\"([^\"]+)\"", text)
    paths = {link or image for link, image in links}
    assert {one.place.as_posix() for one in gallery.notebooks()} <= paths
    assert [path for path in paths if not (BASE / path).is_file()] == []


def test_a_row_shows_picture_model_data_minutes_level_and_summary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    law = notebook(
        "Rights | <duties>",
        number=19,
        model="glm-4-long",
        minutes=20,
        level="advanced",
        summary="Which licence allows what.",
        data=["law.json"],
    )
    files = {
        "glm-4-long/19_law.ipynb": law,
        "working/tables.ipynb": notebook("Tables"),
        "pictures/19_law.png": "",
        "data/law.json": "{}",
    }
    base = make(tmp_path, files, monkeypatch)
    start, long, working = gallery_index.sections(gallery.notebooks(), base)
    assert start.startswith("## Start\n")
    assert long.startswith("## glm-4-long\n")
    assert working.startswith("## Ways of working\n")
    assert long.splitlines()[-1] == (
        '| <img src="pictures/19_law.png" alt="" width="160"> '
        r"| **[19 Rights \| &lt;duties&gt;](glm-4-long/19_law.ipynb)**<br>"
        "Which licence allows what. | glm-4-long | [law.json](data/law.json) "
        "| 20 | advanced |"
    )
    assert working.splitlines()[-1].startswith("|  | **[Tables](working/tables.ipynb)")


def test_the_notebook_of_the_front_page_has_no_code() -> None:
    book = json.loads((BASE / gallery.INDEX).read_text("utf-8"))
    assert {cell["cell_type"] for cell in book["cells"]} == {"markdown"}
    assert book["metadata"]["kernelspec"]["name"] == "python3"
