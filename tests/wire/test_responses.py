"""The service's JSON, both ways."""

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from glmkit.types.errors import (
    AuthError,
    ConfigError,
    ContentFilterError,
    GLMError,
    InvalidRequestError,
    QuotaError,
    RateLimitError,
    ServerError,
    StreamError,
    TransportError,
)
from glmkit.types.events import (
    ContentReview,
    Finish,
    Media,
    Output,
    Source,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Usage,
)
from glmkit.types.replies import Answer, Fold
from glmkit.types.requests import request_of
from glmkit.wire import StreamReader, broken_off, chat_body, read_body, refusal
from tests.support.recorded import DATA, Recorded, bodies, streams

STREAMS = DATA / "streams"


def folded(pieces: list[bytes]) -> Answer:
    reader, fold = StreamReader(), Fold()
    for piece in pieces:
        fold.add(reader.read(piece))
        reader.check()
    fold.add(reader.rest())
    return fold.answer()


def came_of(pieces: list[bytes]) -> tuple[Answer, GLMError | None]:
    """Return the answer of a stream, as a call keeps it, and the error that ends it."""
    reader, fold = StreamReader(), Fold()
    try:
        for piece in pieces:
            fold.add(reader.read(piece))
            reader.check()
            if reader.done:
                break
    except GLMError as exc:
        return fold.answer(), exc
    rest = reader.rest()
    fold.add(rest)
    return fold.answer(), broken_off(rest, streamed=True)


def shown(answer: Answer) -> dict[str, Any]:
    """Return an answer as it stands beside a recording."""
    usage = answer.usage
    return {
        "text": answer.text,
        "thinking": answer.thinking,
        "finish_reason": answer.finish_reason,
        "model": answer.model,
        "stand_in": answer.stand_in,
        "tool_calls": [[call.name, call.arguments] for call in answer.tool_calls],
        "usage": usage and [usage.prompt_tokens, usage.completion_tokens],
        "tool_results": [[r.id, r.content, r.failed] for r in answer.tool_results],
        "content_filter": [
            [found.role, found.level] for found in answer.content_filter
        ],
        "media": [[medium.kind, medium.data, medium.url] for medium in answer.media],
    }


def check(answer: Answer, error: GLMError | None, right: dict[str, Any]) -> None:
    """Compare what came of a recording with what is right."""
    wanted = {"tool_results": [], "content_filter": [], "media": []} | right
    empty, name = wanted.pop("empty", ""), wanted.pop("error", "")
    message, code = wanted.pop("message", ""), wanted.pop("code", "")
    cut = wanted.pop("broken_off", not wanted.get("finish_reason", "") and not name)
    assert shown(answer) == shown(answer) | wanted
    assert empty in answer.empty
    if name:
        assert type(error).__name__ == name
        assert message in str(error)
        assert getattr(error, "code", "") == code
        assert getattr(error, "status", 200) == 200
    else:
        assert isinstance(error, StreamError) == cut, error


@pytest.mark.parametrize("recorded", streams(), ids=str)
def test_recorded_stream_folds_as_written_beside_it(recorded: Recorded) -> None:
    body = recorded.data
    for step in (len(body), 7, 1):
        pieces = [body[at : at + step] for at in range(0, len(body), step)]
        check(*came_of(pieces), recorded.right)


@pytest.mark.parametrize("recorded", bodies("chat"), ids=str)
def test_recorded_body_folds_as_written_beside_it(recorded: Recorded) -> None:
    fold, error = Fold(), None
    try:
        events = read_body(recorded.data)
        fold.add(events)
        error = broken_off(events)
    except GLMError as exc:
        error = exc
    check(fold.answer(), error, {"broken_off": False} | recorded.right)


@given(st.lists(st.text(min_size=1), max_size=8), st.integers(1, 50))
def test_any_text_in_any_pieces_comes_back(texts: list[str], step: int) -> None:
    body = b"".join(
        b"data: "
        + json.dumps({"choices": [{"delta": {"content": t}}]}).encode()
        + b"\n\n"
        for t in texts
    )
    pieces = [body[at : at + step] for at in range(0, len(body), step)]
    assert folded(pieces).text == "".join(texts)


def content(texts: list[str]) -> list[bytes]:
    """Return the chunks of a content in these pieces."""
    deltas = [{"choices": [{"delta": {"content": text}}]} for text in texts]
    return [b"data: " + json.dumps(delta).encode() + b"\n\n" for delta in deltas]


