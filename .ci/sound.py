"""Whether the running environment is that of this checkout: what is wrong, and exit 1.

python .ci/sound.py FOLDER            its Python and its scripts
python .ci/sound.py FOLDER installed  also what is installed in it
"""

import sys
from collections.abc import Iterator
from importlib import metadata, util
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def faults(folder: Path, installed: bool) -> Iterator[str]:
    """Yield what is wrong with an environment."""
    if Path(sys.prefix).resolve() != folder.resolve():
        yield f"its Python belongs to {sys.prefix}"
    if util.find_spec("pip") is None:
        yield "it has no pip"
    for script in ("pip", "glmkit") if installed else ("pip",):
        path = folder / "bin" / script
        if not path.exists():
            yield f"{script} is missing"
        elif f"{folder.absolute()}/bin/".encode() not in path.read_bytes()[:1000]:
            yield f"{script} is of another place"
    if installed:
        yield from faults_of_packages()


def faults_of_packages() -> Iterator[str]:
    """Yield what is wrong with how the checkout is installed."""
    for name, place in (("glmkit", ROOT), ("glmkit_widgets", ROOT / "widgets")):
        found = util.find_spec(name)
        origin = found.origin if found else None
        if origin is None or Path(origin).resolve() != place / name / "__init__.py":
            yield f"{name} is {origin or 'missing'}"
    if len([*metadata.distributions(name="glmkit")]) != 1:
        yield "glmkit is installed more than once, or not at all"


def main() -> int:
    """Print what is wrong with an environment; return whether something is."""
    folder, installed = Path(sys.argv[1]), sys.argv[2:] == ["installed"]
    found = [*faults(folder, installed)]
    if found:
        print(f"{folder} is set up again: {'; '.join(found)}", file=sys.stderr)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
