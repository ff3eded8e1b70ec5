"""A call that waits says so in its cell, for as long as it waits."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from playwright.sync_api import expect

from tests.browser.notebook import Notebook
from tests.browser.test_answer import asking
from tests.conftest import Paced

Open = Callable[[Sequence[str]], Notebook]


def test_wait_is_shown_in_one_line_and_goes_when_the_answer_comes(
    notebook: Open, paced: Callable[..., Paced], theme: Callable[[str], None]
) -> None:
    busy = {"status": 429, "code": "1305", "said": "<b>busy</b>", "fails": 1}
    long, short = paced(**busy, after="100"), paced(**busy, after="1", tokens=20)
    book = notebook([asking(long), asking(short)])
    book.start(0)
    told = book.cell(0).locator("p.glmkit-badge")
    expect(told).to_have_text(re.compile(r"^Waiting 1[01]\d s: 1305: <b>busy</b>$"))
    expect(told.locator("b")).to_have_count(0)
    book.screenshot("waiting")
    theme("JupyterLab Dark")
    book.screenshot("waiting-dark")
    theme("JupyterLab Light")
    book.interrupt()
    book.wait(0)
    assert "Waiting" not in book.shown(0)
    book.run(1)
    assert "Waiting" not in book.shown(1)
    assert "Part 1" in book.shown(1)
