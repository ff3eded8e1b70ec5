"""Replies that are not a chat: JSON to typed records, and the errors among them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

import msgspec

from glmkit.errors import APIError, StreamError, TransportError, api_error, rule_for
from glmkit.events import Event, Finish, Start, Text, Usage
from glmkit.sse import ServerEvent

T = TypeVar("T")

_FINE = frozenset({"200", "0"})
#: Ours, never the service's: who prices an answer is the client.
_OURS = ("usage", "cost", "list_cost")


def read_record(
    body: bytes, kind: type[T], *, without: Collection[str] = _OURS
) -> tuple[T, list[Event]]:
    """Return the typed reply, and the events that a ledger row is folded from.

    Fields of `without` are left out, nulls count as absent, unknown fields are passed
    over. Raises the APIError of a reply with status 200 that holds one,
    TransportError for what is no such reply.
    """
    found = _plain(_decoded(body))
    if isinstance(found, Mapping) and (error := refused(found)) is not None:
        raise error
    value = found
    if isinstance(found, Mapping):
        value = {name: part for name, part in found.items() if name not in without}
    try:
        record = msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as exc:
        raise TransportError(
            f"the service's reply is not of the documented shape: {exc}",
            hint="Check the endpoint's URL; the service may have changed.",
        ) from exc
    return record, _events(found)


def refused(reply: Mapping[str, Any]) -> APIError | None:
    """Return the error that stands in a reply with status 200, if one does.

    >>> refused({"code": 400, "message": "no such knowledge base"}).code
    '400'
    >>> refused({"code": 200, "data": {}}) is None
    True
    """
    error = reply.get("error")
    if isinstance(error, str) and error:
        error = {"message": error}
    elif not (isinstance(error, Mapping) and (error.get("code") or _said(error))):
        error = None
    code = reply.get("code")
    bad = code is not None and str(code) not in _FINE
    if error is None and (bad or reply.get("success") is False):
        error = reply
    if error is None:
        return None
    code = str(error.get("code", "") or "")
    more = {"request_id": reply["request_id"]} if reply.get("request_id") else {}
    return _typed(code, _said(error) or "the service refused", more)


def _typed(code: str, message: str, more: dict[str, Any]) -> APIError:
    """Build the error; an envelope's code below 1000 is an HTTP status."""
    if not (code.isdigit() and 400 <= int(code) < 600):
        return api_error(200, code, message, **more)
    rule = rule_for(int(code), "")
    label = f"{code}: {message}"
    return rule.error(
        label, hint=rule.hint, status=200, code=code, action=rule.action, **more
    )


def read_delta(event: ServerEvent) -> list[Event]:
    """Return the events of one event of a transcript, an agent or an assistant."""
    found = _plain(_decoded(event.data, StreamError))
    if not isinstance(found, Mapping):
        raise StreamError("the stream holds what is no event of an answer")
    if (error := refused(found)) is not None:
        raise error
    events: list[Event] = []
    if "type" in found:
        if str(found["type"]).endswith(".delta"):
            events.append(Text(str(found.get("delta", ""))))
        elif str(found["type"]).endswith(".done"):
            events.append(Finish("stop"))
        return _started(found) + events
    for choice in found.get("choices", ()):
        delta = choice.get("delta") or {}
        for message in choice.get("messages") or (delta,):
            events += [Text(text) for text in texts_of(message.get("content")) if text]
        if reason := choice.get("finish_reason"):
            events.append(Finish(reason))
    if found.get("status") == "failed":
        problem = found.get("last_error") or {}
        code = str(problem.get("code", "") or "")
        raise api_error(200, code, _said(problem) or "the run failed")
    return (
        _started(found) + [e for e in _events(found) if isinstance(e, Usage)] + events
    )


def texts_of(content: Any) -> list[str]:
    """Return the texts in a message's content: a text, a part, or a list of these."""
    match content:
        case str():
            return [content]
        case {"text": str(text)}:
            return [text]
        case list():
            return [text for part in content for text in texts_of(part)]
        case _:
            return []


def _started(found: Mapping[str, Any]) -> list[Event]:
    return _events(found)[:1]


def _events(found: Any) -> list[Event]:
    if not isinstance(found, Mapping):
        return [Start()]
    names = ("id", "model", "request_id", "stand_in")
    start = Start(*(str(found.get(name, "")) for name in names))
    usage = usage_of(found.get("usage"))
    return [start] if usage is None else [start, usage]


def usage_of(found: Any) -> Usage | None:
    """Return the tokens that a reply tells of; None where it counts none.

    >>> usage_of({"prompt_tokens": 3, "total_tokens": 3}).prompt_tokens
    3
    """
    if not isinstance(found, Mapping):
        return None
    counts = {
        name: value
        for name in ("prompt_tokens", "completion_tokens", "total_tokens")
        if isinstance(value := found.get(name), int)
    }
    if not counts:
        return None
    prompt = counts.get("prompt_tokens", 0)
    completion = counts.get("completion_tokens", 0)
    if "prompt_tokens" not in counts:
        prompt = counts.get("total_tokens", 0) - completion
    total = counts.get("total_tokens", prompt + completion)
    cached = (found.get("prompt_tokens_details") or {}).get("cached_tokens")
    thought = (found.get("completion_tokens_details") or {}).get("reasoning_tokens")
    return Usage(prompt, completion, total, cached, thought)


def _said(error: Mapping[str, Any]) -> str:
    return str(error.get("message") or error.get("msg") or "")


def _decoded(body: bytes, fault: type[Exception] = TransportError) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as exc:
        text = body[:400].decode(errors="replace").strip()[:120]
        raise fault(f"the service sent what is no reply: {text!r}") from exc


def _plain(value: Any) -> Any:
    """Take nulls out, all the way down; vectors are left as they are."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items() if part is not None}
    if isinstance(value, list) and not (value and isinstance(value[0], float)):
        return [_plain(part) for part in value if part is not None]
    return value
