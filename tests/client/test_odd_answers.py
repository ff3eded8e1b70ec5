"""Answers of servers that keep to no page, through both faces of the client."""

import asyncio
import base64
import json
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

import glmkit
from glmkit.client.resources.batch_results import results_of, total
from tests.client.test_clients import rows
from tests.support.recorded import DATA, Recorded, bodies
from tests.support.served import Place, Sends, served

FACES = ["sync", "async"]


@pytest.fixture
def place() -> Iterator[Place]:
    with served(b"{}") as here:
        yield here


def done(
    place: Place,
    face: str,
    verb: Callable[[Any], Any],
    model: str | None = None,
) -> Any:
    """Return what a verb of a client returns, through one face."""
    if face == "sync":
        with glmkit.Client(place.url, place.key, model) as client:
            return verb(client)

    async def run() -> Any:
        async with glmkit.AsyncClient(place.url, place.key, model) as client:
            result: Coroutine[Any, Any, Any] = verb(client)
            return await result

    return asyncio.run(run())


def stream(name: str) -> bytes:
    return (DATA / "streams" / f"{name}.sse").read_bytes()


def body(name: str) -> bytes:
    return (DATA / "bodies" / f"{name}.body").read_bytes()


def read(place: Place, face: str) -> glmkit.Reply:
    """Read a stream to its end, and return its reply."""
    if face == "sync":
        with glmkit.Client(place.url, place.key, "glm-4-plus") as client:
            with client.stream("Hi") as answer:
                for _ in answer:
                    pass
            return answer.reply

    async def run() -> glmkit.Reply:
        async with glmkit.AsyncClient(place.url, place.key, "glm-4-plus") as client:
            async with client.stream("Hi") as answer:
                async for _ in answer:
                    pass
            return answer.reply

    return asyncio.run(run())


SAYS_NOTHING = [
    "usage_empty",
    "usage_of_nulls",
    "usage_of_zeros",
    "usage_of_a_total_alone",
]


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("name", SAYS_NOTHING)
def test_usage_that_says_nothing_has_no_price(
    place: Place, name: str, face: str
) -> None:
    place.send(stream(name), body(f"chat_{name}"))
    for reply in (
        read(place, face),
        done(place, face, lambda c: c.chat("Hi", model="glm-4-plus")),
    ):
        assert (reply.text, reply.usage, reply.list_cost) == ("Yes", None, None)
    assert rows("prompt_tokens") == rows("list_cost") == [None, None]


@pytest.mark.parametrize("face", FACES)
def test_counts_that_are_no_integers_are_priced(place: Place, face: str) -> None:
    place.send(stream("usage_in_floats_and_texts"))
    reply = read(place, face)
    assert reply.usage == glmkit.Usage(10, 5, 15)
    assert reply.list_cost == glmkit.Money.of("0.000075", "CNY")


@pytest.mark.parametrize("face", FACES)
def test_body_that_broke_off_is_a_failed_call_that_keeps_its_answer(
    place: Place, face: str
) -> None:
    place.send(body("chat_network_error"))
    with pytest.raises(glmkit.StreamError, match="network_error") as caught:
        done(place, face, lambda client: client.chat("Hi"))
    reply = caught.value.reply
    assert reply is not None
    assert (reply.text, reply.complete) == ("Half", False)
    assert reply.usage == glmkit.Usage(10, 5, 15)
    assert rows("state") == ["failed"]
    assert len(place.asked) == 1


@pytest.mark.parametrize("face", FACES)
def test_fault_of_the_server_inside_a_stream_is_not_the_requests(
    place: Place, face: str
) -> None:
    place.send(stream("server_error_by_its_code"))
    with pytest.raises(glmkit.ServerError, match="disconnected") as caught:
        read(place, face)
    assert caught.value.status == 200
    assert "card" not in caught.value.hint
    assert caught.value.reply is not None
    assert caught.value.reply.text == "Hi"


@pytest.mark.parametrize("face", FACES)
def test_spent_quota_is_asked_once(place: Place, face: str) -> None:
    error = {"message": "You exceeded your current quota", "type": "insufficient_quota"}
    refusal = json.dumps({"error": {**error, "code": "insufficient_quota"}}).encode()
    place.send(Sends(refusal, 429))
    with pytest.raises(glmkit.QuotaError):
        done(place, face, lambda client: client.chat("Hi"))
    assert len(place.asked) == 1


