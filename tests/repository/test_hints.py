"""Every hint is true: what a text tells the user to type exists.

Looked through are the hints of all errors that the package raises (`hint=...`, the
hints of the classes, the table of the service's codes), and every other literal for
words of `%glm`, options of `%%glm`, commands of `glmkit` and variables.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import glmkit
from glmkit import __main__ as command_line
from glmkit.client.clients import Client
from glmkit.client.conversation import Conversation
from glmkit.config.variables import VARIABLES
from glmkit.notebook.magics import cell_options
from glmkit.notebook.magics.commands import _ALIASES, COMMANDS
from glmkit.notebook.magics.glm import GLMMagics
from glmkit.types.options import SETTINGS
from tests.conftest import ROOT
from tests.repository.test_layers import modules, name_of

FLAGS = set(cell_options.names(cell_options.parser(GLMMagics.ask)))
SETTING_NAMES = {*(option.name for option in SETTINGS), "nest_asyncio"}
EXTRAS = set(
    tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
        "optional-dependencies"
    ]
)
#: A value that is filled in later, in place of a word.
ANY = "\N{HORIZONTAL ELLIPSIS}"


def text_of(node: ast.AST) -> str:
    """Return a literal's text, with ANY for what is filled in."""
    match node:
        case ast.Constant(value=str(text)):
            return re.sub(r"\{[^{}\s]+\}", ANY, text)
        case ast.JoinedStr(values=parts):
            return "".join(text_of(part) or ANY for part in parts)
        case _:
            return ""


def literals(tree: ast.AST) -> Iterator[str]:
    """Yield the text of every literal, a formatted one as a whole."""
    inner = {id(p) for n in ast.walk(tree) if isinstance(n, ast.JoinedStr)
             for p in ast.walk(n) if p is not n}  # fmt: skip
    for node in ast.walk(tree):
        if id(node) not in inner and (text := text_of(node)):
            yield text


def hints(tree: ast.Module) -> Iterator[str]:
    """Yield the texts of hints: of `hint=`, by constants and functions it names too."""
    named: dict[str, ast.AST] = {}
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name):
                named[name] = node
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                named.setdefault(name, value)
            case _:
                pass
    for node in ast.walk(tree):
        match node:
            case ast.keyword(arg="hint", value=value):
                yield from literals(value)
                for used in ast.walk(value):
                    if isinstance(used, ast.Name) and used.id in named:
                        body = named[used.id]
                        yield from literals(_without_docstring(body))
            case ast.Assign(targets=[ast.Name(id="hint")], value=value):
                yield from literals(value)
            case _:
                pass


def _without_docstring(node: ast.AST) -> ast.AST:
    if not (isinstance(node, ast.FunctionDef) and ast.get_docstring(node)):
        return node
    return ast.Module(body=node.body[1:], type_ignores=[])


def faults(text: str) -> list[str]:
    """Return what a text names and is not there."""
    return [*words(text), *_names(text)]


def words(text: str) -> list[str]:
    """Return the words of `%glm` and `glmkit`, options and variables that are not."""
    text = re.sub(r"^ *>>> .*\n.*$", "", text, flags=re.M)  # an example may be wrong
    found = [*_magics(text), *_shell(text)]
    for name in re.findall(r"\b(?:GLMKIT|ZHIPUAI|ZAI)_[A-Z_]+\b", text):
        if name not in VARIABLES:
            found.append(f"variable {name}")
    return found


def _magics(text: str) -> Iterator[str]:
    for word, rest in re.findall(r"(?<!%)%glm ([a-z_-]+)([^`]*)", text):
        if word not in COMMANDS and word not in _ALIASES:
            yield f"%glm {word}"
        name = re.match(r" ([a-z_]+)", rest)
        if word == "config" and name and name[1] not in SETTING_NAMES:
            yield f"%glm config {name[1]}"
    for line in re.findall(r"%%glm([^`\n]*)", text):
        for flag in re.findall(r"(?<![\w-])(--?[a-z][\w-]*)", line):
            if flag not in FLAGS:
                yield f"%%glm {flag}"


def _shell(text: str) -> Iterator[str]:
    commands = set(command_line._parser()._subparsers._group_actions[0].choices)  # type: ignore[union-attr, arg-type]
    for word in re.findall(r"`glmkit ([a-z]+)", text):
        if word not in commands:
            yield f"glmkit {word}"
    for extra in re.findall(r"glmkit\[([a-z,]+)\]", text):
        yield from (f"extra {e}" for e in extra.split(",") if e not in EXTRAS)


#: What a name in a hint begins with → what it stands for.
BEGINS: dict[str, object] = {
    "glmkit": glmkit,
    "client": Client("http://127.0.0.1:9/v1"),
    "talk": Conversation,
}
_NAME = re.compile(r"(?<![\w./])(glmkit|client|talk)\.([A-Za-z_][\w.]*)")


def _names(text: str) -> Iterator[str]:
    """Yield dotted names of glmkit, a client or a conversation that lead nowhere."""
    for begin, path in _NAME.findall(text):
        found = BEGINS[begin]
        for part in path.strip(".").split("."):
            if part in {"ipynb", "md", "json"}:  # a file
                break
            if not hasattr(found, part):
                yield f"{begin}.{path}"
                break
            found = getattr(found, part)


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_every_hint_names_what_exists(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert [(text, fault) for text in hints(tree) for fault in faults(text)] == []


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_every_text_names_words_options_and_variables_that_exist(path: Path) -> None:
    texts = literals(ast.parse(path.read_text("utf-8")))
    assert [(text, fault) for text in texts for fault in words(text)] == []


def test_many_hints_were_looked_at() -> None:
    trees = [ast.parse(path.read_text("utf-8")) for path in modules()]
    assert sum(1 for tree in trees for _ in hints(tree)) > 300


@pytest.mark.parametrize(
    "text",
    [
        "Write `%glm lab`.",
        "`%glm config warmth 1` sets it.",
        "Add --fresh: `%%glm --chta NAME --fresh`.",
        "Run `glmkit fly`.",
        'pip install "glmkit[moon]"',
        "Set GLMKIT_ENDPIONT.",
        "Use glmkit.documents.image(...).",
        "Ask with `client.telephone(...)`.",
    ],
)
def test_a_hint_that_is_not_true_is_found(text: str) -> None:
    source = f"raise ConfigError('x', hint={text!r})"
    assert [fault for each in hints(ast.parse(source)) for fault in faults(each)]
