"""The other rooms of the local platform: files, search, knowledge, media, switches."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from glmkit.local.platform.endpoints import placeholder_png
from glmkit.local.platform.storage import full_text_index, minilm
from glmkit.local.platform.storage.store import Store, page
from tests.conftest import LIMIT_S, Site, wait_for

pytestmark = pytest.mark.xdist_group("site")

MODEL = "glm-4-flash"
USER = {"role": "user", "content": "Hi."}
OPEN = "/api/llm-application/open"
SWITCHES = "/glmkit/switches"


@pytest.fixture
def http(site: Site) -> Iterator[httpx.Client]:
    with client(site, site.key) as one:
        yield one


@pytest.fixture
def stranger(site: Site) -> Iterator[httpx.Client]:
    with client(site, site.other) as one:
        yield one


def client(site: Site, key: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {key}"}
    return _Client(base_url=site.url, headers=headers, timeout=LIMIT_S)


class _Client(httpx.Client):
    """Takes paths from the root as such, not below the base path."""

    def request(self, method: str, url: httpx.URL | str, **how: Any) -> httpx.Response:
        rooted = str(url).startswith("/")
        return super().request(
            method, self.base_url.join(url) if rooted else url, **how
        )


def refusal(answer: httpx.Response) -> tuple[int, str]:
    error = answer.json()["error"]
    assert set(error) <= {"code", "message", "type"}
    return answer.status_code, error["code"]


def upload(http: httpx.Client, name: str, data: bytes, purpose: str) -> httpx.Response:
    return http.post("files", files={"file": (name, data)}, data={"purpose": purpose})


# Accounts


def test_what_one_account_has_no_other_finds(
    http: httpx.Client, stranger: httpx.Client
) -> None:
    body = {"model": MODEL, "messages": [USER], "max_tokens": 1}
    task = http.post("async/chat/completions", json=body).json()["id"]
    assert refusal(stranger.get(f"async-result/{task}")) == (400, "1233")
    assert refusal(http.get("async-result/none")) == (400, "1233")
    file = upload(http, "notes.txt", b"text", "agent").json()["id"]
    assert refusal(stranger.delete(f"files/{file}")) == (404, "1214")
    listed = stranger.get("files", params={"purpose": "agent"}).json()
    assert listed == {"object": "list", "data": [], "has_more": False}
    base = http.post(f"{OPEN}/knowledge", json={"name": "x"}).json()["data"]["id"]
    assert stranger.get(f"{OPEN}/knowledge/{base}").json()["code"] == 404
    assert http.delete(f"files/{file}").json()["deleted"]


# Files


@pytest.mark.parametrize(
    ("name", "data", "purpose", "expected"),
    [
        ("a.txt", b"x", "nonsense", (400, "1210")),
        ("a.exe", b"x", "agent", (400, "1210")),
        ("a.txt", b"x", "batch", (400, "1210")),
        ("a.png", b"x" * (5 * 2**20 + 1), "agent", (400, "1210")),
        ("a.pdf", b"x" * (20 * 2**20 + 1), "code-interpreter", (400, "1210")),
    ],
)
def test_a_file_outside_the_limits_is_refused(
    http: httpx.Client, name: str, data: bytes, purpose: str, expected: tuple[int, str]
) -> None:
    assert refusal(upload(http, name, data, purpose)) == expected


def test_a_file_over_the_cap_is_refused(http: httpx.Client) -> None:
    try:
        answer = upload(http, "a.jsonl", bytes(102 * 2**20), "batch")
    except httpx.TransportError:
        return  # refused while the client was still sending
    assert refusal(answer) == (435, "1210")


def test_an_upload_without_a_file_is_refused(http: httpx.Client) -> None:
    assert refusal(http.post("files", json={})) == (400, "1210")
    files = {"other": ("a.txt", b"x")}
    answer = http.post("files", files=files, data={"purpose": "agent"})
    assert refusal(answer) == (400, "1213")


def test_a_list_comes_in_pages(http: httpx.Client) -> None:
    made = [
        upload(http, f"{number}.txt", b"x", "file-extract").json()["id"]
        for number in range(3)
    ]
    asked = {"purpose": "file-extract", "limit": "2"}
    first = http.get("files", params=asked).json()
    assert first["has_more"]
    last = first["data"][-1]["id"]
    rest = http.get("files", params={**asked, "after": last}).json()
    assert not rest["has_more"]
    found = [one["id"] for one in first["data"] + rest["data"]]
    assert sorted(found) == sorted(made)
    assert refusal(http.get("files", params={**asked, "limit": "101"})) == (400, "1210")
    other = upload(http, "other.txt", b"x", "agent").json()["id"]
    everything = http.get("files", params={"limit": "100"}).json()["data"]
    assert {other, *made} <= {one["id"] for one in everything}
    assert refusal(http.get(f"files/{other}/content")) == (400, "1210")
    assert http.get(f"files/{made[0]}/content").json()["content"] == "x"


def test_a_page_after_an_unknown_id_is_empty() -> None:
    assert page([{"id": "a"}], "b", 5) == ([], False)


def test_a_store_finds_its_records_again(tmp_path: Path) -> None:
    for _ in range(2):
        store = Store(tmp_path)
        store.put("me", "task", "1", {"id": "1", "state": "done"})
        assert store.get("me", "task", "1") == {"id": "1", "state": "done"}
        assert store.get("you", "task", "1") is None
        store.close()


# Batches


def test_a_batch_of_embeddings_runs(http: httpx.Client) -> None:
    lines = [
        {
            "custom_id": f"request-{number}",
            "method": "POST",
            "url": "/v4/embeddings",
            "body": {"model": "embedding-3", "input": "x", "dimensions": 512},
        }
        for number in range(2)
    ]
    data = b"\n".join(json.dumps(line).encode() for line in lines)
    file = upload(http, "e.jsonl", data, "batch").json()["id"]
    asked = {"input_file_id": file, "endpoint": "/v4/embeddings"}
    wrong = {**asked, "endpoint": "/v1/embeddings"}
    assert refusal(http.post("batches", json=wrong)) == (400, "1210")
    id = http.post("batches", json=asked).json()["id"]
    assert id.removeprefix("batch_").isdecimal()
    done = wait_for(
        lambda: http.get(f"batches/{id}").json(),
        lambda batch: batch["status"] == "completed",
    )
    assert done["error_file_id"] == ""
    output = http.get(f"files/{done['output_file_id']}/content").text
    body = json.loads(output.splitlines()[0])["response"]["body"]
    assert len(body["data"][0]["embedding"]) == 512
    # The input is deleted with the batch that used it up.
    assert refusal(http.get(f"files/{file}/content")) == (404, "1214")


# Vectors


def test_vectors_are_those_of_the_model() -> None:
    folder = minilm.find()
    assert folder is not None, "`make .venv/.dev` installs the embedding model"
    model = minilm.load(folder)
    assert model.tokens("Hello, wörld! 天空") == [101, 7592, 1010, 2088, 999, 1811, 1930, 102]  # fmt: skip # noqa: E501
    texts = ("That is a happy person", "That is a happy dog", "Today is a sunny day")
    one, *others = (model.vector(model.tokens(text)) for text in texts)
    # The figures that the model's own page shows.
    assert [round(float(one @ other), 3) for other in others] == [0.695, 0.257]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"dimensions": 256}, "1210"),
        ({"dimensions": 513}, "1210"),
        ({"input": ["x"] * 65}, "1210"),
        ({"input": []}, "1213"),
        ({"input": ["word " * 4000]}, "1210"),
        ({"model": "glm-4"}, "1212"),
        ({"model": "embedding-9"}, "1211"),
    ],
)
def test_wrong_embeddings_are_refused(
    http: httpx.Client, fields: dict[str, Any], code: str
) -> None:
    body = {"model": "embedding-3", "input": "x", **fields}
    assert refusal(http.post("embeddings", json=body)) == (400, code)


def test_documents_are_put_in_order(http: httpx.Client) -> None:
    documents = ["The stock market fell.", "Dogs and cats are pets.", "I like trains."]
    asked = {"model": "rerank", "query": "animals", "documents": documents}
    body = http.post("rerank", json={**asked, "top_n": 2}).json()
    first, second = body["results"]
    assert first["index"] == 1
    assert 1 >= first["relevance_score"] > second["relevance_score"] >= 0
    assert "document" not in first
    wrong = {**asked, "documents": ["x"] * 129}
    assert refusal(http.post("rerank", json=wrong)) == (400, "1210")


# Search


def test_search_has_the_services_shape(http: httpx.Client) -> None:
    asked = {"search_query": "What do blue whales eat?", "search_engine": "search_std"}
    body = http.post("web_search", json=asked).json()
    (found,) = body["search_result"]
    assert set(found) == {
        "title", "link", "content", "media", "icon", "refer", "publish_date"
    }  # fmt: skip
    assert isinstance(body["search_intent"], list)
    page = http.post("reader", json={"url": found["link"]}).json()["reader_result"]
    assert "krill" in page["content"]


def test_what_is_new_in_the_folder_is_found(site: Site, http: httpx.Client) -> None:
    new = site.documents / "new.md"
    asked = {"search_query": "zeppelins", "search_engine": "search_std"}
    new.write_text("# Zeppelins\n\nThey fly.")
    assert http.post("web_search", json=asked).json()["search_result"]
    new.unlink()
    assert not http.post("web_search", json=asked).json()["search_result"]


@pytest.mark.parametrize(
    ("path", "fields", "code"),
    [
        ("web_search", {"search_query": "x" * 71}, "1210"),
        ("web_search", {"search_query": "x", "search_engine": "google"}, "1211"),
        ("web_search", {"search_query": "x", "count": 51}, "1210"),
        ("web_search", {}, "1213"),
        ("reader", {"url": "https://example.org/"}, "1703"),
        ("reader", {"url": "file:///etc/passwd"}, "1703"),
        ("tools", {"tool": "other", "messages": [USER]}, "1211"),
    ],
)
def test_a_wrong_search_is_refused(
    http: httpx.Client, path: str, fields: dict[str, Any], code: str
) -> None:
    assert refusal(http.post(path, json=fields)) == (400, code)


def test_a_folder_does_not_lead_out_of_itself(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "secret.txt").write_text("hidden words")
    (tmp_path / "in" / "link.txt").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "in" / ".env.txt").write_text("hidden words")
    folder = full_text_index.Folder(tmp_path / "in")
    assert folder.find("hidden", 5) == []
    assert folder.read(str(tmp_path / "secret.txt")) is None


@pytest.mark.parametrize("query", ['"', "* OR", "a-b:c", "NEAR(", "", "的", "天 空"])
def test_no_query_is_a_fault(query: str) -> None:
    index = full_text_index.Index()
    index.add("one", "t", ["天空是蓝色的"])
    assert len(index.find(query, 5)) <= 1


def test_a_text_is_cut_into_pieces_without_loss() -> None:
    text = "\n\n".join(f"Paragraph {n}. " + "word " * 40 for n in range(20))
    pieces = full_text_index.pieces_of(text)
    assert len(pieces) > 5
    assert " ".join(pieces).split() == text.split()


# Knowledge


def test_knowledge_answers_in_its_envelope(http: httpx.Client) -> None:
    made = http.post(f"{OPEN}/knowledge", json={"name": "Krill", "embedding_id": 3})
    body = made.json()
    assert (made.status_code, body["code"]) == (200, 200)
    assert abs(body["timestamp"] - time.time() * 1000) < 300_000
    base = body["data"]["id"]
    files = [
        ("files", ("krill.md", b"# Krill\n\nKrill are small crustaceans.")),
        ("files", ("bad.bin", b"\0\0")),
    ]
    taken = http.post(f"{OPEN}/document/upload_document/{base}", files=files).json()
    (good,), (bad,) = taken["data"]["successInfos"], taken["data"]["failedInfos"]
    assert bad["fileName"] == "bad.bin"
    document = http.get(f"{OPEN}/document/{good['documentId']}").json()["data"]
    assert document["embedding_stat"] == 1
    asked = {"query": "small crustaceans", "knowledge_ids": [base]}
    (hit,) = http.post(f"{OPEN}/knowledge/retrieve", json=asked).json()["data"]
    assert "crustaceans" in hit["text"]
    assert 0 <= hit["score"] <= 1
    assert hit["metadata"]["doc_name"] == "krill.md"
    listed = http.get(f"{OPEN}/document", params={"knowledge_id": base}).json()["data"]
    assert listed["total"] == 1
    http.put(f"{OPEN}/knowledge/{base}", json={"name": "More krill"})
    shown = http.get(f"{OPEN}/knowledge/{base}").json()["data"]
    assert (shown["name"], shown["document_size"]) == ("More krill", 1)
    assert http.delete(f"{OPEN}/knowledge/{base}").json()["code"] == 200
    gone = http.get(f"{OPEN}/knowledge/{base}")
    assert (gone.status_code, gone.json()["code"]) == (200, 404)
    assert http.post(f"{OPEN}/knowledge/retrieve", json=asked).json()["data"] == []


def test_a_wrong_knowledge_id_in_a_chat_is_no_error(http: httpx.Client) -> None:
    tool = {"type": "retrieval", "retrieval": {"knowledge_id": "none"}}
    body = {"model": MODEL, "messages": [USER], "max_tokens": 1, "tools": [tool]}
    assert http.post("chat/completions", json=body).status_code == 200


# Images, documents, and what is not there


@pytest.mark.parametrize(
    ("path", "fields", "code"),
    [
        ("images/generations", {"model": "cogview-4"}, "1213"),
        ("images/generations", {"model": "cogview-4", "prompt": "x", "size": "9x9"},
         "1210"),
        ("images/generations", {"model": "cogview-4", "prompt": "x",
                                "size": "2048x2048"}, "1210"),
        ("images/generations", {"model": "glm-4", "prompt": "x"}, "1212"),
        ("videos/generations", {"model": "cogvideox-3"}, "1213"),
        ("videos/generations", {"model": "cogvideox-3", "prompt": "x" * 513}, "1210"),
        ("videos/generations", {"model": "cogvideox-3", "prompt": "x", "fps": 31},
         "1210"),
    ],
)  # fmt: skip
def test_a_wrong_picture_is_refused(
    http: httpx.Client, path: str, fields: dict[str, Any], code: str
) -> None:
    assert refusal(http.post(path, json=fields)) == (400, code)


def test_a_deferred_image_comes(http: httpx.Client) -> None:
    asked = {"model": "glm-image", "prompt": "x", "size": "1024x1024"}
    id = http.post("async/images/generations", json=asked).json()["id"]
    done = wait_for(
        lambda: http.get(f"async-result/{id}").json(),
        lambda task: task["task_status"] == "SUCCESS",
    )
    assert done["image_result"][0]["url"].endswith("1024x1024.png")


def test_a_placeholder_says_that_it_is_one() -> None:
    one, other = placeholder_png.png(512, 512), placeholder_png.png(513, 700)
    assert one[:8] == other[:8] == b"\x89PNG\r\n\x1a\n"
    assert one != placeholder_png.png(512, 513)


def test_media_of_other_names_are_refused(site: Site, http: httpx.Client) -> None:
    root = http.base_url.join("/")
    for name in ("passwd", "stand-in-9999x9999.png", "stand-in-1x1.png"):
        answer = httpx.get(f"{root}glmkit/media/x/{name}")
        assert refusal(answer) == (404, "1222")


def test_texts_are_parsed_and_other_files_are_refused(http: httpx.Client) -> None:
    how = {"tool_type": "lite", "file_type": "MD"}
    files = {"file": ("a.md", b"# Title")}
    task = http.post("files/parser/create", files=files, data=how).json()["task_id"]
    found = http.get(f"files/parser/result/{task}/text").json()
    assert (found["status"], found["content"]) == ("succeeded", "# Title")
    picture = {"file": ("a.png", b"\x89PNG\r\n\x1a\n\0\0")}
    answer = http.post("files/parser/create", files=picture, data=how)
    assert refusal(answer) == (400, "1221")
    answer = http.post("files/ocr", files=picture, data={"tool_type": "hand_write"})
    assert refusal(answer) == (400, "1221")
    assert refusal(http.get("files/parser/result/none/text")) == (400, "1233")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "moderations"),
        ("POST", "audio/speech"),
        ("POST", "audio/transcriptions"),
        ("GET", "voice/list"),
        ("POST", "v1/agents"),
        ("POST", "/api/v1/agents"),
        ("POST", "/api/v1/agents/async-result"),
        ("POST", "assistant/list"),
        ("GET", "fine_tuning/jobs"),
        ("POST", "fine_tuning/jobs/ftjob-1/cancel"),
    ],
)
def test_what_a_stand_in_lacks_is_said(
    http: httpx.Client, method: str, path: str
) -> None:
    answer = http.request(method, path)
    assert refusal(answer) == (400, "1221")
    error = answer.json()["error"]
    assert "the local stand-in cannot" in error["message"]
    assert "with a key" in error["message"]
    assert error["type"] == "stand_in"


# Switches


def chat(http: httpx.Client, headers: dict[str, str], **more: Any) -> httpx.Response:
    body = {"model": MODEL, "messages": [USER], "max_tokens": 4, **more}
    return http.post("chat/completions", json=body, headers=headers)


def test_overload_can_be_switched_on(http: httpx.Client) -> None:
    headers = {"X-Glmkit-Overload": "1305", "X-Glmkit-Retry-After-S": "1.5"}
    answer = chat(http, headers)
    assert refusal(answer) == (429, "1305")
    assert answer.headers["retry-after"] == "1.5"
    assert "retry-after" not in chat(http, {"X-Glmkit-Overload": "1312"}).headers


def test_a_stream_can_be_cut(http: httpx.Client) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        chat(http, {"X-Glmkit-Cut": "2"}, stream=True)


def test_streams_can_be_written_as_other_servers_do(http: httpx.Client) -> None:
    headers = {"X-Glmkit-Null-Finish": "true", "X-Glmkit-Usage-Apart": "true"}
    text = chat(http, headers, stream=True).text
    chunks = [json.loads(event[6:]) for event in text.split("\n\n")[:-2]]
    *pieces, finish, usage = chunks
    assert {one["choices"][0]["finish_reason"] for one in pieces} == {None}
    assert finish["choices"][0]["finish_reason"]
    assert "usage" not in finish
    assert usage["choices"] == []
    assert usage["usage"]["completion_tokens"] == 4


def test_switches_hold_for_all_until_they_are_off(http: httpx.Client) -> None:
    route = SWITCHES
    assert http.post(route, json={"fail": 1}).json()["fail"] == 1
    try:
        assert refusal(chat(http, {})) == (500, "500")
        assert chat(http, {"X-Glmkit-Fail": "0"}).status_code == 200
    finally:
        assert http.post(route, json={}).json()["fail"] == 0
    assert chat(http, {}).status_code == 200
    assert refusal(http.post(route, json={"overload": "1"})) == (400, "1210")
    assert httpx.post(http.base_url.join(route), json={}).status_code == 401


def test_latency_can_be_switched_on(http: httpx.Client) -> None:
    began = time.monotonic()
    http.get("models", headers={"X-Glmkit-Latency-S": "0.3"})
    assert time.monotonic() - began >= 0.3
