"""The catalogue holds what the model pages say, and takes the user's own cards."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from glmkit.catalog.cards import Card, card, cards, plain, sources
from glmkit.types.errors import ConfigError

#: What the four model pages print: window and output labels, price, rights by level.
PAGES = {
    "glm-4-plus": ("128K", "4K", "5", (50, 100, 300, 500)),
    "glm-4-air-250414": ("128K", "16K", "0.5", (30, 40, 50, 60)),
    "glm-4-long": ("1M", "4K", "1", (10, 30, 40, 50)),
    "glm-4-flashx-250414": ("128K", "16K", "0.1", (50, 100, 300, 500)),
}


def known(model: str) -> Card:
    found = card(model)
    assert found is not None
    return found


@pytest.mark.parametrize("model", PAGES)
def test_card_holds_the_numbers_of_the_model_page(model: str) -> None:
    window, output, price, rights = PAGES[model]
    page = known(model)
    assert (page.context_window_label, page.max_output_label) == (window, output)
    assert page.context_window == {"128K": 2**17, "1M": 2**20}[window]
    assert page.max_output == {"4K": 2**12, "16K": 2**14}[output]
    assert page.in_flight == dict(zip(("V0", "V1", "V2", "V3"), rights, strict=True))
    (yuan,) = page.prices
    assert (yuan.currency, yuan.unit) == ("CNY", "1M tokens")
    (tier,) = yuan.tiers
    assert (str(tier.input), str(tier.output)) == (price, price)
    assert page.features_on_page == ("stream", "json", "function")


def test_cap_is_what_the_service_enforces() -> None:
    assert known("glm-4-plus").cap == 4095
    assert known("glm-4-air-250414").cap == 16384


def test_all_cards_are_there_and_their_names_differ() -> None:
    assert len(cards()) == 93
    assert len({plain(each.id) for each in cards()}) == 93


def test_every_source_is_explained() -> None:
    named = {name for each in cards() for name in each.source}
    named |= {price.source for each in cards() for price in each.prices}
    assert named <= sources().keys()


@given(st.sampled_from([each.id for each in cards()]), st.data())
def test_model_is_found_whatever_the_case_and_punctuation(
    model: str, data: st.DataObject
) -> None:
    written = "".join(
        data.draw(st.sampled_from((letter.lower(), letter.upper())))
        if letter.isalnum()
        else data.draw(st.sampled_from(("", "-", ".", "_", " ")))
        for letter in model
    )
    assert known(written).id == model


def test_unknown_model_has_no_card() -> None:
    assert card("gpt-4") is None
    assert card("") is None


def user_file(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = folder / "models.json"
    path.write_text(text)
    monkeypatch.setenv("GLMKIT_MODELS_FILE", str(path))
    return path


def test_user_file_changes_only_the_fields_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_file('[{"id": "GLM-4-PLUS", "max_output": 8192}]', tmp_path, monkeypatch)
    assert known("glm-4-plus").max_output == 8192
    assert known("glm-4-plus").context_window == 131072
    assert len(cards()) == 93


def test_user_file_adds_a_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        '[{"id": "our-own", "prices": [{"currency": "USD", "tiers": [{"input": 1}]}]}]'
    )
    user_file(text, tmp_path, monkeypatch)
    assert str(known("our-own").prices[0].tiers[0].input) == "1"


@pytest.mark.parametrize(
    ("text", "line", "field"),
    [
        ('[\n {"id": "a",\n  "pricess": []}\n]', 3, "pricess"),
        ('[\n {"id": "a"},\n {"id": "b",\n\n  "max_output": "8K"}\n]', 5, "max_output"),
        ('[\n {"kind": "text"}\n]', 2, "id"),
        ('[\n {"id": "a",,}\n]', 2, "malformed"),
        ('[{"id": "a", "prices": [{"currency": "EUR"}]}]', 1, "EUR"),
        (
            '[{"id": "a", "prices": [{"currency": "CNY",\n"each": "x"}]}]',
            2,
            "each",
        ),
        (
            '[{"id": "a", "prices": [{"currency": "CNY", "each": "0.0000001"}]}]',
            1,
            "0.0000001",
        ),
        (
            '[{"id": "a", "prices": [{"currency": "CNY", "each": "-1"}]}]',
            1,
            "-1",
        ),
        ('{"id": "a"}', 1, "array"),
    ],
)
def test_slip_in_the_user_file_names_line_and_field(
    text: str, line: int, field: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = user_file(text, tmp_path, monkeypatch)
    with pytest.raises(ConfigError) as caught:
        cards()
    assert f"{path} is wrong in line {line}: " in str(caught.value)
    assert field in str(caught.value)


def test_missing_user_file_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLMKIT_MODELS_FILE", str(tmp_path / "none.json"))
    with pytest.raises(ConfigError, match=r"none\.json cannot be read") as caught:
        card("glm-4-plus")
    assert "GLMKIT_MODELS_FILE" in caught.value.hint