@pytest.mark.parametrize(
    ("said", "thinking", "text"),
    [
        ("<think>\nHm. 2 < 3.</think>\n\nYes", "\nHm. 2 < 3.", "Yes"),
        ("\n<think>Hm</think><answer>Yes</answer>", "Hm", "<answer>Yes</answer>"),
        ("<think></think>\nYes", "", "Yes"),
        ("<think>cut in the mid</thi", "cut in the mid</thi", ""),
        ("<think>", "", ""),
        ("<thinking> is no mark", "", "<thinking> is no mark"),
        ("Say <think>so</think>", "", "Say <think>so</think>"),
        ("<think>a</think>b <think>c</think>", "a", "b <think>c</think>"),
        ("  indented", "", "  indented"),
        ("<thi", "", "<thi"),
    ],
)
def test_reasoning_in_the_content_is_parted_however_it_is_cut(
    said: str, thinking: str, text: str
) -> None:
    for step in range(1, len(said) + 1):
        pieces = [said[at : at + step] for at in range(0, len(said), step)]
        answer = folded(content(pieces))
        assert (answer.thinking, answer.text) == (thinking, text)
    choice = {"message": {"content": said}, "finish_reason": "stop"}
    fold = Fold()
    fold.add(read_body(json.dumps({"choices": [choice]}).encode()))
    assert (fold.answer().thinking, fold.answer().text) == (thinking, text)


def test_error_event_raises_the_typed_error() -> None:
    body = b'data: {"error":{"code":"1301","message":"unsafe"}}\n\n'
    with pytest.raises(ContentFilterError, match="unsafe") as caught:
        folded([body])
    assert caught.value.code == "1301"


def test_what_came_before_an_error_is_not_lost() -> None:
    reader = StreamReader()
    body = b'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\n'
    body += b'data: {"error":{"message":"no"}}\n\n'
    assert Text("Hi") in reader.read(body)
    with pytest.raises(GLMError):
        reader.check()


def test_event_named_error_raises() -> None:
    with pytest.raises(RateLimitError):
        folded([b'event: error\ndata: {"code":1305,"message":"busy"}\n\n'])


@pytest.mark.parametrize(
    "data", [b"<html>", b"[]", b'{"choices": 5}', b"[" * 100_000], ids=range(4)
)
def test_what_is_not_a_chunk_is_a_stream_error(data: bytes) -> None:
    with pytest.raises(StreamError, match="not a chunk"):
        folded([b"data: " + data + b"\n\n"])


BODY = {
    "id": "20261010010806",
    "model": "glm4flashx250414",
    "request_id": "r-1",
    "choices": [
        {
            "index": 0,
            "finish_reason": "tool_calls",
            "message": {
                "role": "assistant",
                "content": None,
                "reasoning_content": "Hm.",
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "sum", "arguments": '{"a":1}'},
                    }
                ],
            },
        }
    ],
    "web_search": [{"title": "T", "link": None, "refer": "ref_1"}],
    "usage": {
        "prompt_tokens": 5,
        "completion_tokens": 3,
        "total_tokens": 8,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": None,
    },
}


def test_whole_body_becomes_the_same_events_as_a_stream() -> None:
    events = read_body(json.dumps(BODY).encode())
    assert events[1:] == [
        Thinking("Hm."),
        ToolCall(0, "call_1", "sum", '{"a":1}'),
        events[3],
        Usage(5, 3, 8, 4, None),
        Finish("tool_calls"),
    ]
    assert Source(title="T", refer="ref_1") in getattr(events[3], "results", ())


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"error": {"code": "1113", "message": "no balance"}}, QuotaError),
        ({"code": 1000, "msg": "who are you", "success": False}, AuthError),
        ({"error": "model is sleeping"}, GLMError),
        ({"choices": []}, TransportError),
        ([1], TransportError),
    ],
)
def test_body_with_status_200_may_still_be_an_error(
    body: object, error: type[GLMError]
) -> None:
    with pytest.raises(error):
        read_body(json.dumps(body).encode())


@pytest.mark.parametrize(
    ("status", "code", "error", "action"),
    [
        (401, "1000", AuthError, "stop"),
        (429, "1302", RateLimitError, "slot"),
        (429, "1113", QuotaError, "stop"),
        (429, "1308", QuotaError, "reset"),
        (400, "1211", InvalidRequestError, "stop"),
        (500, "1234", ServerError, "wait"),
    ],
)
def test_refusal_has_class_code_and_action(
    status: int, code: str, error: type[GLMError], action: str
) -> None:
    made = refusal(
        status, json.dumps({"error": {"code": code, "message": "m"}}).encode()
    )
    assert type(made) is error
    assert (made.status, made.code, made.action) == (status, code, action)


def test_refusal_that_is_not_json_still_says_what_came() -> None:
    made = refusal(502, b"<html>Bad Gateway</html>")
    assert isinstance(made, ServerError)
    assert "Bad Gateway" in str(made)


def test_body_holds_what_was_set_and_nothing_else() -> None:
    request = request_of("Hi", {"temperature": 0.0, "stop": "END", "thinking": "off"})
    assert json.loads(chat_body(request, "glm-4-plus", stream=True)) == {
        "model": "glm-4-plus",
        "messages": [{"role": "user", "content": "Hi"}],
        "temperature": 0.0,
        "stop": ["END"],
        "thinking": {"type": "disabled"},
        "stream": True,
    }


def test_extra_body_is_laid_over_the_rest() -> None:
    request = request_of("Hi", {"extra_body": {"newer": 1, "top_p": 0.5}, "top_p": 0.9})
    body = json.loads(chat_body(request, "m", stream=False))
    assert (body["newer"], body["top_p"]) == (1, 0.5)


