"""Chats with the local platform, by clients that others wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Site
from tests.support import sdks

pytestmark = [
    pytest.mark.xdist_group("site"),
    # GLM's secrets are shorter than pyjwt likes.
    pytest.mark.filterwarnings("ignore:The HMAC key is"),
]

MODEL = "glm-4-flash-250414"
USER = {"role": "user", "content": "Why is the sky blue?"}
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "maxLength": 30}},
            "required": ["city"],
        },
    },
}
ASKED_WEATHER = {
    "model": "glm-4.6",
    "messages": [{"role": "user", "content": "What is the weather in Paris?"}],
    "tools": [WEATHER],
    "max_tokens": 60,
}


@pytest.fixture(params=sdks.ALL)
def sdk(request: pytest.FixtureRequest, site: Site) -> Iterator[Any]:
    with sdks.client(request.param, site.url, site.key) as client:
        yield client


@pytest.fixture(params=["zhipuai", "zai"])
def official(request: pytest.FixtureRequest, site: Site) -> Iterator[Any]:
    with sdks.client(request.param, site.url, site.key) as client:
        yield client


def ask(sdk: Any, **fields: Any) -> Any:
    asked = {"model": MODEL, "messages": [USER], "max_tokens": 5}
    return sdk.chat.completions.create(**asked | fields)


def test_a_client_chats(sdk: Any) -> None:
    reply = ask(sdk)
    assert reply.choices[0].message.content
    assert reply.choices[0].finish_reason == "length"
    assert reply.usage.completion_tokens == 5
    assert reply.model == MODEL


def test_a_client_streams(sdk: Any) -> None:
    chunks = list(ask(sdk, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert chunks[-1].usage.completion_tokens == 5
    assert chunks[-1].choices[0].finish_reason == "length"


def test_a_client_calls_a_function_and_tells_its_result(sdk: Any) -> None:
    reply = sdk.chat.completions.create(**ASKED_WEATHER)
    (choice,) = reply.choices
    (call,) = choice.message.tool_calls
    assert choice.message.content == ""  # null breaks some clients
    assert choice.finish_reason == "tool_calls"
    assert call.id.startswith("call_")
    assert call.function.name == "get_weather"
    assert set(json.loads(call.function.arguments)) == {"city"}
    told = [
        *ASKED_WEATHER["messages"],
        {"role": "assistant", "content": None, "tool_calls": [call.model_dump()]},
        {"role": "tool", "content": "Sunny.", "tool_call_id": call.id},
    ]
    again = ask(sdk, model="glm-4.6", messages=told, tools=[WEATHER])
    assert again.choices[0].message.content
    assert not again.choices[0].message.tool_calls


@pytest.mark.parametrize("piecemeal", [False, True])
def test_a_client_streams_a_function_call(sdk: Any, piecemeal: bool) -> None:
    more = {"extra_body": {"tool_stream": True}} if piecemeal else {}
    chunks = list(sdk.chat.completions.create(**ASKED_WEATHER, stream=True, **more))
    deltas = [chunk.choices[0].delta for chunk in chunks]
    pieces = [piece for delta in deltas for piece in delta.tool_calls or ()]
    assert pieces[0].function.name == "get_weather"
    assert {piece.index for piece in pieces} == {0}
    assert (len(pieces) > 1) == piecemeal
    arguments = "".join(piece.function.arguments for piece in pieces)
    assert set(json.loads(arguments)) == {"city"}
    assert chunks[-1].choices[0].finish_reason == "tool_calls"


def test_a_client_gets_json(sdk: Any) -> None:
    messages = [{"role": "user", "content": "Describe a cat as a JSON object."}]
    wanted = {"type": "json_object"}
    how = {"messages": messages, "max_tokens": 300, "response_format": wanted}
    (choice,) = ask(sdk, **how, seed=1).choices
    if choice.finish_reason == "stop":
        assert isinstance(json.loads(choice.message.content), dict)
    else:
        assert choice.message.content.startswith("{")


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_sees_the_thinking_first(official: Any, stream: bool) -> None:
    thinking = {"type": "enabled"}
    reply = ask(
        official, model="glm-4.6", max_tokens=16, thinking=thinking, stream=stream
    )
    if stream:
        chunks = list(reply)
        usage = chunks[-1].usage
        deltas = [chunk.choices[0].delta for chunk in chunks]
        kinds = "".join("t" if d.reasoning_content else "c" for d in deltas)
        assert kinds == "t" * kinds.count("t") + "c" * kinds.count("c")
        thought = "".join(delta.reasoning_content or "" for delta in deltas)
        text = "".join(delta.content or "" for delta in deltas)
    else:
        usage, message = reply.usage, reply.choices[0].message
        thought, text = message.reasoning_content, message.content
    assert thought
    assert text
    details = usage.completion_tokens_details
    if not isinstance(details, dict):
        details = details.model_dump()
    assert 0 < details["reasoning_tokens"] < 16
    assert usage.completion_tokens <= 16


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_searches_before_the_answer(official: Any, stream: bool) -> None:
    search = {"type": "web_search", "web_search": {"enable": True}}
    search["web_search"]["search_result"] = True
    messages = [{"role": "user", "content": "What does a blue whale eat?"}]
    reply = ask(official, messages=messages, tools=[search], stream=stream)
    if stream:
        found = [getattr(chunk, "web_search", None) for chunk in reply]
        (result,) = next(filter(None, found))
    else:
        (result,) = reply.web_search
        plain = ask(official, messages=messages)
        assert reply.usage.prompt_tokens > plain.usage.prompt_tokens
    result = result if isinstance(result, dict) else result.model_dump()
    assert result["title"] == "Whales"
    assert "krill" in result["content"]
    assert result["refer"] == "ref_1"


def test_the_service_s_task_comes_to_its_end(official: Any, site: Site) -> None:
    tasks = official.chat.asyncCompletions
    task = tasks.create(model="glm-4.5-flash", messages=[USER], max_tokens=5)
    assert task.task_status == "PROCESSING"
    while (done := tasks.retrieve_completion_result(task.id)).task_status != "SUCCESS":
        assert done.task_status == "PROCESSING"
    assert done.model == "GLM-4.5-Flash"
    assert done.choices[0].message.content
    assert done.usage.completion_tokens == 5
    stranger = sdks.client("zai", site.url, site.other)
    with stranger, pytest.raises(Exception, match="1233"):
        stranger.chat.asyncCompletions.retrieve_completion_result(task.id)


def test_a_client_may_send_the_time_as_its_id(official: Any) -> None:
    now = 1764460800.123
    reply = ask(official, request_id=now, user_id=12345678)
    assert reply.request_id == "1764460800.123"
    task = official.chat.asyncCompletions.create(
        model=MODEL, messages=[USER], max_tokens=1, request_id=now
    )
    assert task.request_id == "1764460800.123"


def test_a_client_may_name_several_stops(sdk: Any) -> None:
    reply = ask(sdk, max_tokens=20, stop=[".", "!", "?", "\n\n"])
    assert not set(".!?") & set(reply.choices[0].message.content)


def test_openais_client_reads_the_mark_of_the_stand_in(site: Site) -> None:
    with sdks.client("openai", site.url, site.key) as client:
        assert ask(client).stand_in == "SmolLM2-135M-Instruct"
        for chunk in ask(client, stream=True):
            assert chunk.stand_in == "SmolLM2-135M-Instruct"
            assert chunk.id.endswith(chunk.stand_in)


def test_openais_newer_names_are_understood(site: Site) -> None:
    with sdks.client("openai", site.url, site.key) as client:
        reply = client.chat.completions.create(
            model=MODEL, messages=[USER], max_completion_tokens=2
        )
        assert reply.usage.completion_tokens == 2
        for other in (
            lambda: client.completions.create(model=MODEL, prompt="Hi"),
            lambda: client.responses.create(model=MODEL, input="Hi"),
        ):
            with pytest.raises(Exception, match="chat/completions") as caught:
                other()
            assert caught.value.status_code == 404
