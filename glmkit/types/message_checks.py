"""Messages and parts from dicts: what is not understood is refused, never dropped."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any, TypeVar, get_args

import msgspec

from glmkit.types.errors import ConfigError
from glmkit.types.first_use import prepare
from glmkit.types.messages import (
    AskedCall,
    AudioPart,
    FilePart,
    Function,
    ImagePart,
    Link,
    Message,
    Part,
    Role,
    Sound,
    TextPart,
    VideoPart,
)
from glmkit.types.numbers import plain
from glmkit.types.translation import _

K = TypeVar("K")

ROLES: tuple[str, ...] = get_args(Role)
_PARTS: dict[str, type[Part]] = {
    "text": TextPart,
    "image_url": ImagePart,
    "video_url": VideoPart,
    "file_url": FilePart,
    "input_audio": AudioPart,
}


def message_of(item: Any) -> Message:
    """Return a message from its fields, a Message as it is.

    Nulls and empty fields count as absent. Raises ConfigError for a role, a field or a
    type that there is not.
    """
    role = item.role if isinstance(item, Message) else item.get("role")
    if role not in ROLES:
        raise ConfigError(
            _("{role!r} is not a role of a message", role=role),
            hint=_("The roles are {roles}.", roles=", ".join(ROLES)),
        )
    if not isinstance(item, Mapping):
        return _converted(item, Message)
    fields = _known(plain(item), Message, _("a message"))
    if isinstance(parts := fields.get("content"), list | tuple):
        fields["content"] = [_part_fields(part) for part in parts]
    if isinstance(calls := fields.get("tool_calls"), list | tuple):
        fields["tool_calls"] = [_call_fields(call) for call in calls]
    return _converted(fields, Message)


def part_of(item: Any) -> Part:
    """Return a part of a message from a text, its fields, or a part as it is."""
    if isinstance(item, str):
        return TextPart(plain(item))
    part: Part = _converted(_part_fields(plain(item)), Part)  # type: ignore[arg-type]
    return part


def _part_fields(item: Any) -> Any:
    if not isinstance(item, Mapping):
        return item
    name = str(item.get("type"))
    if (kind := _PARTS.get(name)) is None:
        raise ConfigError(
            _("{name!r} is not a type of a part", name=name),
            hint=_("The types are {types}.", types=", ".join(_PARTS)),
        )
    fields = _known(item, kind, _("a part of type {name}", name=name), {"type"})
    if isinstance(inner := fields.get(name), Mapping):
        inside = Sound if kind is AudioPart else Link
        fields[name] = _known(inner, inside, _("the field {name}", name=name))
    return fields


def _call_fields(item: Any) -> Any:
    if not isinstance(item, Mapping):
        return item
    # Streams number their tool calls by an index, which a message does not need.
    fields = _known(item, AskedCall, _("a tool call"), {"index"})
    fields.pop("index", None)
    if isinstance(function := fields.get("function"), Mapping):
        fields["function"] = _known(function, Function, _("the field function"))
    return fields


def _known(
    item: Mapping[str, Any], kind: Any, what: str, more: Collection[str] = ()
) -> dict[str, Any]:
    """Return the fields that have a value; ConfigError for one that is not known."""
    names = {*kind.__struct_fields__, *more}
    fields: dict[str, Any] = {}
    for name, value in item.items():
        if name in names:
            if value is not None:
                fields[name] = value
        elif not _empty(value):
            near = difflib.get_close_matches(str(name), names, 1)
            raise ConfigError(
                _("{what} has no field {name!r}", what=what, name=name),
                hint=_("Did you mean {near!r}?", near=near[0])
                if near
                else _(
                    "It has {names}; what a server takes beyond them goes into "
                    "extra_body={{'messages': [...]}}.",
                    names=", ".join(sorted(names)),
                ),
            )
    return fields


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | list | dict | tuple) and not value)


def _converted(item: Any, kind: type[K]) -> K:
    prepare(kind)
    try:
        return msgspec.convert(item, kind)
    except msgspec.ValidationError as exc:
        raise ConfigError(
            _("a message or part does not fit: {fault}", fault=exc),
            hint=_("A message is {'role': 'user', 'content': 'text'}."),
        ) from exc
