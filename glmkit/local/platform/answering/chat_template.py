"""The conversation as the stand-in's template takes it: texts in turn.

The template knows neither tools nor thoughts, so that both are told in words.
"""

from __future__ import annotations

from collections.abc import Sequence

from glmkit.local.platform.answering.requests import ChatMessage

_SYSTEM = "You are a helpful assistant."


def of(messages: Sequence[ChatMessage], *more: str) -> list[dict[str, str]]:
    """Return the turns; `more` goes below the system's words.

    Without a system message the template would put in one of its own, which makes the
    answers worse.
    """
    told = [_turn(message) for message in messages]
    if told[0]["role"] != "system":
        told.insert(0, {"role": "system", "content": _SYSTEM})
    told[0]["content"] = "\n\n".join([told[0]["content"], *more])
    return told


def _turn(message: ChatMessage) -> dict[str, str]:
    role = "user" if message.role == "tool" else message.role
    return {"role": role, "content": _told(message)}


def _told(message: ChatMessage) -> str:
    if message.role == "tool":
        return f"The function returned:\n{message.text}"
    calls = [call.function for call in message.tool_calls or () if call.function]
    told = [
        f'{{"name": "{c.name}", "arguments": {c.arguments or "{}"}}}' for c in calls
    ]
    return "\n".join([message.text, *told] if message.text else told)
