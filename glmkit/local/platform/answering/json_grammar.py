"""JSON Schema to the engine's grammar, with every length bounded.

The engine's own converter bounds neither numbers nor the pairs of a map, which a small
model writes until the limit of tokens, and drops a schema with `not` or a reference
that leads nowhere. What a grammar cannot express (`leaves_out`) is checked afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

_TEXT = 300
_ITEMS = 30
_DIGITS = 15

#: Rules that every grammar ends with; `object` is a JSON object of any shape.
_RULES = r"""
value ::= object | array | string | number | boolean | null
object ::= "{" ws (pair ("," ws pair){0,30})? ws "}"
pair ::= string ":" ws value
array ::= "[" ws (value ("," ws value){0,30})? ws "]"
string ::= "\"" char{0,300} "\""
char ::= [^"\\\x00-\x1F\x7F] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F]{4})
number ::= "-"? ("0" | [1-9] [0-9]{0,14}) ("." [0-9]{1,14})?
boolean ::= "true" | "false"
null ::= "null"
ws ::= " "? | "\n" [ ]{0,8}
"""

#: A JSON object of any shape.
ANY_OBJECT = f"root ::= object{_RULES}"

#: Words that no grammar here holds an answer to.
_LEFT_OUT = {
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    "pattern", "uniqueItems", "not", "allOf", "contains", "prefixItems",
    "minProperties", "maxProperties", "patternProperties", "propertyNames",
    "dependentRequired", "if",
}  # fmt: skip
_ANY = {"object": "object", "array": "array", "boolean": "boolean", "null": "null"}


def of(schema: Mapping[str, Any]) -> str:
    """Return the grammar of the schema's values."""
    return _Grammar(schema).text


def leaves_out(schema: Any) -> bool:
    """Whether an answer in the grammar may still break the schema."""
    if isinstance(schema, Mapping):
        parts = schema.values()
        return bool(_LEFT_OUT & schema.keys()) or any(map(leaves_out, parts))
    return any(map(leaves_out, schema)) if isinstance(schema, list) else False


def of_words(words: list[str], end: str) -> str:
    """Return the grammar of one of the words, followed by `end`."""
    return f"root ::= ({' | '.join(map(_literal, words))}) {_literal(end)}\n"


def _literal(text: str) -> str:
    """Return a text as the grammar quotes it; its escapes are JSON's."""
    return json.dumps(text)


class _Grammar:
    """Collects the rules; each schema gets one, each definition at most one."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._rules: dict[str, str] = {}
        self._named: dict[str, str] = {}
        top = self._of(root)
        rules = (f"{name} ::= {body}" for name, body in self._rules.items())
        self.text = "\n".join([f"root ::= {top}", *rules]) + _RULES

    def _add(self, body: str) -> str:
        name = f"r{len(self._rules)}"
        self._rules[name] = body
        return name

    def _of(self, schema: Any) -> str:
        """Return an expression: a rule's name or a literal."""
        if not isinstance(schema, Mapping):
            return "value"
        if "$ref" in schema:
            return self._definition(str(schema["$ref"]))
        if "const" in schema:
            return _constant(schema["const"])
        if schema.get("enum"):
            return self._add(" | ".join(map(_constant, schema["enum"])))
        for key in ("anyOf", "oneOf"):
            if schema.get(key):
                return self._add(" | ".join(self._of(one) for one in schema[key]))
        if schema.get("allOf"):
            return self._of(_merged(schema))
        return self._typed(schema)

    def _definition(self, ref: str) -> str:
        if ref not in self._named:
            name = self._named[ref] = self._add("value")
            self._rules[name] = self._of(target(self._root, ref))
        return self._named[ref]

    def _typed(self, schema: Mapping[str, Any]) -> str:
        kind = schema.get("type")
        if isinstance(kind, list):
            return self._add(
                " | ".join(self._typed({**schema, "type": one}) for one in kind)
            )
        if kind == "object" or (kind is None and "properties" in schema):
            return self._object(schema)
        if kind == "array" or (kind is None and "items" in schema):
            return self._array(schema)
        if kind == "string":
            least, most = _bounds(schema, "minLength", "maxLength", _TEXT)
            return self._add(rf'"\"" char{{{least},{most}}} "\""')
        if kind in {"integer", "number"}:
            return self._add(_number(schema, whole=kind == "integer"))
        return _ANY.get(str(kind), "value")

    def _object(self, schema: Mapping[str, Any]) -> str:
        properties = schema.get("properties")
        if not properties:
            return (
                "object" if schema.get("additionalProperties", True) else '"{" ws "}"'
            )
        return self._add(
            f'"{{" ws {self._rest(schema, list(properties), True)} ws "}}"'
        )

    def _rest(self, schema: Mapping[str, Any], names: list[str], first: bool) -> str:
        """Return the properties from here on; `first`: none has been written."""
        if not names:
            return '""'
        name, *others = names
        comma = "" if first else '"," ws '
        value = self._of(schema["properties"][name])
        pair = f'{comma}{_literal(json.dumps(name))} ":" ws {value}'
        with_it = f"{pair} {self._rest(schema, others, False)}"
        if name in (schema.get("required") or ()):
            return self._add(with_it)
        return self._add(f"{with_it} | {self._rest(schema, others, first)}")

    def _array(self, schema: Mapping[str, Any]) -> str:
        least, most = _bounds(schema, "minItems", "maxItems", _ITEMS)
        if not most:
            return self._add('"[" ws "]"')
        item = self._of(schema.get("items", True))
        more = f'("," ws {item}){{{max(0, least - 1)},{most - 1}}}'
        some = f"({item} {more})" if least else f"({item} {more})?"
        return self._add(f'"[" ws {some} ws "]"')


def _constant(value: Any) -> str:
    return _literal(json.dumps(value, ensure_ascii=False))


def _bounds(
    schema: Mapping[str, Any], low: str, high: str, most: int
) -> tuple[int, int]:
    least = max(0, int(schema.get(low) or 0))
    bound = schema.get(high)
    return least, max(least, most if bound is None else min(int(bound), 10 * most))


def _number(schema: Mapping[str, Any], *, whole: bool) -> str:
    """Return the rule of a number, with the sign and the digits its bounds leave."""
    bounds = [
        b for name in ("minimum", "maximum") if (b := schema.get(name)) is not None
    ]
    low = schema.get("minimum")
    sign = "" if low is not None and low >= 0 else '"-"? '
    digits = len(str(int(max(map(abs, bounds))))) if len(bounds) == 2 else _DIGITS
    integral = f'{sign}("0" | [1-9] [0-9]{{0,{digits - 1}}})'
    return integral if whole else f'{integral} ("." [0-9]{{1,6}})?'


def _merged(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Lay the parts of an `allOf` over each other, as far as objects go."""
    merged: dict[str, Any] = {k: v for k, v in schema.items() if k != "allOf"}
    for part in schema["allOf"]:
        for key, value in part.items() if isinstance(part, Mapping) else ():
            if key == "properties":
                merged[key] = {**merged.get(key, {}), **value}
            elif key == "required":
                merged[key] = [*merged.get(key, ()), *value]
            else:
                merged.setdefault(key, value)
    return merged


def target(root: Mapping[str, Any], ref: str) -> Any:
    """Return what a reference within the schema names; anything where it is lost."""
    found: Any = root
    for step in _steps(ref):
        found = found.get(step) if isinstance(found, Mapping) else None
    return True if found is None else found


def _steps(ref: str) -> Iterator[str]:
    for step in ref.removeprefix("#").strip("/").split("/"):
        if step:
            yield step.replace("~1", "/").replace("~0", "~")