TOO_LONG = [
    (
        400,
        '{"code": "1210", "message": "tokens in request more than max tokens allowed"}',
    ),
    (400, '{"message": "This model\'s maximum context length is 8192 tokens."}'),
    (400, '{"code": "context_length_exceeded", "message": "no"}'),
    (400, '{"type": "exceed_context_size_error", "message": "no", "code": 400}'),
    (422, '{"message": "The prompt is longer than the model\'s context length."}'),
]


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(("status", "error"), TOO_LONG)
def test_prompt_that_does_not_fit_has_its_own_error(
    place: Place, face: str, status: int, error: str
) -> None:
    place.send(Sends(b'{"error": %b}' % error.encode(), status))
    with pytest.raises(glmkit.ContextLengthError):
        done(place, face, lambda client: client.chat("Hi"))
    assert len(place.asked) == 1


ROLES = "system, user, assistant and tool"
REFUSALS = [
    (404, "404 page not found", "/api/paas/v4/chat/completions was asked for"),
    (404, '{"status": 404, "error": "Not Found", "path": "/x"}', "was asked for"),
    (405, "<html>Method Not Allowed</html>", "was asked for"),
    (
        400,
        '{"error": {"code": "1214", "message": "Incorrect role information"}}',
        ROLES,
    ),
    (400, '{"error": {"code": "1214", "message": "角色信息不正确"}}', ROLES),
    (400, '{"error": {"message": "Tool choice must be auto"}}', "tool_choice='auto'"),
]


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(("status", "answer", "hint"), REFUSALS)
def test_hint_of_a_refusal_names_what_is_true(
    place: Place, face: str, status: int, answer: str, hint: str
) -> None:
    place.send(Sends(answer.encode(), status))
    with pytest.raises(glmkit.InvalidRequestError) as caught:
        done(place, face, lambda client: client.chat("Hi"))
    assert hint in caught.value.hint


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("reasoning_alone", "reasoning"),
        ("tool_calls_without_a_call", "tool"),
        ("nothing_at_all", "nothing"),
    ],
)
def test_answer_that_holds_nothing_says_so(
    place: Place, face: str, name: str, why: str
) -> None:
    place.send(stream(name))
    reply = read(place, face)
    assert why in reply.empty
    assert not reply.complete
    assert reply.empty in repr(reply)


@pytest.mark.parametrize("face", FACES)
def test_empty_answer_is_not_asked_for_again_for_its_schema(
    place: Place, face: str
) -> None:
    place.send(body("chat_reasoning_alone"))
    with pytest.raises(glmkit.SchemaError, match="empty"):
        done(place, face, lambda client: client.chat("Hi", schema=int))
    assert len(place.asked) == 1


@pytest.mark.parametrize("face", FACES)
def test_refusal_of_the_model_is_told_from_an_answer(place: Place, face: str) -> None:
    place.send(stream("refusal_in_pieces"), body("chat_refusal"))
    for reply in (read(place, face), done(place, face, lambda c: c.chat("Hi"))):
        assert reply.text == "I cannot help with that."
        assert reply.finish_reason == "refusal"
        assert not reply.complete
    with pytest.raises(glmkit.SchemaError, match="refused: I cannot"):
        done(place, face, lambda client: client.chat("Hi", schema=int))
    assert len(place.asked) == 3


def named(verb: str) -> Any:
    return pytest.mark.parametrize("recorded", bodies(verb), ids=str)


def came_of(
    place: Place, face: str, recorded: Recorded, verb: Callable[[Any], Any]
) -> Any:
    """Return what a verb makes of a recording; None where it rightly is an error."""
    place.send(recorded.data)
    if not (error := recorded.right.get("error")):
        return done(place, face, verb)
    with pytest.raises(getattr(glmkit, error), match=recorded.right["message"]):
        done(place, face, verb)
    return None


def counted(usage: glmkit.Usage | None) -> list[int] | None:
    return usage and [usage.prompt_tokens, usage.completion_tokens]


