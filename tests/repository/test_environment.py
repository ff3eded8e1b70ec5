"""An environment that is not this checkout's any more is set up again by `make`.

The script runs in a checkout with one small package, without a network.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

#: One worker makes the checkout for all.
pytestmark = pytest.mark.xdist_group("environment")

ROOT = Path(__file__).parents[2]
#: What builds an editable install; all else that is asked for is left out.
BUILDERS = (
    "editables", "hatchling", "packaging", "pathspec", "pluggy", "tomlkit",
    "trove_classifiers",
)  # fmt: skip
PYPROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "glmkit"
version = "1.0"
[project.optional-dependencies]
lab = []
local = []
[project.scripts]
glmkit = "glmkit:main"
[tool.hatch.build.targets.wheel]
packages = ["glmkit", "widgets/glmkit_widgets"]
"""


class Checkout:
    """A small checkout, and the script that sets up its environment."""

    def __init__(self, root: Path, builders: Path) -> None:
        self.root = root
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(root),
            "PYTHONPATH": str(builders),
            "PIP_NO_INDEX": "1",
            "PYENV_ROOT": "/nowhere",
        }

    def set_up(self, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the script, as `make lab` does."""
        return subprocess.run(
            [".ci/environment.sh", ".venv", "constraints.txt", "lab"],
            cwd=self.root,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
        )

    def says(self) -> str:
        """Return what the installed command prints."""
        command = [self.root / ".venv/bin/glmkit"]
        return subprocess.check_output(command, text=True, env={}).strip()

    @property
    def site(self) -> Path:
        return next(self.root.glob(".venv/lib/python3.*/site-packages"))

    @property
    def made(self) -> int:
        """Tell one environment from the next."""
        return (self.root / ".venv/pyvenv.cfg").stat().st_mtime_ns


def checkout_in(root: Path, builders: Path) -> Checkout:
    for package in ("glmkit", "widgets/glmkit_widgets"):
        (root / package).mkdir(parents=True)
        code = "def main():\n    print(__file__)\n"
        (root / package / "__init__.py").write_text(code)
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / "constraints.txt").touch()
    (root / ".ci").mkdir()
    for name in ("environment.sh", "sound.py"):
        shutil.copy(ROOT / ".ci" / name, root / ".ci" / name)
    made = Checkout(root, builders)
    done = made.set_up()
    assert done.returncode == 0, done.stderr
    return made


@pytest.fixture(scope="module")
def builders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with what builds an editable install."""
    folder = tmp_path_factory.mktemp("builders")
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if path.name.partition("-")[0] in BUILDERS:
            (folder / path.name).symlink_to(path)
    return folder


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory, builders: Path) -> Checkout:
    return checkout_in(tmp_path_factory.mktemp("checkout"), builders)


def test_a_sound_environment_is_left_alone(checkout: Checkout) -> None:
    stamp = checkout.root / ".venv/.lab"
    before = stamp.stat().st_mtime_ns, checkout.made
    done = checkout.set_up()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (stamp.stat().st_mtime_ns, checkout.made) == before
    assert checkout.says() == str(checkout.root / "glmkit/__init__.py")


@pytest.mark.parametrize("file", ["pyproject.toml", "constraints.txt"])
def test_other_requirements_are_installed(checkout: Checkout, file: str) -> None:
    before = (checkout.root / ".venv/.lab").read_text(), checkout.made
    with (checkout.root / file).open("a") as text:
        text.write("# changed\n")
    assert checkout.set_up().returncode == 0
    assert (checkout.root / ".venv/.lab").read_text() != before[0]
    assert checkout.made == before[1]


def lose_python(checkout: Checkout) -> None:
    for name in ("python", "python3"):
        path = checkout.root / ".venv/bin" / name
        path.unlink()
        path.symlink_to("/nowhere/bin/python3")


def move(checkout: Checkout) -> None:
    """Have its scripts run the Python of another place, as after a move."""
    for name in ("pip", "glmkit"):
        path = checkout.root / ".venv/bin" / name
        text = path.read_text().replace(str(checkout.root), "/somewhere/else")
        path.write_text(text)


