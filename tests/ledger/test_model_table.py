"""The catalogue as a table that a person can read."""

import re
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell

import glmkit
from glmkit.catalog.cards import cards
from tests.conftest import Run

#: As `Any`: the frame shows itself by a method that pandas' stubs do not know.
models: Any = glmkit.models

#: The models of which a model page holds the price.
PAGES = {"glm-4-plus", "glm-4-air-250414", "glm-4-long", "glm-4-flashx-250414"}


def cells(html: str) -> list[list[str]]:
    """Return the texts of a table's lines."""
    lines = re.findall(r"<tr>(.*?)</tr>", html)
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line) for line in lines]


def test_catalogue_shows_prices_rights_and_where_they_come_from() -> None:
    table = models().set_index("model")
    assert len(table) == 93
    long = table.loc["glm-4-long"]
    assert (long["input_cny"], long["output_cny"]) == (Decimal(1), Decimal(1))
    assert (long["context_window"], long["max_output"]) == (2**20, 4095)
    assert (long["context_window_label"], long["max_output_label"]) == ("1M", "4K")
    assert long["in_flight_v0"] == 10
    assert "model pages" in long["price_source"]
    assert pd.isna(table.loc["glm-4.6", "in_flight_v0"])
    assert table.loc["glm-4-flash-250414", "free"]
    assert table.loc["glm-4.7", "tiers"] == 3
    assert table.loc["glm-z1-air", "successor"] == "glm-4.5-air"


def test_only_prices_of_a_page_name_the_model_pages() -> None:
    table = models()
    named = table[table["price_source"].str.contains("model pages")]
    assert set(named["model"]) == PAGES
    sources = table.set_index("model")["price_source"]
    assert "config-center" in sources["glm-4.6"]
    assert "one-api" in sources["glm-4-0520"]
    assert "cached input: price page" in sources["glm-4-flashx-250414"]


def test_catalogue_is_filtered_by_words() -> None:
    found = set(models("vision free")["model"])
    assert "glm-4v-flash" in found
    assert "glm-4.5v" not in found
    assert models("GLM4Air250414")["model"].tolist() == ["glm-4-air-250414"]
    nothing = models("no such model")
    assert nothing.empty
    assert "input_cny" in nothing
    assert "model" in repr(nothing)


def test_the_first_price_stands_beside_the_model_in_text_and_page() -> None:
    table = models()
    head, *lines = cells(table._repr_html_())
    assert head[:4] == ["model", "input_cny", "cached_cny", "output_cny"]
    assert len(head) <= 15
    assert [line[0] for line in lines] == [card.id for card in cards()]
    shown = {line[0]: line for line in lines}
    assert shown["glm-4-long"][1:4] == ["1", "", "1"]
    assert shown["glm-4.7"][1:4] == ["2-4", "0.6-0.8", "8-16"]
    for text in (repr(table), table._repr_html_()):
        assert "..." not in text
        for card in cards():
            assert card.id in text


@pytest.mark.parametrize("width", [60, 80, 200])
def test_text_fits_the_terminal_and_wraps_no_id(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    blocks = repr(models()).split("\n\n")[:-1]
    for block in blocks:
        head, *lines = block.splitlines()
        assert head.startswith("model ")
        assert [line.split()[0] for line in lines] == [card.id for card in cards()]
        assert max(map(len, lines)) <= width
    assert len(blocks) == 1 or width < 200
    assert "input_cny" in blocks[0]


def test_a_page_wraps_no_cell() -> None:
    html = models("long")._repr_html_()
    assert html.count("<td") == html.count('<td style="white-space: nowrap')


def test_all_columns_are_shown_on_request() -> None:
    head, line = cells(models("glm-4-long", columns="all")._repr_html_())
    assert {"in_flight_v0", "features", "price_source"} <= set(head)
    assert line[head.index("in_flight_v0")] == "10"
    chosen = models("glm-4-long", columns=["model", "features"])
    assert cells(chosen._repr_html_())[0] == ["model", "features"]
    with pytest.raises(glmkit.ConfigError, match="no column 'rights'"):
        models(columns=["rights"])


def test_what_is_made_of_the_table_is_a_plain_frame() -> None:
    table = models()
    for made in (
        table[["model"]],
        table.head(),
        table.copy(),
        table.sort_values("kind"),
    ):
        assert type(made) is pd.DataFrame
    assert "glm-4-long" in repr(table.head())


def test_a_card_of_the_users_file_cannot_act_in_the_page(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"{tmp_path}/models.json"
    with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write('[{"id": "<img src=x>", "kind": "te\\u001bxt"}]')
    monkeypatch.setenv("GLMKIT_MODELS_FILE", path)
    table = models("img")
    assert "<img" not in table._repr_html_()
    assert "\x1b" not in repr(table) + table._repr_html_()


def test_the_magic_shows_the_table_and_all_of_it(
    run: Run, shell: InteractiveShell
) -> None:
    result, out = run("%glm models long")
    assert "input_cny" in out
    assert "price_source" not in out
    shown: Any = result.result
    assert shown["model"].tolist() == ["glm-4-long"]
    _, out = run("%glm models --all long")
    assert "price_source" in out
