"""Replies that are not a chat: JSON to typed records, and the errors among them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from glmkit.types.errors import TransportError
from glmkit.types.events import Event, Start
from glmkit.types.first_use import prepare
from glmkit.types.translation import _
from glmkit.wire.json_text import decoded_whole, text_of
from glmkit.wire.refusals import error_in, excerpt
from glmkit.wire.usage import usage_of

T = TypeVar("T")

#: Fields that the client fills: the service's own word on a price never counts.
_OURS = ("usage", "cost", "list_cost")
#: Fields beside the answer, for whose odd types no paid answer is lost.
_BESIDE = frozenset(
    {"id", "request_id", "object", "model", "stand_in", "created", "created_at"}
)
_START = ("id", "model", "request_id", "stand_in")


def read_record(
    body: bytes, kind: type[T], *, without: Collection[str] = _OURS
) -> tuple[T, list[Event]]:
    """Return the typed reply, and the events that a ledger row is folded from.

    Fields of `without` are left out, nulls count as absent, unknown fields are passed
    over, and numbers stand for texts. Raises the APIError of a reply with status 200
    that holds one, TransportError for what is not such a reply.
    """
    try:
        found = without_nulls(decoded_whole(body))
    except (ValueError, RecursionError) as exc:
        raise TransportError(
            _("the service sent what is not a reply: {body}", body=excerpt(body)),
            hint=_("Check the endpoint's URL; the service may have changed."),
        ) from exc
    if isinstance(found, Mapping) and (error := error_in(found)) is not None:
        raise error
    value = found
    if isinstance(found, Mapping):
        value = {name: part for name, part in found.items() if name not in without}
    try:
        return record_of(value, kind), [start_of(found), *_counted(found)]
    except (ValueError, RecursionError) as exc:
        raise TransportError(
            _("the reply is not of the documented shape: {fault}", fault=exc),
            hint=_("Check the endpoint's URL; the service may have changed."),
        ) from exc


def record_of(value: Any, kind: type[T]) -> T:
    """Return a JSON value as a record; ValueError where it does not fit."""
    prepare(kind)
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError:
        fitted = _fitted(value, inspect.type_info(kind))
        return msgspec.convert(fitted, kind, strict=False)


def start_of(found: Any) -> Start:
    """Return who answered."""
    if not isinstance(found, Mapping):
        return Start()
    return Start(*(text_of(found.get(name)) or "" for name in _START))


def _counted(found: Any) -> list[Event]:
    """Return the usage; what has no `choices` holds no words, so all is its prompt."""
    if not isinstance(found, Mapping):
        return []
    usage = usage_of(found.get("usage"), silent="choices" not in found)
    return [] if usage is None else [usage]


def without_nulls(value: Any) -> Any:
    """Return a JSON value without the nulls in objects and among objects.

    A null in any other list stays, so that no vector is shorter than it was sent.
    """
    if isinstance(value, dict):
        return {
            name: without_nulls(part)
            for name, part in value.items()
            if part is not None
        }
    if not isinstance(value, list) or (value and isinstance(value[0], float)):
        return value
    objects = any(isinstance(part, dict) for part in value)
    return [without_nulls(part) for part in value if part is not None or not objects]


def _fitted(value: Any, kind: inspect.Type) -> Any:
    """Return a value in which numbers that stand for texts are texts."""
    fitted = value
    match kind:
        case inspect.StrType():
            text = text_of(value)
            fitted = value if text is None else text
        case inspect.FloatType() | inspect.IntType() if isinstance(value, float | str):
            fitted = _number(value, whole=isinstance(kind, inspect.IntType))
        case inspect.StructType(fields=fields) if isinstance(value, Mapping):
            fitted = dict(_fitted_fields(value, fields))
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
            if isinstance(value, list):
                fitted = [_fitted(part, item) for part in value]
        case inspect.DictType(value_type=item) if isinstance(value, Mapping):
            fitted = {name: _fitted(part, item) for name, part in value.items()}
        case inspect.UnionType(types=types):
            some = (one for one in types if not isinstance(one, inspect.NoneType))
            fitted = _fitted(value, next(some))
        case _:
            pass
    return fitted


def _fitted_fields(
    value: Mapping[str, Any], fields: Iterable[inspect.Field]
) -> Iterator[tuple[str, Any]]:
    """Yield the fields that are known, without those beside the answer that are odd."""
    for field in fields:
        name = field.encode_name
        if name in value:
            fitted = _fitted(value[name], field.type)
            if name not in _BESIDE or isinstance(fitted, _plain_type(field.type)):
                yield name, fitted


def _plain_type(kind: inspect.Type) -> type:
    """Return the class that a field's value has, `object` where any will do."""
    if isinstance(kind, inspect.UnionType):
        return _plain_type(kind.types[0])
    if isinstance(kind, inspect.StrType):
        return str
    return int if isinstance(kind, inspect.IntType) else object


def _number(value: float | str, *, whole: bool) -> Any:
    try:
        number = float(value)
    except ValueError:
        return value
    return int(number) if whole and number.is_integer() else number
