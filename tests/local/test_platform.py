"""The local platform on its socket: keys, refusals, and the form of its answers."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from glmkit.catalog.cards import card
from glmkit.local.platform.answering.limits import Ids, Rights
from glmkit.local.platform.server.errors import Refusal
from glmkit.local.state import Platform
from glmkit.local.weights import STAND_IN
from tests.conftest import wait_for

MODEL = "glm-4-flash-250414"
USER = {"role": "user", "content": "Why is the sky blue?"}


@pytest.fixture
def http(platform: Platform) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {platform.key}"}
    with httpx.Client(base_url=platform.url, headers=headers, timeout=120) as client:
        yield client


def chat(http: httpx.Client, **fields: Any) -> httpx.Response:
    body = {"model": MODEL, "messages": [USER], "max_tokens": 4, **fields}
    return http.post("chat/completions", json=body)


def refusal(response: httpx.Response) -> tuple[int, str, str]:
    error = response.json()["error"]
    assert set(error) <= {"code", "message", "type"}
    return response.status_code, error["code"], error["message"]


def signed(key: str, expires: float, **claims: Any) -> str:
    name, secret = key.split(".")
    head = {"alg": "HS256", "sign_type": "SIGN"}
    body = {"api_key": name, "exp": expires, "timestamp": time.time() * 1000, **claims}
    text = ".".join(packed(json.dumps(part).encode()) for part in (head, body))
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    return f"{text}.{packed(digest)}"


def packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


# Keys


def test_every_form_of_the_key_is_accepted(platform: Platform) -> None:
    soon = time.time() + 210
    forms = (
        f"Bearer {platform.key}",
        platform.key,
        f"Bearer {signed(platform.key, soon * 1000)}",
        f"Bearer {signed(platform.key, soon)}",
    )
    for form in forms:
        answer = httpx.get(f"{platform.url}/models", headers={"Authorization": form})
        assert answer.status_code == 200, form


def test_every_wrong_key_has_its_code(platform: Platform) -> None:
    soon = time.time() + 210
    none = packed(json.dumps({"alg": "none"}).encode())
    claims = signed(platform.key, soon).split(".")[1]
    wrong = {
        "": "1001",
        "Bearer": "1002",
        "Bearer nodots": "1002",
        "Bearer a.b.c.d": "1002",
        "Bearer a.b.c": "1002",
        "Bearer .": "1002",
        "Bearer other.secret": "1000",
        f"Bearer {signed(platform.key, (time.time() - 60) * 1000)}": "1003",
        f"Bearer {signed(platform.key.split('.')[0] + '.other', soon)}": "1004",
        f"Bearer {signed(platform.key, soon, api_key='other')}": "1004",
        f"Bearer {none}.{claims}.": "1004",
    }
    for form, code in wrong.items():
        headers = {"Authorization": form} if form else {}
        answer = httpx.get(f"{platform.url}/models", headers=headers)
        assert refusal(answer)[:2] == (401, code), form


# Refusals


@pytest.mark.parametrize(
    ("fields", "code", "says"),
    [
        ({"model": "gpt-9"}, "1211", "gpt-9"),
        ({"model": None}, "1213", "model"),
        ({"model": "embedding-3"}, "1212", "embedding-3"),
        ({"max_tokens": 16385}, "1210", "max_tokens参数非法：限制数值范围[1,16384]"),
        ({"max_tokens": 0}, "1210", "[1,16384]"),
        ({"max_tokens": "many"}, "1214", "max_tokens"),
        ({"messages": []}, "1214", "messages"),
        ({"messages": None}, "1213", "messages"),
        ({"messages": [{"role": "system", "content": "x"}]}, "1214", "messages"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "1214", "messages"),
        ({"messages": [{"role": "nobody", "content": "x"}]}, "1214", "nobody"),
        (
            {"messages": [{"role": "developer", "content": "x"}]},
            "1214",
            "角色信息不正确",
        ),
        ({"messages": [{"role": "user", "content": " "}]}, "1213", "empty"),
        ({"messages": [{"content": "x"}]}, "1214", "role"),
        ({"user_id": "short"}, "1210", "user_id"),
        ({"user_id": "u" * 129}, "1210", "user_id"),
        ({"stop": list("abcde")}, "1214", "stop:最大只能有4个停止词"),
        ({"temperature": -0.1}, "1210", "temperature参数非法：限制数值范围[0.0,1.0]"),
        ({"temperature": 7}, "1210", "temperature参数非法：限制数值范围[0.0,1.0]"),
        ({"top_p": 0}, "1210", "top_p参数非法：限制数值范围[0.01,1.0]"),
        ({"max_tokens": None, "max_completion_tokens": 16385}, "1210", "[1,16384]"),
        ({"model": "glm-asr"}, "1212", "glm-asr"),
    ],
)
def test_a_wrong_request_is_refused(
    http: httpx.Client, fields: dict[str, Any], code: str, says: str
) -> None:
    for stream in (False, True):
        status, found, message = refusal(chat(http, stream=stream, **fields))
        assert (status, found) == (400, code)
        assert says in message


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_no_request_is_refused(http: httpx.Client, body: bytes) -> None:
    status, code, _ = refusal(http.post("chat/completions", content=body))
    assert status == 400
    assert code in {"1210", "1214"}


def asked(*calls: str, call_id: str = "call_1") -> list[dict[str, Any]]:
    """Return a history in which tools were asked with these arguments."""
    functions = [{"name": "read", "arguments": arguments} for arguments in calls]
    ids = [call_id, *(f"{call_id}_{n}" for n in range(1, len(calls)))]
    called = [
        {"id": id, "type": "function", "function": function}
        for id, function in zip(ids, functions, strict=True)
    ]
    results = [{"role": "tool", "content": "x", "tool_call_id": id} for id in ids]
    return [{"role": "assistant", "content": "", "tool_calls": called}, *results]


@pytest.mark.parametrize(
    ("history", "says"),
    [
        (asked('{"path": "a'), "messages 参数非法"),
        (asked('{"path": "a"}{"path": "b"}'), "messages 参数非法"),
        (asked(""), "messages 参数非法"),
        (asked("null"), "messages 参数非法"),
        (asked("{}", "[1]"), "messages 参数非法"),
        (asked("{}") + asked("{}"), "call_1"),
        ([{"role": "assistant"}], "content和tool_calls 字段不能同时为空"),
        ([{"role": "assistant", "content": ""}], "content和tool_calls"),
    ],
)
def test_a_history_that_is_none_is_refused(
    http: httpx.Client, history: list[dict[str, Any]], says: str
) -> None:
    for path in ("chat/completions", "async/chat/completions", "tokenizer"):
        body = {"model": MODEL, "messages": [USER, *history, USER]}
        status, code, message = refusal(http.post(path, json=body))
        assert (status, code) == (400, "1214")
        assert says in message


def test_a_history_of_calls_is_accepted(http: httpx.Client) -> None:
    history = [USER, *asked("{}", '{"path": "a"}'), *asked(" {} ", call_id="2"), USER]
    assert chat(http, messages=history).status_code == 200


@pytest.mark.parametrize("kind", ["image_url", "video_url", "file_url", "input_audio"])
def test_what_the_model_does_not_take_is_the_models_limit(
    http: httpx.Client, kind: str
) -> None:
    parts = [{"type": kind, kind: {"url": "x"}}, {"type": "text", "text": "what?"}]
    messages = [{"role": "user", "content": parts}]
    status, code, message = refusal(chat(http, messages=messages))
    assert (status, code) == (400, "1210")
    assert message == f"the model {MODEL} does not take {kind}"


@pytest.mark.parametrize(
    ("model", "kind", "cannot"),
    [
        ("glm-4.6v", "image_url", "cannot see images"),
        ("glm-4.6v", "video_url", "cannot see videos"),
        ("glm-4.6v", "file_url", "cannot read files"),
        ("glm-4-voice", "input_audio", "cannot speak"),
        ("glm-4-voice", "", "cannot speak"),
    ],
)
def test_what_the_stand_in_cannot_do_says_that_a_key_can(
    http: httpx.Client, model: str, kind: str, cannot: str
) -> None:
    text = {"type": "text", "text": "what?"}
    parts = [text, {"type": kind, kind: {"url": "x"}}] if kind else [text]
    messages = [{"role": "user", "content": parts}]
    for stream in (False, True):
        answer = chat(http, model=model, messages=messages, stream=stream)
        error = answer.json()["error"]
        assert answer.status_code == 400
        assert f"the local stand-in {cannot}" in error["message"]
        assert "with a key (ZHIPUAI_API_KEY or ZAI_API_KEY)" in error["message"]
        assert error["type"] == "stand_in"


@pytest.mark.parametrize("value", [1764460800.123, 12345678, 10**20])
def test_a_number_where_a_text_is_expected_is_its_text(
    http: httpx.Client, value: float
) -> None:
    body = chat(http, request_id=value, user_id=value).json()
    assert body["request_id"] == str(value)
    history = [USER, *asked("{}"), {"role": "user", "content": value}]
    history[1]["tool_calls"][0]["id"] = history[2]["tool_call_id"] = value
    assert chat(http, messages=history).status_code == 200
    task = http.post(
        "async/chat/completions",
        json={
            "model": MODEL,
            "messages": [USER],
            "max_tokens": 1,
            "request_id": value,
        },
    )
    assert task.json()["request_id"] == str(value)
    image = {"model": "cogview-4", "prompt": value, "request_id": value}
    assert http.post("images/generations", json=image).status_code == 200


def test_other_types_are_still_refused(http: httpx.Client) -> None:
    for value in (True, {"a": 1}, ["a"]):
        assert refusal(chat(http, request_id=value))[1] == "1214"


@pytest.mark.parametrize("stream", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_without_max_tokens_the_answer_ends_at_a_limit_that_it_names(
    http: httpx.Client, stream: bool
) -> None:
    wanted = {"messages": [{"role": "user", "content": "Count up from 1 to 5000."}]}
    # Without an end of text, and so to the limit, whatever the model writes.
    forced = {
        "response_format": {"type": "json_schema", "json_schema": {"schema": LONG}}
    }
    body = {"model": "glm-4.6", **wanted, **forced, "stream": stream}
    with http.stream("POST", "chat/completions", json=body) as answer:
        text = answer.read().decode()
    last = json.loads(text.split("data: ")[-2] if stream else text)
    assert last["choices"][0]["finish_reason"] == "length"
    assert last["usage"]["completion_tokens"] == 512
    assert last["stand_in_note"] == (
        "cut at 512 tokens, the stand-in's own limit: send max_tokens"
    )


LONG = {"type": "array", "items": {"type": "string", "minLength": 290}, "minItems": 25}


def test_max_completion_tokens_is_read(http: httpx.Client) -> None:
    asked = {"model": MODEL, "messages": [USER], "max_completion_tokens": 3}
    body = http.post("chat/completions", json=asked).json()
    assert body["usage"]["completion_tokens"] == 3
    assert body["choices"][0]["finish_reason"] == "length"
    assert "stand_in_note" not in body
    body = http.post("chat/completions", json={**asked, "max_tokens": 2}).json()
    assert body["usage"]["completion_tokens"] == 2


def test_up_to_four_stops_are_taken(http: httpx.Client) -> None:
    whole = chat(http, max_tokens=30, do_sample=False).json()
    text = whole["choices"][0]["message"]["content"]
    stops = ["never written", "nor this", text.split()[4], "or that"]
    body = chat(http, max_tokens=30, do_sample=False, stop=stops).json()
    assert body["choices"][0]["message"]["content"] == text[: text.index(stops[2])]


@pytest.mark.parametrize(
    ("model", "counts"),
    [("glm-4-plus", False), ("glm-4-airx", False), ("glm-4.6", True)],
)
def test_cached_tokens_are_counted_where_the_service_counts_them(
    http: httpx.Client, model: str, counts: bool
) -> None:
    for stream in (False, True):
        text = chat(http, model=model, stream=stream).text
        assert ("cached_tokens" in text) == counts


@pytest.mark.parametrize("path", ["completions", "responses", "messages"])
def test_other_dialects_are_refused_and_name_chat_completions(
    http: httpx.Client, path: str
) -> None:
    status, code, message = refusal(http.post(path, json={"model": MODEL}))
    assert (status, code) == (404, "1222")
    assert "/api/paas/v4/chat/completions" in message


def test_the_mark_of_the_stand_in_is_in_bodies_and_chunks_and_their_ids(
    http: httpx.Client,
) -> None:
    events = chat(http, stream=True).text.split("data: ")[1:-1]
    for part in (chat(http).json(), *map(json.loads, events)):
        assert part["stand_in"] == STAND_IN
        # The only thing of a chunk that every proxy passes on.
        assert part["id"].endswith(f"-stand-in-{STAND_IN}")


def test_a_prompt_over_the_cards_window_is_refused(http: httpx.Client) -> None:
    messages = [{"role": "user", "content": "word " * 9000}]
    answer = chat(http, model="glm-4-airx", messages=messages)
    assert refusal(answer) == (400, "1261", "Prompt exceeds max length")


def test_a_prompt_over_the_stand_ins_own_window_is_named_so(http: httpx.Client) -> None:
    messages = [{"role": "user", "content": "word " * 5000}]
    status, code, message = refusal(chat(http, messages=messages, stream=True))
    assert (status, code) == (400, "1261")
    assert "stand-in cannot take a prompt of" in message
    assert "its window has 4096" in message


def test_a_path_that_is_not_served_is_refused(http: httpx.Client) -> None:
    assert refusal(http.get("nothing"))[:2] == (404, "1222")
    assert refusal(http.get("chat/completions"))[:2] == (404, "1222")


def test_a_body_over_the_cap_is_refused(http: httpx.Client) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(20):
            yield b" " * 2**20

    try:
        answer = http.post("chat/completions", content=endless())
    except httpx.TransportError:
        return  # refused while the client was still sending
    assert refusal(answer)[:2] == (413, "1210")


def test_rights_in_flight_are_those_of_the_card(platform: Platform) -> None:
    body = {
        "model": "glm-4-airx",
        "messages": [{"role": "user", "content": "Tell a long story."}],
        "max_tokens": 60,
        "temperature": 1,
    }

    async def statuses() -> list[tuple[int, str]]:
        headers = {"Authorization": f"Bearer {platform.key}"}
        async with httpx.AsyncClient(headers=headers, timeout=120) as client:
            answers = await asyncio.gather(
                *(
                    client.post(f"{platform.url}/chat/completions", json=body)
                    for _ in range(9)
                )
            )
        return [
            (answer.status_code, answer.json().get("error", {}).get("code", ""))
            for answer in answers
        ]

    found = asyncio.run(statuses())
    assert set(found) == {(200, ""), (429, "1302")}
    assert found.count((200, "")) >= 5


@pytest.mark.parametrize(("tier", "right"), [("V0", 5), ("V1", 30), ("V3", 50)])
def test_a_tier_grants_its_right_and_a_place_is_given_back(
    tier: str, right: int
) -> None:
    rights, airx = Rights(tier), card("glm-4-airx")
    assert airx is not None
    for _ in range(2):
        with ExitStack() as held:
            for _ in range(right):
                held.enter_context(rights.taken(airx))
            with pytest.raises(Refusal) as caught, rights.taken(airx):
                pass
            assert (caught.value.status, caught.value.code) == (429, "1302")


# Loopback is private


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1.evil.example:80"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
    ],
)
def test_foreign_names_and_pages_are_refused(
    http: httpx.Client, headers: dict[str, str]
) -> None:
    for answer in (
        http.get("models", headers=headers),
        http.options("chat/completions", headers=headers),
        http.get(http.base_url.join("/glmkit/ping"), headers=headers),
    ):
        assert refusal(answer)[:2] == (403, "1220")
        assert not any(name.startswith("access-control") for name in answer.headers)


def test_own_names_are_served(http: httpx.Client) -> None:
    port = http.base_url.port
    for host in (f"localhost:{port}", f"127.0.0.1:{port}", f"LocalHost:{port}"):
        assert http.get("models", headers={"Host": host}).status_code == 200


# Answers


def test_an_answer_has_the_services_shape(http: httpx.Client) -> None:
    answer = chat(http, model="GLM4Flash-250414")
    body = answer.json()
    assert answer.headers["x-glmkit-stand-in"] == body["stand_in"] == STAND_IN
    assert re.fullmatch(r"\d{14}[0-9a-f]{16}-stand-in-[\w-]+", body["id"])
    assert body["request_id"] == body["id"]
    assert body["object"] == "chat.completion"
    assert body["model"] == MODEL
    assert abs(body["created"] - time.time()) < 300
    (choice,) = body["choices"]
    assert set(choice) == {"finish_reason", "index", "message"}
    assert choice["finish_reason"] == "length"
    assert choice["message"]["role"] == "assistant"
    usage = body["usage"]
    assert usage["completion_tokens"] == 4
    assert usage["total_tokens"] == usage["prompt_tokens"] + 4


def test_a_request_id_is_echoed(http: httpx.Client) -> None:
    body = chat(http, request_id="mine-0001").json()
    assert body["request_id"] == "mine-0001" != body["id"]


def test_a_request_id_is_taken_while_its_request_is_in_flight(
    http: httpx.Client,
) -> None:
    story = {"role": "user", "content": "Tell a long story."}
    named = {"model": MODEL, "messages": [story], "request_id": "mine-0002"}
    named |= {"do_sample": False, "max_tokens": 1}
    body = {**named, "stream": True, "max_tokens": 2000}
    with http.stream("POST", "chat/completions", json=body) as first:
        lines = first.iter_lines()  # once it is let go of, the stream is left
        next(lines)
        again = http.post("chat/completions", json=named)
        assert (again.status_code, again.json()["error"]["code"]) == (400, "1231")
        other = {**named, "request_id": "mine-0003"}
        assert http.post("chat/completions", json=other).status_code == 200

    def free() -> int:
        return http.post("chat/completions", json=named).status_code

    wait_for(free, lambda status: status == 200)


def test_ids_of_two_accounts_do_not_meet() -> None:
    ids = Ids()
    with ids.taken("a", "mine-0001"), ids.taken("b", "mine-0001"), ids.taken("a", None):
        for account in ("a", "b"):
            with pytest.raises(Refusal) as caught, ids.taken(account, "mine-0001"):
                pass
            assert caught.value.code == "1231"
    with ids.taken("a", "mine-0001"):
        pass


def test_a_stream_is_to_the_letter(http: httpx.Client) -> None:
    answer = chat(http, stream=True, do_sample=False)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["x-glmkit-stand-in"] == STAND_IN
    *events, done, end = answer.content.split(b"\n\n")
    assert (done, end) == (b"data: [DONE]", b"")
    assert all(event.startswith(b"data: {") for event in events)
    chunks = [json.loads(event[6:]) for event in events]
    *pieces, last = chunks
    head = {"id", "created", "object", "model", "choices", "stand_in"}
    assert all(set(chunk) == head for chunk in pieces)
    assert set(last) == head | {"usage"}
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert {chunk["model"] for chunk in chunks} == {MODEL}
    assert {chunk["stand_in"] for chunk in chunks} == {STAND_IN}
    choices = [chunk["choices"][0] for chunk in chunks]
    assert all(choice["delta"]["role"] == "assistant" for choice in choices)
    assert all(set(choice) == {"index", "delta"} for choice in choices[:-1])
    assert choices[-1]["finish_reason"] == "length"
    assert choices[-1]["delta"] == {"role": "assistant", "content": ""}
    text = "".join(choice["delta"]["content"] for choice in choices)
    whole = chat(http, do_sample=False).json()
    assert text == whole["choices"][0]["message"]["content"]
    # How much of a prompt is still known differs from one request to the next.
    for usage in (last["usage"], whole["usage"]):
        known = usage.pop("prompt_tokens_details")["cached_tokens"]
        assert 0 <= known <= usage["prompt_tokens"]
    assert last["usage"] == whole["usage"]


@pytest.mark.parametrize(
    "messages",
    [
        [USER],
        [{"role": "system", "content": "Be short."}, USER],
        [USER, {"role": "assistant", "content": "Because."}, USER],
        [{"role": "user", "content": "天空为什么是蓝色的？\u2028😀"}],
    ],
)
def test_usage_is_what_the_tokenizer_counts(
    http: httpx.Client, messages: list[dict[str, str]]
) -> None:
    counted = http.post("tokenizer", json={"model": MODEL, "messages": messages})
    body = counted.json()
    assert body["usage"]["total_tokens"] == body["usage"]["prompt_tokens"]
    usage = chat(http, messages=messages).json()["usage"]
    assert usage["prompt_tokens"] == body["usage"]["prompt_tokens"] > 0


def test_parts_of_text_are_joined(http: httpx.Client) -> None:
    parts = [{"type": "text", "text": "Why is"}, {"type": "text", "text": "this?"}]
    split = [{"role": "user", "content": parts}]
    joined = [{"role": "user", "content": "Why is\nthis?"}]
    one, other = (
        http.post("tokenizer", json={"model": MODEL, "messages": messages}).json()
        for messages in (split, joined)
    )
    assert one["usage"] == other["usage"]


def test_greedy_and_seeded_answers_repeat(http: httpx.Client) -> None:
    for fields in ({"do_sample": False}, {"seed": 7, "temperature": 1.0}):
        texts = {
            chat(http, max_tokens=12, **fields).json()["choices"][0]["message"][
                "content"
            ]
            for _ in range(2)
        }
        assert len(texts) == 1, fields


def test_seeds_and_temperature_reach_the_engine(http: httpx.Client) -> None:
    texts = {
        chat(http, max_tokens=12, seed=seed, temperature=1.0).text.split('"content"')[1]
        for seed in range(5)
    }
    assert len(texts) > 1


def test_the_stop_text_ends_the_answer_and_is_not_returned(http: httpx.Client) -> None:
    whole = chat(http, max_tokens=30, do_sample=False).json()
    text = whole["choices"][0]["message"]["content"]
    stop = text.split()[4]
    body = chat(http, max_tokens=30, do_sample=False, stop=[stop]).json()
    (choice,) = body["choices"]
    assert choice["finish_reason"] == "stop"
    assert choice["message"]["content"] == text[: text.index(stop)]


def test_json_is_valid_whenever_it_is_finished(http: httpx.Client) -> None:
    messages = [{"role": "user", "content": "Describe a cat as a JSON object."}]
    finished = 0
    for seed in range(4):
        body = chat(
            http,
            messages=messages,
            response_format={"type": "json_object"},
            max_tokens=400,
            seed=seed,
        ).json()
        (choice,) = body["choices"]
        if choice["finish_reason"] == "stop":
            finished += 1
            assert isinstance(json.loads(choice["message"]["content"]), dict)
    assert finished


def test_a_stop_text_holds_in_json_too(http: httpx.Client) -> None:
    messages = [{"role": "user", "content": "Describe a cat as a JSON object."}]
    asked = {"messages": messages, "response_format": {"type": "json_object"}}
    body = chat(http, **asked, max_tokens=60, do_sample=False, stop=[":"]).json()
    (choice,) = body["choices"]
    assert choice["finish_reason"] == "stop"
    assert ":" not in choice["message"]["content"]


def test_unknown_fields_and_nulls_are_accepted(http: httpx.Client) -> None:
    names = ("temperature", "top_p", "stop", "seed", "response_format", "thinking")
    more = ("tools", "request_id", "user_id", "stream", "do_sample", "meta")
    nulls = dict.fromkeys(names + more)
    assert chat(http, **nulls, invented=[{"x": 1}]).status_code == 200
    tool = {"type": "function", "function": {"name": "f", "parameters": {}}}
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    messages = [
        USER,
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "content": "42", "tool_call_id": "1"},
    ]
    answer = chat(
        http, messages=messages, tools=[tool], thinking={"type": "enabled"}, top_p=0.5
    )
    assert answer.status_code == 200


def test_the_models_that_chat_are_listed(http: httpx.Client) -> None:
    body = http.get("models").json()
    ids = {entry["id"] for entry in body["data"]}
    assert body["object"] == "list"
    assert {"glm-4-plus", "glm-4.6", MODEL} <= ids
    assert "embedding-3" not in ids


@pytest.mark.filterwarnings("ignore:The HMAC key is 16 bytes long")  # as GLM's are
def test_the_official_sdk_chats_and_streams(platform: Platform) -> None:
    zai = pytest.importorskip("zai")
    for cached in (True, False):  # the plain key, then the signed token
        client = zai.ZhipuAiClient(
            api_key=platform.key, base_url=platform.url, disable_token_cache=cached
        )
        asked = {"model": MODEL, "messages": [USER], "max_tokens": 5}
        whole = client.chat.completions.create(**asked)
        assert whole.choices[0].message.content
        chunks = list(client.chat.completions.create(**asked, stream=True))
        assert chunks[-1].usage.completion_tokens == 5
        assert chunks[-1].choices[0].finish_reason == "length"
        client.close()
