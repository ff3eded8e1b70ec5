"""Figures say what the frame says, on light and dark, and never settle a global."""

from __future__ import annotations

import asyncio
from pathlib import Path

import plotly.io as pio
import pytest

from glmkit import figures, frames
from glmkit.ledger import Ledger
from tests.test_ledger import done, one_call, pending


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.db")


def test_each_call_is_a_bar_of_prompt_and_answer(ledger: Ledger) -> None:
    async def work() -> None:
        for number, model in enumerate(("glm-4-plus", "glm-4-long", "glm-4-plus")):
            await ledger.close(done(await ledger.open(pending(number, model=model))))
        await ledger.open(pending(9))

    asyncio.run(work())
    figure = figures.tokens_by_call(frames.usage(ledger=ledger))
    bars = {bar.name: (list(bar.x), list(bar.y)) for bar in figure.data}
    assert bars == {
        "glm-4-plus, prompt": ([1, 3], [10, 10]),
        "glm-4-plus, answer": ([1, 3], [20, 20]),
        "glm-4-long, prompt": ([2], [10]),
        "glm-4-long, answer": ([2], [20]),
    }
    assert figure.layout.template.layout.barmode == "stack"
    assert "3 of 4" in figure.layout.title.text


def test_empty_ledger_gives_a_figure_that_says_so(ledger: Ledger) -> None:
    figure = figures.tokens_by_call(frames.usage(ledger=ledger))
    assert len(figure.data) == 0
    assert "No calls yet" in figure.layout.annotations[0].text


def test_long_ledger_shows_its_newest_calls(ledger: Ledger) -> None:
    async def work() -> None:
        for number in range(310):
            await one_call(ledger, number)

    asyncio.run(work())
    figure = figures.tokens_by_call(frames.usage(ledger=ledger))
    assert len(figure.data[0].x) == 300
    assert "300 of 310" in figure.layout.title.text
    lean = frames.usage(newest=figures.NEWEST, ledger=ledger)
    assert figures.tokens_by_call(lean).data == figure.data
    assert figure.data[0].customdata[-1] == "2023-11-14 22:18:29 UTC"


def test_model_keeps_its_colour_however_it_is_written() -> None:
    assert figures.colour("GLM-4-Plus") == figures.colour("glm4plus")
    assert figures.colour("mystery") == figures.colour("mystery")
    pages = ("glm-4-plus", "glm-4-air-250414", "glm-4-long", "glm-4-flashx-250414")
    assert len({figures.colour(model) for model in pages}) == 4


def luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb, by the WCAG's formula."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        c / 12.92 if c <= 0.04 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    ]
    return sum(c * w for c, w in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("page", ["#ffffff", "#111111"])
def test_text_reads_on_light_and_dark(page: str) -> None:
    layout = figures.TEMPLATE.layout
    assert contrast(layout.font.color, page) > 4
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0, 0, 0, 0)"


def test_template_is_never_set_for_other_figures() -> None:
    assert pio.templates.default == "plotly"
    assert "glmkit" not in pio.templates
