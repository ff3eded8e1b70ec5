"""What is built is whole: the wheel works in an environment of its own."""

import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.support import wheel

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build sdist and wheel, without a network, and return their folder."""
    folder = tmp_path_factory.mktemp("dist")
    wheel.build(folder)
    return folder


@pytest.fixture(scope="module")
def python(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into a new environment that borrows only its dependencies."""
    (built_wheel,) = built.glob("*.whl")
    return wheel.install(built_wheel, tmp_path_factory.mktemp("installed") / "venv")


def test_the_wheel_is_small_enough_for_a_slow_line(built: Path) -> None:
    (file,) = built.glob("*.whl")
    assert file.stat().st_size <= 12_000_000


def test_the_wheel_is_imported_and_not_the_checkout(python: Path) -> None:
    code = (
        "import glmkit, glmkit_widgets; print(glmkit.__file__, glmkit_widgets.__file__)"
    )
    said = subprocess.check_output(
        [python, "-c", f"{code}; glmkit.Client; glmkit_widgets.Controls"],
        text=True,
        cwd=python.parent,
    )
    assert str(ROOT) not in said
    assert said.count(str(python.parent.parent)) == 2


def test_the_wheel_carries_the_gallery(python: Path, tmp_path: Path) -> None:
    command = [python, "-m", "glmkit", "gallery", "copy", "all", tmp_path / "mine"]
    subprocess.run(command, check=True, cwd=tmp_path)
    listed = ["git", "ls-files", "-z", "."]
    tracked = subprocess.check_output(listed, text=True, cwd=ROOT / "notebooks")
    for name in tracked.split("\0"):
        assert (tmp_path / "mine" / name).exists(), name


def test_a_notebook_of_the_wheel_finds_its_data(python: Path, tmp_path: Path) -> None:
    code = "from glmkit.notebook.gallery_data import root; print(root())"
    found = subprocess.check_output([python, "-c", code], text=True, cwd=tmp_path)
    assert Path(found.strip()).is_relative_to(python.parent.parent.resolve())


def test_the_sdist_builds_and_tests_by_itself(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    tracked = subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True)
    assert set(tracked.split("\n")) - {""} <= inside
