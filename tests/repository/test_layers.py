"""The folders of the package: what may import what, and through which module each
third-party library enters.

A module imports folders that stand above its own in FOLDERS, and modules of its own
folder, without a circle.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = (ROOT / "glmkit", ROOT / "widgets/glmkit_widgets")

#: The lowest first.
FOLDERS = [
    "types", "config", "catalog", "wire", "transport", "figures", "tools", "ledger",
    "render", "readers", "local", "client", "tables", "documents", "glmkit_widgets",
    "notebook",
]  # fmt: skip
#: Modules beside the folders: public names, and the command line.
FACES = [
    "pandas", "errors", "sandbox", "widgets", "gallery", "__init__", "__main__",
]  # fmt: skip
DOORS = {
    "IPython": "notebook __init__ glmkit_widgets",
    "PIL": "client.prompts",
    "aiohttp": "transport",
    "aiohttp_socks": "transport",
    "anywidget": "glmkit_widgets",
    "bs4": "readers",
    "dask": "tables",
    "docx": "readers",
    "httpx": "transport local",
    "httpx_aiohttp": "transport",
    "ipywidgets": "glmkit_widgets",
    "jsonschema": "tools",
    "kaleido": "glmkit_widgets",
    "keyring": "config",
    "markdown_it": "render",
    "nbclient": "notebook.gallery_run",
    "nbconvert": "notebook.gallery_run notebook.site",
    "nbformat": "notebook.gallery_run notebook.site",
    "nest_asyncio": "notebook",
    "nh3": "render",
    "numpy": "local tables",
    "pdoc": "notebook.site",
    "pandas": "ledger.views tables documents notebook.table_cell figures "
    "glmkit_widgets __main__",
    "platformdirs": "config",
    "plotly": "figures glmkit_widgets",
    "psutil": "ledger notebook",
    "pyarrow": "ledger.views",
    "pygments": "notebook",
    "openpyxl": "readers documents",
    "pptx": "readers",
    "pypdfium2": "readers glmkit_widgets",
    "pydantic_monty": "tools.sandbox",
    "referencing": "tools",
    "sqlite3": "ledger local",
    "starlette": "local",
    "tokenizers": "catalog",
    "tqdm": "local client.progress_bar notebook.output_bar",
    "traitlets": "notebook glmkit_widgets",
    "uvicorn": "local",
    "xllamacpp": "local",
}
EVERYWHERE = {"msgspec"}
#: What `local` uses of the folders above it, and what is used of `local` from below.
LOCAL_USES = {"types", "config", "catalog", "wire", "tools", "readers"}
LOCAL_OFFERS = {"launcher", "weights"}

#: Lines of a module at most.
LONG = 330

PLACE = {name: place for place, name in enumerate([*FOLDERS, *FACES])}


def modules() -> list[Path]:
    return sorted(path for folder in PACKAGES for path in folder.rglob("*.py"))


def name_of(path: Path) -> str:
    package = next(folder for folder in PACKAGES if path.is_relative_to(folder))
    parts = path.relative_to(package.parent).with_suffix("").parts
    package_itself = parts[-1] == "__init__" and parts != ("glmkit", "__init__")
    return ".".join(parts[:-1] if package_itself else parts)


MODULES = {name_of(path): path for path in modules()}


def folder_of(name: str) -> str:
    """Return the folder (or face) of a dotted module name of glmkit."""
    first, *rest = name.split(".")
    return (rest or ["__init__"])[0] if first == "glmkit" else first


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield every imported name: at the top, in functions, for type checkers."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def module_of(target: str) -> str:
    """Return the module that an imported name belongs to."""
    while target not in MODULES:
        shorter, _, _ = target.rpartition(".")
        if not shorter:
            return "glmkit.__init__"
        target = shorter
    return target


def faults(path: Path, source: str) -> list[str]:
    """Return what a module imports against the rules."""
    name, found = name_of(path), []
    for target in imports(ast.parse(source)):
        library = target.split(".")[0]
        if library in ("glmkit", "glmkit_widgets"):
            found += wrong_folder(folder_of(name), module_of(target))
        elif library in DOORS:
            inside = name.removeprefix("glmkit.")
            doors = DOORS[library].split()
            if not any(inside == d or inside.startswith(f"{d}.") for d in doors):
                found.append(f"door of {library}")
        elif library not in sys.stdlib_module_names | EVERYWHERE:
            found.append(f"{library} has no door")
    return [f"{name}: {fault}" for fault in found]


def wrong_folder(folder: str, target: str) -> list[str]:
    other = folder_of(target)
    if other == folder:
        return []
    if PLACE[other] > PLACE[folder]:
        return [f"imports {target} below it"]
    if folder == "local" and other not in LOCAL_USES:
        return [f"local uses {other}"]
    part = target.removeprefix("glmkit.local.").split(".")[0]
    if other == "local" and target != "glmkit.local" and part not in LOCAL_OFFERS:
        return [f"{part} is inside local"]
    return []


def arrows() -> dict[str, set[str]]:
    """Return module → the modules that it imports, wherever it does."""
    return {
        name: {
            module_of(target)
            for target in imports(ast.parse(path.read_text("utf-8")))
            if target.split(".")[0] in ("glmkit", "glmkit_widgets")
        }
        - {name}
        for name, path in MODULES.items()
    }


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that import each other (Tarjan's algorithm)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in sorted(graph.get(name, ())):
            if other not in index:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], index[other])
        if low[name] == index[name]:
            place = stack.index(name)
            group, stack[place:] = stack[place:], []
            if len(group) > 1:
                found.append(sorted(group))

    for name in graph:
        if name not in index:
            visit(name)
    return found


def class_names() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, []).append(name)
    return found


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_module_imports_down_and_by_the_doors(path: Path) -> None:
    assert folder_of(name_of(path)) in PLACE, "a new folder needs a place in FOLDERS"
    assert faults(path, path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("types/errors", "from glmkit.client.clients import Client"),
        ("types/errors", "import httpx"),
        ("catalog/cards", "import numpy"),
        ("figures/style", "from glmkit import load, Client"),
        ("local/launcher", "from glmkit.ledger import Ledger"),
        ("client/clients", "def f():\n    from glmkit.local import engine"),
        ("client/clients", "import sqlite3"),
    ],
)
def test_a_wrong_import_is_found(room: str, line: str) -> None:
    assert faults(ROOT / f"glmkit/{room}.py", line)


def test_no_modules_import_each_other() -> None:
    assert circles(arrows()) == []


def test_a_circle_is_found() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}
    assert circles(graph) == [["b", "c"]]


def test_the_listing_is_the_architecture() -> None:
    ours = {path.name.removesuffix(".py") for path in (ROOT / "glmkit").iterdir()}
    known = {*FOLDERS, *FACES, "py.typed"} - {"glmkit_widgets"}
    assert ours - {"__pycache__"} <= known


def test_the_figures_of_the_tree(capsys: pytest.CaptureFixture[str]) -> None:
    entries = [p for p in (ROOT / "glmkit").iterdir() if p.name != "__pycache__"]
    lines = {
        name: len(p.read_text("utf-8").splitlines()) for name, p in MODULES.items()
    }
    twice = {name: where for name, where in class_names().items() if len(where) > 1}
    graph = arrows()
    between = {
        (folder_of(name), folder_of(other))
        for name, others in graph.items()
        for other in others
        if folder_of(name) != folder_of(other)
    }
    longest = max(lines, key=lines.__getitem__)
    with capsys.disabled():
        print(
            f"\nentries of glmkit/ {len(entries)}, modules {len(lines)}, "
            f"circles {len(circles(graph))}, folder arrows {len(between)}, "
            f"largest module {lines[longest]} lines ({longest}), "
            f"classes named twice {len(twice)}"
        )
    assert lines[longest] <= LONG
    assert twice == {}
