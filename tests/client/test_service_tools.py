"""Tools that the service runs, on a real socket: their inputs, outputs and order."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

import glmkit
from glmkit.types.events import Event, Finish, Output, Text, ToolCall, ToolResult
from tests.client.test_clients import client_of
from tests.conftest import Paced

Factory = Callable[..., Paced]
RUN = "all_tools_run_by_the_service"


def streamed(place: Paced) -> tuple[list[Event], glmkit.Reply]:
    with client_of(place).stream("Hi") as stream:
        return list(stream), stream.reply


def test_all_tools_come_with_inputs_and_outputs_in_order(paced: Factory) -> None:
    events, reply = streamed(paced(sse=RUN))
    told = [
        (event.type, event.arguments) if isinstance(event, ToolCall) else event.outputs
        for event in events
        if isinstance(event, ToolCall | ToolResult)
    ]
    assert told[:3] == [
        ("code_interpreter", "print"),
        ("code_interpreter", "(6*7)"),
        (
            Output(type="logs", logs="42\n"),
            Output(type="file", file="https://example.org/plot.png"),
        ),
    ]
    kinds = [call.type for call in reply.tool_calls]
    assert sorted(set(kinds)) == ["code_interpreter", "drawing_tool", "web_browser"]
    assert all(call.id for call in reply.tool_calls)
    assert {r.id for r in reply.tool_results} <= {c.id for c in reply.tool_calls}
    assert reply.text == "It is 42."
    # The reasons between the rounds end nothing.
    assert [e.reason for e in events if isinstance(e, Finish)] == ["stop"]


def test_async_face_reads_the_same(paced: Factory) -> None:
    place = paced(sse=RUN)

    async def main() -> list[Event]:
        client = glmkit.AsyncClient(place.url, place.key)
        async with client, client.stream("Hi") as stream:
            return [event async for event in stream]

    assert asyncio.run(main()) == streamed(place)[0]


def test_mcp_tells_its_server_its_arguments_and_its_failures(paced: Factory) -> None:
    _, reply = streamed(paced(sse="mcp_lists_and_calls"))
    listed, asked, failed = reply.tool_calls
    assert {call.server for call in reply.tool_calls} == {"maps"}
    assert (listed.name, asked.name, asked.arguments) == (
        "mcp_list_tools",
        "route",
        '{"to":"Oslo"}',
    )
    results = {result.id: result for result in reply.tool_results}
    assert "route" in results[listed.id].content
    assert (results[asked.id].content, results[asked.id].failed) == ("5 km", False)
    assert results[failed.id].failed


#: What stands in one call of a whole body, and what it gives.
WHOLE: list[tuple[str, dict[str, Any], str, Output]] = [
    ("code_interpreter", {"input": "6*7", "outputs": [{"type": "logs", "logs": "42"}]},
     "6*7", Output(type="logs", logs="42")),
    ("drawing_tool", {"input": "a sky", "outputs": [{"image": "https://e.org/a.png"}]},
     "a sky", Output(image="https://e.org/a.png")),
    ("web_browser", {"input": "quote(1)", "outputs": [
        {"title": "Sky", "link": "https://e.org", "content": "blue"}]},
     "quote(1)", Output(title="Sky", link="https://e.org", content="blue")),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "fields", "given", "output"), WHOLE)
def test_whole_body_tells_the_same(
    paced: Factory, kind: str, fields: dict[str, Any], given: str, output: Output
) -> None:
    call = {"id": "call_1", "type": kind, kind: fields}
    said = {"content": "Done.", "tool_calls": [call], "finish_reason": "stop"}
    reply = client_of(paced(replies=json.dumps([said]))).chat("Hi")
    assert reply.tool_calls == (ToolCall(0, "call_1", kind, given, kind),)
    assert reply.tool_results[0].outputs == (output,)
    assert reply.text == "Done."


def test_a_talk_runs_only_what_is_its_own(paced: Factory) -> None:
    @glmkit.tool
    def weather(city: str) -> str:
        "Tell the weather."
        return "rain"

    place = paced(sse=RUN)
    talk = glmkit.Conversation(client_of(place), tools=[weather, "code_interpreter"])
    with talk.stream("Hi") as stream:
        text = "".join(e.text for e in stream if isinstance(e, Text))
    assert text == "It is 42."
    assert place.seen["requests"] == 1
    assert [tool["type"] for tool in place.seen["bodies"][0]["tools"]] == [
        "function",
        "code_interpreter",
    ]
