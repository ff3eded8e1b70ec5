"""The paced server keeps its promises, so that tests against it mean something."""

import http.client
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from tests.conftest import Paced

Factory = Callable[..., Paced]


def ask(endpoint: Paced, **body: object) -> tuple[http.client.HTTPResponse, str]:
    parts = urlsplit(endpoint.url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port)
    message = {"role": "user", "content": "Why is the sky blue?"}
    asked = json.dumps({"model": "glm-4.6", "messages": [message], **body})
    connection.request("POST", f"{parts.path}/chat/completions", asked)
    with closing(connection), connection.getresponse() as response:
        return response, response.read().decode()


def chunks(text: str) -> list[dict[str, object]]:
    *events, done, end = text.split("\n\n")
    assert (done, end) == ("data: [DONE]", "")
    return [json.loads(event.removeprefix("data: ")) for event in events]


def test_a_stream_has_the_services_shape_to_the_letter(paced: Factory) -> None:
    response, text = ask(paced(tokens=1, thinking=1), stream=True)
    head = (
        'data: {"id":"2026101001080604e9d6d218684552","created":1791565692,'
        '"object":"chat.completion.chunk","model":"glm-4.6","choices":[{"index":0,'
    )
    assert response.headers["content-type"] == "text/event-stream"
    assert text == (
        f'{head}"delta":{{"role":"assistant","reasoning_content":"the"}}}}]}}\n\n'
        f'{head}"delta":{{"role":"assistant","content":"##"}}}}]}}\n\n'
        f'{head}"finish_reason":"stop","delta":{{"role":"assistant","content":""}}}}],'
        '"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}}\n\n'
        "data: [DONE]\n\n"
    )


def test_usage_comes_where_it_is_asked_for(paced: Factory) -> None:
    *_, last = chunks(ask(paced(usage="separate"), stream=True)[1])
    assert last["choices"] == []
    assert "usage" in last
    every = chunks(ask(paced(usage="none"), stream=True)[1])
    assert not any("usage" in chunk for chunk in every)


def test_an_echo_gives_the_prompt_back_in_pieces(paced: Factory) -> None:
    _, text = ask(paced(text="echo"))
    message = json.loads(text)["choices"][0]["message"]
    assert message["content"] == "Why is the sky blue?"


def test_the_pace_is_kept_by_the_clock(paced: Factory) -> None:
    start = time.monotonic()
    endpoint = paced(tokens=100, rate=200)
    ask(endpoint, stream=True)
    # Never too early; how late is the machine's affair.
    assert time.monotonic() - start >= 0.5
    assert endpoint.seen["sent"] == 103 - 1  # 100 pieces, the finish and [DONE]


@pytest.mark.parametrize("rate", [0, 1000])
def test_an_answer_waits_at_its_gate(paced: Factory, rate: int) -> None:
    endpoint = paced(tokens=500, rate=rate, gate=7)
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(ask, endpoint, stream=True)
        endpoint.until(lambda seen: seen["sent"] == 7)
        assert (endpoint.seen["sent"], answer.done()) == (7, False)
        endpoint.release()
        assert answer.result()[1].count("data: ") == 502
    whole = paced(gate=0)
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(ask, whole)
        whole.until(lambda seen: seen["active"] == 1)
        whole.release()
        assert answer.result()[0].status == 200


def test_a_cut_stream_breaks_off_and_an_ended_one_ends(paced: Factory) -> None:
    with pytest.raises(http.client.IncompleteRead):
        ask(paced(cut=3), stream=True)
    with pytest.raises(http.client.IncompleteRead):
        ask(paced(cut=3))
    _, text = ask(paced(end=3), stream=True)
    assert text.count("data: ") == 3


def test_errors_come_in_the_stream_or_in_place_of_it(paced: Factory) -> None:
    _, text = ask(paced(error=2), stream=True)
    assert json.loads(text.split("data: ")[-1])["error"]["code"] == "1301"
    endpoint = paced(status=429, code=1302, fails=1)
    assert ask(endpoint)[0].status == 429
    assert ask(endpoint)[0].status == 200


def test_the_server_remembers_what_it_was_asked(paced: Factory) -> None:
    endpoint = paced()
    ask(endpoint, temperature=0.5)
    seen = endpoint.seen
    assert seen["requests"] == 1
    assert seen["bodies"][0]["temperature"] == 0.5
    assert "host" in seen["headers"][0]


def test_a_client_that_leaves_is_noticed(paced: Factory) -> None:
    endpoint = paced(tokens=1000, rate=100)
    parts = urlsplit(endpoint.url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port)
    connection.request("POST", f"{parts.path}/chat/completions", '{"stream":true}')
    response = connection.getresponse()
    endpoint.until(lambda seen: seen["sent"] > 2)
    response.close()
    connection.close()
    seen = endpoint.until(lambda seen: seen["left"] == 1)
    assert seen["sent"] < 1000
    assert (seen["open"], seen["active"]) == (0, 0)
