"""Text that others wrote passes one filter on its way to a terminal or a page.

Found by `ast`: whatever writes to a terminal, a `text/plain` or HTML output, a warning,
a question or a progress bar is filtered on the spot, or was reviewed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("glmkit", "widgets/glmkit_widgets")

#: Calls that show text, by the last part of their name.
SHOWING = {
    *("pprint", "input", "getpass", "tqdm", "set_description_str"),
    *("display", "update_display", "showwarning", "warn_explicit"),
    *("print_exception", "print_exc", "format_exception", "set_next_input"),
}
#: Methods of objects that write, and functions that would pass by the filter.
WRITING = {
    "write": ("stdout", "stderr", "__stdout__", "__stderr__", "plain_text"),
    "writelines": ("stdout", "stderr"),
    "warn": ("warnings",),
    "escape": ("html",),
}
MIME = ("text/plain", "text/html", "text/markdown")
METHODS = ("__repr__", "_repr_html_", "_repr_mimebundle_", "_render_traceback_")
FILTERS = {"plain", "one_line", "escaped", "static"}
#: The filter itself, and the maker of HTML.
INSIDE = ("glmkit.types.plain_text", "glmkit.render.")

#: Place → why what it shows needs no filter there.
REVIEWED = {
    "glmkit.client.clients:_Core.__repr__ __repr__": "by !r",
    "glmkit.client.resources.embeddings:Vectors.__repr__ __repr__": "numbers, and !r",
    "glmkit.client.progress_bar:progress_bar tqdm": "constant words, and one_line",
    "glmkit.client.resources.sync_async:Namespace.__repr__ __repr__": "by !r",
    "glmkit.config.keys:Key.__repr__ __repr__": "stars and four letters of a key",
    "glmkit.documents.hidden_sentence:Needle._repr_mimebundle_ _repr_mimebundle_": (
        "a figure, its title escaped"
    ),
    "glmkit.ledger.views.model_table:ModelTable._repr_html_ _repr_html_": "by escaped",
    "glmkit.local.engine.__main__:main print": "JSON, read by a process",
    "glmkit.local.state:Platform.__repr__ __repr__": "a loopback address, and !r",
    "glmkit.local.weights:_draw tqdm": "constant words",
    "glmkit.notebook.caught_warnings:Cautions.__exit__ showwarning": "of others, again",
    "glmkit.notebook.cell_errors:told format_exception": "goes into a prompt",
    "glmkit.notebook.output_bar:OutputBar.__init__ display": "by one_line",
    "glmkit.notebook.output_bar:OutputBar.close display": "by one_line",
    "glmkit.notebook.output_bar:automatic tqdm": "constant words, and one_line",
    "glmkit.notebook.output_bar:disabled tqdm": "nothing",
    "glmkit.notebook.surfaces:LiveView.__init__ display": "a view, without a text",
    "glmkit.notebook.surfaces:Repainted._paint display": "made by render.answer",
    "glmkit.notebook.surfaces:Once.end display": "made by render.answer",
    "glmkit.notebook.surfaces:Written.show write": "plain, or by Styler",
    "glmkit.notebook.surfaces:Written.end write": "plain, or by Styler",
    "glmkit.types.attached_text:packed escape": "goes into a prompt",
    "glmkit.notebook.surfaces:show display": "plain in its text/plain",
    "glmkit.notebook.site.pages:_without_live_outputs text/html": "JSON, `<` escaped",
    "glmkit.notebook.surfaces:show_text text/html": "made by render.page",
    "glmkit.notebook.surfaces:show write": "plain in its text/plain",
    "glmkit.notebook.table_outputs: text/plain": "a function that filters",
    "glmkit.notebook.table_outputs: text/html": "pandas escapes",
    "glmkit.types.money:PlainDecimal.__repr__ __repr__": "a number",
    "glmkit.types.errors:Interrupted._render_traceback_ _render_traceback_": "a number",
    "glmkit.types.money:Money.__repr__ __repr__": "a number",
    "glmkit.types.replies:Reply.__repr__ __repr__": "by !r",
    "glmkit.wire.forms:Upload.__repr__ __repr__": "by !r",
    "glmkit_widgets.shared.static_picture:StaticPicture.show display": "by _bundle",
    "glmkit_widgets.shared.static_picture:StaticPicture.send update_display": "too",
    "glmkit_widgets.shared.static_picture:StaticPicture._bundle text/html": "drawn",
}


def name_of(path: Path) -> str:
    package = next(ROOT / one for one in PACKAGES if path.is_relative_to(ROOT / one))
    return ".".join(path.relative_to(package.parent).with_suffix("").parts)


def modules() -> dict[str, Path]:
    paths = (path for one in PACKAGES for path in (ROOT / one).rglob("*.py"))
    found = {name_of(path): path for path in sorted(paths)}
    return {n: path for n, path in found.items() if not n.startswith(INSIDE)}


def filtered(node: ast.expr | None) -> bool:
    """Whether a value is a constant, or comes out of a filter."""
    match node:
        case ast.Constant():
            return True
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name in FILTERS
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return all(map(filtered, parts))
        case ast.BinOp(left=left, right=right):
            return filtered(left) and filtered(right)
        case ast.JoinedStr(values=parts):
            return all(map(filtered, parts))
        case ast.FormattedValue(value=value, conversion=how):
            return how == ord("r") or filtered(value)
        case _:
            return False


class Doors(ast.NodeVisitor):
    """Collects the places of one module that show text unfiltered."""

    def __init__(self, tree: ast.Module) -> None:
        self.found: list[tuple[str, int]] = []
        self._inside: list[str] = []
        self._names: dict[str, str] = {}
        self.visit(tree)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            origin = str(node.module).rpartition(".")[2]
            self._names[alias.asname or alias.name] = f"{origin}.{alias.name}"

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._enter(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        returns = [one for one in ast.walk(node) if isinstance(one, ast.Return)]
        whole = all(filtered(one.value) for one in returns)
        self._enter(node, "" if whole or node.name not in METHODS else node.name)

    def _enter(self, node: ast.ClassDef | ast.FunctionDef, kind: str = "") -> None:
        self._inside.append(node.name)
        if kind:
            self._note(node, kind)
        self.generic_visit(node)
        self._inside.pop()

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        kind = self._kind(node.func)
        if kind and not (node.args and all(map(filtered, node.args))):
            self._note(node, kind)

    def visit_Name(self, node: ast.Name) -> None:
        if node.id == "print":
            self._note(node, "print")

    def _kind(self, func: ast.expr) -> str:
        called = ast.unparse(func)
        origin, _, name = self._names.get(called, called).rpartition(".")
        owner = origin.rpartition(".")[2]
        shows = name in SHOWING or owner in WRITING.get(name, ())
        return name if shows else ""

    def visit_Dict(self, node: ast.Dict) -> None:
        self.generic_visit(node)
        for key, value in zip(node.keys, node.values, strict=True):
            kind = key.value if isinstance(key, ast.Constant) else None
            if kind in MIME and not filtered(value):
                self._note(node, str(kind))

    def visit_Assign(self, node: ast.Assign) -> None:
        self.generic_visit(node)
        for target in node.targets:
            match target:
                case ast.Subscript(slice=ast.Constant(value=str(kind))) if kind in MIME:
                    if not filtered(node.value):
                        self._note(node, kind)
                case _:
                    pass

    def _note(self, node: ast.stmt | ast.expr, kind: str) -> None:
        self.found.append((f"{'.'.join(self._inside)} {kind}", node.lineno))


def doors(name: str, source: str) -> Iterator[str]:
    """Yield the places of a module that show text which no filter has seen."""
    for place, line in Doors(ast.parse(source)).found:
        if f"{name}:{place}" not in REVIEWED:
            yield f"{name}:{place} (line {line})"


def test_no_text_of_others_goes_round_the_filter() -> None:
    found = [
        door
        for name, path in modules().items()
        for door in doors(name, path.read_text("utf-8"))
    ]
    assert found == []


def test_every_place_that_was_reviewed_is_there() -> None:
    places = {
        f"{name}:{place}"
        for name, path in modules().items()
        for place, _ in Doors(ast.parse(path.read_text("utf-8"))).found
    }
    assert set(REVIEWED) - places == set()


@pytest.mark.parametrize(
    "line",
    [
        "print(model)",
        "print('model', model)",
        "with notices(print): pass",
        "import sys\nsys.stdout.write(text)",
        "from sys import stderr\nstderr.write(text)",
        "from glmkit.types import plain_text\nplain_text.write(text)",
        "from glmkit.types.plain_text import write\nwrite(text)",
        "import warnings\nwarnings.warn(f'no {model}')",
        "from warnings import warn\nwarn(text, UserWarning)",
        "from IPython.display import display as show\nshow(text)",
        "bundle = {'text/plain': text}",
        "bundle = {'text/html': '<p>' + text}",
        "bundle['text/markdown'] = text",
        "import html\nhtml.escape(text)",
        "from html import escape\nescape(text)",
        "class A:\n    def __repr__(self): return f'A({self.name})'",
        "class A:\n    def _repr_html_(self): return self.html",
        "input(f'use {tool}?')",
        "from tqdm.auto import tqdm\ntqdm(total=1, desc=name)",
        "bar.set_description_str(state)",
    ],
)
def test_a_way_round_the_filter_is_found(line: str) -> None:
    assert list(doors("glmkit.new", line))


@pytest.mark.parametrize(
    "line",
    [
        "from glmkit.types.plain_text import say\nsay(model)",
        "from glmkit.types.plain_text import warn\nwarn(text, UserWarning)",
        "bundle = {'text/plain': render.plain(text)}",
        "bundle = {'text/html': render.static(inside)}",
        "class A:\n    def __repr__(self): return f'A({self.name!r})'",
        "file.write(text)",
    ],
)
def test_what_is_filtered_is_no_way_round(line: str) -> None:
    assert not list(doors("glmkit.new", line))
