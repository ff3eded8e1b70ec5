"""What a prompt becomes, and its canonical key."""

import json

import pytest

from glmkit.types.errors import ConfigError
from glmkit.types.messages import Message, TextPart, canonical_key
from glmkit.types.requests import request_of
from tests.conftest import ROOT

#: The shapes of the model pages' example calls; the texts are our own.
PAGES = {
    "glm-4-plus": [
        {"role": "system", "content": "You are precise."},
        {"role": "user", "content": "A boat carries two. Who crosses first?"},
    ],
    "glm-4-air-250414": [
        {"role": "user", "content": "Give me a slogan for a bakery."},
        {"role": "assistant", "content": "Warm since dawn."},
        {"role": "user", "content": "Shorter."},
        {"role": "assistant", "content": "Dawn, warm."},
        {"role": "user", "content": "And playful."},
    ],
    "glm-4-flashx-250414": [
        {"role": "system", "content": "You write minutes."},
        {"role": "user", "content": "Agenda, action items and risks, please."},
    ],
    "glm-4-long": [{"role": "user", "content": "Draw the network of characters."}],
}


@pytest.mark.parametrize("model", PAGES)
def test_examples_of_the_model_pages_are_taken_as_they_are(model: str) -> None:
    messages = request_of(PAGES[model], {"model": model}).messages
    assert [(m.role, m.content) for m in messages] == [
        (m["role"], m["content"]) for m in PAGES[model]
    ]


def test_text_is_one_user_message_after_the_system_prompt() -> None:
    assert request_of("Hi", {"system": "Be brief."}).messages == (
        Message("system", "Be brief."),
        Message("user", "Hi"),
    )


def test_list_of_parts_is_one_user_message() -> None:
    (message,) = request_of(["Look:", {"type": "text", "text": "a"}], {}).messages
    assert message.content == (TextPart("Look:"), TextPart("a"))


def test_nulls_of_other_clients_are_absent() -> None:
    answer = {"role": "assistant", "content": "Hi", "tool_calls": None}
    assert request_of([answer], {}).messages == (Message("assistant", "Hi"),)


@pytest.mark.parametrize("prompt", ["", "  \n", [], [{"role": "user", "content": ""}]])
def test_empty_prompt_is_refused_before_anything_is_sent(prompt: object) -> None:
    with pytest.raises(ConfigError, match="empty"):
        request_of(prompt, {})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"temprature": 0.1}, "temperature"),
        ({"temperature": "warm"}, "temperature"),
        ({"thinking": "hard"}, "thinking"),
        ({"max_tokens": 1.5}, "max_tokens"),
    ],
)
def test_wrong_option_names_itself(options: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        request_of("Hi", options)
    assert said in str(caught.value) + caught.value.hint


@pytest.mark.parametrize("prompt", [7, [{"role": "robot", "content": "x"}], [{"a": 1}]])
def test_wrong_shape_is_refused(prompt: object) -> None:
    with pytest.raises(ConfigError):
        request_of(prompt, {})  # type: ignore[arg-type]


def test_canonical_key_is_of_what_was_set_only() -> None:
    plain = canonical_key(request_of("Hi", {}))
    assert plain == canonical_key(request_of([{"role": "user", "content": "Hi"}], {}))
    assert plain == canonical_key(request_of("Hi", {"temperature": None}))
    assert plain != canonical_key(request_of("Hi", {"temperature": 0.5}))
    assert plain != canonical_key(request_of("Hi", {"model": "glm-4-plus"}))


def test_shapes_are_those_of_the_pages() -> None:
    shared = ROOT / "tests/data/corpora/page_examples.json"
    for example in json.loads(shared.read_text("utf-8"))["examples"]:
        roles = [message["role"] for message in PAGES[example["model"]]]
        assert roles == example["roles"]
