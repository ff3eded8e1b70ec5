"""The gallery: metadata, search, and copies that run where they are put."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from glmkit.catalog import cards
from glmkit.errors import ConfigError
from glmkit.notebook import gallery
from tests.conftest import ROOT
from tests.support.small_gallery import make, notebook

NOTEBOOKS = gallery.notebooks()
NUMBERED = [one for one in NOTEBOOKS if one.about.number]


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A gallery of four notebooks, one of them with data, cassette and picture."""
    rivers = "The Rhine. ![](../pictures/map.png) ![](../../pyproject.toml)"
    files = {
        "00_index.ipynb": notebook("The gallery"),
        "glm-4-long/19_law.ipynb": notebook(
            "Licences", number=19, model="glm-4-long", data=("law.json",)
        ),
        "glm-4-long/19_law.glm.jsonl": "recorded",
        "glm-4-long/16_reports.ipynb": notebook(
            "Reports", text=rivers, number=16, model="glm-4-long"
        ),
        "working/tables.ipynb": notebook("Tables", summary="Rivers, row by row."),
        "working/.ipynb_checkpoints/tables.ipynb": "left behind",
        "data/law.json": "{}",
        "data/law.py": "import json",
        "data/flights.csv": "carrier",
        "data/README.md": "| file | licence |",
        "data/licences/mit.txt": "Permission is granted",
        "pictures/map.png": "a picture",
        "illustrations/__pycache__/n19.pyc": "left behind",
    }
    return make(tmp_path, files, monkeypatch)


