"""The token ruler in Python: what is counted, reserved and told; nothing is sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from anywidget import AnyWidget

import glmkit
from glmkit.catalog.cards import card
from glmkit.catalog.tokens import Estimate, estimate_request
from glmkit.config.endpoints import endpoint_of
from glmkit.notebook.settings import GLM
from glmkit.types.messages import Message
from glmkit.types.requests import request_of
from glmkit_widgets.ruler import window_shares
from glmkit_widgets.ruler.ruler import TokenRuler
from tests.conftest import Paced, Run, wait_for

Make = Callable[..., TokenRuler]


@pytest.fixture
def ruler() -> Iterator[Make]:
    made: list[TokenRuler] = []

    def of(*args: Any, **options: Any) -> TokenRuler:
        made.append(TokenRuler(*args, **options))
        return made[-1]

    yield of
    for widget in made:
        widget.close()


def tokens_of(widget: TokenRuler) -> dict[str, int]:
    return {share.name: share.tokens for share in widget.value.shares}


def test_the_sum_is_that_of_the_request_that_would_be_sent(ruler: Make) -> None:
    history = [Message("user", "Why?"), Message("assistant", "Because of Rayleigh.")]
    widget = ruler(
        "And at dusk?", "glm-4-plus", settings=GLM(system="Be brief."), history=history
    )
    asked = [*history, Message("user", "And at dusk?")]
    truth = estimate_request(request_of(asked, {"system": "Be brief."}))
    assert widget.value.sent.tokens == pytest.approx(truth.tokens, abs=1)
    assert set(tokens_of(widget)) == {"system", "history", "prompt", "answer"}


def test_a_conversation_is_a_history_and_may_grow(ruler: Make, place: Paced) -> None:
    with glmkit.Client(place.url, place.key) as client:
        talk = glmkit.Conversation(client, system="Be brief.")
        widget = ruler("Next?", "glm-4-plus", history=talk)
        assert "history" not in tokens_of(widget)
        talk.ask("Why is the sky blue?")
        widget.refresh()
    assert tokens_of(widget)["history"] > 10
    assert len(place.seen["bodies"]) == 1, "the ruler itself asks nobody"


def test_pictures_and_texts_are_attachments(ruler: Make) -> None:
    from PIL import Image

    widget = ruler(
        "What?", "glm-4.6v", attachments=[Image.new("RGB", (8, 8)), "A note"]
    )
    assert 1047 < tokens_of(widget)["attachments"] < 1060


def test_the_reserve_is_what_the_answer_may_take(ruler: Make) -> None:
    settings = GLM(model="glm-4.7", max_tokens=500, think="on")
    widget = ruler("Hi", settings=settings)
    assert widget.value.shares[-1].label == "Reserved for thinking and answer"
    assert tokens_of(widget)["answer"] == 500
    settings.think = "off"
    settings.max_tokens = None
    wait_for(lambda: tokens_of(widget)["answer"], (65536).__eq__)
    assert widget.value.shares[-1].label == "Reserved for the answer"


def test_what_does_not_fit_is_told() -> None:
    parts = {"prompt": Estimate(8000, 8000, 8000)}
    found = window_shares.read(
        "charglm-4", card("charglm-4"), parts, {"max_tokens": 1000}
    )
    assert (found.window, found.over, found.free) == (8192, 808, 0)
    fits = window_shares.read("charglm-4", card("charglm-4"), parts, {})
    assert (fits.over, fits.shares[-1].tokens) == (0, 192)


@pytest.mark.parametrize(
    ("endpoint", "model", "told"),
    [
        ("bigmodel", "glm-4-plus", "¥0.0005 for the prompt, at most ¥0.02098"),
        ("zai", "glm-4.7", "$0.00006 for the prompt"),
        ("bigmodel", "glm-4-flash-250414", "free"),
        ("zai-coding", "glm-4.7", "covered by a plan"),
        ("http://127.0.0.1:9/v1", "glm-4-plus", "price unknown"),
        ("bigmodel", "my-own", "price unknown"),
    ],
)
def test_the_cost_is_that_of_the_endpoint(endpoint: str, model: str, told: str) -> None:
    parts = {"prompt": Estimate(100, 100, 101)}
    place = endpoint_of(endpoint)
    assert window_shares.read(model, card(model), parts, {}, place).cost.startswith(
        told
    )


def test_what_is_typed_is_counted_and_kept(ruler: Make) -> None:
    widget = ruler(model="glm-4-plus")
    seen: list[window_shares.Reading] = []
    widget.observe(lambda change: seen.append(change["new"]), "value")
    widget._heard(None, {"do": "write", "text": "word " * 300, "id": "1"}, [])
    wait_for(lambda: bool(seen) and seen[-1].sent.tokens > 300)
    assert widget.text == "word " * 300
    assert tokens_of(widget)["prompt"] == seen[-1].sent.tokens


def test_a_text_of_a_megabyte_is_counted_beside_the_page(ruler: Make) -> None:
    widget = ruler(model="glm-4-long")
    text = "The quick brown fox jumps over the lazy dog.\n" * 23_000
    widget._heard(None, {"do": "write", "text": text, "id": "1"}, [])
    wait_for(lambda: widget.value.sent.tokens > 200_000)
    assert widget.value.over == 0


def test_a_tokenizer_that_can_not_be_read_is_told_in_place(
    ruler: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget = ruler("Hi", "glm-4-plus")
    sent: list[dict[str, Any]] = []
    widget.send = lambda content, buffers=None: sent.append(content)  # type: ignore[method-assign]
    monkeypatch.setenv("GLMKIT_TOKENIZER", "nowhere.json")
    widget.text = "Hello"
    assert "cannot be read" in sent[-1]["refused"]
    assert sent[-1]["hint"]


def test_no_text_is_in_the_widgets_state(ruler: Make) -> None:
    widget = ruler("a-private-word", "glm-4-plus", settings=GLM(system="another-word"))
    state = widget.get_state()
    own = state.keys() - AnyWidget().get_state().keys()
    assert own == {"model", "choices", "reading", "_css"}
    assert "word" not in str(state["reading"])


def test_a_closed_ruler_leaves_nothing(ruler: Make) -> None:
    settings = GLM()
    widget = ruler("Hi", settings=settings)
    widget.close()
    before = widget.value
    settings.model = "glm-4-plus"
    wait_for(lambda: "glmkit widget" not in {t.name for t in threading.enumerate()})
    assert widget.value == before


def test_the_picture_says_the_range_and_the_cost(ruler: Make) -> None:
    html, plain = ruler("here is a text demo", "glm-4-plus")._draw()
    assert "Prompt: 10 tokens (9 to 11)" in plain
    assert "Reserved for the answer: 4,095 tokens" in plain
    assert "<td>10 tokens (9 to 11)</td>" in html


def test_the_magic_opens_one_on_the_notebooks_settings(run: Run) -> None:
    run("%config GLM.system = 'Be brief.'")
    result, _ = run("%glm ruler glm-4-plus -p here is a text demo")
    widget = result.result
    assert isinstance(widget, TokenRuler)
    assert widget.text == "here is a text demo"
    assert widget.value.model == "glm-4-plus"
    assert {"system", "prompt"} <= tokens_of(widget).keys()
    widget.close()
    result, _ = run("%glm ruler a b")
    assert "one model" in str(result.error_in_exec)
