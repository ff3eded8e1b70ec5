"""The options of a chat: their names, and the wire's fields that they stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict


class Options(TypedDict, total=False):
    """The parameters of a chat, all optional; unset ones are not sent."""

    model: str | None
    system: str | None
    temperature: float | None
    top_p: float | None
    max_tokens: int | None
    stop: str | Sequence[str] | None
    do_sample: bool | None
    seed: int | None
    thinking: bool | str | Mapping[str, Any] | None
    clear_thinking: bool | None
    tools: Sequence[Any] | None
    tool_choice: str | Mapping[str, Any] | None
    tool_stream: bool | None
    web_search: bool | Mapping[str, Any] | None
    retrieval: str | Mapping[str, Any] | None
    schema: Any
    response_format: str | Mapping[str, Any] | None
    request_id: str | None
    user_id: str | None
    meta: Mapping[str, str] | None
    sensitive_word_check: Mapping[str, str] | None
    extra: Mapping[str, Any] | None
    watermark_enabled: bool | None
    extra_body: Mapping[str, Any] | None
