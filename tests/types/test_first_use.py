"""Every type that JSON is decoded into is analysed before two threads can share it.

A crash of the process would need two threads to use a type for the first time at the
same moment. What prevents it can be read: each type is prepared while its module is
imported, or by the function that it is passed to.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from glmkit.types.first_use import prepare
from tests.repository.test_layers import MODULES

#: Where the type stands among the arguments.
DECODES = {"msgspec.convert": 1, "msgspec.json.Decoder": 0, "msgspec.json.decode": None}
#: Functions that pass a type on, and the types that they are called with.
PASSED: dict[tuple[str, str], str] = {}


def calls(node: ast.AST, name: str) -> Iterator[ast.Call]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call) and ast.unparse(inner.func) == name:
            yield inner


def targets(node: ast.AST) -> Iterator[str]:
    """Yield the source of each type that is decoded into."""
    for name, place in DECODES.items():
        for call in calls(node, name):
            named = [word.value for word in call.keywords if word.arg == "type"]
            placed = [] if place is None else call.args[place : place + 1]
            yield from map(ast.unparse, named + placed)


@functools.cache
def prepared(source: str, module: str) -> set[type]:
    """Return the types that a module prepares while it is imported."""
    found: set[type] = set()
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Expr):
            for call in calls(statement, "prepare"):
                for kind in call.args:
                    found |= parts(evaluated(ast.unparse(kind), module))
    return found


def evaluated(text: str, module: str) -> Any:
    """Return a type of a module by its source; None where it is a local name."""
    try:
        return eval(text, vars(import_module(module)))
    except NameError:
        return None


def parts(kind: Any) -> set[type]:
    """Return the classes that a type is made of and that msgspec analyses."""
    found: set[type] = set()

    def add(part: Any) -> None:
        for inner in get_args(part):
            add(inner)
        if not isinstance(part, type) or part in found:
            return
        if issubclass(part, msgspec.Struct) or dataclasses.is_dataclass(part):
            found.add(part)
            for hint in get_type_hints(part, include_extras=True).values():
                add(hint)

    add(kind)
    return found


def unprepared(source: str, module: str) -> list[str]:
    """Return what a module decodes into that no import and no function prepares."""
    missing = []
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        home, _, names = PASSED.get((module, function.name), "").partition(": ")
        own = {ast.unparse(k) for call in calls(function, "prepare") for k in call.args}
        for text in set(targets(function)) - own:
            kinds = [evaluated(name, home) for name in names.split(", ") if name]
            for kind in kinds or [evaluated(text, module)]:
                if kind is None or not_ready(kind, source, module):
                    missing.append(f"{function.name}: {text}")
    return missing


def not_ready(kind: Any, source: str, module: str) -> set[type]:
    """Return the parts of a type that neither the module nor their own prepares."""
    ready = prepared(source, module)
    for home in {part.__module__ for part in parts(kind)} - {module}:
        ready = ready | prepared(SOURCES[home], home)
    return parts(kind) - ready


SOURCES = {name: path.read_text("utf-8") for name, path in MODULES.items()}
DECODING = {
    name for name, source in SOURCES.items() if [*targets(ast.parse(source))]
} - {prepare.__module__}


@pytest.mark.parametrize("module", sorted(DECODING))
def test_a_type_is_analysed_before_threads_share_it(module: str) -> None:
    assert unprepared(SOURCES[module], module) == []


@pytest.mark.parametrize(
    "module",
    [
        "glmkit.client.replay.lines",
        "glmkit.local.identity_proof",
        "glmkit.tools.schema",
        "glmkit.wire.records",
    ],
)
def test_a_module_that_does_not_prepare_its_types_is_found(module: str) -> None:
    source = SOURCES[module]
    broken, count = re.subn(r"(?m)^ *prepare\(.*\)\n", "", source)
    assert count
    assert unprepared(broken, module)


def test_a_type_that_another_module_decodes_into_is_found_too() -> None:
    source = "def row(text):\n    return msgspec.json.decode(text, type=Request)\n"
    module = "glmkit.ledger.rows"
    assert unprepared(source, module) == []
    assert unprepared(source.replace("Request", "Call"), module)


class Incomplete(msgspec.Struct):
    """Its field's type is not there: whoever analyses the class says so."""

    field: Nowhere  # type: ignore[name-defined]  # noqa: F821


class Outer(msgspec.Struct):
    inner: list[Incomplete]


def test_preparing_analyses_a_type_at_once_and_all_that_it_is_made_of() -> None:
    with pytest.raises(NameError, match="Nowhere"):
        prepare(Outer)
    assert Outer([]).inner == []  # making one does not