@pytest.mark.parametrize(
    ("native", "stream", "extra", "sent"),
    [
        (True, True, None, None),
        (False, False, None, None),
        (False, True, None, {"include_usage": True}),
        (False, True, {"top_k": 1}, {"include_usage": True}),
        (False, True, {"stream_options": {"include_usage": False}},
         {"include_usage": False}),
        (False, True, {"stream_options": None}, None),
    ],
)  # fmt: skip
def test_other_servers_are_asked_to_count_a_stream(
    native: bool, stream: bool, extra: dict[str, object] | None, sent: object
) -> None:
    request = request_of("Hi", {"extra_body": extra})
    body = json.loads(chat_body(request, "m", stream=stream, native=native))
    assert body.get("stream_options") == sent
    assert ("stream_options" in body) == (sent is not None)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"error": {"message": "Unknown parameter: 'stream_options'"}}),
        (422, {"detail": [{"type": "extra_forbidden", "loc": ["stream_options"]}]}),
    ],
)
def test_server_that_does_not_count_says_how_to_do_without(
    status: int, body: dict[str, object]
) -> None:
    made = refusal(status, json.dumps(body).encode())
    assert "extra_body={'stream_options': None}" in made.hint
    assert "stream_options" in str(made)


def test_what_the_service_ran_is_typed_with_inputs_and_outputs() -> None:
    answer = folded([(STREAMS / "all_tools_run_by_the_service.sse").read_bytes()])
    code, page, *_ = answer.tool_results
    assert code.outputs == (
        Output(type="logs", logs="42\n"),
        Output(type="file", file="https://example.org/plot.png"),
    )
    assert page.outputs[0].link == "https://example.org/sky"
    assert {call.type for call in answer.tool_calls} == {
        "code_interpreter",
        "web_browser",
        "drawing_tool",
    }


def test_all_tools_model_gets_its_words_in_parts() -> None:
    request = request_of("Hi", {"system": "Be brief."})
    body = json.loads(chat_body(request, "glm-4-alltools", stream=True))
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
    ]


def test_answer_that_the_service_calls_failed_is_an_error() -> None:
    data = b'data: {"status": "failed", "choices": [{"delta": {"content": "a"}}]}\n\n'
    reader = StreamReader()
    assert Text("a") in reader.read(data)
    with pytest.raises(StreamError, match="failed"):
        reader.check()


def test_what_the_service_ran_is_not_asked_of_us() -> None:
    from glmkit.tools.loops import functions

    def calls(name: str) -> list[str]:
        body = (STREAMS / f"{name}.sse").read_bytes()
        return [call.name for call in functions(folded([body]))]

    assert calls("all_tools_run_by_the_service") == calls("mcp_lists_and_calls") == []
    assert calls("all_tools_asking_for_a_function") == ["weather"]


def test_whole_body_holds_review_sound_and_mcp() -> None:
    message = {
        "content": "Hello",
        "audio": {"id": "a", "data": "UklG", "expires_at": 5},
        "tool_calls": [
            {"type": "mcp", "mcp": {"id": "m", "type": "mcp_call", "output": "5"}}
        ],
    }
    body = {
        "choices": [{"message": message, "finish_reason": "stop"}],
        "content_filter": [{"role": "user", "level": 1}],
    }
    events = read_body(json.dumps(body).encode())
    assert ToolCall(0, "m", "mcp_call", "", "mcp") in events
    assert ToolResult("m", "mcp_call", "5") in events
    assert Media("audio", "a", "UklG", expires_at=5) in events
    assert ContentReview("user", 1) in events


@pytest.mark.parametrize(
    ("options", "tools"),
    [
        (
            {"web_search": True},
            [
                {
                    "type": "web_search",
                    "web_search": {
                        "enable": True,
                        "search_engine": "search_std",
                        "search_result": True,
                    },
                }
            ],
        ),
        (
            {"web_search": {"search_engine": "search_pro", "count": 3}},
            [
                {
                    "type": "web_search",
                    "web_search": {
                        "enable": True,
                        "search_engine": "search_pro",
                        "count": 3,
                    },
                }
            ],
        ),
        (
            {"retrieval": "k-1"},
            [{"type": "retrieval", "retrieval": {"knowledge_id": "k-1"}}],
        ),
        ({"tools": ["drawing_tool"]}, [{"type": "drawing_tool"}]),
        (
            {"tools": [{"type": "mcp", "mcp": {"server_label": "maps"}}]},
            [{"type": "mcp", "mcp": {"server_label": "maps"}}],
        ),
    ],
)
def test_tools_of_the_service_are_sent_in_its_form(
    options: dict[str, object], tools: list[object]
) -> None:
    body = json.loads(chat_body(request_of("Hi", options), "m", stream=False))
    assert body["tools"] == tools


@pytest.mark.parametrize(
    "options",
    [{"web_search": "yes"}, {"retrieval": 5}, {"tools": ["hammer"]}, {"tools": [5]}],
)
def test_tool_that_there_is_not_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        request_of("Hi", options)
