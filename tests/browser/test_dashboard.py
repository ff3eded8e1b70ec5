"""The dashboard in the browser: it follows the ledger, and stays when it is saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from glmkit.ledger import Ledger
from tests.browser.looks import check_faults
from tests.browser.notebook import Notebook
from tests.browser.reopening import reopen_without_kernel
from tests.conftest import wait_for
from tests.support.ledgers import write_calls

Open = Callable[[Sequence[str]], Notebook]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.db")


@pytest.fixture
def book(notebook: Open, ledger: Ledger) -> Notebook:
    opened = notebook(
        [
            "from pathlib import Path\n"
            "from glmkit.ledger import Ledger\n"
            "from glmkit.widgets import dashboard\n"
            f"board = dashboard(Ledger(Path({str(ledger.path)!r})))\n"
            "board",
            "board.watching",
        ]
    )
    opened.run(0)
    expect(_plot(opened)).to_be_visible()
    return opened


def _plot(book: Notebook) -> Locator:
    return book.cell(0).locator(".js-plotly-plot")


def _bars(book: Notebook) -> Locator:
    return book.cell(0).locator(".bars .point path")


def test_calls_of_another_process_move_the_picture(
    book: Notebook, ledger: Ledger
) -> None:
    expect(_plot(book)).to_contain_text("No calls yet")
    write_calls(ledger, 10, "glm-4-plus")
    expect(_plot(book)).to_contain_text("in 10 calls")
    expect(_plot(book)).not_to_contain_text("No calls yet")
    first = wait_for(_bars(book).count)
    write_calls(ledger, 10, "<img src=http://x.example/>")
    expect(_plot(book)).to_contain_text("in 20 calls")
    wait_for(lambda: _bars(book).count() > first)
    assert len(book.outputs(0)) == 2, "it was displayed again"


def test_zoom_stays_while_calls_come(
    book: Notebook, ledger: Ledger, page: Page
) -> None:
    write_calls(ledger, 3, "glm-4-plus")
    expect(_plot(book)).to_contain_text("in 3 calls")
    panel = book.cell(0).locator(".nsewdrag[data-subplot=x2y2]")
    panel.scroll_into_view_if_needed()
    place = panel.bounding_box()
    assert place
    x, y = place["x"], place["y"]
    page.mouse.move(x + 40, y + 20)
    page.mouse.down()
    page.mouse.move(x + 160, y + 90, steps=4)
    page.mouse.up()
    wait_for(lambda: _range(book), lambda shown: shown[0] > 0)
    zoomed = _range(book)
    write_calls(ledger, 3, "glm-4-plus")
    expect(_plot(book)).to_contain_text("in 6 calls")
    assert _range(book) == zoomed
    book.cell(0).get_by_label("Period").select_option("Today")
    wait_for(lambda: _range(book), lambda shown: shown != zoomed)


def _range(book: Notebook) -> list[float]:
    """Return what the second panel shows of its upright axis."""
    shown: list[float] = _plot(book).evaluate("it => it._fullLayout.yaxis2.range")
    return shown


def test_pages_and_filters_work_by_keyboard_and_label(
    book: Notebook, ledger: Ledger, page: Page
) -> None:
    write_calls(ledger, 10, "glm-4-plus")
    write_calls(ledger, 5, "glm-4-long")
    expect(book.cell(0)).to_contain_text("15 calls")
    panel = book.cell(0).locator(".glmkit-filters")
    panel.get_by_label("Spend").focus()
    for title in ("Call duration", "Billed and saved", "Error codes"):
        page.keyboard.press("ArrowRight")
        expect(_plot(book)).to_contain_text(title)
    page.keyboard.press("ArrowRight")
    expect(_plot(book)).to_contain_text("Most expensive cells")
    expect(_plot(book)).not_to_contain_text("Error codes")
    expect(panel.get_by_label("If all calls had used")).to_be_hidden()
    panel.get_by_label("Model").select_option(label="glm-4-long")
    expect(panel.locator(".status")).to_contain_text("5 calls")
    expect(_plot(book)).to_contain_text("in 5 calls")
    panel.get_by_label("Period").select_option("Today")
    panel.get_by_label("To", exact=True).fill("2001-01-01")
    expect(panel.locator(".status")).to_contain_text("0 calls")
    check_faults(page, ".glmkit-filters")


def test_watching_ends_with_the_last_view(book: Notebook) -> None:
    assert book.run(1)[0]["data"]["text/plain"] == "True"
    book.write(0, "1")
    book.run(0)
    wait_for(lambda: book.run(1)[0]["data"]["text/plain"], "False".__eq__)


def test_it_is_readable_in_light_and_dark_and_when_narrow(
    book: Notebook, ledger: Ledger, page: Page, theme: Callable[[str], None]
) -> None:
    for model in ("glm-4-plus", "glm-4-flash-250414", "glm-4.6"):
        write_calls(ledger, 8, model)
    expect(book.cell(0)).to_contain_text("in 24 calls")
    for name, width in (("Light", 1280), ("Dark", 1280), ("Light", 620)):
        theme(f"JupyterLab {name}")
        page.set_viewport_size({"width": width, "height": 1100})
        drawn = _plot(book).locator(".main-svg").first
        wait_for(drawn.bounding_box, lambda box: _fits(book, box))
        book.screenshot(f"dashboard-{name.lower()}-{width}")
    page.set_viewport_size({"width": 1280, "height": 900})


def _fits(book: Notebook, box: dict[str, float] | None) -> bool:
    place = book.cell(0).locator(".jp-OutputArea").first.bounding_box()
    return bool(box and place and box["width"] <= place["width"])


def test_saved_notebook_shows_the_numbers_without_a_kernel(
    book: Notebook, ledger: Ledger, page: Page, theme: Callable[[str], None]
) -> None:
    picture = book.cell(0).locator(".glmkit-still")
    expect(picture).to_be_hidden()
    write_calls(ledger, 2, "glm-4-plus")
    write_calls(ledger, 1, "<script>alert(1)</script>")
    book.until(0, lambda outputs: "&lt;script" in outputs[0]["data"]["text/html"])
    reopen_without_kernel(book)
    expect(picture).to_be_visible()
    row = picture.get_by_role("row", name="glm-4-plus").first
    expect(row.get_by_role("cell").nth(3)).to_have_text("603")
    expect(picture.get_by_role("row", name="<script>").first).to_contain_text("300")
    for title in (
        "Cost per",
        "Call duration",
        "Budget remaining",
        "Error codes",
    ):
        expect(picture.locator("h4").get_by_text(title)).to_be_visible()
    assert "Loading widget" not in book.shown(0)
    found = Axe().run(page, context=".glmkit-still")
    assert found.response["violations"] == []
    book.screenshot("dashboard-reopened-light")
    theme("JupyterLab Dark")
    book.screenshot("dashboard-reopened-dark")
