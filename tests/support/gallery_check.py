"""Runs the whole gallery from the installed wheel, where the machine allows no route.

`python -m tests.support.gallery_check [NUMBER ...]`, as `make gallery-check` does.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from glmkit.local import weights
from tests.support import wheel, without_routes


def main(numbers: list[str]) -> int:
    """Build, install, and run the notebooks; the exit code is that of the runs."""
    model = weights.ready()  # fetched here, while there is a network
    with tempfile.TemporaryDirectory(prefix="glmkit-wheel-") as folder:
        wheel.build(Path(folder), "--wheel")
        (built,) = Path(folder).glob("*.whl")
        python = wheel.install(built, Path(folder) / "venv")
        words = [str(python), "-m", "glmkit.notebook.gallery_check", *numbers]
        walled = without_routes.command(Path(folder), words)
        how = "without a route" if walled else "with the machine's own routes"
        print(f"running the notebooks of {built.name} {how}", flush=True)
        env = os.environ | {
            "GLMKIT_LOCAL_MODEL": str(model),
            # A program stands in the environment that the dependencies are borrowed of.
            "MONTY_BIN": str(Path(sysconfig.get_path("scripts")) / "monty"),
        }
        where = wheel.ROOT if walled else folder  # the wall stands in the checkout
        return subprocess.run(walled or words, cwd=where, env=env).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
