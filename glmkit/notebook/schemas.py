"""What `--schema` names: a type of the notebook, or fields written in the line."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from glmkit.notebook import namespace
from glmkit.types.errors import ConfigError
from glmkit.types.translation import _

_TYPES: dict[str, Any] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    **{f"list[{kind.__name__}]": list[kind] for kind in (str, int, float, bool)},  # type: ignore[valid-type]
}
_WORDS = {kind: word for word, kind in _TYPES.items()}
_FIELD = re.compile(r"([^\W\d]\w*)(?:[ :]+([a-z]+(?:\[[a-z]+\])?))?")
_HINT = (
    'Name a type of this notebook, or write fields: --schema "name, age int"; '
    '--schema "[name, age int]" asks for several.'
)


def schema(text: str, names: Mapping[str, Any]) -> Any:
    """Return the schema that a text names: a variable, an expression, or fields.

    `name, age int` makes a type with these fields, `[name, age int]` a list of them.

    >>> schema("name, age int", {}).__struct_fields__
    ('name', 'age')
    """
    text = text.strip()
    found = _named(text, names)
    if found is not None:
        return found
    if text.startswith("{"):
        return _json(text)
    if text.startswith("[") and text.endswith("]"):
        return list[_fields(text[1:-1])]  # type: ignore[misc]
    return _fields(text)


def _named(text: str, names: Mapping[str, Any]) -> Any:
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError):
        return None
    used = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
    known = all(name in names or namespace.is_builtin(name) for name in used)
    if not used or not known or isinstance(tree.body, ast.Tuple | ast.List | ast.Dict):
        return None
    if isinstance(tree.body, ast.Name) and used[0] not in names:
        return None  # a field may have the name of a builtin
    try:
        return eval(compile(tree, "<schema>", "eval"), *namespace.of(names))
    except Exception as exc:
        raise ConfigError(f"--schema {text}: {exc}", hint=_HINT) from exc


def _json(text: str) -> Any:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.MsgspecError as exc:
        raise ConfigError(f"the schema is not JSON: {exc}", hint=_HINT) from exc


def _fields(text: str) -> type[msgspec.Struct]:
    fields: dict[str, Any] = {}
    for part in text.split(","):
        found = _FIELD.fullmatch(part.strip())
        kind = _TYPES.get(found[2] or "str") if found else None
        if found is None or kind is None or found[1] in fields:
            raise ConfigError(
                f"the schema does not parse at {part.strip()!r}", hint=_HINT
            )
        fields[found[1]] = kind
    return _struct(", ".join(f"{name} {_WORDS[kind]}" for name, kind in fields.items()))


@lru_cache(maxsize=256)
def _struct(text: str) -> type[msgspec.Struct]:
    """Make the type of fields in their one spelling, once.

    Pickle finds it under its qualified name, by `__getattr__` below.
    """
    fields = [(name, _TYPES[kind]) for name, kind in map(str.split, text.split(", "))]
    try:
        made = msgspec.defstruct(
            "Answer", fields, frozen=True, forbid_unknown_fields=True, module=__name__
        )
    except (TypeError, ValueError) as exc:
        raise ConfigError(
            _("the schema does not parse: {error}", error=exc), hint=_HINT
        ) from exc
    made.__qualname__ = f"Answer({text})"
    return made


def __getattr__(name: str) -> Any:
    """Return the type of a pickled answer: `Answer(name str, age int)`."""
    if name.startswith("Answer(") and name.endswith(")"):
        return _fields(name.removeprefix("Answer(")[:-1])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
