"""Streams of transcripts, agents and assistants."""

import json
from typing import Any

import pytest

import glmkit
from glmkit.types.events import Event, Finish, Start, Text, Usage
from glmkit.wire.deltas import DeltaStream


def read(*events: Any) -> list[Event]:
    """Return what a stream of these events holds; raise its fault."""
    reader = DeltaStream()
    sent = [e if isinstance(e, bytes) else json.dumps(e).encode() for e in events]
    came = reader.read(b"".join(b"data: " + event + b"\n\n" for event in sent))
    reader.check()
    return came + reader.rest()


def said(content: Any, **more: Any) -> dict[str, Any]:
    return {"choices": [{"delta": {"content": content}, **more}]}


@pytest.mark.parametrize(
    ("event", "events"),
    [
        ({"type": "transcript.text.delta", "delta": "a"}, [Text("a")]),
        ({"type": "transcript.text.delta", "delta": 5}, [Text("5")]),
        ({"type": "transcript.text.done", "delta": ""}, [Finish("stop")]),
        (said("a"), [Text("a")]),
        (said([{"text": "a"}, {"image": 1}]), [Text("a")]),
        (said({"type": "text", "text": 5}), [Text("5")]),
        (
            {"choices": [{"messages": [{"content": {"type": "text", "text": "a"}}]}]},
            [Text("a")],
        ),
        ({"choices": [{"delta": {"tool_calls": [{}]}}]}, []),
        ({"choices": [{"delta": {}, "finish_reason": "stop"}]}, [Finish("stop")]),
        (said("a") | {"usage": {"total_tokens": 3}}, [Text("a")]),
        (
            said("a") | {"usage": {"prompt_tokens": 3.0, "completion_tokens": "1"}},
            [Text("a"), Usage(3, 1, 4)],
        ),
        (said("a") | {"error": {}, "id": 7}, [Text("a")]),
    ],
)  # fmt: skip
def test_events_of_other_streams_are_read(event: Any, events: list[Any]) -> None:
    assert read(event)[1:] == events


def test_blank_events_and_numbers_lose_nothing() -> None:
    events = read(
        b"", {"id": 7, "model": None, **said("a")}, b" ", said("b"), b"[DONE]"
    )
    assert events == [Start("7"), Text("a"), Text("b")]


def test_half_characters_are_joined_or_replaced() -> None:
    first, second = b'{"choices":[{"delta":{"content":"%b"}}]}', rb"\ude00 \ud83d"
    events = read(first % rb"Hi \ud83d", first % second)
    assert [e.text for e in events if isinstance(e, Text)] == ["Hi ", "😀 ", "\ufffd"]


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ({"error": {"code": "server_error", "message": "gone"}}, glmkit.ServerError),
        ({"error": {"type": "overloaded_error"}}, glmkit.ServerError),
        ({"code": 1302, "message": "busy"}, glmkit.RateLimitError),
        ({"object": "error", "message": "engine died"}, glmkit.ServerError),
        ({"status": "failed", "last_error": {"code": "1302"}}, glmkit.RateLimitError),
        ({"status": "failed"}, glmkit.ServerError),
        (said({"type": "text"}), glmkit.StreamError),
        (said([{"text": {"a": 1}}, {"text": True}]), glmkit.StreamError),
        (b"nope", glmkit.StreamError),
        (b"[]", glmkit.StreamError),
        (b"3", glmkit.StreamError),
    ],
)  # fmt: skip
def test_fault_in_another_stream_is_typed(event: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        read(said("a"), event)
