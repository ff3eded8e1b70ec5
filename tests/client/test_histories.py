"""Histories on a server that decodes them, as GLM and other servers do."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

import glmkit
from glmkit.types.messages import Message
from tests.support.served import Place, Sends, served

FACES = ["ask", "stream", "async ask", "async stream"]


def strict(body: Any) -> Sends | None:
    """Refuse a history with arguments that are not an object, or an id used twice."""
    calls = [
        call
        for message in body["messages"]
        for call in message.get("tool_calls") or ()
        if message["role"] == "assistant"
    ]
    wrong = [
        text for call in calls if not decodes(text := call["function"]["arguments"])
    ]
    twice = [i for i, n in Counter(call["id"] for call in calls).items() if n > 1]
    silent = [m for m in body["messages"] if not isinstance(m.get("content"), str)]
    if not (wrong or twice or silent):
        return None
    return Sends(
        json.dumps({"error": {"code": "1214", "message": "messages"}}).encode(), 400
    )


def decodes(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


@pytest.fixture
def place() -> Iterator[Place]:
    with served(b"{}") as here:
        here.judge = strict
        yield here


def whole(message: dict[str, Any], streamed: bool) -> Sends:
    """Return an answer as a body or as a stream."""
    finish = "tool_calls" if message.get("tool_calls") else "stop"
    part = {"delta" if streamed else "message": message, "index": 0}
    data = json.dumps({"id": "1", "choices": [{**part, "finish_reason": finish}]})
    return Sends(
        f"data: {data}\n\ndata: [DONE]\n\n".encode() if streamed else data.encode()
    )


def asks(*arguments: Any, name: str = "read", **more: Any) -> dict[str, Any]:
    """Return a message that asks for tools with these arguments."""
    functions = [{"name": name, "arguments": text} for text in arguments]
    calls = [{"type": "function", "function": f, **more} for f in functions]
    return {"role": "assistant", "content": None, "tool_calls": calls}


SAYS = {"role": "assistant", "content": "Done."}


@glmkit.tool
def read(path: str) -> str:
    """Read a file."""
    return f"text of {path}"


@glmkit.tool
def now() -> str:
    """Tell the time."""
    return "noon"


def talk(place: Place, face: str, *prompts: str) -> tuple[Any, list[glmkit.Reply]]:
    """Ask through one face; return the conversation and the replies."""
    if "async" not in face:
        with glmkit.Client(place.url, place.key, "m") as client:
            chat = glmkit.Conversation(client, tools=[read, now])
            replies = []
            for prompt in prompts:
                if face == "ask":
                    replies.append(chat.ask(prompt))
                else:
                    with chat.stream(prompt) as stream:
                        list(stream)
                    replies.append(stream.reply)
        return chat, replies

    async def run() -> tuple[Any, list[glmkit.Reply]]:
        async with glmkit.AsyncClient(place.url, place.key, "m") as client:
            chat = glmkit.AsyncConversation(client, tools=[read, now])
            replies = []
            for prompt in prompts:
                if face == "async ask":
                    replies.append(await chat.ask(prompt))
                else:
                    async with chat.stream(prompt) as stream:
                        _ = [event async for event in stream]
                    replies.append(stream.reply)
        return chat, replies

    return asyncio.run(run())


MALFORMED = [
    ('{"path": "a', "{}", True),
    ('{"path":"a"}{"path":"b"}', "{}", True),
    ("[1]", "{}", True),
    ("path=a", "{}", True),
    ("", "{}", True),
    (None, "{}", True),
    ('"{\\"path\\": \\"a\\"}"', '{"path": "a"}', False),
    ({"path": "a"}, '{"path":"a"}', False),
    ('{"path": "\\ud83d"}', '{"path":"\ufffd"}', False),
    (' {"path": "a"} ', '{"path": "a"}', False),
]


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(("arguments", "sent", "failed"), MALFORMED)
def test_malformed_arguments_do_not_end_a_conversation(
    place: Place, face: str, arguments: Any, sent: str, failed: bool
) -> None:
    streamed = "stream" in face
    place.send(whole(asks(arguments, id="c1"), streamed), whole(SAYS, streamed))
    chat, replies = talk(place, face, "Read it.", "And now?")
    assert [reply.text for reply in replies] == ["Done.", "Done."]
    call, result = place.bodies[-1]["messages"][1:3]
    assert call["tool_calls"][0]["function"] == {"name": "read", "arguments": sent}
    envelope = json.loads(result["content"])
    assert ("error" in envelope) == failed
    if failed and isinstance(arguments, str) and arguments:
        assert arguments in envelope["error"]
    assert chat.messages[1].tool_calls[0].function.arguments == sent


@pytest.mark.parametrize("face", FACES)
def test_tool_without_arguments_takes_null(place: Place, face: str) -> None:
    streamed = "stream" in face
    asked = whole(asks("null", name="now", id="c1"), streamed)
    place.send(asked, whole(SAYS, streamed))
    talk(place, face, "What time is it?")
    result = place.bodies[-1]["messages"][2]
    assert json.loads(result["content"])["result"] == "noon"


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("given", [{}, {"id": ""}, {"id": "call_0"}])
def test_ids_of_tools_are_unlike_over_a_conversation(
    place: Place, face: str, given: dict[str, str]
) -> None:
    streamed = "stream" in face
    path = '{"path": "a"}'
    one, two = asks(path, **given), asks(path, name="now" if given else "read", **given)
    both = {
        **one,
        "tool_calls": one["tool_calls"] + asks("{}", name="now")["tool_calls"],
    }
    answers = [whole(each, streamed) for each in (both, two, SAYS, one, SAYS)]
    place.send(*answers)
    _, replies = talk(place, face, "Read it.", "Again.")
    assert [reply.text for reply in replies] == ["Done.", "Done."]
    messages = place.bodies[-1]["messages"]
    asked = [c["id"] for m in messages for c in m.get("tool_calls") or ()]
    told = [m["tool_call_id"] for m in messages if m["role"] == "tool"]
    assert asked == told
    assert len({*asked}) == 4


def test_history_of_another_client_is_mended(place: Place) -> None:
    place.send(whole(SAYS, streamed=False))
    calls = asks('{"path": "a', '{"path": "b"}', id="c1", index=0)
    results = [{"role": "tool", "content": text, "tool_call_id": "c1"} for text in "ab"]
    history = [{"role": "user", "content": "Hi"}, calls, *results] * 2
    with glmkit.Client(place.url, place.key, "m") as client:
        chat = glmkit.Conversation(client, history=history)
        assert chat.ask("And now?").text == "Done."
        chat.resume(history)
        assert chat.ask("And now?").text == "Done."
    sent = place.bodies[-1]["messages"]
    ids = [call["id"] for message in sent for call in message.get("tool_calls", ())]
    assert [m["tool_call_id"] for m in sent if m["role"] == "tool"] == ids


def test_judge_refuses_what_a_careless_client_sends(place: Place) -> None:
    place.send(whole(SAYS, streamed=False))
    careless = [Message("user", "Hi"), asks('{"path": "a', id="c1")]
    with (
        glmkit.Client(place.url, place.key, "m") as client,
        pytest.raises(glmkit.InvalidRequestError),
    ):
        client.chat(careless)
