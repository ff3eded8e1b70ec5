"""Data files are found beside the notebook, beside its folder, or in the gallery."""

from __future__ import annotations

from pathlib import Path

import pytest

from glmkit.errors import ConfigError
from glmkit.gallery import data_file
from glmkit.notebook import gallery_data
from tests.conftest import ROOT


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with a gallery of one data file, which this process belongs to."""
    folder = tmp_path / "checkout" / "notebooks"
    (folder / "data").mkdir(parents=True)
    (folder.parent / "pyproject.toml").touch()
    (folder / gallery_data.START).touch()
    (folder / "data" / "rivers.json").write_text("the gallery's")
    monkeypatch.setattr(gallery_data, "_CHECKOUT", folder.parent)
    return folder


@pytest.mark.parametrize("place", ["data", "../data"])
def test_the_file_beside_the_notebook_comes_first(
    gallery: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    here = tmp_path / "mine" / "glm-4-long"
    (here / place).mkdir(parents=True)
    (here / place / "rivers.json").write_text("mine")
    monkeypatch.chdir(here)
    assert data_file("rivers.json").read_text() == "mine"


def test_a_notebook_without_its_data_reads_those_of_the_gallery(
    gallery: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert data_file("rivers.json") == gallery / "data" / "rivers.json"


def test_a_missing_file_says_how_to_get_it(
    gallery: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"'quokka\.csv' was not found") as caught:
        data_file("quokka.csv")
    assert "`glmkit gallery copy NUMBER`" in caught.value.hint
    with pytest.raises(ConfigError) as caught:
        data_file("river.json")
    assert caught.value.hint == "Did you mean 'rivers.json'?"


@pytest.mark.parametrize(
    "name", ["", "/etc/hosts", "../00_start.ipynb", "a/../../b", "C:\\hosts", "\0"]
)
def test_a_path_out_of_the_folder_is_refused(gallery: Path, name: str) -> None:
    with pytest.raises(ConfigError):
        data_file(name)


def test_the_checkout_is_read_before_what_its_installation_copied() -> None:
    """An editable installation keeps the gallery of the day it was made."""
    assert gallery_data.root() == ROOT / "notebooks"


def test_a_gallery_that_is_nowhere_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery_data, "_CHECKOUT", tmp_path)
    monkeypatch.setattr(gallery_data, "_SHARED", "share/nothing/of/the/kind.ipynb")
    with pytest.raises(ConfigError, match="not installed"):
        gallery_data.root()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="was not found"):
        data_file("rivers.json")
