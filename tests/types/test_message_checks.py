"""Messages from dicts: sent as they are, or refused; nothing is dropped."""

import json
from typing import Any

import pytest

from glmkit.types.errors import ConfigError
from glmkit.types.messages import Message
from glmkit.types.requests import request_of
from glmkit.wire import chat_body

URL = "https://example.org/a.png"


def sent(*messages: Any) -> list[dict[str, Any]]:
    body = chat_body(request_of(list(messages), {}), "m", stream=False, native=False)
    found: list[dict[str, Any]] = json.loads(body)["messages"]
    return found


@pytest.mark.parametrize(
    "message",
    [
        {"role": "user", "content": "Hi", "name": "ada"},
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": URL, "detail": "low"}},
                {"type": "text", "text": "What is it?"},
            ],
        },
        {"role": "assistant", "content": "Hi", "audio": {"id": "a1"}},
        {"role": "tool", "content": "5", "tool_call_id": "c1", "name": "add"},
    ],
)
def test_each_field_of_a_message_is_sent(message: dict[str, Any]) -> None:
    assert sent(message) == [message]


@pytest.mark.parametrize(
    ("message", "said", "hint"),
    [
        ({"role": "user", "content": "Hi", "nmae": "ada"}, "'nmae'", "'name'"),
        ({"role": "user", "content": "Hi", "weight": 1}, "'weight'", "extra_body"),
        ({"role": "developer", "content": "Hi"}, "'developer'", "user, assistant"),
        ({"role": "user", "content": [{"type": "picture"}]}, "'picture'", "image_url"),
        (
            {"role": "user", "content": [{"type": "text", "text": "a", "cache": 1}]},
            "'cache'",
            "extra_body",
        ),
        (
            {
                "role": "user",
                "content": [
                    {"type": "image_url", "image_url": {"url": URL, "alt": "x"}}
                ],
            },
            "'alt'",
            "detail",
        ),
        (
            {
                "role": "assistant",
                "tool_calls": [{"id": "c", "function": {"nam": "f"}}],
            },
            "'nam'",
            "'name'",
        ),
    ],
)  # fmt: skip
def test_field_that_is_not_sent_is_refused(
    message: dict[str, Any], said: str, hint: str
) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        sent(message)
    assert hint in caught.value.hint


def test_role_of_a_message_made_by_hand_is_checked_too() -> None:
    with pytest.raises(ConfigError, match="developer"):
        sent(Message("developer", "Hi"))  # type: ignore[arg-type]


def test_what_another_client_leaves_empty_counts_as_absent() -> None:
    call = {
        "id": "c1",
        "type": "function",
        "function": {"name": "f", "arguments": "{}"},
    }
    dumped: dict[str, Any] = {
        "role": "assistant",
        "content": None,
        "refusal": None,
        "annotations": [],
    }
    asked, _ = sent(
        {**dumped, "tool_calls": [{**call, "index": 0}]},
        {"role": "user", "content": "Hi"},
    )
    assert asked == {"role": "assistant", "content": "", "tool_calls": [call]}
