"""The other endpoints of the local platform, by clients that others wrote."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Site, wait_for
from tests.support import sdks

pytestmark = [
    pytest.mark.xdist_group("site"),
    pytest.mark.filterwarnings("ignore:The HMAC key is"),
]

MODEL = "glm-4-flash"


@pytest.fixture(params=sdks.ALL)
def sdk(request: pytest.FixtureRequest, site: Site) -> Iterator[Any]:
    with sdks.client(request.param, site.url, site.key) as client:
        yield client


@pytest.fixture(params=["zhipuai", "zai"])
def official(request: pytest.FixtureRequest, site: Site) -> Iterator[Any]:
    with sdks.client(request.param, site.url, site.key) as client:
        yield client


def line(id: str, **body: Any) -> bytes:
    messages = [{"role": "user", "content": "Hello!"}]
    asked = {"model": MODEL, "messages": messages, "max_tokens": 3, **body}
    request = {"custom_id": id, "method": "POST", "url": "/v4/chat/completions"}
    return json.dumps(request | {"body": asked}).encode() + b"\n"


def uploaded(sdk: Any, path: Path, *lines: bytes) -> Any:
    file = path / "lines.jsonl"
    file.write_bytes(b"".join(lines))
    with file.open("rb") as source:
        return sdk.files.create(file=source, purpose="batch")


def test_a_client_gets_embeddings(sdk: Any) -> None:
    texts = ["That is a happy person", "That is a very happy person"]
    reply = sdk.embeddings.create(
        model="embedding-3", input=texts, dimensions=512, encoding_format="float"
    )
    one, other = (item.embedding for item in reply.data)
    assert len(one) == len(other) == 512
    assert not any(one[384:])
    # The model's own page gives this figure for the two sentences.
    assert sum(map(float.__mul__, one, other)) == pytest.approx(0.943, abs=0.001)
    assert reply.usage.prompt_tokens == reply.usage.total_tokens > 0


def test_a_client_keeps_files(sdk: Any, tmp_path: Path) -> None:
    file = uploaded(sdk, tmp_path, line("request-1"))
    assert file.purpose == "batch"
    assert file.bytes == len(line("request-1"))
    listed = sdk.files.list(extra_query={"purpose": "batch"}) if is_openai(sdk) else (
        sdk.files.list(purpose="batch")
    )  # fmt: skip
    assert file.id in [one.id for one in listed.data]
    assert sdk.files.content(file.id).content == line("request-1")
    assert sdk.files.delete(file.id).deleted
    with pytest.raises(Exception, match="does not exist"):
        sdk.files.content(file.id)


def is_openai(sdk: Any) -> bool:
    return type(sdk).__module__.startswith("openai")


def test_a_client_runs_a_batch(sdk: Any, tmp_path: Path) -> None:
    ids = [f"request-{number}" for number in range(4)]
    file = uploaded(
        sdk, tmp_path, *map(line, ids), line("request-bad", max_tokens=10**6)
    )
    how: dict[str, Any] = {"completion_window": "24h", "metadata": {"for": "a test"}}
    batch = sdk.batches.create(
        input_file_id=file.id, endpoint="/v4/chat/completions", **how
    )
    assert batch.status == "validating"
    assert batch.created_at > 10**12  # milliseconds
    done = wait_for(
        lambda: sdk.batches.retrieve(batch.id), lambda one: one.completed_at
    )
    assert done.status == "completed"
    counts = done.request_counts
    assert (counts.total, counts.completed, counts.failed) == (5, 4, 1)
    assert batch.id in [one.id for one in sdk.batches.list(limit=5).data]
    results = parsed(sdk.files.content(done.output_file_id).content)
    assert {one["custom_id"] for one in results} == set(ids)
    assert [one["custom_id"] for one in results] != ids
    assert {one["id"] for one in results} == {batch.id}
    body = results[0]["response"]["body"]
    assert results[0]["response"]["status_code"] == 200
    assert body["choices"][0]["message"]["content"]
    (bad,) = parsed(sdk.files.content(done.error_file_id).content)
    assert bad["custom_id"] == "request-bad"
    assert bad["response"]["body"]["error"]["code"] == "1210"


def parsed(lines: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.splitlines()]


def test_a_client_cancels_a_batch(sdk: Any, tmp_path: Path) -> None:
    lines = (line(f"request-{number}", max_tokens=400) for number in range(30))
    file = uploaded(sdk, tmp_path, *lines)
    batch = sdk.batches.create(
        input_file_id=file.id,
        endpoint="/v4/chat/completions",
        completion_window="24h",
    )
    assert sdk.batches.cancel(batch.id).status == "cancelling"
    done = wait_for(
        lambda: sdk.batches.retrieve(batch.id), lambda one: one.status == "cancelled"
    )
    assert done.request_counts.completed < 30


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([b""], "no lines"),
        ([b"{\n"], "line 1"),
        ([line("short")], "at least 6"),
        ([line("request-1"), line("request-1")], "line 2.*twice"),
        ([line("request-1"), line("request-2", model="glm-4")], "one model"),
        ([line("request-1", model="glm-4.6")], "cannot be batched"),
        ([line("request-1", model="gpt-9")], "1211"),
    ],
)
def test_a_batch_is_validated_when_it_is_uploaded(
    site: Site, tmp_path: Path, lines: list[bytes], says: str
) -> None:
    with (
        sdks.client("zai", site.url, site.key) as sdk,
        pytest.raises(Exception, match=says),
    ):
        uploaded(sdk, tmp_path, *lines)


def test_a_client_gets_an_image_that_says_what_it_is_not(sdk: Any) -> None:
    images = sdk.images
    draw = images.generate if is_openai(sdk) else images.generations
    reply = draw(model="cogview-4", prompt="A cat.", size="768x1344")
    with urllib.request.urlopen(reply.data[0].url) as answer:
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["x-glmkit-stand-in"]
        data = answer.read()
    assert data.startswith(b"\x89PNG")
    assert data[16:24] == (768).to_bytes(4, "big") + (1344).to_bytes(4, "big")


def test_a_client_gets_a_video_that_says_what_it_is_not(official: Any) -> None:
    task = official.videos.generations(model="cogvideox-3", prompt="A cat.")
    assert task.task_status == "PROCESSING"
    done = wait_for(
        lambda: official.videos.retrieve_videos_result(task.id),
        lambda one: one.task_status == "SUCCESS",
    )
    (video,) = done.video_result
    for url, kind in ((video.url, "video/mp4"), (video.cover_image_url, "image/png")):
        with urllib.request.urlopen(url) as answer:
            assert answer.headers["content-type"] == kind


def test_a_client_searches(official: Any) -> None:
    found = official.web_search.web_search(
        search_engine="search_std", search_query="蓝色的天空"
    )
    assert found.search_result[0].title == "sky.txt"
    intents = found.search_intent
    assert intents


def test_the_older_client_keeps_knowledge(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "krill.txt"
    file.write_text("Krill are small crustaceans.")
    with sdks.client("zhipuai", site.url, site.key) as sdk:
        made = sdk.knowledge.create(embedding_id=3, name="Whales")
        assert made.id
        (taken,) = sdk.knowledge.document.create(
            file=file, knowledge_id=made.id, purpose="retrieval"
        ).successInfos
        assert sdk.knowledge.document.retrieve(taken.documentId).name == "krill.txt"
        retrieval = {"knowledge_id": made.id}
        tool = {"type": "retrieval", "retrieval": retrieval}
        asked = {"model": MODEL, "max_tokens": 3}
        asked["messages"] = [{"role": "user", "content": "What are krill?"}]
        chat = sdk.chat.completions.create
        grounded, plain = chat(**asked, tools=[tool]), chat(**asked)
        assert grounded.usage.prompt_tokens > plain.usage.prompt_tokens
        assert sdk.knowledge.used().used.word_num >= 28
        assert sdk.knowledge.delete(made.id).status_code == 200


@pytest.mark.parametrize("name", sdks.OFFICIAL)
@pytest.mark.parametrize(
    ("wrong", "error", "code"),
    [
        ({"model": "gpt-9"}, "APIRequestFailedError", "1211"),
        ({"max_tokens": 10**6}, "APIRequestFailedError", "1210"),
        ({"messages": []}, "APIRequestFailedError", "1214"),
        ({"extra_headers": {"X-Glmkit-Fail": "1"}}, "APIInternalError", "500"),
        (
            {"extra_headers": {"X-Glmkit-Overload": "1305"}},
            "APIReachLimitError",
            "1305",
        ),
        (
            {"extra_headers": {"X-Glmkit-Overload": "1302"}},
            "APIReachLimitError",
            "1302",
        ),
    ],
)
def test_an_error_has_its_class(
    site: Site, name: str, wrong: dict[str, Any], error: str, code: str
) -> None:
    asked = {"model": MODEL, "messages": [{"role": "user", "content": "Hi."}]}
    for stream in (False, True):
        with (
            sdks.client(name, site.url, site.key) as sdk,
            pytest.raises(getattr(sdks.errors(name), error), match=f'"{code}"'),
        ):
            sdk.chat.completions.create(**asked | wrong, stream=stream)


@pytest.mark.parametrize("name", sdks.ALL)
def test_a_wrong_key_has_its_class(site: Site, name: str) -> None:
    known = name == "openai"
    error = "AuthenticationError" if known else "APIAuthenticationError"
    module = __import__("openai") if known else sdks.errors(name)
    with (
        sdks.client(name, site.url, "wrong0123456789.secret0123456789") as sdk,
        pytest.raises(getattr(module, error)),
    ):
        sdk.embeddings.create(model="embedding-3", input="x")


@pytest.mark.parametrize("name", sdks.OFFICIAL)
def test_an_error_inside_a_stream_has_its_class(site: Site, name: str) -> None:
    headers = {"X-Glmkit-Cut": "2", "X-Glmkit-Cut-Code": "1301"}
    asked = {"model": MODEL, "messages": [{"role": "user", "content": "Hi."}]}
    with sdks.client(name, site.url, site.key) as sdk:
        stream = sdk.chat.completions.create(
            **asked, stream=True, extra_headers=headers
        )
        with pytest.raises(sdks.errors(name).APIResponseError) as caught:
            list(stream)
    assert caught.value.json_data["code"] == "1301"


def test_a_client_lists_every_file(sdk: Any, tmp_path: Path) -> None:
    made = uploaded(sdk, tmp_path, line("request-1"))
    assert made.id in [file.id for file in sdk.files.list().data]
