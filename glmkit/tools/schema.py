"""Python types to JSON Schema, and a model's JSON back to typed values, strictly."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

import msgspec

from glmkit.tools.schema_parts import object_of
from glmkit.types.errors import ConfigError
from glmkit.types.first_use import prepare
from glmkit.types.translation import _
from glmkit.wire.json_text import decoded_whole

_HINT = (
    "Pass a pydantic model, dataclass, TypedDict, msgspec Struct, Literal, Enum, "
    "a list of these, or a JSON Schema as a dict."
)
#: An answer is one JSON text; models like to put it into a fence or a box.
_WRAPPED = re.compile(
    r"\s*(?:<\|begin_of_box\|>|```(?:json)?\s)\s*(.*?)\s*(?:<\|end_of_box\|>|```)\s*",
    re.DOTALL,
)
_NOTES = {"title", "description", "default"}


class Misfit(ValueError):
    """A text does not fit its form; the message says what is wrong and where."""


class Form(msgspec.Struct, frozen=True):
    """What an answer must be: `schema` as JSON Schema, `read` for the typed value.

    Other values than objects are put into the field `value` of one, because the service
    answers with objects only; an answer without that object is understood too.
    """

    schema: dict[str, Any]
    kind: Any
    _decode: Callable[[str], Any]
    boxed: bool = False

    @property
    def response_format(self) -> dict[str, Any]:
        """The request's `response_format`, for services that decode by a schema."""
        name = getattr(self.kind, "__name__", "answer")
        named = {"name": re.sub(r"\W", "_", name)[:64], "schema": self.schema}
        return {"type": "json_schema", "json_schema": {**named, "strict": True}}

    def read(self, text: str) -> Any:
        """Return the value that a text holds; Misfit names what is wrong with it."""
        whole = _WRAPPED.fullmatch(text)
        try:
            return self._decode(whole[1] if whole else text.strip())
        except msgspec.ValidationError as exc:
            raise Misfit(str(exc)) from exc
        except (msgspec.DecodeError, UnicodeError, RecursionError) as exc:
            raise Misfit(f"it is not one JSON object ({exc})") from exc


def form_of(kind: Any) -> Form:
    """Return the form of a type or of a JSON Schema; ConfigError if there is none.

    >>> form_of(list[int]).read('{"value": [1, 2]}')
    [1, 2]
    """
    if isinstance(kind, Form):
        return kind
    if isinstance(kind, Mapping):
        return _form_of_schema(dict(kind))
    schema = schema_of(kind)
    if _is_object(schema, schema):
        return Form(schema, kind, functools.partial(decode, kind))
    boxed = msgspec.defstruct(
        "Answer", [("value", kind)], forbid_unknown_fields=True, kw_only=True
    )
    return Form(schema_of(boxed), kind, functools.partial(_unboxed, boxed, kind), True)


def _unboxed(boxed: Any, kind: Any, text: str) -> Any:
    """Return the value of a boxed answer, or of one that was left unboxed."""
    return decode(boxed, text).value if text.startswith("{") else decode(kind, text)


def decode(kind: Any, text: str | bytes) -> Any:
    """Return JSON as a value of a type; msgspec.ValidationError where it does not fit.

    Half characters in it are replaced; msgspec.DecodeError where it is not JSON.
    """
    prepare(kind)
    try:
        return msgspec.json.decode(text, type=kind, dec_hook=_from_builtins)
    except msgspec.ValidationError:
        raise
    except ValueError:
        try:
            whole = msgspec.json.encode(decoded_whole(text))
        except ValueError:
            whole = b""
        if not whole:
            raise
        return msgspec.json.decode(whole, type=kind, dec_hook=_from_builtins)


def schema_of(kind: Any) -> dict[str, Any]:
    """Return the JSON Schema of a type; ConfigError where none can express it."""
    more: dict[str, Any] = {}
    hook = functools.partial(_foreign_schema, definitions=more)
    try:
        (root,), own = msgspec.json.schema_components(
            (kind,), schema_hook=hook, ref_template="#/$defs/{name}"
        )
    except ConfigError:
        raise
    except (TypeError, NameError, ValueError, RecursionError) as exc:
        # Of what is not a type at all, the reason says only that.
        said_again = repr(kind) in str(exc) or isinstance(exc, ValueError)
        reason = "" if said_again else f": {str(exc).splitlines()[0]}"
        raise ConfigError(
            _(
                "no JSON Schema expresses {kind}{reason}",
                kind=_name(kind),
                reason=reason,
            ),
            hint=_(_HINT),
        ) from exc
    schema = _rooted(root, own | more)
    for place, part in _parts(schema, "$"):
        if not part.keys() - _NOTES:
            raise ConfigError(
                _("{kind} leaves open what {place} is", kind=_name(kind), place=place),
                hint=_("Give it a type other than Any, so that it can be checked."),
            )
    return schema


