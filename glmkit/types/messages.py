"""Messages, their parts, requests, and the canonical key of a request.

The structs have the names and shapes of the service's JSON, so that encoding is one
step; fields that are `None` or empty are not sent, and the service's default holds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from glmkit.types.first_use import prepare
from glmkit.types.numbers import jsonable

Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


class Link(msgspec.Struct, frozen=True, omit_defaults=True):
    """A URL, or base64 data where the part allows it.

    `detail` ("low", "high", "auto") is a picture's, for servers that take it.
    """

    url: str
    detail: str = ""


class Sound(msgspec.Struct, frozen=True):
    """Base64 audio data; `format` is "wav" or "mp3"."""

    data: str
    format: str


class TextPart(msgspec.Struct, frozen=True, tag="text"):
    """A text beside media."""

    text: str


class ImagePart(msgspec.Struct, frozen=True, tag="image_url"):
    """A picture by URL or base64."""

    image_url: Link


class VideoPart(msgspec.Struct, frozen=True, tag="video_url"):
    """A video by URL."""

    video_url: Link


class FilePart(msgspec.Struct, frozen=True, tag="file_url"):
    """A document by URL."""

    file_url: Link


class AudioPart(msgspec.Struct, frozen=True, tag="input_audio"):
    """A sound, for the voice model."""

    input_audio: Sound


Part = TextPart | ImagePart | VideoPart | FilePart | AudioPart


class Function(msgspec.Struct, frozen=True):
    """The function of a tool call; `arguments` is JSON text."""

    name: str
    arguments: str = ""


class AskedCall(msgspec.Struct, frozen=True):
    """A tool call inside an assistant's message."""

    id: str
    function: Function
    type: str = "function"


Role = Literal["system", "user", "assistant", "tool"]


class SpokenBefore(msgspec.Struct, frozen=True):
    """The id of a sound that the voice model answered with."""

    id: str


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """One turn: "system", "user", "assistant" or "tool".

    `name` tells speakers of one role apart, on servers that take it; `audio` refers to
    the sound of an earlier answer.

    >>> Message("user", "Why is the sky blue?")
    Message('user', 'Why is the sky blue?')
    """

    role: Role
    content: str | tuple[Part, ...] | None = None
    reasoning_content: str = ""
    tool_calls: tuple[AskedCall, ...] = ()
    tool_call_id: str = ""
    name: str = ""
    audio: SpokenBefore | None = None

    def __rich_repr__(self) -> Any:
        yield self.role
        yield self.content

    def __repr__(self) -> str:
        return f"Message({self.role!r}, {self.content!r})"


class ThinkingSwitch(msgspec.Struct, frozen=True, omit_defaults=True):
    """The service's `thinking` parameter."""

    type: Literal["enabled", "disabled"]
    clear_thinking: bool | None = None


class ResponseFormat(msgspec.Struct, frozen=True, omit_defaults=True):
    """The `response_format` parameter.

    "json_schema" is not GLM's: there the schema goes into the prompt.
    """

    type: Literal["text", "json_object", "json_schema"]
    json_schema: dict[str, Any] | None = None


class Request(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A request as the user made it: without endpoint, key and default model.

    `extra_body` holds fields that are newer than this client; they replace others of
    the same name when the request is sent.
    """

    messages: tuple[Message, ...]
    model: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] | None = None
    do_sample: bool | None = None
    seed: int | None = None
    thinking: ThinkingSwitch | None = None
    reasoning_effort: Effort | None = None
    tools: tuple[dict[str, Any], ...] | None = None
    tool_choice: str | dict[str, Any] | None = None
    tool_stream: bool | None = None
    response_format: ResponseFormat | None = None
    request_id: str | None = None
    user_id: str | None = None
    meta: dict[str, str] | None = None
    sensitive_word_check: dict[str, str] | None = None
    extra: dict[str, Any] | None = None
    watermark_enabled: bool | None = None
    extra_body: dict[str, Any] | None = None


prepare(Request)


def canonical_key(request: Request) -> str:
    """Return the SHA-256 of a request as the user made it, as 64 hex digits."""
    text = msgspec.json.encode(request, order="sorted", enc_hook=jsonable)
    return hashlib.sha256(text).hexdigest()


def payload_key(operation: str, payload: Mapping[str, Any]) -> str:
    """Return the SHA-256 of any other call as the user made it, as 64 hex digits."""
    text = msgspec.json.encode([operation, payload], order="sorted", enc_hook=jsonable)
    return hashlib.sha256(text).hexdigest()
