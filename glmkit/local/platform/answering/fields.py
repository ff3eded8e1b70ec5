"""Decoding of request bodies, as tolerant of types as the service is."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from glmkit.local.platform.server.errors import Refusal
from glmkit.types.first_use import prepare

_T = TypeVar("_T")


class FieldText(str):
    """A text field; a number is read as its text, as the service reads it.

    Clients send `request_id=time.time()` and the numbers of their users.
    """

    __slots__ = ()


def decoded(body: bytes, kind: type[_T]) -> _T:
    """Decode a body; raises Refusal (400)."""
    try:
        prepare(kind)
        return msgspec.json.decode(body, type=kind, dec_hook=_read)
    except msgspec.ValidationError as exc:
        raise Refusal(400, "1214", f"invalid field: {exc}") from exc
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise Refusal(400, "1210", f"the body is not JSON: {exc}") from exc


def _read(kind: type, value: Any) -> Any:
    if kind is not FieldText:
        raise NotImplementedError
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return FieldText(value)
    raise ValueError(f"Expected `str`, got `{type(value).__name__}`")
