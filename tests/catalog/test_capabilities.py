"""What a model does not take is refused before anything is sent."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

import glmkit
from glmkit.config.endpoints import SERVICES, Endpoint
from glmkit.types.errors import ConfigError, OptionWarning
from tests.conftest import Paced

Factory = Callable[..., Paced]
_KEY = "0123456789abcdef0123456789abcdef.0123456789abcdef"
_ROLE = {
    "user_info": "a researcher",
    "bot_info": "a librarian",
    "bot_name": "Li",
    "user_name": "Ann",
}


@pytest.fixture
def glm(paced: Factory, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a client of a service of GLM's kind, and its server."""
    place = paced(tokens=2)
    monkeypatch.setitem(SERVICES, "bigmodel", Endpoint("bigmodel", place.url, "CNY"))
    return glmkit.Client("bigmodel", _KEY, "glm-4-plus"), place


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("6 to 128 characters, not 3", {"user_id": "abc"}),
    ("6 to 128 characters, not 129", {"user_id": "a" * 129}),
    ("request_id is empty", {"request_id": " "}),
    ("lacks bot_info, bot_name", {"model": "charglm-4",
     "meta": {"user_info": "a", "user_name": "b"}}),
    ("lacks bot_name", {"model": "emohaa", "meta": {**_ROLE, "bot_name": ""}}),
    ("does not chat", {"model": "embedding-3"}),
    ("does not chat", {"model": "cogview-4"}),
    ("does not chat", {"model": "cogvideox-3"}),
    ("does not chat", {"model": "glm-asr"}),
    ("at most 4,095 tokens, and max_tokens is 4,096", {"max_tokens": 4096}),
    ("at most 131,072 tokens", {"model": "glm-4.6", "max_tokens": 131_073}),
    ("temperature can.?not be nan", {"temperature": math.nan}),
    ("top_p can.?not be inf", {"top_p": math.inf}),
    ("temperature cannot be 7", {"temperature": 7}),
    ("temperature cannot be -0.1", {"temperature": -0.1}),
    ("top_p cannot be 0", {"top_p": 0}),
    ("stop has 5 texts", {"stop": list("abcde")}),
]  # fmt: skip


@pytest.mark.parametrize(("said", "options"), WRONG)
def test_what_can_not_be_is_refused_before_it_is_sent(
    glm: Any, said: str, options: dict[str, Any]
) -> None:
    client, place = glm
    with pytest.raises(ConfigError, match=said) as caught:
        client.chat("Hi", **options)
    assert caught.value.hint
    assert place.seen["requests"] == 0


RIGHT: list[dict[str, Any]] = [
    {"max_tokens": 4095},
    {"model": "glm-4.6", "max_tokens": 131_072},
    {"model": "glm-4-air-250414", "max_tokens": 20_000},  # nothing known is enforced
    {"user_id": "abcdef"},
    {"user_id": "a" * 128},
    {"request_id": "mine-0001"},
    {"model": "charglm-4", "meta": _ROLE},
    {"temperature": 0.0, "top_p": 1.0},
]


@pytest.mark.parametrize("options", RIGHT)
def test_what_may_be_is_sent_as_it_is(glm: Any, options: dict[str, Any]) -> None:
    client, place = glm
    client.chat("Hi", **options)
    (body,) = place.seen["bodies"]
    assert {name: body[name] for name in options} == options


def test_role_for_a_model_that_plays_none_is_said(glm: Any) -> None:
    client, place = glm
    with pytest.warns(OptionWarning, match="meta"):
        client.chat("Hi", meta=_ROLE)
    assert place.seen["requests"] == 1


def test_half_a_character_is_refused_before_it_is_sent(glm: Any) -> None:
    client, place = glm
    for prompt in ("\ud800", [{"role": "user", "content": "a\udfff"}]):
        with pytest.raises(ConfigError, match="half of a character") as caught:
            client.chat(prompt)
        assert "replace" in caught.value.hint
        with pytest.raises(ConfigError), client.stream(prompt) as stream:
            list(stream)
    assert place.seen["requests"] == 0


def test_all_tools_are_asked_in_streams_only(glm: Any) -> None:
    client, place = glm
    reply = client.chat("Hi", model="glm-4-alltools", tools=["code_interpreter"])
    assert reply.complete
    assert place.seen["bodies"][0]["stream"] is True
