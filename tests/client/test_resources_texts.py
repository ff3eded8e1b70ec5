"""Embeddings, reranking, counting, search, reading, review: one request each."""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

import glmkit
from glmkit.ledger.default import ledger
from glmkit.types.money import Money
from tests.conftest import Paced

Factory = Callable[..., Paced]


def client_of(place: Paced, **options: Any) -> glmkit.Client:
    return glmkit.Client(place.url, place.key, **options)


def rows(columns: str) -> list[Any]:
    db = sqlite3.connect(ledger().path)
    found = db.execute(f"SELECT {columns} FROM calls ORDER BY id").fetchall()
    db.close()
    return found


def test_embeddings_keep_the_order_whatever_order_the_vectors_come_in(
    resources: Factory,
) -> None:
    found = client_of(resources()).embeddings(["a", "bbb", "cc"], dimensions=256)
    assert [vector[0] for vector in found] == [1.5, 3.5, 2.5]
    assert {len(vector) for vector in found} == {256}
    assert found.usage == glmkit.Usage(6, 0, 6)
    assert found.list_cost == Money.of("0.000003", "CNY")  # 0.5 yuan a million
    assert found.cost is None  # a custom URL is not priced
    assert rows("operation, model, state, prompt_tokens") == [
        ("embeddings", "embedding-3", "done", 6)
    ]


def test_more_texts_than_a_request_takes_are_split_and_joined_in_order(
    resources: Factory,
) -> None:
    place = resources()
    texts = ["x" * (1 + number % 97) for number in range(200)]
    found = client_of(place).embeddings(texts, dimensions=256)
    assert [vector[0] for vector in found] == [len(text) + 0.5 for text in texts]
    sizes = sorted(len(asked["body"]["input"]) for asked in place.seen["asked"])
    assert sizes == [8, 64, 64, 64]
    assert found.usage is not None
    assert found.usage.prompt_tokens == sum(map(len, texts))
    assert len(rows("id")) == 4


def test_one_text_gives_one_vector(resources: Factory) -> None:
    assert len(client_of(resources()).embeddings("a", dimensions=256)) == 1


@pytest.mark.parametrize(
    ("texts", "options", "said"),
    [
        ([], {}, "no texts"),
        (["a", " "], {}, "text 1 is empty"),
        (["a", 3], {}, "text 1 is no text"),
        (["word " * 9000], {}, "tokens"),
        (["a"], {"dimensions": 100}, "dimensions"),
        (["a"], {"dimensions": 256, "model": "embedding-2"}, "dimensions"),
    ],
)
def test_texts_that_the_model_does_not_take_are_refused_before_anything_is_sent(
    resources: Factory, texts: list[Any], options: dict[str, Any], said: str
) -> None:
    place = resources()
    with pytest.raises(glmkit.ConfigError, match=said) as caught:
        client_of(place).embeddings(texts, **options)
    assert caught.value.hint
    assert place.seen["asked"] == []


def test_rerank_gives_the_best_first(resources: Factory) -> None:
    found = client_of(resources()).rerank("sky", ["aa", "aaaa", "a"], top_n=2)
    assert [(one.index, one.document) for one in found.results] == [
        (1, "aaaa"),
        (0, "aa"),
    ]
    assert found[0].relevance_score == 0.04
    assert found.list_cost == Money.of("0.000016", "CNY")


@pytest.mark.parametrize(
    ("query", "documents", "said"),
    [
        ("", ["a"], "query is empty"),
        ("x" * 4097, ["a"], "4,097 characters"),
        ("x", [], "no documents"),
        ("x", ["a"] * 129, "129 documents"),
        ("x", ["a", "y" * 4097], "document 1"),
    ],
)
def test_rerank_holds_to_the_documented_limits(
    resources: Factory, query: str, documents: list[str], said: str
) -> None:
    place = resources()
    with pytest.raises(glmkit.ConfigError, match=said):
        client_of(place).rerank(query, documents)
    assert place.seen["asked"] == []


