"""Make macrodata.csv: the economy of the United States by quarter, 1959 to 2009.

python notebooks/data/macrodata.py [FOLDER]
"""

import ast
from pathlib import Path

from fetch import Archive, keep_licence, only, opened, read_csv, save_csv

#: The data are the same on all platforms; one wheel pins the hash.
PACKAGE = Archive(
    "statsmodels",
    "0.15.0",
    "b67886b66d9c7ca118526accedb5c6de7ffd74c015dc0492ea0b1690192b65da",
    options=(
        *("--platform", "manylinux_2_28_x86_64", "--only-binary", ":all:"),
        *("--python-version", "3.11", "--implementation", "cp", "--abi", "cp311"),
    ),
)


def make(script: str, name: str) -> None:
    """Write a data set of statsmodels, with what it states on its copyright."""
    with opened(PACKAGE) as files:
        folder = only(files, f"datasets/{name}")
        save_csv(script, read_csv(folder / f"{name}.csv"))
        parts = [stated(folder / "data.py", part) for part in ("COPYRIGHT", "SOURCE")]
        own = only(files, "*.dist-info/licenses/LICENSE.txt").read_text("utf-8")
    keep_licence(name, "\n\n".join([*parts, f"The package statsmodels:\n\n{own}"]))


def stated(module: Path, name: str) -> str:
    """Return a text that a module assigns to a name."""
    for node in ast.parse(module.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return str(ast.literal_eval(node.value)).strip()
    raise SystemExit(f"{module.name} does not state {name}")


if __name__ == "__main__":
    make(__file__, "macrodata")
