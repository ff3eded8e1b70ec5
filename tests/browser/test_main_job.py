"""The main job, as a person does it: ask, watch, turn a knob, ask again, come back."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from playwright.sync_api import expect

from glmkit.local.launcher import Platform
from tests.browser.notebook import Notebook, set_theme
from tests.browser.reopening import reopen_without_kernel
from tests.conftest import Paced, wait_for

Open = Callable[[Sequence[str]], Notebook]


def test_cell_streams_the_slider_counts_and_the_file_keeps_the_answer(
    notebook: Open, paced: Callable[..., Paced]
) -> None:
    place = paced(tokens=300, rate=10)
    book = notebook(
        [
            f"%load_ext glmkit\n%glm config endpoint {place.url}",
            "%glm controls",
            "%%glm -o answer\nWhy is the sky blue?",
            "%glm config temperature",
        ]
    )
    book.run(0)
    book.run(1)
    book.start(2)
    live = book.cell(2).locator(".glmkit-live")
    lengths: set[int] = set()
    wait_for(lambda: lengths.add(len(live.inner_text())) or len(lengths), (5).__lt__)
    place.release()
    book.wait(2)
    assert "temperature" not in place.seen["bodies"][-1]

    slider = book.cell(1).get_by_label("Temperature", exact=True)
    slider.focus()
    book.page.keyboard.press("End")
    for _ in range(10):
        book.page.keyboard.press("ArrowLeft")
    wait_for(lambda: book.run(3)[0]["text"].split()[-1], "0.9".__eq__)
    book.run(2)
    assert place.seen["bodies"][-1]["temperature"] == 0.9

    # Formulas are set when the page has a moment.
    unset = book.cell(2).locator(".glmkit-formula:not(:has(mjx-container))")
    expect(unset).to_have_count(0)
    text = book.shown(2)
    assert "7 tokens in, 300 out" in text
    assert "widgets" not in book.save()["metadata"]
    reopen_without_kernel(book)
    expect(unset).to_have_count(0)
    assert book.shown(2) == text
    book.screenshot("main-job-reopened")


def test_stand_in_answers_with_nothing_set_up_and_says_what_it_is(
    notebook: Open, platform: Platform
) -> None:
    book = notebook(
        [
            "%load_ext glmkit",
            "%%glm -t 0 --max-tokens 120 -o reply\nWhy is the sky blue? One sentence.",
            "reply.usage, reply.cost",
        ]
    )
    book.run(0)
    book.run(1)
    assert "answered by the stand-in SmolLM2-135M-Instruct" in book.shown(1)
    book.run(2)
    assert "Usage(prompt_tokens=" in book.shown(2)
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        set_theme(book.page, theme)
        book.screenshot(f"stand-in-{theme.split()[-1].lower()}")
    set_theme(book.page, "JupyterLab Light")


def test_error_is_two_lines_in_the_cell_and_the_earlier_output_stays(
    notebook: Open, paced: Callable[..., Paced]
) -> None:
    place = paced(status=429, code="1113")
    book = notebook(
        [f"%load_ext glmkit\n%glm config endpoint {place.url}", "%%glm\nHi"]
    )
    book.run(0)
    (error,) = [o for o in book.run(1) if o["output_type"] == "error"]
    assert error["ename"] == "QuotaError"
    assert len(error["traceback"]) == 2
    assert place.key not in json.dumps(book.save())
