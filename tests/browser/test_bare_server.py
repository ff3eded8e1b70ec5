"""A server without the extensions that draw live figures: the numbers stand there."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from glmkit.ledger import Ledger
from tests.browser.conftest import show_lab
from tests.browser.lab import running_lab
from tests.browser.notebook import Notebook
from tests.support.ledgers import write_calls

_OPEN = """from pathlib import Path
from glmkit.ledger import Ledger
from glmkit.widgets import dashboard
dashboard(Ledger(Path({path!r})))"""


@pytest.mark.parametrize(
    "without",
    [
        ["anywidget", "jupyterlab-plotly"],
        ["anywidget", "jupyterlab-plotly", "@jupyter-widgets/jupyterlab-manager"],
    ],
    ids=["no live figures", "no widgets at all"],
)
def test_numbers_of_all_panels_are_shown(
    without: list[str], second_page: Page, tmp_path: Path
) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    write_calls(ledger, 2, "glm-4-plus")
    with running_lab(tmp_path / "lab", {}, without) as lab:
        show_lab(second_page, lab)
        file = lab.write("bare.ipynb", [_OPEN.format(path=str(ledger.path))])
        book = Notebook(second_page, file)
        book.run(0)
        numbers = book.cell(0).locator(".glmkit-still")
        expect(numbers).to_be_visible()
        expect(numbers.get_by_role("row", name="glm-4-plus").first).to_be_visible()
        for title in ("Tokens by", "Call duration", "Error codes"):
            expect(numbers.locator("h4").get_by_text(title)).to_be_visible()
        expect(book.cell(0).locator(".js-plotly-plot")).to_have_count(0)
        book.screenshot(f"dashboard-bare-{len(without)}")
    ledger.disconnect()
