"""The requests that come in, and what is wrong with them.

Unknown fields and nulls are accepted, as the service does; only what the service
checks is checked.
"""

from __future__ import annotations

import msgspec

from glmkit.catalog import Card, card
from glmkit.local.platform.refusals import Refusal

_ROLES = {"system", "user", "assistant", "tool"}
_USER_ID = range(6, 129)
_MEDIA = {
    "image_url": "see images",
    "video_url": "see videos",
    "file_url": "read files",
    "input_audio": "hear",
}
_TALKERS = {"text", "vision", "reasoning", "character", "code"}
_DEFAULT_SYSTEM = {"role": "system", "content": "You are a helpful assistant."}


class Part(msgspec.Struct):
    """One part of a message's content."""

    type: str = "text"
    text: str | None = None


class Function(msgspec.Struct):
    """The function of a tool call."""

    name: str = ""
    arguments: str = ""


class ToolCall(msgspec.Struct):
    """A call that an assistant's message asked for."""

    function: Function | None = None


class Message(msgspec.Struct):
    """One message of a conversation."""

    role: str
    content: str | list[Part] | None = None
    tool_calls: list[ToolCall] | None = None


class Format(msgspec.Struct):
    """What the answer must be: `text` or `json_object`."""

    type: str | None = None


class Ask(msgspec.Struct):
    """A request for a chat completion or a count."""

    model: str | None = None
    messages: list[Message] | None = None
    stream: bool | None = None
    do_sample: bool | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    stop: list[str] | str | None = None
    seed: int | None = None
    response_format: Format | None = None
    request_id: str | None = None
    user_id: str | None = None

    @property
    def json_object(self) -> bool:
        """Whether the answer must be JSON."""
        wanted = self.response_format
        return wanted is not None and wanted.type == "json_object"

    @property
    def stops(self) -> tuple[str, ...]:
        """The text to stop at: one entry, or none."""
        stops = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return tuple(stop for stop in stops if stop)


def read(body: bytes) -> Ask:
    """Decode a request and check it; raises Refusal (400)."""
    try:
        ask = msgspec.json.decode(body, type=Ask)
    except msgspec.ValidationError as exc:
        raise Refusal(400, "1214", f"invalid field: {exc}") from exc
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise Refusal(400, "1210", f"the body is not JSON: {exc}") from exc
    _check_messages(ask.messages)
    if len(ask.stops) > 1:
        raise Refusal(400, "1210", "stop参数非法：at most one entry")
    if ask.user_id is not None and len(ask.user_id) not in _USER_ID:
        raise Refusal(400, "1210", "user_id参数非法：6 to 128 characters")
    if ask.temperature is not None and ask.temperature < 0:
        raise Refusal(400, "1210", "temperature参数非法：限制数值范围[0.0,1.0]")
    return ask


def talks(card: Card) -> bool:
    """Whether a model of the catalogue answers chat completions."""
    return card.kind in _TALKERS


def card_of(ask: Ask) -> Card:
    """Return the card of the asked model; Refusal where it can not chat."""
    if not ask.model:
        raise Refusal(400, "1213", "the field model was not received")
    found = card(ask.model)
    if found is None:
        raise Refusal(400, "1211", f"the model {ask.model} does not exist")
    if not talks(found):
        raise Refusal(400, "1212", f"the model {found.id} does not support chat")
    return found


def _check_messages(messages: list[Message] | None) -> None:
    if messages is None:
        raise Refusal(400, "1213", "the field messages was not received")
    roles = {message.role for message in messages}
    if unknown := roles - _ROLES:
        raise Refusal(400, "1214", f"unknown role {min(unknown)!r} in messages")
    if not roles & {"user", "tool"}:
        raise Refusal(400, "1214", "messages must hold more than the system's own")
    _check_parts(messages)
    if not any(_text(message).strip() for message in messages):
        raise Refusal(400, "1213", "the prompt was not received: it is empty")


def _check_parts(messages: list[Message]) -> None:
    for message in messages:
        for part in message.content if isinstance(message.content, list) else []:
            if part.type != "text":
                what = _MEDIA.get(part.type, f"take a part of type {part.type!r}")
                raise Refusal(400, "1210", f"the local stand-in cannot {what}")


def turns(messages: list[Message]) -> list[dict[str, str]]:
    """Return the messages as the stand-in's template takes them: texts in turn.

    Without a system message the template would put in one of its own, which makes the
    answers worse.
    """
    told = [_turn(message) for message in messages]
    return told if told[0]["role"] == "system" else [_DEFAULT_SYSTEM, *told]


def _turn(message: Message) -> dict[str, str]:
    role = "user" if message.role == "tool" else message.role
    return {"role": role, "content": _text(message)}


def _text(message: Message) -> str:
    """Join the texts of a message; the template knows no tools, so calls are told."""
    content = message.content
    if isinstance(content, list):
        content = "\n".join(part.text or "" for part in content)
    calls = [call.function for call in message.tool_calls or () if call.function]
    told = [f"{call.name}({call.arguments})" for call in calls]
    return "\n".join([content, *told] if content else told)
