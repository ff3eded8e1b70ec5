"""Messages for the stand-in's chat template, which takes plain texts.

It knows neither tools nor thinking; both are written as text.
"""

from __future__ import annotations

from collections.abc import Sequence

from glmkit.local.platform.answering.requests import ChatMessage

_SYSTEM = "You are a helpful assistant."


def of(messages: Sequence[ChatMessage], *more: str) -> list[dict[str, str]]:
    """Return the turns; `more` is appended to the system message.

    Without one the template would insert its own, which makes the answers worse.
    """
    turns = [_turn(message) for message in messages]
    if turns[0]["role"] != "system":
        turns.insert(0, {"role": "system", "content": _SYSTEM})
    turns[0]["content"] = "\n\n".join([turns[0]["content"], *more])
    return turns


def _turn(message: ChatMessage) -> dict[str, str]:
    role = "user" if message.role == "tool" else message.role
    return {"role": role, "content": _text(message)}


def _text(message: ChatMessage) -> str:
    if message.role == "tool":
        return f"The function returned:\n{message.text}"
    calls = [call.function for call in message.tool_calls or () if call.function]
    texts = [
        f'{{"name": "{c.name}", "arguments": {c.arguments or "{}"}}}' for c in calls
    ]
    return "\n".join([message.text, *texts] if message.text else texts)
