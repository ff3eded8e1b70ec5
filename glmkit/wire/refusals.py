"""Errors that a server reports: in a refusal, a body with status 200, or a stream."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from glmkit.types.errors import APIError, ServerError
from glmkit.types.translation import _
from glmkit.wire.error_codes import RULES, Rule, api_error
from glmkit.wire.json_text import decoded_whole, mended, mended_all, text_of

_FINE = frozenset({"", "0", "200", "ok", "success"})
_WORDS = ("message", "msg", "detail")

#: What a message says → the next step, where the message says more than the code.
_HINTS = {
    r"stream_options": "This server does not take stream_options, which asks it to "
    "count a stream's tokens: extra_body={'stream_options': None} leaves it out.",
    r"HTTP request (was sent )?to (an )?HTTPS|plain HTTP to an SSL|requires TLS": (
        "That port speaks TLS: write https:// in the endpoint's URL."
    ),
    r"tool.?choice\W+(must|can|should|only|仅|只).*auto": (
        "This service takes tool_choice='auto' only: leave tool_choice out."
    ),
    r"the local stand-in cannot": (
        "Set ZHIPUAI_API_KEY or ZAI_API_KEY: with a key GLM itself answers."
    ),
    r"角色信息|(incorrect|invalid|unknown|unsupported) role": (
        "The roles of messages are system, user, assistant and tool."
    ),
}
#: What stands in an event that only reports an error.
_ENVELOPE = frozenset(
    {*_WORDS, "code", "id", "object", "param", "path", "request_id", "status"}
    | {"success", "timestamp", "type", "error"}
)


def error_in(
    found: Mapping[str, Any], *, streamed: bool = False, whatever: bool = False
) -> APIError | None:
    """Return the error that an object with status 200 holds, None if it holds none.

    An empty error, or a code that means success, is not one. `streamed`: the object
    is an event of a stream, where an error of no known code is the server's own;
    `whatever`: it is an error even if it says nothing.

    >>> error_in({"code": 400, "message": "no such knowledge base"}).code
    '400'
    >>> error_in({"code": 200, "data": {}}) is None
    True
    """
    fault = _fault(found, streamed=streamed)
    if fault is None and not whatever:
        return None
    otherwise = Rule(ServerError) if streamed else None
    return _typed(200, fault or {}, found, _("the service refused"), otherwise)


def refusal(status: int, body: bytes, url: str = "") -> APIError:
    """Return the typed error of a reply whose status is not 200; `url` was asked.

    >>> refusal(429, b'{"error":{"code":"1302","message":"busy"}}').action
    'slot'
    """
    words = f"HTTP {status}: {excerpt(body)}"
    try:
        found = decoded_whole(body)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, Mapping):
        fault = _fault(found, streamed=True) or found
        error = _typed(status, fault, found, words)
    else:
        error = _hinted(api_error(status, "", words))
    if status in (404, 405) and error.code not in RULES and url:
        error.hint = _(
            "{url} was asked for. The endpoint's URL ends with /paas/v4, or with /v1 "
            "elsewhere; the model may be missing there too.",
            url=url,
        )
    return error


def excerpt(data: bytes, most: int = 120) -> str:
    """Return the beginning of what a server sent, quoted for a message."""
    text = data[: most * 4].decode(errors="replace").strip()
    return repr(text if len(text) <= most else text[:most] + "...")


def _fault(found: Mapping[str, Any], *, streamed: bool) -> Mapping[str, Any] | None:
    """Return the object that reports an error: a part of this one, or itself."""
    error = found.get("error")
    if isinstance(error, list):
        error = next(iter(error), None)
    match error:
        case str() if error.strip():
            return {"message": error, "code": found.get("code")}
        case Mapping() if _reports(error):
            return error
        case True:
            return found
        case _:
            pass
    if found.get("choices"):
        return None
    if "error" in (found.get("object"), found.get("type")):
        return found
    if found.get("success") is False or _code(found).lower() not in _FINE:
        return found
    return found if streamed and found.keys() <= _ENVELOPE and _words(found) else None


def _reports(error: Mapping[str, Any]) -> bool:
    """Whether an error object says anything."""
    named = text_of(error.get("type")) or ""
    return bool(_words(error) or named or _code(error).lower() not in _FINE)


def _typed(
    status: int,
    fault: Mapping[str, Any],
    found: Mapping[str, Any],
    words: str,
    otherwise: Rule | None = None,
) -> APIError:
    kind = text_of(fault.get("type")) or ""
    code = _code(fault) or (kind if kind in RULES else "")
    # An id only where there is one: an empty field says nothing.
    request_id = text_of(found.get("request_id"))
    more = {"request_id": request_id} if request_id else {}
    return _hinted(
        api_error(
            status,
            code,
            _words(fault) or words,
            kind="" if kind == "error" else kind,
            otherwise=otherwise,
            **more,
        )
    )


def _code(fault: Mapping[str, Any]) -> str:
    return text_of(fault.get("code")) or ""


def _words(fault: Mapping[str, Any]) -> str:
    """Return what an error object says; JSON where its message is not a text."""
    for name in _WORDS:
        value = fault.get(name)
        if isinstance(value, str) and value.strip():
            return mended(value)
        if name == "message" and isinstance(value, dict | list) and value:
            return excerpt(msgspec.json.encode(mended_all(value)))
    return ""


def _hinted(error: APIError) -> APIError:
    """Name the next step where the message tells it and the code does not."""
    for pattern, hint in _HINTS.items():
        if re.search(pattern, str(error), re.IGNORECASE):
            error.hint = _(hint)
            break
    return error
