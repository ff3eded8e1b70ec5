"""A chat call as a curl command, with a variable in the place of the key."""

from __future__ import annotations

import re
import shlex
from typing import Any

import msgspec

from glmkit.config.endpoints import LOCAL, SERVICES, endpoint_of
from glmkit.types.replies import Call
from glmkit.wire import chat_body

#: Characters of one text that are shown, and of one that is data.
_LONGEST, _LONGEST_DATA = 20_000, 60
_DATA = re.compile(r"(?:data:[\w/.+-]+;base64,)?[A-Za-z0-9+/]{500,}={0,2}")

_VARIABLES = {"bigmodel": "ZHIPUAI_API_KEY", "zai": "ZAI_API_KEY"}


def command(call: Call) -> str:
    """Return the request of a call as one curl command, without its key.

    Long texts and data are cut, and say so.
    """
    endpoint = endpoint_of(call.endpoint)
    base = endpoint.url or "http://127.0.0.1:PORT/api/paas/v4"
    variable = _VARIABLES.get(endpoint.name.removesuffix("-coding"), "GLMKIT_API_KEY")
    return " \\\n  ".join(
        [
            f"curl {shlex.quote(base + '/chat/completions')}",
            f'-H "authorization: Bearer ${variable}"',
            "-H 'content-type: application/json'",
            f"-d {shlex.quote(_body(call))}",
        ]
    )


def _body(call: Call) -> str:
    native = call.endpoint == LOCAL.name or call.endpoint in SERVICES
    content = chat_body(
        call.request,
        call.model,
        stream=call.stream,
        native=native,
        constrained=call.endpoint == LOCAL.name or not native,
    )
    shown = _shortened(msgspec.json.decode(content))
    return msgspec.json.format(msgspec.json.encode(shown), indent=2).decode()


def _shortened(value: Any) -> Any:
    match value:
        case dict():
            return {name: _shortened(part) for name, part in value.items()}
        case list():
            return [_shortened(part) for part in value]
        case str() if len(value) > 500 and _DATA.fullmatch(value):
            return _cut(value, _LONGEST_DATA)
        case str() if len(value) > _LONGEST:
            return _cut(value, _LONGEST)
        case _:
            return value


def _cut(text: str, length: int) -> str:
    return f"{text[:length]}… ({len(text) - length:,} characters left out)"