def _rooted(root: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Put the root in place of its reference, unless it refers to itself."""
    name = root.get("$ref", "").removeprefix("#/$defs/")
    rest = {key: part for key, part in definitions.items() if key != name}
    if name and not any(root["$ref"] == ref for ref in _refs(definitions)):
        root, definitions = definitions[name], rest
    return {**root, "$defs": definitions} if definitions else root


def _foreign_schema(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a pydantic model: msgspec does not know its own."""
    if not hasattr(kind, "model_json_schema"):
        raise ConfigError(
            _("no JSON Schema expresses {kind}", kind=_name(kind)), hint=_(_HINT)
        )
    try:
        schema: dict[str, Any] = kind.model_json_schema()
    except Exception as exc:  # pydantic's own errors, whose module is not loaded here
        raise ConfigError(
            _(
                "no JSON Schema expresses {kind}: {reason}",
                kind=_name(kind),
                reason=exc,
            ),
            hint=_(_HINT),
        ) from exc
    for name, part in schema.pop("$defs", {}).items():
        if definitions.setdefault(name, part) != part:
            raise ConfigError(
                _("two types of the schema are called {name}", name=name),
                hint=_("Rename one of them."),
            )
    return schema


def _from_builtins(kind: Any, value: Any) -> Any:
    """Make a pydantic model of a value, in pydantic's strict JSON mode."""
    try:
        return kind.model_validate_json(msgspec.json.encode(value), strict=True)
    except ValueError as exc:
        faults = [
            f"{fault['msg']} - at `{'.'.join(map(str, fault['loc']))}`"
            for fault in getattr(exc, "errors", list)()
        ]
        raise ValueError("; ".join(faults) or str(exc)) from exc


def _form_of_schema(kind: dict[str, Any]) -> Form:
    schema = _checked(kind)
    boxed = not _is_object(schema, schema)
    if boxed:
        schema = _boxed(schema)
    fault = _faults(schema)

    def read(text: str) -> Any:
        value = decode(Any, text)
        if boxed and not isinstance(value, dict):
            value = {"value": value}
        if (what := fault(value)) is not None:
            raise msgspec.ValidationError(what)
        return value["value"] if boxed else value

    return Form(schema, kind, read, boxed)


def faults_of(schema: Mapping[str, Any]) -> Callable[[Any], str | None]:
    """Return a function that names the first fault of a value by a JSON Schema.

    Raises ConfigError for what is not a JSON Schema.

    >>> faults_of({"type": "array", "maxItems": 1})([1, 2])
    '[1, 2] is too long - at `$`'
    """
    return _faults(_checked(dict(schema)))


def _checked(kind: dict[str, Any]) -> dict[str, Any]:
    from jsonschema import Draft202012Validator, SchemaError

    try:
        schema: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(kind))
        Draft202012Validator.check_schema(schema)
    except (TypeError, ValueError, RecursionError) as exc:
        _refuse(f"it is not JSON ({exc})", exc)
    except SchemaError as exc:
        _refuse(f"{exc.message} at {exc.json_path}", exc)
    for ref in _refs(schema):
        if _target(schema, ref) is None:
            _refuse(f"the reference {ref!r} leads nowhere in it")
    return schema


def _faults(schema: dict[str, Any]) -> Callable[[Any], str | None]:
    from jsonschema import Draft202012Validator
    from referencing import Registry

    # The empty registry: nothing is ever fetched.
    validator = Draft202012Validator(schema, registry=Registry())

    def first(value: Any) -> str | None:
        fault = next(validator.iter_errors(value), None)
        return fault and f"{fault.message} - at `{fault.json_path}`"

    return first


def _refuse(what: str, cause: Exception | None = None) -> NoReturn:
    raise ConfigError(
        _("this is not a JSON Schema: {what}", what=what), hint=_(_HINT)
    ) from cause


def _boxed(schema: dict[str, Any]) -> dict[str, Any]:
    """Put a schema into the field `value` of an object, its references moved along."""
    moved = _moved(schema)
    return object_of({"value": moved})


def _moved(part: Any) -> Any:
    if isinstance(part, list):
        return [_moved(item) for item in part]
    if not isinstance(part, dict):
        return part
    return {
        key: "#/properties/value" + item[1:]
        if key == "$ref" and isinstance(item, str)
        else _moved(item)
        for key, item in part.items()
    }


def _is_object(part: Any, root: dict[str, Any]) -> bool:
    seen = set()
    while isinstance(part, dict) and (ref := part.get("$ref")) and ref not in seen:
        seen.add(ref)
        part = _target(root, ref)
    return isinstance(part, dict) and (
        part.get("type") == "object" or ("properties" in part and "type" not in part)
    )


def _target(root: dict[str, Any], ref: str) -> Any:
    """Return what a reference within the schema points to, or None."""
    if ref != "#" and not ref.startswith("#/"):
        return None
    part: Any = root
    for step in ref.split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        if isinstance(part, list) and step.isdecimal() and int(step) < len(part):
            part = part[int(step)]
        elif isinstance(part, dict) and step in part:
            part = part[step]
        else:
            return None
    return part


def _refs(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(ref := part.get("$ref"), str):
            yield ref
        part = list(part.values())
    if isinstance(part, list):
        for item in part:
            yield from _refs(item)


def _parts(schema: dict[str, Any], place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the schemas that are part of one, with where they stand."""
    yield place, schema
    for key in ("properties", "$defs"):
        for name, part in schema.get(key, {}).items():
            yield from _parts(part, f"{place}.{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(part := schema.get(key), dict):
            yield from _parts(part, f"{place}[...]")
    for key in ("anyOf", "allOf", "prefixItems"):
        for part in schema.get(key, ()):
            yield from _parts(part, place)


def _name(kind: Any) -> str:
    named = getattr(kind, "__name__", None) or repr(kind)
    # A value in a type's place, such as a table, may be long.
    return (
        named if len(named) <= 80 and "\n" not in named else f"a {type(kind).__name__}"
    )
