"""What is wrong with a value by its JSON Schema, in one sentence.

The rules that structured answers use; formats and unknown words are let through.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from glmkit.local.platform.answering import json_grammar

_KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
#: Words that the grammar leaves to this module.
_UNHELD = {
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    "pattern", "uniqueItems", "not", "allOf", "contains", "prefixItems",
    "minProperties", "maxProperties", "patternProperties", "propertyNames",
    "dependentRequired", "if",
}  # fmt: skip


def fault(schema: Any, value: Any) -> str | None:
    """Return the first fault of the value, None where it fits."""
    return next(_Check(schema).faults(schema, value, "the value"), None)


def holds(schema: Any) -> bool:
    """Whether the grammar alone holds every answer to the schema."""
    if isinstance(schema, Mapping):
        return not _UNHELD & schema.keys() and all(map(holds, schema.values()))
    return all(map(holds, schema)) if isinstance(schema, list) else True


_ROUNDING = 1e-9


class _Check:
    def __init__(self, root: Any) -> None:
        self._root = root

    def fits(self, schema: Any, value: Any) -> bool:
        return next(self.faults(schema, value, ""), None) is None

    def faults(self, schema: Any, value: Any, place: str) -> Iterator[str]:
        """Yield what is wrong, the outermost first."""
        if schema is False:
            yield f"{place} must not be there"
        if not isinstance(schema, Mapping):
            return
        if "$ref" in schema:
            yield from self.faults(
                json_grammar.target(self._root, str(schema["$ref"])), value, place
            )
        yield from _kind(schema, value, place)
        yield from self._combined(schema, value, place)
        if isinstance(value, dict):
            yield from self._object(schema, value, place)
        elif isinstance(value, list):
            yield from self._array(schema, value, place)
        elif isinstance(value, str):
            yield from _text(schema, value, place)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield from _number(schema, value, place)

    def _combined(
        self, schema: Mapping[str, Any], value: Any, place: str
    ) -> Iterator[str]:
        for part in schema.get("allOf") or ():
            yield from self.faults(part, value, place)
        if "not" in schema and self.fits(schema["not"], value):
            yield f"{place} is what it must not be"
        for word, right in _COUNTS.items():
            parts = schema.get(word)
            if parts and not right(sum(self.fits(part, value) for part in parts)):
                yield f"{place} does not fit {word}"

    def _object(
        self, schema: Mapping[str, Any], value: dict[str, Any], place: str
    ) -> Iterator[str]:
        for name in schema.get("required") or ():
            if name not in value:
                yield f"{place} lacks {name!r}"
        known = schema.get("properties") or {}
        others = schema.get("additionalProperties", True)
        for name, item in value.items():
            yield from self.faults(known.get(name, others), item, f"{place}.{name}")

    def _array(
        self, schema: Mapping[str, Any], value: list[Any], place: str
    ) -> Iterator[str]:
        yield from _length(schema, len(value), place, "Items")
        if schema.get("uniqueItems") and any(
            item in value[:n] for n, item in enumerate(value)
        ):
            yield f"{place} has an item twice"
        for n, item in enumerate(value):
            yield from self.faults(schema.get("items", True), item, f"{place}[{n}]")


_COUNTS: dict[str, Callable[[int], bool]] = {
    "anyOf": lambda count: count >= 1,
    "oneOf": lambda count: count == 1,
}


def _kind(schema: Mapping[str, Any], value: Any, place: str) -> Iterator[str]:
    kinds = schema.get("type")
    names = [kinds] if isinstance(kinds, str) else kinds or []
    if names and not any(_is(name, value) for name in names):
        yield f"{place} is not of type {' or '.join(names)}"
    if "const" in schema and value != schema["const"]:
        yield f"{place} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{place} is none of {schema['enum']!r}"


def _is(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    if name == "integer":
        return isinstance(value, int) or (isinstance(value, float) and value % 1 == 0)
    return isinstance(value, _KINDS.get(name, (object,)))


def _text(schema: Mapping[str, Any], value: str, place: str) -> Iterator[str]:
    yield from _length(schema, len(value), place, "Length")
    pattern = schema.get("pattern")
    try:
        if isinstance(pattern, str) and not re.search(pattern, value):
            yield f"{place} does not match {pattern}"
    except re.error:
        return


def _length(
    schema: Mapping[str, Any], length: int, place: str, word: str
) -> Iterator[str]:
    least, most = schema.get(f"min{word}"), schema.get(f"max{word}")
    if least is not None and length < least:
        yield f"{place} is shorter than {least}"
    if most is not None and length > most:
        yield f"{place} is longer than {most}"


def _number(schema: Mapping[str, Any], value: float, place: str) -> Iterator[str]:
    if (least := schema.get("minimum")) is not None and value < least:
        yield f"{place} is below {least}"
    if (most := schema.get("maximum")) is not None and value > most:
        yield f"{place} is above {most}"
    if (over := schema.get("exclusiveMinimum")) is not None and value <= over:
        yield f"{place} is not above {over}"
    if (under := schema.get("exclusiveMaximum")) is not None and value >= under:
        yield f"{place} is not below {under}"
    if (step := schema.get("multipleOf")) and abs(
        value / step - round(value / step)
    ) > 1e-9:
        yield f"{place} is no multiple of {step}"
