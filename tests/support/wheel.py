"""The wheel of this checkout, and an environment that has it installed."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]


def build(folder: Path, *what: str) -> None:
    """Build sdist and wheel, or what is named (`--wheel`), without a network."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder]
    subprocess.run([*command, *what, ROOT], check=True, capture_output=True)


def install(wheel: Path, folder: Path) -> Path:
    """Install a wheel into a new environment and return its Python.

    It borrows only its dependencies from the environment that runs.
    """
    venv.create(folder, symlinks=True)
    scripts = "Scripts" if sys.platform == "win32" else "bin"
    executable = folder / scripts / Path(sys.executable).name
    command = [sys.executable, "-m", "pip", "--python", executable, "install"]
    options = ["--quiet", "--no-index", "--no-deps", "--disable-pip-version-check"]
    subprocess.run([*command, *options, wheel], check=True)
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(subprocess.check_output([executable, "-c", code], text=True).strip())
    # Its .pth files are not read, so the editable checkout stays out of sight.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return executable