def break_off(checkout: Checkout) -> None:
    """Leave it as a set-up that was interrupted early."""
    shutil.rmtree(checkout.site / "pip")


@pytest.mark.parametrize("harm", [lose_python, move, break_off])
@pytest.mark.slow
def test_a_harmed_environment_is_made_again(
    checkout: Checkout, harm: Callable[[Checkout], None]
) -> None:
    before = checkout.made
    harm(checkout)
    done = checkout.set_up()
    assert done.returncode == 0, done.stderr
    assert checkout.made != before
    assert checkout.says() == str(checkout.root / "glmkit/__init__.py")


def point_elsewhere(checkout: Checkout) -> None:
    """Have Python find the package in a folder that is not there any more."""
    for path in checkout.site.glob("*glmkit*.pth"):
        path.write_text("/nowhere/glmkit\n")


def find_another_first(checkout: Checkout) -> None:
    """Have Python find a package of this name in another checkout."""
    other = checkout.root / "other/glmkit"
    other.mkdir(parents=True, exist_ok=True)
    (other / "__init__.py").touch()
    for path in checkout.site.glob("*glmkit*.pth"):
        path.write_text(f"{other.parent}\n{path.read_text()}")


def forget_the_command(checkout: Checkout) -> None:
    (checkout.root / ".venv/bin/glmkit").unlink()


@pytest.mark.parametrize(
    "harm",
    [
        point_elsewhere,
        pytest.param(find_another_first, marks=pytest.mark.slow),
        pytest.param(forget_the_command, marks=pytest.mark.slow),
    ],
)
def test_a_package_of_another_place_is_installed_again(
    checkout: Checkout, harm: Callable[[Checkout], None]
) -> None:
    harm(checkout)
    done = checkout.set_up()
    assert done.returncode == 0, done.stderr
    assert "is set up again" in done.stderr
    assert checkout.says() == str(checkout.root / "glmkit/__init__.py")


@pytest.mark.slow
def test_an_environment_that_was_copied_with_its_checkout_is_made_again(
    checkout: Checkout, builders: Path, tmp_path: Path
) -> None:
    shutil.copytree(checkout.root, tmp_path / "copy", symlinks=True)
    copy = Checkout(tmp_path / "copy", builders)
    assert copy.says().startswith(str(checkout.root)), "it runs the other one"
    done = copy.set_up()
    assert done.returncode == 0, done.stderr
    assert copy.says() == str(copy.root / "glmkit/__init__.py")
    assert checkout.says() == str(checkout.root / "glmkit/__init__.py")


@pytest.fixture
def shims(tmp_path: Path) -> Path:
    """Return a folder of pyenv's commands for a version that is not installed."""
    folder = tmp_path / "shims"
    folder.mkdir()
    for name in ("python", "python3", "python3.11", "python3.12", "python3.13"):
        shim = folder / name
        shim.write_text(f"#!/bin/sh\necho 'pyenv: {name}: command not found' >&2\n")
        shim.write_text(shim.read_text() + "exit 127\n")
        shim.chmod(0o755)
    return folder


@pytest.mark.slow
def test_a_python_that_does_not_run_is_passed_over(
    checkout: Checkout, shims: Path
) -> None:
    lose_python(checkout)
    path = f"{shims}{os.pathsep}{os.environ['PATH']}"
    done = checkout.set_up(PATH=path)
    assert done.returncode == 0, done.stderr
    assert checkout.says()


def test_without_any_python_it_says_what_to_type(
    builders: Path, shims: Path, tmp_path: Path
) -> None:
    root = tmp_path / "bare"
    (root / ".ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci/environment.sh", root / ".ci/environment.sh")
    for name in ("pyproject.toml", "constraints.txt"):
        (root / name).touch()
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("cat", "cksum", "dirname", "rm", "sh"):
        (tools / name).symlink_to(str(shutil.which(name)))
    checkout = Checkout(root, builders)
    for asked in ({}, {"PYTHON": "python3.12"}):
        done = checkout.set_up(PATH=f"{shims}{os.pathsep}{tools}", **asked)
        assert done.returncode == 1
        assert "make PYTHON=/path/to/python3.12" in done.stderr
    assert not (root / ".venv").exists()
