"""Files and batches: built and checked here, matched by custom_id afterwards."""

import asyncio
import json
import random
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

import glmkit
from glmkit.client.resources.batch_lines import lines_of, numbered
from glmkit.client.resources.batch_results import results_of
from glmkit.ledger.default import ledger
from glmkit.types.money import Money
from tests.client.test_resources_texts import client_of, rows
from tests.conftest import Paced

Factory = Callable[..., Paced]
CHAT = "/v4/chat/completions"


def body(text: str = "Hi", model: str = "glm-4-plus") -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": text}]}


def test_file_is_uploaded_listed_read_and_deleted(
    resources: Factory, tmp_path: Path
) -> None:
    place = resources()
    client = client_of(place)
    path = tmp_path / 'a "quoted" 名.jsonl'
    path.write_bytes(b'{"custom_id":"request-1"}\r\n{"custom_id":"--request"}\r\n')
    stored = client.files.upload(path, "batch")
    assert (stored.bytes, stored.purpose) == (path.stat().st_size, "batch")
    assert [file.id for file in client.files.list("batch")] == [stored.id]
    assert client.files.content(stored) == path.read_bytes()
    assert client.files.delete(stored).deleted
    assert client.files.list("batch") == ()
    (asked, *_) = place.seen["asked"]
    assert asked["body"] == {"purpose": "batch"}
    assert asked["files"]["file"][0] == "a %22quoted%22 名.jsonl"
    assert not ledger().path.exists()  # files cost nothing


def test_long_list_of_files_is_read_page_by_page(resources: Factory) -> None:
    place = resources()
    client = client_of(place)
    line = b'{"custom_id":"request-1"}'
    for number in range(205):
        client.files.upload((f"{number}.jsonl", line), "batch")
    names = [f"{number}.jsonl" for number in range(205)]
    assert [file.filename for file in client.files.list("batch")] == names
    asked = [one for one in place.seen["asked"] if one["method"] == "GET"]
    assert [one["query"]["limit"] for one in asked] == ["100", "100", "100"]
    some = client.files.list("batch", limit=120)
    assert [file.filename for file in some] == names[:120]


@pytest.mark.parametrize(
    ("file", "purpose", "said"),
    [
        ("missing.jsonl", "batch", "cannot be read"),
        (("a.txt", b"x"), "batch", "kind"),
        (("a.jsonl", b""), "batch", "empty"),
        (("a.exe", b"x"), "agent", "kind"),
        (("a.png", b"x" * (5 * 2**20 + 1)), "agent", "at most"),
        (("a.pdf", b"x" * (20 * 2**20 + 1)), "code-interpreter", "20 MB at most"),
        (("a.ogg", b"x"), "voice-clone-input", "kind"),
        (("a.jsonl", b"x"), "other", "unknown purpose"),
        (3, "batch", "cannot be a int"),
    ],
)
def test_file_that_the_service_does_not_take_is_refused_before_it_is_sent(
    resources: Factory, file: Any, purpose: Any, said: str
) -> None:
    place = resources()
    with pytest.raises(glmkit.ConfigError, match=said) as caught:
        client_of(place).files.upload(file, purpose)
    assert caught.value.hint
    assert place.seen["asked"] == []


def test_batch_is_answered_in_the_order_of_its_requests(resources: Factory) -> None:
    place = resources()
    client = client_of(place)
    batch = client.batches.create(["One", "fail", "Three"], model="glm-4-plus")
    assert rows("operation, model, state, task_id") == [
        ("batches", "glm-4-plus", "submitted", batch.id)
    ]
    results = client.batches.results(
        client.batches.wait(batch, poll_s=0.01, progress=False)
    )
    assert [result.text for result in results] == [
        "You said: One",
        "",
        "You said: Three",
    ]
    assert [result.custom_id for result in results] == [*numbered(3)]
    (failed,) = results.failed
    assert (failed.custom_id, failed.error_code) == ("request-00002", "1301")
    assert isinstance(failed.error, glmkit.ContentFilterError)
    assert results.usage == glmkit.Usage(200, 32, 232)
    # 116 tokens a line at 5 yuan a million, half price in a batch.
    assert results.list_cost == Money.of("0.00058", "CNY")
    assert rows("state, prompt_tokens, list_cost") == [("done", 200, 580_000_000)]