def test_tokens_are_counted_without_a_row(resources: Factory) -> None:
    place = resources()
    count = client_of(place).count_tokens("1")
    assert (int(count), count.prompt_tokens) == (6, 6)
    assert place.seen["asked"][0]["body"] == {
        "model": "glm-4.6",
        "messages": [{"role": "user", "content": "1"}],
    }
    assert not ledger().path.exists() or rows("id") == []


def test_web_search_returns_pages_and_its_price(resources: Factory) -> None:
    found = client_of(resources()).web_search("sky", search_engine="search_pro")
    assert [page.title for page in found] == ["Sky"]
    assert found.search_intent[0].intent == "SEARCH_ALL"
    assert found.list_cost == Money.of("0.03", "CNY")
    assert rows("operation, model") == [("web_search", "search_pro")]


def test_reader_returns_a_page(resources: Factory) -> None:
    page = client_of(resources()).read_page("https://example.org/sky")
    assert (page.title, page.content) == ("Sky", "# Sky")


def test_moderation_tells_of_every_part(resources: Factory) -> None:
    found = client_of(resources()).moderate("Hello")
    assert found.passed
    assert found.usage is None
    assert found.list_cost is None  # no page tells the price: None, never 0


def test_models_are_those_that_the_service_lists(resources: Factory) -> None:
    assert [model.id for model in client_of(resources()).models()] == [
        "glm-4.5",
        "glm-4.6",
    ]


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.web_search("x" * 71),
        lambda client: client.web_search("x", count=51),
        lambda client: client.web_search("x", search_recency_filter="today"),
        lambda client: client.read_page("ftp://example.org"),
        lambda client: client.moderate("x" * 2001),
    ],
)
def test_other_limits_are_held_too(
    resources: Factory, call: Callable[[glmkit.Client], Any]
) -> None:
    place = resources()
    with pytest.raises(glmkit.ConfigError) as caught:
        call(client_of(place))
    assert caught.value.hint
    assert place.seen["asked"] == []


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (401, "1000", glmkit.AuthError),
        (400, "1211", glmkit.InvalidRequestError),
        (429, "1113", glmkit.QuotaError),
        (400, "1301", glmkit.ContentFilterError),
    ],
)
def test_refusals_are_typed_and_recorded_as_those_of_a_chat(
    resources: Factory, status: int, code: str, error: type[glmkit.APIError]
) -> None:
    client = client_of(resources(status=f"{status}:{code}"))
    with pytest.raises(error) as caught:
        client.embeddings("a")
    assert caught.value.code == code
    assert rows("state, error_code, list_cost") == [("failed", code, None)]
    with pytest.raises(error):
        client.models()
    assert len(rows("id")) == 1


def test_one_failed_part_ends_all_parts_of_an_embedding(resources: Factory) -> None:
    place = resources(status="400:1210")
    with pytest.raises(glmkit.InvalidRequestError):
        client_of(place).embeddings(["a"] * 300)
    assert set(rows("state")) <= {("failed",), ("interrupted",)}


def test_async_face_does_the_same(resources: Factory) -> None:
    place = resources()

    async def main() -> None:
        async with glmkit.AsyncClient(place.url, place.key) as client:
            vectors, ranking, page = await asyncio.gather(
                client.embeddings(["a", "bb"], dimensions=256),
                client.rerank("q", ["a", "bb"]),
                client.read_page("https://example.org"),
            )
            assert [vector[0] for vector in vectors] == [1.5, 2.5]
            assert ranking[0].index == 1
            assert page.title == "Sky"

    asyncio.run(main())
    assert len(rows("id")) == 3


def test_closed_client_takes_no_more_calls(resources: Factory) -> None:
    client = client_of(resources())
    client.close()
    for call in (client.models, lambda: client.embeddings("a")):
        with pytest.raises(glmkit.ConfigError, match="closed"):
            call()


def test_failed_answer_of_a_ranking_has_no_price(resources: Factory) -> None:
    """A control arm: the same call where nothing refuses has one."""
    with pytest.raises(glmkit.ServerError):
        client_of(resources(status="500:1234"), timeout_s=1).web_search("sky")
    client_of(resources()).web_search("sky")
    assert rows("list_cost IS NULL") == [(1,), (0,)]
