"""The house: floors, rooms and doors. A module imports lower floors and rooms to its
left on its own floor; a third-party library enters by its door."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = (ROOT / "glmkit", ROOT / "widgets/glmkit_widgets")

FLOORS = {  # the lowest first; a room is a module or a folder
    "values": "errors money options messages events answers calls",
    "knowledge": "catalog prices tokens fitness",
    "dialect": "sse wire schema tools rounds",
    "plumbing": "config keyshapes keys loop retries limiter transport ledger cassette "
    "documents sandbox",
    "local": "local",
    "client": "service operation billing exchange streams resources series client "
    "defaults curl",
    "work": "deadline toolbox conversation digests texts frames accounts exports "
    "tables lab gallery doctor",
    "picture": "render telling figures",
    "widgets": "glmkit_widgets",
    "notebook": "notebook",
    "entry": "pandas widgets __init__ __main__",
}
DOORS = {
    "IPython": "notebook __init__ glmkit_widgets",
    "PIL": "documents",
    "aiohttp": "transport",
    "anywidget": "glmkit_widgets",
    "bs4": "texts",
    "dask": "tables",
    "docx": "texts",
    "httpx": "transport local",
    "httpx_aiohttp": "transport",
    "ipywidgets": "glmkit_widgets",
    "jsonschema": "schema",
    "kaleido": "glmkit_widgets",
    "keyring": "keys",
    "markdown_it": "render",
    "nbclient": "gallery",
    "nbconvert": "gallery",
    "nbformat": "gallery",
    "nest_asyncio": "notebook",
    "nh3": "render",
    "numpy": "local",
    "pandas": "frames tables lab figures glmkit_widgets __main__",
    "platformdirs": "config",
    "plotly": "figures glmkit_widgets",
    "psutil": "ledger",
    "pyarrow": "exports",
    "pygments": "notebook",
    "pypdf": "texts",
    "pydantic_monty": "sandbox",
    "referencing": "schema",
    "sqlite3": "ledger local",
    "starlette": "local",
    "tokenizers": "tokens",
    "tqdm": "local resources tables lab",
    "traitlets": "notebook glmkit_widgets",
    "uvicorn": "local",
    "xllamacpp": "local",
}
EVERYWHERE = {"msgspec"}
#: The rooms of plumbing that `local` uses, and what is used of `local` from above.
LOCAL_USES = {"config", "sandbox"}
LOCAL_OFFERS = {"host", "weights"}

PLACE = {
    room: (floor, place)
    for floor, rooms in enumerate(FLOORS.values())
    for place, room in enumerate(rooms.split())
}


def modules() -> list[Path]:
    return sorted(path for folder in PACKAGES for path in folder.rglob("*.py"))


def room_of(name: str) -> str:
    """Return the room of a dotted module name of ours."""
    first, *rest = name.split(".")
    return (rest or ["__init__"])[0] if first == "glmkit" else first


def name_of(path: Path) -> str:
    base = next(folder for folder in PACKAGES if path.is_relative_to(folder)).parent
    return ".".join(path.relative_to(base).with_suffix("").parts)


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield the imported names, but for those that only type checkers read."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield from (name for part in node.orelse for name in imports(part))
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        else:
            yield from imports(node)


def faults(path: Path, source: str) -> list[str]:
    """Return what a module imports against the rules."""
    name, found = name_of(path), []
    room = room_of(name)
    for target in imports(ast.parse(source)):
        library = target.split(".")[0]
        if library in ("glmkit", "glmkit_widgets"):
            found += wrong_floor(room, target)
        elif library in DOORS:
            found += [] if room in DOORS[library].split() else [f"door of {library}"]
        elif library not in sys.stdlib_module_names | EVERYWHERE:
            found.append(f"{library} has no door")
    return [f"{name}: {fault}" for fault in found]


def wrong_floor(room: str, target: str) -> list[str]:
    other = room_of(target)
    if other == room:
        return []
    if other not in PLACE:  # a public name of the package itself
        other = "__init__"
    if PLACE[other] > PLACE[room]:
        return [f"imports {other} above it"]
    if room == "local" and other in set(FLOORS["plumbing"].split()) - LOCAL_USES:
        return [f"local uses {other}"]
    part = target.removeprefix("glmkit.local.").split(".")[0]
    if other == "local" and target != "glmkit.local" and part not in LOCAL_OFFERS:
        return [f"{part} is inside local"]
    return []


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_module_imports_down_and_by_the_doors(path: Path) -> None:
    assert room_of(name_of(path)) in PLACE, "a new room needs a place in FLOORS"
    assert faults(path, path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("errors", "from glmkit.client import Client"),
        ("errors", "import httpx"),
        ("catalog", "import numpy"),
        ("figures", "from glmkit import session, Client"),
        ("local/host", "from glmkit.ledger import Ledger"),
        ("client", "def f():\n    from glmkit.local import engine"),
    ],
)
def test_a_wrong_import_is_found(room: str, line: str) -> None:
    assert faults(ROOT / f"glmkit/{room}.py", line)


def test_modules_stay_small() -> None:
    long = {
        name_of(p): n
        for p in modules()
        if (n := len(p.read_text("utf-8").splitlines())) > 330
    }
    assert long == {}
