"""Checks of a request for a chat: the stand-in refuses what the service refuses."""

from __future__ import annotations

import json
import re

from glmkit.catalog.cards import Card, card
from glmkit.local.platform.answering.fields import decoded
from glmkit.local.platform.answering.requests import (
    ChatMessage,
    ChatRequest,
    OfferedFunction,
)
from glmkit.local.platform.server.errors import (
    LackError,
    Refusal,
    at_most,
    characters,
    invalid,
    missing,
    one_of,
    within,
)

_ROLES = {"system", "user", "assistant", "tool"}
_USER_ID = (6, 128)
_STOPS = 4
#: A part's type → what the model must take, and what the stand-in cannot do.
_MEDIA = {
    "image_url": ("image", "see images"),
    "video_url": ("video", "see videos"),
    "file_url": ("file", "read files"),
    "input_audio": ("audio", "hear"),
}
_TALKERS = {"text", "vision", "reasoning", "character", "code"}
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_MOST_FUNCTIONS = 128
_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_FORCED_EFFORTS = ("low", "high", "max")
#: It answers chats in speech.
_SPEAKER = "glm-4-voice"
_MESSAGES = "messages 参数非法"


def read(body: bytes) -> ChatRequest:
    """Decode a request for a chat and check it; raises Refusal (400)."""
    ask = decoded(body, ChatRequest)
    _check_messages(ask.messages)
    if len(ask.stops) > _STOPS:
        raise Refusal(400, "1214", f"stop:最大只能有{_STOPS}个停止词")
    check_user(ask.user_id)
    _check_sampling(ask)
    _check_functions(ask.functions)
    return ask


def check_user(user_id: str | None) -> None:
    """Raise a Refusal unless the id of an end user has 6 to 128 characters."""
    low, high = _USER_ID
    if user_id is not None and not low <= len(user_id) <= high:
        raise invalid("user_id", characters(low, high))


def talks(card: Card) -> bool:
    """Whether a model of the catalogue answers chat completions here."""
    return card.kind in _TALKERS


def card_of(ask: ChatRequest) -> Card:
    """Return the card of the asked model; Refusal where it cannot answer this chat."""
    found = known(ask.model)
    if found.id == _SPEAKER:
        raise LackError(f"speak, and {_SPEAKER} answers in speech")
    if not talks(found):
        raise Refusal(400, "1212", f"the model {found.id} does not support chat")
    _check_parts(ask.messages or [], found)
    _check_thinking(ask, found)
    return found


def known(model: str | None, kind: str | None = None) -> Card:
    """Return a model's card; Refusal where there is none, or of another kind."""
    if not model:
        raise missing("model")
    found = card(model)
    if found is None:
        raise Refusal(400, "1211", f"the model {model} does not exist")
    if kind and found.kind != kind:
        raise Refusal(400, "1212", f"the model {found.id} does not do {kind}")
    return found


def _check_messages(messages: list[ChatMessage] | None) -> None:
    if messages is None:
        raise missing("messages")
    roles = {message.role for message in messages}
    if unknown := roles - _ROLES:
        raise Refusal(400, "1214", f"角色信息不正确：{min(unknown)}")
    if not roles & {"user", "tool"}:
        raise Refusal(400, "1214", f"{_MESSAGES}：system, assistant")
    _check_history(messages)
    if not any(message.text.strip() or message.parts for message in messages):
        raise Refusal(400, "1213", "the prompt was not received: it is empty")


def _check_history(messages: list[ChatMessage]) -> None:
    """Refuse what the service cannot put into a prompt, such as malformed calls."""
    seen: set[str] = set()
    for message in messages:
        if message.role != "assistant":
            continue
        if not message.content and not message.tool_calls:
            raise Refusal(400, "1214", "content和tool_calls 字段不能同时为空")
        for call in message.tool_calls or ():
            if call.id is not None and call.id in seen:
                raise Refusal(400, "1214", f"{_MESSAGES}：tool_calls.id {call.id}")
            seen |= {call.id} if call.id is not None else set()
            if call.function and not _is_object(call.function.arguments):
                raise Refusal(400, "1214", f"{_MESSAGES}：tool_calls.arguments")


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _check_parts(messages: list[ChatMessage], card: Card) -> None:
    """Refuse media: the model's own limit first, then the stand-in's."""
    for part in (part for message in messages for part in message.parts):
        if part.type in _MEDIA:
            medium, doing = _MEDIA[part.type]
            if medium not in card.input_modalities:
                what = f"the model {card.id} does not take {part.type}"
                raise Refusal(400, "1210", what)
            raise LackError(doing, code="1210")
        if part.type != "text":
            raise Refusal(400, "1214", f"{_MESSAGES}：type {part.type!r}")


def _check_sampling(ask: ChatRequest) -> None:
    """Refuse what lies outside every documented range; a greedy request has none."""
    if ask.do_sample is False:
        return
    for name, low, value in (
        ("temperature", 0.0, ask.temperature),
        ("top_p", 0.01, ask.top_p),
    ):
        if value is not None and not low <= value <= 1.0:
            raise invalid(name, within(low, 1.0))


def _check_functions(functions: list[OfferedFunction]) -> None:
    if len(functions) > _MOST_FUNCTIONS:
        raise invalid("tools", at_most(_MOST_FUNCTIONS))
    for function in functions:
        if not _NAME.fullmatch(function.name):
            raise invalid("tools", f"name {function.name[:80]!r}")


def _check_thinking(ask: ChatRequest, card: Card) -> None:
    forced = card.thinking == "forced"
    if forced and ask.thinking and ask.thinking.type == "disabled":
        raise invalid("thinking", f"{card.id} {one_of(['enabled'])}")
    efforts = _FORCED_EFFORTS if forced else _EFFORTS
    effort = ask.reasoning_effort
    if effort is not None and effort not in efforts and "thinking" in card.features:
        raise invalid("reasoning_effort", one_of(efforts))