def inside(folder: Path) -> set[str]:
    """Return the files of a folder, as paths within it."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("one", NOTEBOOKS, ids=lambda one: one.name)
def test_a_notebook_says_what_it_is_about(one: gallery.GalleryNotebook) -> None:
    assert one.cells[0].startswith(f"# {one.title}\n")
    assert "**摘要**：" in one.cells[0]
    assert one.about.summary.endswith((".", "?"))
    assert 1 <= one.about.minutes <= 90
    for name in one.about.data:
        assert (ROOT / "notebooks/data" / name).is_file(), name
        assert any(f'"{name}"' in cell for cell in one.cells), name
    assert bool(one.about.data) == any("data_file(" in cell for cell in one.cells)
    if one.about.model:
        assert cards.card(one.about.model) is not None


@pytest.mark.parametrize("one", NUMBERED, ids=lambda one: one.name)
def test_a_numbered_notebook_has_its_parts(one: gallery.GalleryNotebook) -> None:
    assert one.name.startswith(f"{one.about.number:02}_")
    assert one.about.model
    assert one.about.model.startswith(one.group)
    book = json.loads(one.path.read_text("utf-8"))
    tags = [tag for cell in book["cells"] for tag in cell["metadata"].get("tags", ())]
    assert (tags.count("parameters"), tags.count("check")) == (1, 1)
    assert one.cassette.is_file()
    assert one.cassette.name in "\n".join(one.cells)


def test_a_number_and_a_name_select_one_notebook() -> None:
    numbers = [n for one in NOTEBOOKS if (n := one.about.number) is not None]
    assert len(numbers) == len(set(numbers))
    assert 0 in numbers
    for one in NOTEBOOKS:
        assert gallery.find(one.label) is one or gallery.find(one.label) == one
        assert gallery.find(one.place.as_posix()) == one


def test_the_list_is_by_number_then_by_name(small: Path) -> None:
    labels = [one.label for one in gallery.notebooks()]
    assert labels == ["00", "16", "19", "tables"]


@pytest.mark.parametrize(
    "which", ["19", "19_law", "law", "19_law.ipynb", "glm-4-long/19_law.ipynb", " 19 "]
)
def test_a_notebook_is_found_by_number_or_name(small: Path, which: str) -> None:
    assert gallery.find(which).title == "Licences"


@pytest.mark.parametrize(
    ("which", "near"),
    [
        ("20", "19 (Licences), 16 (Reports), 00 (Start here)"),
        ("tabels", "tables (Tables)"),
        ("licence", "19 (Licences)"),
        ("report", "16 (Reports)"),
    ],
)
def test_an_unknown_notebook_names_those_near_it(
    small: Path, which: str, near: str
) -> None:
    with pytest.raises(ConfigError, match=f"'{which}' is not a notebook") as caught:
        gallery.find(which)
    assert near in caught.value.hint


@pytest.mark.parametrize("which", ["", "zzz", "9" * 5000, "١٢", "-1", "../19", "\x1b"])
def test_what_is_like_nothing_gets_the_list(small: Path, which: str) -> None:
    with pytest.raises(ConfigError) as caught:
        gallery.find(which)
    assert "`glmkit gallery` lists" in caught.value.hint


def test_search_looks_at_title_summary_and_text(small: Path) -> None:
    assert [one.label for one in gallery.search(["RIVERS"])] == ["tables"]
    assert [one.label for one in gallery.search(["rhine"])] == ["16"]
    assert [one.label for one in gallery.search(["glm-4-long", "lic"])] == ["19"]
    assert gallery.search(["rhine", "licences"]) == []


def test_a_title_comes_before_a_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {
        "working/a.ipynb": notebook("Other", text="about tables"),
        "working/b.ipynb": notebook("Tables"),
    }
    make(tmp_path, files, monkeypatch)
    assert [one.label for one in gallery.search(["tables"])] == ["b", "a"]


def test_one_notebook_takes_its_cassette_and_data_along(
    small: Path, tmp_path: Path
) -> None:
    gallery.copy(tmp_path / "mine", gallery.find("19"))
    assert inside(tmp_path / "mine") == {
        "glm-4-long/19_law.ipynb",
        "glm-4-long/19_law.glm.jsonl",
        "data/law.json",
        "data/README.md",
        "data/licences/mit.txt",
    }


def test_pictures_of_the_gallery_come_along_and_nothing_else(
    small: Path, tmp_path: Path
) -> None:
    gallery.copy(tmp_path / "mine", gallery.find("16"))
    assert inside(tmp_path / "mine") == {
        "glm-4-long/16_reports.ipynb",
        "pictures/map.png",
    }


def test_all_is_the_gallery_without_what_programs_leave(
    small: Path, tmp_path: Path
) -> None:
    gallery.copy(tmp_path / "mine")
    left = {name for name in inside(small) if "checkpoints" in name or ".pyc" in name}
    assert len(left) == 2
    assert inside(tmp_path / "mine") == inside(small) - left


def test_what_is_there_already_stays(small: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine" / "glm-4-long" / "19_law.ipynb"
    mine.parent.mkdir(parents=True)
    mine.write_text("changed")
    copied = {file.path.name: file.new for file in gallery.copy(tmp_path / "mine")}
    assert mine.read_text() == "changed"
    assert not copied["19_law.ipynb"]
    assert copied["19_law.glm.jsonl"]
    assert not any(file.new for file in gallery.copy(tmp_path / "mine"))


def test_a_copy_that_breaks_off_leaves_no_half_of_a_notebook(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(source: object, target: object) -> None:
        target.write(source.read()[:9])  # type: ignore[attr-defined]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("shutil.copyfileobj", half)
        with pytest.raises(KeyboardInterrupt):
            gallery.copy(tmp_path / "mine", gallery.find("19"))
    assert inside(tmp_path / "mine") == set()


def test_a_folder_without_write_rights_is_an_error(small: Path, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    for parent in (tmp_path, *tmp_path.parents[:3]):
        if parent.stat().st_uid == os.geteuid():
            parent.chmod(parent.stat().st_mode | 0o055)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        with pytest.raises(ConfigError, match="Permission denied") as caught:
            gallery.copy(closed, gallery.find("19"))
    finally:
        if root:
            os.seteuid(0)
    assert str(closed) in str(caught.value)
    assert "that you may write to" in caught.value.hint
    assert inside(closed) == set()


@pytest.mark.parametrize("which", [None, "19"])
def test_a_file_in_the_place_of_the_folder_is_an_error(
    small: Path, tmp_path: Path, which: str | None
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="could not be copied"):
        gallery.copy(tmp_path / "file", which and gallery.find(which))


def test_data_that_the_gallery_lacks_is_an_error(small: Path, tmp_path: Path) -> None:
    (small / "data/law.json").unlink()
    with pytest.raises(ConfigError, match="No such file"):
        gallery.copy(tmp_path / "mine", gallery.find("19"))


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("{", "Expecting"),
        ("[]", ""),
        ("{}", "cells"),
        (notebook("A", number="nineteen"), "number"),
        (notebook("A", level="hard"), "level"),
        (notebook("A", colour="red"), "colour"),
        (json.dumps({"cells": [], "metadata": {}}), "object"),
    ],
)
def test_metadata_that_is_wrong_is_named(
    small: Path, tmp_path: Path, text: str, wrong: str
) -> None:
    (small / "working/tables.ipynb").write_text(text)
    with pytest.raises(ConfigError, match=f"tables.ipynb is not .*{wrong}"):
        gallery.notebooks()


def test_the_table_keeps_its_columns_where_signs_are_wide(small: Path) -> None:
    (small / "working/tables.ipynb").write_text(notebook("表格 Tables"))
    *_rest, last = gallery.table(gallery.notebooks())
    assert last == "tables  表格 Tables  -           5        beginner"
