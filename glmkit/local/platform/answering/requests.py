"""The requests for a chat that come in, and what is wrong with them.

Unknown fields and nulls are accepted, as the service does; only what the service
checks is checked.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from glmkit.catalog.cards import Card, card
from glmkit.local.platform.server.errors import Refusal
from glmkit.types.first_use import prepare

_T = TypeVar("_T")

_ROLES = {"system", "user", "assistant", "tool"}
_USER_ID = range(6, 129)
_MEDIA = {
    "image_url": "see images",
    "video_url": "see videos",
    "file_url": "read files",
    "input_audio": "hear",
}
_TALKERS = {"text", "vision", "reasoning", "character", "code"}
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_MOST_FUNCTIONS = 128
_EFFORTS = {"none", "minimal", "low", "medium", "high", "xhigh", "max"}
_FORCED_EFFORTS = {"low", "high", "max"}


class ContentPart(msgspec.Struct):
    """One part of a message's content."""

    type: str = "text"
    text: str | None = None


class CalledFunction(msgspec.Struct):
    """The function of a tool call."""

    name: str = ""
    arguments: str = ""


class HistoryCall(msgspec.Struct):
    """A call that an assistant's message asked for."""

    function: CalledFunction | None = None


class ChatMessage(msgspec.Struct):
    """One message of a conversation."""

    role: str
    content: str | list[ContentPart] | None = None
    tool_calls: list[HistoryCall] | None = None
    reasoning_content: str | None = None

    @property
    def text(self) -> str:
        """The texts of the message, joined."""
        if isinstance(self.content, list):
            return "\n".join(part.text or "" for part in self.content)
        return self.content or ""


class OfferedFunction(msgspec.Struct):
    """A function that is offered; `parameters` is a JSON Schema."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None


class RetrievalTool(msgspec.Struct):
    """The knowledge to look into before the answer."""

    knowledge_id: str | None = None
    prompt_template: str | None = None


class SearchTool(msgspec.Struct):
    """The search to do before the answer; numbers and truth may come as text."""

    enable: bool | str | None = None
    search_query: str | None = None
    search_result: bool | str | None = None
    count: int | str | None = None
    search_prompt: str | None = None
    result_sequence: str | None = None


class InterpreterTool(msgspec.Struct):
    """How to run code: `sandbox` "auto" runs it, "none" only writes it."""

    sandbox: str | None = None


class BrowserTool(msgspec.Struct):
    """How to browse: `browser` "auto" searches, "none" only says for what."""

    browser: str | None = None


class OfferedTool(msgspec.Struct):
    """One offered tool; the field of its `type` is set."""

    type: str = ""
    function: OfferedFunction | None = None
    retrieval: RetrievalTool | None = None
    web_search: SearchTool | None = None
    code_interpreter: InterpreterTool | None = None
    web_browser: BrowserTool | None = None


class Schema(msgspec.Struct):
    """The schema of an answer."""

    schema: dict[str, Any] | None = None


class Format(msgspec.Struct):
    """What the answer must be: `text`, `json_object` or `json_schema`."""

    type: str | None = None
    json_schema: Schema | None = None


class ThinkingOption(msgspec.Struct):
    """Whether to think: `enabled` or `disabled`."""

    type: str | None = None


class ChatRequest(msgspec.Struct):
    """A request for a chat completion or a count."""

    model: str | None = None
    messages: list[ChatMessage] | None = None
    stream: bool | None = None
    do_sample: bool | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    stop: list[str] | str | None = None
    seed: int | None = None
    response_format: Format | None = None
    tools: list[OfferedTool] | None = None
    tool_choice: str | dict[str, Any] | None = None
    tool_stream: bool | None = None
    thinking: ThinkingOption | None = None
    reasoning_effort: str | None = None
    request_id: str | None = None
    user_id: str | None = None

    @property
    def json_object(self) -> bool:
        """Whether the answer must be JSON of any shape."""
        wanted = self.response_format
        return wanted is not None and wanted.type == "json_object"

    @property
    def schema(self) -> dict[str, Any] | None:
        """The JSON Schema that the answer must follow."""
        wanted = self.response_format
        if wanted is None or wanted.type != "json_schema" or not wanted.json_schema:
            return None
        return wanted.json_schema.schema

    @property
    def stops(self) -> tuple[str, ...]:
        """The text to stop at: one entry, or none."""
        stops = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return tuple(stop for stop in stops if stop)

    @property
    def functions(self) -> list[OfferedFunction]:
        """The functions that are offered."""
        return [tool.function for tool in self.tools or () if tool.function]

    @property
    def question(self) -> str:
        """The last words of the person."""
        said = [m.text for m in self.messages or () if m.role == "user"]
        return said[-1] if said else ""


def decoded(body: bytes, kind: type[_T]) -> _T:
    """Decode a body; raises Refusal (400)."""
    try:
        prepare(kind)
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as exc:
        raise Refusal(400, "1214", f"invalid field: {exc}") from exc
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise Refusal(400, "1210", f"the body is not JSON: {exc}") from exc


def read(body: bytes) -> ChatRequest:
    """Decode a request for a chat and check it; raises Refusal (400)."""
    ask = decoded(body, ChatRequest)
    _check_messages(ask.messages)
    if len(ask.stops) > 1:
        raise Refusal(400, "1210", "stop参数非法：at most one entry")
    check_user(ask.user_id)
    if ask.temperature is not None and ask.temperature < 0:
        raise Refusal(400, "1210", "temperature参数非法：限制数值范围[0.0,1.0]")
    _check_functions(ask.functions)
    return ask


def check_user(user_id: str | None) -> None:
    """Raise a Refusal unless the id of an end user has 6 to 128 characters."""
    if user_id is not None and len(user_id) not in _USER_ID:
        raise Refusal(400, "1210", "user_id参数非法：6 to 128 characters")


def talks(card: Card) -> bool:
    """Whether a model of the catalogue answers chat completions."""
    return card.kind in _TALKERS


def card_of(ask: ChatRequest) -> Card:
    """Return the card of the asked model; Refusal where it can not chat."""
    found = known(ask.model)
    if not talks(found):
        raise Refusal(400, "1212", f"the model {found.id} does not support chat")
    _check_thinking(ask, found)
    return found


def known(model: str | None, kind: str | None = None) -> Card:
    """Return a model's card; Refusal where there is none, or of another kind."""
    if not model:
        raise Refusal(400, "1213", "the field model was not received")
    found = card(model)
    if found is None:
        raise Refusal(400, "1211", f"the model {model} does not exist")
    if kind and found.kind != kind:
        raise Refusal(400, "1212", f"the model {found.id} does not do {kind}")
    return found


