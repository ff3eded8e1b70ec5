"""The arguments of a tool call, as a history may carry them: always one JSON object."""

from __future__ import annotations

import re

import msgspec

from glmkit.types.messages import AskedCall, Function
from glmkit.wire.json_text import decoded, mended_all

_NOT_IN_A_NAME = re.compile(r"[^a-zA-Z0-9_-]")
_LONGEST_NAME = 64


def object_of(text: str) -> str | None:
    r"""Return the JSON object that a model wrote as arguments; None where it did not.

    Nothing and `null` are an empty object, an object inside a JSON text is that object,
    and half characters are replaced.

    >>> object_of("null"), object_of('"{\\"a\\": 1}"'), object_of('{"a": 1')
    ('{}', '{"a": 1}', None)
    """
    text = text.strip()
    if text in ("", "null"):
        return "{}"
    try:
        value = msgspec.json.decode(text)
        whole = text
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        try:
            value = mended_all(decoded(text))
            whole = msgspec.json.encode(value).decode()
        except (ValueError, RecursionError):
            return None
    if isinstance(value, str) and value.lstrip().startswith("{"):
        return object_of(value)
    return whole if isinstance(value, dict) else None


def sendable(call: AskedCall) -> AskedCall:
    """Return a call that every server can read in a history.

    Servers decode the arguments of all earlier calls and check their names, and refuse
    the whole conversation for one that is malformed.

    >>> sendable(AskedCall("c1", Function("look up", '{"a": 1'))).function
    Function(name='look_up', arguments='{}')
    """
    name = _NOT_IN_A_NAME.sub("_", call.function.name)[:_LONGEST_NAME] or "unnamed"
    arguments = object_of(call.function.arguments) or "{}"
    return msgspec.structs.replace(call, function=Function(name, arguments))