@pytest.mark.parametrize("face", FACES)
@named("embeddings")
def test_vectors_stand_in_the_order_of_their_texts(
    place: Place, face: str, recorded: Recorded
) -> None:
    vectors = came_of(place, face, recorded, lambda c: c.embeddings(["a", "b"]))
    if vectors is not None:
        assert [*vectors] == recorded.right["vectors"]
        assert counted(vectors.usage) == recorded.right["usage"]


@pytest.mark.parametrize("face", FACES)
@named("rerank")
def test_ranking_has_the_best_first(
    place: Place, face: str, recorded: Recorded
) -> None:
    texts = ["a", "b", "c"]
    ranking = came_of(place, face, recorded, lambda c: c.rerank("q", texts))
    assert [one.index for one in ranking.results] == recorded.right["order"]
    assert counted(ranking.usage) == recorded.right["usage"]


@pytest.mark.parametrize("face", FACES)
@named("images")
def test_picture_comes_in_any_form(place: Place, face: str, recorded: Recorded) -> None:
    image = came_of(place, face, recorded, lambda c: c.images.generate("a cat"))
    if image is not None:
        assert image.url == recorded.right["url"]
        assert image.data == base64.b64decode(recorded.right["data"])
        assert image.mime == "image/png"


@pytest.mark.parametrize("face", FACES)
@named("transcription")
def test_numbers_and_dates_beside_a_paid_answer_do_not_lose_it(
    place: Place, face: str, recorded: Recorded
) -> None:
    sound = ("a.mp3", b"ID3" + b"\0" * 64)
    found = came_of(place, face, recorded, lambda c: c.audio.transcribe(sound))
    assert found.text == recorded.right["text"]


@named("batch")
def test_one_bad_line_of_a_batch_fails_alone(recorded: Recorded) -> None:
    found = results_of(recorded.data, b"", ["line-01", "line-02"])
    assert [result.text for result in found] == recorded.right["texts"]
    assert [result.ok for result in found] == recorded.right["ok"]
    assert counted(total(found)) == recorded.right["usage"]
    assert [result.custom_id for result in results_of(recorded.data, b"")][:1] == [
        "line-01"
    ]


@pytest.mark.parametrize("face", FACES)
def test_count_that_the_service_did_not_make_is_an_error(
    place: Place, face: str
) -> None:
    place.send(b'{"id": "1", "usage": {"prompt_tokens": null}}')
    with pytest.raises(glmkit.ServerError, match="no count"):
        done(place, face, lambda client: client.count_tokens("Hi"))


@pytest.mark.parametrize("face", FACES)
def test_deferred_chat_that_broke_off_is_a_failed_call(place: Place, face: str) -> None:
    task = {"id": "t1", "model": "glm-4-plus", "task_status": "PROCESSING"}
    half = json.loads(body("chat_network_error")) | {"task_status": "SUCCESS"}
    place.send(json.dumps(task).encode(), json.dumps(half).encode())
    submitted = done(place, face, lambda c: c.tasks.submit("Hi"))
    with pytest.raises(glmkit.StreamError) as caught:
        done(place, face, lambda client: client.tasks.fetch(submitted))
    assert caught.value.reply is not None
    assert caught.value.reply.text == "Half"
    assert rows("state") == ["failed"]


@pytest.mark.parametrize("face", FACES)
def test_agent_that_broke_off_is_a_failed_call(place: Place, face: str) -> None:
    choice = {"messages": [{"content": "Half"}], "finish_reason": "network_error"}
    place.send(json.dumps({"id": 7, "choices": [choice]}).encode())
    with pytest.raises(glmkit.StreamError, match="network_error"):
        done(place, face, lambda client: client.agents.invoke("a", "Hi"))
    assert rows("state") == ["failed"]


@pytest.mark.parametrize("face", FACES)
def test_review_without_a_verdict_has_not_passed(place: Place, face: str) -> None:
    place.send(b'{"id": "1", "result_list": null}')
    assert not done(place, face, lambda client: client.moderate("Hi")).passed


@pytest.mark.parametrize("face", FACES)
def test_ids_of_any_call_may_be_numbers(place: Place, face: str) -> None:
    place.send(body("embeddings_without_index"))
    done(place, face, lambda c: c.embeddings(["a", "b"], request_id=1791565692.5))
    assert place.bodies[-1]["request_id"] == "1791565692.5"