def _check_messages(messages: list[ChatMessage] | None) -> None:
    if messages is None:
        raise Refusal(400, "1213", "the field messages was not received")
    roles = {message.role for message in messages}
    if unknown := roles - _ROLES:
        raise Refusal(400, "1214", f"unknown role {min(unknown)!r} in messages")
    if not roles & {"user", "tool"}:
        raise Refusal(400, "1214", "messages must hold more than the system's own")
    _check_parts(messages)
    if not any(message.text.strip() for message in messages):
        raise Refusal(400, "1213", "the prompt was not received: it is empty")


def _check_parts(messages: list[ChatMessage]) -> None:
    for message in messages:
        for part in message.content if isinstance(message.content, list) else []:
            if part.type != "text":
                what = _MEDIA.get(part.type, f"take a part of type {part.type!r}")
                raise Refusal(400, "1210", f"the local stand-in cannot {what}")


def _check_functions(functions: list[OfferedFunction]) -> None:
    if len(functions) > _MOST_FUNCTIONS:
        raise Refusal(
            400, "1210", f"tools参数非法：at most {_MOST_FUNCTIONS} functions"
        )
    for function in functions:
        if not _NAME.fullmatch(function.name):
            raise Refusal(400, "1210", f"tools参数非法：name {function.name[:80]!r}")


def _check_thinking(ask: ChatRequest, card: Card) -> None:
    forced = card.thinking == "forced"
    if forced and ask.thinking and ask.thinking.type == "disabled":
        raise Refusal(400, "1210", f"thinking参数非法：{card.id} always thinks")
    efforts = _FORCED_EFFORTS if forced else _EFFORTS
    effort = ask.reasoning_effort
    if effort is not None and effort not in efforts and "thinking" in card.features:
        known_ones = ", ".join(sorted(efforts))
        raise Refusal(400, "1210", f"reasoning_effort参数非法：one of {known_ones}")
