"""Encodes chat requests as the service's JSON."""

from __future__ import annotations

from typing import Any

import msgspec

from glmkit.types.errors import ConfigError
from glmkit.types.messages import Message, Request, ResponseFormat, TextPart
from glmkit.types.numbers import jsonable
from glmkit.types.translation import _

_encoder = msgspec.json.Encoder(enc_hook=jsonable)
#: Servers that are not GLM's count a stream's tokens only where they are asked to.
_COUNTED = {"stream_options": {"include_usage": True}}
_ORDER = (
    "Answer with one JSON object and nothing else: no fence, no comment. "
    "It must fit this JSON Schema:\n"
)
#: The model that takes the user's words as a list of parts only.
_IN_PARTS = "glm-4-alltools"


def chat_body(
    request: Request,
    model: str,
    *,
    stream: bool,
    native: bool = True,
    constrained: bool = False,
) -> bytes:
    """Encode a chat request for `model`; unset parameters are not sent.

    `native`: the service takes base64 bare, as GLM does, not as a data URL, and
    counts a stream's tokens unasked; others are asked to, which
    `extra_body={"stream_options": None}` leaves out. `constrained`: it decodes by a
    JSON Schema, which elsewhere only the prompt names.

    >>> from glmkit.types.requests import request_of
    >>> chat_body(request_of("Hi", {}), "glm-4-plus", stream=False)
    b'{"messages":[{"role":"user","content":"Hi"}],"model":"glm-4-plus"}'
    """
    messages = request.messages
    if any(message.content is None for message in messages):
        messages = tuple(_with_content(message) for message in messages)
    plain = msgspec.structs.replace(
        request, model=model, messages=messages, extra_body=None
    )
    form = request.response_format
    if form is not None and form.json_schema is not None:
        plain = _with_schema(plain, form.json_schema, constrained)
    bare = native and any(isinstance(m.content, tuple) for m in request.messages)
    parted = native and model.lower() == _IN_PARTS
    if not (stream or bare or parted or request.extra_body):
        return _encoded(plain)
    fields = msgspec.to_builtins(plain, enc_hook=jsonable)
    if bare:
        _strip_data_urls(fields["messages"])
    if parted:
        _part_questions(fields["messages"])
    if stream:
        fields |= {"stream": True} if native else {"stream": True, **_COUNTED}
    fields |= request.extra_body or {}
    if not native and fields.get("stream_options", _COUNTED) is None:
        del fields["stream_options"]  # who refuses the field refuses its null too
    return _encoded(fields)


def _encoded(value: Any) -> bytes:
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError as exc:
        raise ConfigError(
            _(
                "a text cannot be sent: it holds half of a character ({half})",
                half=ascii(exc.object[exc.start]),
            ),
            hint=_("text.encode('utf-8', 'replace').decode() puts a ? in its place."),
        ) from exc


def _with_schema(request: Request, named: dict[str, Any], constrained: bool) -> Request:
    """Add the schema to the system message, and ask for JSON as the service can."""
    order = _ORDER + _encoder.encode(named.get("schema", {})).decode()
    form = request.response_format if constrained else ResponseFormat("json_object")
    return msgspec.structs.replace(
        request, messages=_ordered(request.messages, order), response_format=form
    )


def _ordered(messages: tuple[Message, ...], order: str) -> tuple[Message, ...]:
    first, *rest = messages
    if first.role != "system":
        return (Message("system", order), *messages)
    if isinstance(first.content, tuple):
        return (Message("system", (*first.content, TextPart(order))), *rest)
    return (Message("system", f"{first.content or ''}\n\n{order}".strip()), *rest)


def _with_content(message: Message) -> Message:
    """Return a message with content: some servers refuse tool calls without it."""
    if message.content is not None:
        return message
    return msgspec.structs.replace(message, content="")


def _part_questions(messages: list[dict[str, Any]]) -> None:
    for message in messages:
        if message["role"] == "user" and isinstance(said := message["content"], str):
            message["content"] = [{"type": "text", "text": said}]


def _strip_data_urls(messages: list[dict[str, Any]]) -> None:
    for message in messages:
        content = message.get("content")
        for part in content if isinstance(content, list | tuple) else ():
            if (image := part.get("image_url")) and image["url"].startswith("data:"):
                image["url"] = image["url"].partition(",")[2]
