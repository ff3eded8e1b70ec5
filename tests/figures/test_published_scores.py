from __future__ import annotations

import pandas as pd
import pytest

import glmkit
from glmkit.errors import ConfigError
from glmkit.figures.published_scores import score_bars


def score(table: str, model: str, benchmark: str) -> float:
    frame = glmkit.benchmarks(table).set_index(["model", "benchmark"])
    return float(frame.loc[(model, benchmark), "score"])


@pytest.mark.parametrize(
    ("table", "model", "benchmark", "printed"),
    [
        ("glm-4-plus-language", "GLM-4-Plus", "MMLU", 86.8),
        ("glm-4-plus-long-text", "GLM-4-Plus", "Ruler", 93),
        ("glm-4v-9b", "GLM-4V-9B", "OCRBench", 786),
        ("glm-4-9b-chat", "GLM-4-9B-Chat", "MT-Bench", 8.35),
        ("glm-4-9b", "GLM-4-9B", "C-Eval", 77.1),
        ("glm-4.5", "GLM-4.5", "AIME 24", 91.0),
        ("glm-4.5", "GLM-4.5-Air", "average of 12", 59.8),
    ],
)
def test_scores_are_those_that_are_printed(
    table: str, model: str, benchmark: str, printed: float
) -> None:
    assert score(table, model, benchmark) == printed


def test_ratios_are_computed_from_the_scores() -> None:
    """The page prints 85 % for GPQA against Claude 3.5 Sonnet."""
    frame = glmkit.benchmarks("glm-4-plus-language").set_index(["model", "benchmark"])
    assert round(frame.loc[("GLM-4-Plus", "GPQA"), "ratio"], 3) == 0.899
    assert frame["ratio"].max() == 1


def test_blanks_are_unknown_and_stars_stand_where_the_page_has_them() -> None:
    frame = glmkit.benchmarks()
    assert frame["score"].isna().sum() == 5
    assert frame["starred"].sum() == 6
    assert frame["table"].nunique() == 8
    assert not (frame["score"] == 0).any()


def test_an_unknown_table_is_told_with_the_known_ones() -> None:
    with pytest.raises(ConfigError) as caught:
        glmkit.benchmarks("glm-5")
    assert "glm-4v-9b" in caught.value.hint


def test_bars_hold_every_score() -> None:
    frame = glmkit.benchmarks("glm-4-plus-language")
    figure = score_bars(frame)
    drawn = pd.Series([text for bar in figure.data for text in bar.text])
    assert len(drawn) == len(frame)
    assert drawn.str.endswith("*").sum() == 6
    assert "GLM-4-Plus page" in figure.layout.title.text


def test_a_model_of_glm_has_one_colour_in_all_tables() -> None:
    names = ("glm-4-plus-language", "glm-4-plus-long-text", "glm-4-9b-chat")
    colours = []
    for name in names:
        figure = score_bars(glmkit.benchmarks(name))
        assert name in figure.layout.title.text
        bars = {bar.name: bar.marker.color for bar in figure.data}
        assert len(set(bars.values())) == len(bars)
        colours += [colour for model, colour in bars.items() if model.startswith("GLM")]
    assert len(colours) == 3
    assert len(set(colours)) == 1
