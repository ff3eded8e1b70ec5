"""Bodies that are not a chat: JSON, forms with files, and paths with a query."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from glmkit.types.errors import ConfigError
from glmkit.types.numbers import as_text, jsonable, rounded
from glmkit.types.translation import _

_IDS = frozenset({"request_id", "user_id", "custom_id"})


class Body(msgspec.Struct, frozen=True):
    """The bytes of a request and their type."""

    content: bytes = b""
    content_type: str = "application/json"


class Upload(msgspec.Struct, frozen=True):
    """A file to send."""

    name: str
    data: bytes
    content_type: str = "application/octet-stream"

    def __repr__(self) -> str:
        return f"Upload({self.name!r}, {len(self.data)} bytes)"


def given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that are not None, as JSON has them; ids are texts.

    >>> given({"speed": 0.1 + 0.2, "request_id": 7, "voice": None})
    {'speed': 0.3, 'request_id': '7'}
    """
    return {
        name: as_text(value) if name in _IDS else rounded(value)
        for name, value in fields.items()
        if value is not None
    }


def json_body(fields: Mapping[str, Any]) -> Body:
    """Encode a JSON object.

    >>> json_body({"model": "rerank"}).content
    b'{"model":"rerank"}'
    """
    try:
        return Body(msgspec.json.encode(fields, enc_hook=jsonable))
    except (TypeError, ValueError) as exc:
        raise ConfigError(
            _("a field cannot be sent as JSON: {fault}", fault=exc),
            hint=_("Use texts, numbers, booleans, lists and dicts."),
        ) from exc


def form_body(
    fields: Mapping[str, Any], files: Sequence[tuple[str, Upload]] = ()
) -> Body:
    """Encode a multipart form: first the fields, then the files by field name.

    A list becomes one field for each value, named `name[]` as the service's own
    clients do; a mapping becomes `name[key]`.
    """
    boundary = f"glmkit-{secrets.token_hex(16)}"
    parts: list[bytes] = []
    for name, value in _flat(fields):
        parts += [_head(boundary, name), b"\r\n\r\n", value.encode(), b"\r\n"]
    for name, file in files:
        head = _head(boundary, name, file.name)
        kind = f"\r\ncontent-type: {file.content_type}\r\n\r\n".encode()
        parts += [head, kind, file.data, b"\r\n"]
    parts.append(f"--{boundary}--\r\n".encode())
    return Body(b"".join(parts), f"multipart/form-data; boundary={boundary}")


def path_of(*steps: str, query: Mapping[str, Any] | None = None) -> str:
    """Return a path whose later steps are data, with a query of what is not None.

    Raises ConfigError where a step is empty: it would name another path.

    >>> path_of("/files", "a/b", "content", query={"limit": 20, "after": None})
    '/files/a%2Fb/content?limit=20'
    """
    base, *rest = steps
    for step in rest:
        if not isinstance(step, str) or not step.strip() or step in {".", ".."}:
            raise ConfigError(
                _("{step!r} is not an id", step=step),
                hint=_("Pass the id that the service returned, as a text."),
            )
    path = "/".join([base, *(quote(step, safe="") for step in rest)])
    pairs = [(name, _text(value)) for name, value in given(query or {}).items()]
    return f"{path}?{urlencode(pairs)}" if pairs else path


def _flat(fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name, value in given(fields).items():
        if isinstance(value, Mapping):
            pairs += _flat({f"{name}[{key}]": part for key, part in value.items()})
        elif isinstance(value, list | tuple):
            pairs += [(f"{name}[]", _text(part)) for part in value]
        else:
            pairs.append((name, _text(value)))
    return pairs


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _head(boundary: str, name: str, filename: str | None = None) -> bytes:
    head = f'--{boundary}\r\ncontent-disposition: form-data; name="{_quoted(name)}"'
    if filename is not None:
        head += f'; filename="{_quoted(filename)}"'
    return head.encode()


def _quoted(text: str) -> str:
    """Escape as the HTML standard does, so that no name ends its header."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
