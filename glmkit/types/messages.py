"""What we send: messages, their parts, the request, and its canonical key.

The structs have the names and shapes of the wire, so that encoding is one step; what
is `None` or empty is not sent, and the service's default holds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any, Literal

import msgspec

from glmkit.types.errors import ConfigError
from glmkit.types.options import Effort, check_names, thinking, tools


class Link(msgspec.Struct, frozen=True):
    """A URL, or base64 data where the part allows it."""

    url: str


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
    """The function of a call that the model asked for; `arguments` is JSON text."""

    name: str
    arguments: str = ""


class AskedCall(msgspec.Struct, frozen=True):
    """A tool call inside an assistant's message."""

    id: str
    function: Function
    type: str = "function"


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """One turn: "system", "user", "assistant" or "tool".

    >>> Message("user", "Why is the sky blue?")
    Message('user', 'Why is the sky blue?')
    """

    role: Literal["system", "user", "assistant", "tool"]
    content: str | tuple[Part, ...] | None = None
    reasoning_content: str = ""
    tool_calls: tuple[AskedCall, ...] = ()
    tool_call_id: str = ""

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
    """A request as the person made it: no endpoint, no key, no default model.

    `extra_body` holds fields that are newer than this client; it is laid over the
    rest when the request is sent.
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


# msgspec looks into a type at its first use, and two threads that come to that at one
# time crash the process. Here it is looked into once, as the module is imported.
msgspec.json.Decoder(Request)

#: A text, or a list of texts and media, or of messages. A medium is a part, a path,
#: bytes, a PIL image, a matplotlib or plotly figure; one alone is a prompt too.
Prompt = str | bytes | Path | Sequence[Any]


def request_of(prompt: Prompt, options: Mapping[str, Any]) -> Request:
    """Build the request of a prompt and its options.

    Raises ConfigError where the prompt is empty or an option is unknown or of the
    wrong type.

    >>> request_of("Hi", {"system": "Be brief.", "temperature": 0.2}).temperature
    0.2
    """
    given = {name: value for name, value in options.items() if value is not None}
    check_names(given)
    fields: dict[str, Any] = {"messages": _messages(prompt, given.pop("system", None))}
    if switches := given.keys() & {"thinking", "clear_thinking"}:
        fields |= thinking(**{name: given.pop(name) for name in switches})
    if offered := tools(given):
        given["tools"] = offered
    if isinstance(given.get("stop"), str):
        given["stop"] = (given["stop"],)
    if (form := given.pop("schema", None)) is not None:
        given["response_format"] = form.response_format
    if isinstance(given.get("response_format"), str):
        given["response_format"] = {"type": given["response_format"]}
    for name in ("temperature", "top_p"):
        if isinstance(given.get(name), float) and not isfinite(given[name]):
            raise ConfigError(
                f"{name} can not be {given[name]}",
                hint="JSON has no such number, and the default would hold unseen.",
            )
    try:
        return msgspec.convert(fields | given, Request)
    except msgspec.ValidationError as exc:
        raise ConfigError(
            f"an option does not fit: {exc}",
            hint="`help(glmkit.Client.chat)` shows what each option takes.",
        ) from exc


def canonical_key(request: Request) -> str:
    """Return the SHA-256 of the request as the person made it, as 64 hex digits."""
    return hashlib.sha256(msgspec.json.encode(request, order="sorted")).hexdigest()


def payload_key(operation: str, payload: Mapping[str, Any]) -> str:
    """Return the SHA-256 of any other call as the person made it, as 64 hex digits."""
    text = msgspec.json.encode([operation, payload], order="sorted")
    return hashlib.sha256(text).hexdigest()


def _messages(prompt: Prompt, system: str | None) -> tuple[Message, ...]:
    head = (Message("system", system),) if system else ()
    body = turns_of(prompt)
    if not any(_has_content(message) for message in body):
        raise ConfigError("the prompt is empty", hint="Write what the model shall do.")
    return head + body


def turns_of(prompt: Prompt) -> tuple[Message, ...]:
    """Return the messages of a prompt; a text or parts are one of the user's."""
    match prompt:
        case str():
            return (Message("user", prompt),)
        case Sequence() if any(_is_message(item) for item in prompt):
            return tuple(_convert(item, Message) for item in prompt)
        case Sequence():
            return (Message("user", tuple(_part(item) for item in prompt)),)
        case _:
            raise ConfigError(
                f"a prompt can not be of type {type(prompt).__name__}",
                hint="Pass a text, a list of parts, or a list of messages.",
            )


def _is_message(item: Any) -> bool:
    return isinstance(item, Message) or (isinstance(item, Mapping) and "role" in item)


def _has_content(message: Message) -> bool:
    if isinstance(message.content, str):
        return bool(message.content.strip())
    return bool(message.content or message.tool_calls)


def _part(item: Any) -> Part:
    if isinstance(item, str):
        return TextPart(item)
    part: Part = _convert(item, Part)
    return part


def _convert(item: Any, kind: Any) -> Any:
    """Take a value of ours as it is, and a mapping by its fields; nulls are absent."""
    if isinstance(item, Mapping):
        item = {key: value for key, value in item.items() if value is not None}
    try:
        return msgspec.convert(item, kind)
    except msgspec.ValidationError as exc:
        raise ConfigError(
            f"a message or part does not fit: {exc}",
            hint="A message is {'role': 'user', 'content': 'text'}.",
        ) from exc
