"""Tools that the platform runs by itself: real code, real documents, nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

import glmkit
from glmkit.tools import sandbox
from glmkit.types.events import Finish, Output, Text, ToolCall, ToolResult
from tests.conftest import Site
from tests.local.test_answers import http as http  # the fixture

pytestmark = pytest.mark.xdist_group("site")

CODE = {"type": "code_interpreter", "code_interpreter": {"sandbox": "auto"}}
SUM = "What is 17 times 23?"


@pytest.fixture
def client(site: Site) -> Iterator[glmkit.Client]:
    with glmkit.Client(site.url, site.key, "glm-4-alltools") as made:
        yield made


def ask(client: glmkit.Client, prompt: str, **options: Any) -> list[glmkit.Event]:
    with client.stream(prompt, max_tokens=120, **options) as stream:
        return list(stream)


def of(kind: type[Any], events: list[glmkit.Event]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def test_code_is_written_run_and_used_for_the_answer(client: glmkit.Client) -> None:
    assert sandbox.ready()
    events = ask(client, SUM, tools=["code_interpreter"], tool_choice="required")
    code = "".join(call.arguments for call in of(ToolCall, events))
    (result,) = of(ToolResult, events)
    assert {call.type for call in of(ToolCall, events)} == {"code_interpreter"}
    assert result.outputs[0].type == "logs"
    # What came out is what the code gives: nothing is made up.
    assert result.outputs[0].logs == sandbox.python(code).output
    assert "391" in result.content
    assert events.index(result) < events.index(of(Text, events)[0])
    assert of(Finish, events)[-1].reason in {"stop", "length"}


def test_reply_holds_what_was_run_and_asks_nobody_to_run_it(
    client: glmkit.Client,
) -> None:
    talk = glmkit.Conversation(client, tools=["code_interpreter"])
    reply = talk.ask(SUM, max_tokens=120, tool_choice="required")
    assert [call.type for call in reply.tool_calls] == ["code_interpreter"]
    assert reply.tool_calls[0].id == reply.tool_results[0].id
    assert len(reply.calls) == 1
    assert reply.text


def test_whole_body_has_input_and_outputs_in_one_call(http: Any) -> None:
    body = {
        "model": "glm-4-alltools",
        "messages": [{"role": "user", "content": [{"type": "text", "text": SUM}]}],
        "tools": [CODE],
        "tool_choice": "required",
        "max_tokens": 120,
    }
    answer = http.post("chat/completions", json=body).json()
    (call,) = answer["choices"][0]["message"]["tool_calls"]
    assert call["code_interpreter"]["input"]
    assert call["code_interpreter"]["outputs"][0]["type"] == "logs"


def test_code_that_nobody_shall_run_is_only_written(http: Any) -> None:
    body = {
        "model": "glm-4-alltools",
        "messages": [{"role": "user", "content": SUM}],
        "tools": [{**CODE, "code_interpreter": {"sandbox": "none"}}],
        "tool_choice": "required",
        "stream": True,
    }
    lines = http.post("chat/completions", json=body).text.splitlines()
    chunks = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
    assert chunks[-1]["status"] == "requires_action"
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"
    assert "outputs" not in json.dumps(chunks)


def test_stream_of_a_tool_has_the_services_order(http: Any) -> None:
    body = {
        "model": "glm-4-alltools",
        "messages": [{"role": "user", "content": SUM}],
        "tools": [CODE],
        "tool_choice": "required",
        "max_tokens": 120,
        "stream": True,
    }
    lines = http.post("chat/completions", json=body).text.splitlines()
    chunks = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
    ended = [c["choices"][0].get("finish_reason") for c in chunks]
    roles = [c["choices"][0]["delta"]["role"] for c in chunks]
    given = roles.index("tool")
    assert ended[given - 1] == "tool_calls"
    assert ended[-1] in {"stop", "length"}
    assert chunks[-1]["status"] == "completed"
    assert "usage" in chunks[-1]


def test_browser_searches_the_documents(client: glmkit.Client, site: Site) -> None:
    question = "What does the blue whale eat?"
    events = ask(client, question, tools=["web_browser"], tool_choice="required")
    (call,) = of(ToolCall, events)
    (result,) = of(ToolResult, events)
    assert (call.type, call.arguments) == ("web_browser", f'search("{question}")')
    assert result.outputs[0] == Output(
        title="Whales",
        link=(site.documents / "whales.md").resolve().as_uri(),
        content="# Whales\n\nThe blue whale eats krill.",
    )
    assert of(Text, events)


def test_no_tool_is_used_for_a_greeting(client: glmkit.Client) -> None:
    events = ask(client, "Hello!", tools=["code_interpreter", "web_browser"])
    assert not of(ToolCall, events)
    assert of(Text, events)


def test_one_of_two_tools_is_used_where_one_must_be(client: glmkit.Client) -> None:
    both = ["code_interpreter", "web_browser"]
    events = ask(client, SUM, tools=both, tool_choice="required")
    assert {call.type for call in of(ToolCall, events)} <= set(both)
    assert len(of(ToolResult, events)) == 1


def test_browser_without_documents_says_what_to_do(platform: Any) -> None:
    with pytest.raises(glmkit.APIError, match="--documents") as refused:
        glmkit.Client("local").chat("Whales?", tools=["web_browser"])
    assert refused.value.code == "1702"


def test_prompt_that_was_read_before_is_counted_as_cached(http: Any) -> None:
    words = "The air scatters the short waves of light more than the long. " * 12
    body = {
        "model": "glm-4.6",
        "messages": [{"role": "user", "content": words + "Why?"}],
        "max_tokens": 2,
    }

    def cached() -> tuple[int, int]:
        usage = http.post("chat/completions", json=body).json()["usage"]
        return usage["prompt_tokens_details"]["cached_tokens"], usage["prompt_tokens"]

    first, prompt = cached()
    assert first < prompt / 2
    again, _ = cached()
    assert prompt / 2 < again <= prompt
