"""The fields of a request for a chat; unknown ones and nulls are accepted."""

from __future__ import annotations

from typing import Any

import msgspec

from glmkit.local.platform.answering.fields import FieldText


class ContentPart(msgspec.Struct):
    """One part of a message's content."""

    type: str = "text"
    text: FieldText | None = None


class CalledFunction(msgspec.Struct):
    """The function of a tool call."""

    name: str = ""
    arguments: str = ""


class HistoryCall(msgspec.Struct):
    """A call that an assistant's message asked for."""

    id: FieldText | None = None
    function: CalledFunction | None = None


class ChatMessage(msgspec.Struct):
    """One message of a conversation."""

    role: str
    content: str | int | float | list[ContentPart] | None = None
    tool_calls: list[HistoryCall] | None = None
    reasoning_content: str | None = None

    @property
    def text(self) -> str:
        """The texts of the message, joined."""
        if isinstance(self.content, list):
            return "\n".join(part.text or "" for part in self.content)
        return "" if self.content is None else str(self.content)

    @property
    def parts(self) -> list[ContentPart]:
        """The parts of the content, none where it is a text."""
        return self.content if isinstance(self.content, list) else []


class OfferedFunction(msgspec.Struct):
    """A function that is offered; `parameters` is a JSON Schema."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None


class RetrievalTool(msgspec.Struct):
    """The knowledge base to search before the answer."""

    knowledge_id: FieldText | None = None
    prompt_template: FieldText | None = None


class SearchTool(msgspec.Struct):
    """The search before the answer; numbers and booleans may come as text."""

    enable: bool | str | None = None
    search_query: FieldText | None = None
    search_result: bool | str | None = None
    count: int | str | None = None
    search_prompt: FieldText | None = None
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

    model: FieldText | None = None
    messages: list[ChatMessage] | None = None
    stream: bool | None = None
    do_sample: bool | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    stop: list[str] | str | None = None
    seed: int | None = None
    response_format: Format | None = None
    tools: list[OfferedTool] | None = None
    tool_choice: str | dict[str, Any] | None = None
    tool_stream: bool | None = None
    thinking: ThinkingOption | None = None
    reasoning_effort: str | None = None
    request_id: FieldText | None = None
    user_id: FieldText | None = None

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
        """The texts to stop at."""
        stops = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return tuple(stop for stop in stops if stop)

    @property
    def functions(self) -> list[OfferedFunction]:
        """The functions that are offered."""
        return [tool.function for tool in self.tools or () if tool.function]

    @property
    def question(self) -> str:
        """The text of the user's last message."""
        texts = [m.text for m in self.messages or () if m.role == "user"]
        return texts[-1] if texts else ""

    @property
    def wanted_tokens(self) -> int | None:
        """The most tokens that the client asks for.

        The service knows `max_tokens` alone, newer clients send the other name too.
        """
        if self.max_tokens is not None:
            return self.max_tokens
        return self.max_completion_tokens
