"""Replies that are not a chat: JSON to typed records, and the errors among them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

import msgspec

from glmkit.types.errors import APIError, StreamError, TransportError
from glmkit.types.events import Event, Finish, Start, Text, Usage
from glmkit.types.first_use import prepare
from glmkit.wire.error_codes import api_error, rule_for
from glmkit.wire.sse import ServerEvent

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
    found = _decoded(body)
    if isinstance(found, Mapping) and (error := refused(found)) is not None:
        raise error
    value = found
    if isinstance(found, Mapping):
        value = {name: part for name, part in found.items() if name not in without}
    try:
        prepare(kind)
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


class _Message(msgspec.Struct):
    content: Any = None


_NOTHING = _Message()


class _Choice(msgspec.Struct):
    delta: _Message | None = None
    message: _Message | None = None
    messages: list[_Message] = []
    finish_reason: str = ""


class _Event(msgspec.Struct):
    type: str = ""
    delta: str = ""
    choices: list[_Choice] = []
    status: str = ""
    last_error: dict[str, Any] = {}


prepare(_Event)


def read_delta(event: ServerEvent) -> list[Event]:
    """Return the events of one event of a transcript, an agent or an assistant.

    The first is its Start. Raises the APIError that came, or the StreamError of what
    is no such event.
    """
    found = _decoded(event.data, StreamError)
    if isinstance(found, Mapping) and (error := refused(found)) is not None:
        raise error
    try:
        piece = msgspec.convert(found, _Event, strict=False)
    except msgspec.ValidationError as exc:
        raise StreamError(f"the stream holds no event of an answer: {exc}") from exc
    if piece.status == "failed":
        code = str(piece.last_error.get("code") or "")
        raise api_error(200, code, _said(piece.last_error) or "the run failed")
    if piece.type:
        return _events(found) + _transcribed(piece)
    events = _events(found)
    for choice in piece.choices:
        for message in choice.messages or [choice.delta or choice.message or _NOTHING]:
            events += [Text(text) for text in texts_of(message.content) if text]
        if choice.finish_reason:
            events.append(Finish(choice.finish_reason))
    return events


def _transcribed(piece: _Event) -> list[Event]:
    if piece.type.endswith(".delta"):
        return [Text(piece.delta)]
    return [Finish("stop")] if piece.type.endswith(".done") else []


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
    cached = _detail(found, "prompt_tokens_details", "cached_tokens")
    thought = _detail(found, "completion_tokens_details", "reasoning_tokens")
    return Usage(prompt, completion, total, cached, thought)


def _detail(usage: Mapping[str, Any], part: str, name: str) -> int | None:
    details = usage.get(part)
    count = details.get(name) if isinstance(details, Mapping) else None
    return count if isinstance(count, int) else None


def _said(error: Mapping[str, Any]) -> str:
    return str(error.get("message") or error.get("msg") or "")


def _decoded(body: bytes, fault: type[Exception] = TransportError) -> Any:
    try:
        return _plain(msgspec.json.decode(body))
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
