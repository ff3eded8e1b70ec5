"""Estimates keep to the platform's rules of thumb, script by script."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from glmkit.catalog.tokens import Draft, count, estimate, estimate_request
from glmkit.types.errors import ConfigError
from glmkit.types.messages import ImagePart, Link
from glmkit.types.requests import request_of

ENGLISH = (
    "The quick brown fox jumps over the lazy dog, and nobody in the neighbourhood "
    "seems surprised. It happens every morning, shortly after breakfast, when the "
    "shopkeepers open their doors and the first trams go by."
)
CHINESE = (
    "人工智能是计算机科学的一个分支，它企图了解智能的实质，并生产出一种新的能以"
    "人类智能相似的方式做出反应的智能机器。该领域的研究包括机器人、语言识别、"
    "图像识别、自然语言处理和专家系统等。"
)


def test_english_keeps_to_three_quarters_of_a_word() -> None:
    expected = len(ENGLISH.split()) / 0.75
    found = estimate(ENGLISH)
    assert found.low <= expected <= found.high
    assert found.tokens == pytest.approx(expected, rel=0.15)


def test_chinese_keeps_to_one_and_a_half_characters() -> None:
    found = estimate(CHINESE)
    assert found.tokens == pytest.approx(len(CHINESE) / 1.6, rel=0.1)
    assert found.low <= len(CHINESE) / 1.8
    assert len(CHINESE) / 1.5 <= found.high


@pytest.mark.parametrize(
    "text",
    [
        "Привет, как дела? Сегодня хорошая погода.",
        "こんにちは、世界。今日は良い天気ですね。",
        "안녕하세요, 오늘 날씨가 좋네요.",
        "مرحبا بالعالم، كيف حالك اليوم؟",
    ],
)
def test_other_scripts_cost_at_most_a_token_and_a_bit_a_character(text: str) -> None:
    found = estimate(text)
    assert len(text) / 4 <= found.tokens <= len(text) * 1.3


def test_known_encoding_is_inside_the_band() -> None:
    found = estimate("here is a text demo")
    assert found.tokens == 5


@given(st.text())
def test_any_text_has_an_ordered_estimate(text: str) -> None:
    found = estimate(text)
    assert 0 <= found.low <= found.tokens <= found.high
    assert found.tokens <= 3 * len(text.encode("utf-8", "replace")) + 1


def test_digits_go_in_threes() -> None:
    assert estimate("123456789").tokens == 3


def test_template_of_one_turn_costs_five_tokens() -> None:
    assert estimate_request(request_of("1", {})).tokens == 6


def test_small_function_costs_about_a_hundred_tokens() -> None:
    tool = {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Get the current weather of a city",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string", "description": "Its name"}},
                "required": ["city"],
            },
        },
    }
    alone = estimate_request(request_of("1", {}))
    found = estimate_request(request_of("1", {"tools": [tool]}))
    assert found.low - alone.tokens <= 96 <= found.high


def test_picture_counts_as_the_guide_says() -> None:
    picture = ImagePart(Link("https://example.org/a.png"))
    found = estimate_request(request_of(["What is it?", picture], {}))
    assert 1047 < found.tokens < 1047 + 15


@given(st.lists(st.sampled_from(["word ", "\n", "\n\n", "  x", "天空", "\t", "1"])))
def test_a_draft_is_counted_as_the_whole_text_is(pieces: list[str]) -> None:
    draft = Draft()
    text = ""
    for piece in pieces:
        text += piece
        found, whole = draft.count(text), estimate(text)
        assert abs(found.tokens - whole.tokens) <= 1  # sums of floats in another order
        assert abs(found.high - whole.high) <= 1


@pytest.fixture
def tokenizer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file of a small tokenizer of GLM's kind, and have it used."""
    library = pytest.importorskip("tokenizers")
    made = library.ByteLevelBPETokenizer()
    made.train_from_iterator([ENGLISH, CHINESE], vocab_size=600, show_progress=False)
    path = tmp_path / "tokenizer.json"
    made.save(str(path))
    monkeypatch.setenv("GLMKIT_TOKENIZER", str(path))
    return path


@pytest.mark.parametrize("text", [ENGLISH, CHINESE, "", "a lone \ud800 half", "x\n\ny"])
def test_a_tokenizer_at_hand_counts_exactly(tokenizer: Path, text: str) -> None:
    from tokenizers import Tokenizer

    plain = text.encode("utf-8", "replace").decode()
    truth = len(Tokenizer.from_file(str(tokenizer)).encode(plain).ids)
    found = count(text)
    assert (found.low, found.tokens, found.high) == (truth, truth, truth)
    assert found.exact
    assert Draft().count(text) == found


def test_a_request_is_counted_exactly_too(tokenizer: Path) -> None:
    found = estimate_request(request_of(ENGLISH, {"system": CHINESE}), count)
    assert found.exact
    assert found.tokens == 3 + 2 + 2 + count(ENGLISH).tokens + count(CHINESE).tokens


def test_a_tokenizer_that_is_none_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text("[]")
    monkeypatch.setenv("GLMKIT_TOKENIZER", str(path))
    with pytest.raises(ConfigError, match="cannot be read") as refused:
        count("x")
    assert "open weights" in refused.value.hint
