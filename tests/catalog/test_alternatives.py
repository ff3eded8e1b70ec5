"""A refusal names what to use instead: a method, a successor, a larger window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import glmkit
from glmkit.catalog import alternatives, cards
from glmkit.config.endpoints import SERVICES, Endpoint
from glmkit.types.errors import ConfigError, OptionWarning
from tests.conftest import Paced

Factory = Callable[..., Paced]
Client = Callable[..., tuple[glmkit.Client, Paced]]
_KEY = "0123456789abcdef0123456789abcdef.0123456789abcdef"


@pytest.fixture
def glm(paced: Factory, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Return `glm(status=..)`: a client of a service of GLM's kind, and its server."""

    def client(**options: Any) -> tuple[glmkit.Client, Paced]:
        place = paced(tokens=2, **options)
        here = Endpoint("bigmodel", place.url, "CNY")
        monkeypatch.setitem(SERVICES, "bigmodel", here)
        return glmkit.Client("bigmodel", _KEY, "glm-4-plus"), place

    return client


@pytest.mark.parametrize(
    ("model", "method"),
    [
        ("glm-asr", "client.audio.transcribe"),
        ("glm-asr-2512", "client.audio.transcribe"),
        ("glm-tts", "client.audio.speak"),
        ("glm-tts-clone", "client.voices.clone"),
        ("cogtts", "client.audio.speak"),
        ("glm-ocr", "client.documents.parse"),
        ("glm-realtime-flash", "realtime"),
        ("glm-4-assistant", "client.assistants.ask"),
        ("embedding-3", "client.embeddings"),
        ("rerank", "client.rerank"),
        ("cogview-4", "client.images.generate"),
        ("cogvideox-3", "client.videos.submit"),
        ("moderation", "client.moderate"),
    ],
)
def test_a_model_that_does_not_chat_names_its_method(
    model: str, method: str, glm: Client
) -> None:
    client, place = glm()
    with pytest.raises(ConfigError, match=f"{model} does not chat") as caught:
        client.chat("Hi", model=model)
    assert method in caught.value.hint
    assert place.seen["requests"] == 0


def test_every_method_that_is_named_exists() -> None:
    named = {alternatives._method(card) for card in cards.cards()} - {"", "realtime"}
    for method in named:
        found: Any = glmkit.Client("local")
        for name in method.removesuffix("(...)").split(".")[1:]:
            found = getattr(found, name)
        assert callable(found)


OTHER_CALLS: list[tuple[str, Callable[[glmkit.Client], Any]]] = [
    ("embeddings", lambda c: c.embeddings("Hi", model="glm-4-plus")),
    ("rerank", lambda c: c.rerank("Hi", ["a"], model="glm-4-plus")),
    ("images", lambda c: c.images.generate("A cat", model="glm-4-plus")),
    ("videos", lambda c: c.videos.submit("A cat", model="glm-4-plus")),
    ("speech", lambda c: c.audio.speak("Hi", model="glm-4-plus")),
    ("moderation", lambda c: c.moderate("Hi", model="glm-4-plus")),
]


@pytest.mark.parametrize(("call", "use"), OTHER_CALLS, ids=[n for n, _ in OTHER_CALLS])
def test_a_chat_model_in_another_call_names_chat(
    call: str, use: Callable[[glmkit.Client], Any], glm: Client
) -> None:
    client, place = glm()
    with pytest.raises(ConfigError, match=f"not a model for {call}") as caught:
        use(client)
    assert "client.chat(model='glm-4-plus')" in caught.value.hint
    assert place.seen["requests"] == 0


def test_every_retired_model_names_a_current_one() -> None:
    for card in cards.cards():
        if card.status == "retired" or card.successor:
            successor = cards.card(card.successor or "")
            assert successor is not None, card.id
            assert successor.status == "current"
            assert successor.id in alternatives.withdrawn(card)


def test_a_retired_model_is_asked_with_a_warning(glm: Client) -> None:
    client, place = glm()
    with pytest.warns(OptionWarning, match="glm-z1-air was withdrawn .* glm-4.5-air"):
        client.chat("Hi", model="glm-z1-air")
    assert place.seen["requests"] == 1


@pytest.mark.filterwarnings("ignore:glm-4-0520 was withdrawn")
def test_the_refusal_of_a_retired_model_names_its_successor(glm: Client) -> None:
    client, _ = glm(status=400, code="1211")
    with pytest.raises(glmkit.InvalidRequestError) as caught:
        client.chat("Hi", model="glm-4-0520")
    assert "glm-4-plus" in caught.value.hint


@pytest.mark.parametrize("model", [card.id for card in cards.cards()])
def test_no_hint_for_a_long_prompt_names_the_model_that_refused(model: str) -> None:
    hint = alternatives.larger_window(cards.card(model))
    assert f" {model}." not in hint
    named = cards.card(hint.rpartition(" ")[2].rstrip("."))
    if named is not None:
        mine = cards.card(model)
        assert mine is not None
        assert (named.context_window or 0) > (mine.context_window or 0)
        assert set(mine.input_modalities) <= set(named.input_modalities)


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("model", "words"),
    [("glm-4-long", "no model has a larger window"), ("glm-4-plus", "glm-4-long")],
)
def test_a_prompt_that_is_too_long_names_a_model_that_can_read_it(
    model: str, words: str, streamed: bool, glm: Client
) -> None:
    client, _ = glm(status=400, code="1261")

    def ask() -> None:
        if not streamed:
            client.chat("Hi", model=model)
        with client.stream("Hi", model=model) as stream:
            list(stream)

    with pytest.raises(glmkit.ContextLengthError) as caught:
        ask()
    assert words in caught.value.hint