def test_batch_is_fetched_by_its_id_alone_later(resources: Factory) -> None:
    client = client_of(resources())
    ids = [f"my-line-{letter}" for letter in "zay"]
    batch = client.batches.create(dict.fromkeys(ids, "Hi"), model="glm-4-plus")
    client.batches.wait(batch.id, poll_s=0.01, progress=False)
    results = client.batches.results(batch.id)
    assert [result.custom_id for result in results] == ids
    assert results.list_cost == Money.of("0.00087", "CNY")


def test_private_batch_is_fetched_by_its_id_in_the_order_of_its_ids(
    resources: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLMKIT_PRIVACY", "1")
    client = client_of(resources())
    batch = client.batches.create(["One", "Two"], model="glm-4-plus")
    client.batches.wait(batch.id, poll_s=0.01, progress=False)
    results = client.batches.results(batch.id)
    assert [result.text for result in results] == ["You said: One", "You said: Two"]
    assert rows("state") == [("done",)]


def test_lines_are_what_the_service_reads(resources: Factory) -> None:
    client = client_of(resources(), model="glm-4-air-250414")
    batch = client.batches.create(["Hi 名\u2028"], system="S", temperature=0.1)
    content = client.files.content(batch.input_file_id)
    (line,) = content.decode().rstrip("\n").split("\n")
    assert json.loads(line) == {
        "custom_id": "request-00001",
        "method": "POST",
        "url": CHAT,
        "body": {
            "model": "glm-4-air-250414",
            "messages": [
                {"role": "system", "content": "S"},
                {"role": "user", "content": "Hi 名\u2028"},
            ],
            "temperature": 0.1,
        },
    }


def test_batch_of_embeddings_gives_vectors(resources: Factory) -> None:
    client = client_of(resources())
    bodies = [{"model": "embedding-3", "input": text} for text in ("a", "bbb")]
    batch = client.batches.create_lines(bodies)
    results = client.batches.results(
        client.batches.wait(batch, poll_s=0.01, progress=False)
    )
    assert [result.vectors[0][0] for result in results] == [1.5, 3.5]
    assert results.list_cost == Money.of("0.000001", "CNY")


def test_results_before_the_end_say_to_wait(resources: Factory) -> None:
    client = client_of(resources())
    batch = client.batches.create(["Hi"], model="glm-4-plus")
    with pytest.raises(glmkit.ServerError, match="in_progress"):
        client.batches.results(batch)
    assert rows("state") == [("submitted",)]


def test_cancelled_batch_ends_and_its_lines_are_missing(resources: Factory) -> None:
    client = client_of(resources())
    batch = client.batches.create(["Hi"], model="glm-4-plus")
    assert client.batches.cancel(batch).status == "cancelling"
    ended = client.batches.wait(batch, poll_s=0.01, progress=False)
    assert ended.status == "cancelled"
    (result,) = client.batches.results(ended)
    assert not result.ok
    assert "without this line" in result.error_message
    assert rows("state") == [("done",)]


def test_batches_are_listed(resources: Factory) -> None:
    client = client_of(resources())
    made = [client.batches.create(["Hi"], model="glm-4-plus").id for _ in range(3)]
    assert [batch.id for batch in client.batches.list()] == made
    assert [batch.id for batch in client.batches.list(limit=2)] == made[:2]


@pytest.mark.parametrize(
    ("bodies", "ids", "said"),
    [
        ([], [], "no lines"),
        ([body()], ["short"], "line 1: the custom_id 'short' is too short"),
        ([body(), body()], ["line-01", "line-01"], "line 2: .* that of line 1"),
        ([body(), body(model="glm-4-air")], ["line-01", "line-02"], "line 2 asks"),
        ([{"messages": []}], ["line-01"], "line 1 names no model"),
        ([body() | {"stream": True}], ["line-01"], "line 1 asks for a stream"),
        ([body() | {"odd": object()}], ["line-01"], "line 1 .* cannot be sent"),
        ([body()], ["line-01", "line-02"], "2 ids for 1 lines"),
        ([body()] * 50_001, numbered(50_001), "50,001 lines"),
        ([body("x" * 2**20)] * 101, numbered(101), "larger than 100 MB"),
    ],
)
def test_batch_that_the_service_would_refuse_is_not_sent(
    bodies: Any, ids: Any, said: str
) -> None:
    with pytest.raises(glmkit.ConfigError, match=said) as caught:
        lines_of(bodies, ids, CHAT)
    assert caught.value.hint


def test_embeddings_take_fewer_lines() -> None:
    bodies = [{"model": "embedding-3", "input": "a"}] * 10_001
    with pytest.raises(glmkit.ConfigError, match="10,000 at most"):
        lines_of(bodies, numbered(10_001), "/v4/embeddings")
    with pytest.raises(glmkit.ConfigError, match="cannot ask"):
        lines_of([body()], ["line-01"], "/v1/chat/completions")


def test_metadata_is_held_to_its_limits(resources: Factory) -> None:
    place = resources()
    for metadata in ({str(n): "" for n in range(17)}, {"k" * 65: ""}, {"k": "v" * 513}):
        with pytest.raises(glmkit.ConfigError, match="metadata"):
            client_of(place).batches.create(["Hi"], metadata=metadata)
    assert place.seen["asked"] == []


@given(
    st.lists(
        st.text(string.printable + "名\u2028\u0085", min_size=6, max_size=12),
        min_size=1,
        max_size=12,
        unique=True,
    ),
    st.randoms(use_true_random=False),
)
def test_results_are_matched_by_their_ids_in_any_order(
    ids: list[str], chance: random.Random
) -> None:
    lines = lines_of([body(custom_id) for custom_id in ids], ids, CHAT)
    read = [json.loads(line) for line in lines.content.split(b"\n") if line]
    assert [line["custom_id"] for line in read] == ids
    chance.shuffle(read)
    output = b"".join(
        msgspec.json.encode(
            {
                "custom_id": line["custom_id"],
                "id": "batch_1",
                "response": {"status_code": 200, "body": line["body"]},
            }
        )
        + b"\n"
        for line in read
    )
    found = results_of(output, b"", ids)
    assert [result.custom_id for result in found] == ids
    assert [result.body["messages"][0]["content"] for result in found] == ids


def test_error_beside_an_answer_does_not_hide_it() -> None:
    good = b'{"custom_id":"line-01","response":{"status_code":200,"body":{"a":1}}}'
    bad = b'{"custom_id":"line-01","error":{"code":1210,"message":"no"}}'
    (found,) = results_of(good, bad, ["line-01"])
    assert found.ok
    (found,) = results_of(b"", bad, ["line-01"])
    assert (found.error_code, found.error_message) == ("1210", "no")
    with pytest.raises(glmkit.TransportError):
        results_of(b"<html>", b"")


def test_async_face_does_batches_too(resources: Factory) -> None:
    place = resources()

    async def main() -> None:
        async with glmkit.AsyncClient(place.url, place.key) as client:
            batch = await client.batches.create(["One"], model="glm-4-plus")
            ended = await client.batches.wait(batch, poll_s=0.01, progress=False)
            results = await client.batches.results(ended)
            assert results[0].text == "You said: One"

    asyncio.run(main())
    assert rows("state") == [("done",)]
