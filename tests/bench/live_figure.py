"""How soon the open dashboard shows ten calls, and how long it takes to be drawn.

Run as `python -m tests.bench.live_figure [ROUNDS]`: JupyterLab and a browser of their
own. Goals: ten calls move the picture within 1 s; it is drawn within 1.5 s of the cell.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from glmkit.ledger import Ledger
from tests.browser.conftest import show_lab
from tests.browser.lab import CHROMIUM_FLAGS, chromium_path, running_lab
from tests.browser.notebook import Notebook
from tests.support.ledgers import write_calls

_OPEN = """from pathlib import Path
from glmkit.ledger import Ledger
from glmkit.widgets import dashboard
dashboard(Ledger(Path({path!r})))"""
_SEEN = "n => document.querySelector('.js-plotly-plot')?.textContent.includes(n)"


def measure(page: Page, book: Notebook, ledger: Ledger, rounds: int) -> None:
    write_calls(ledger, 1, "glm-4-plus")
    for turn in ("first", "second"):
        begun = time.perf_counter()
        book.start(0)
        page.wait_for_function(_SEEN, arg="Most expensive cells", polling="raf")
        took = time.perf_counter() - begun
        print(f"{turn} dashboard drawn, cell and kernel included {took:6.2f} s")
        book.wait(0)
        page.evaluate("document.querySelector('.js-plotly-plot').replaceChildren()")
    book.run(0)
    seen = []
    for number in range(1, rounds + 1):
        write_calls(ledger, 10, "glm-4-plus")
        begun = time.perf_counter()
        told = f"in {10 * number + 1} calls"
        page.wait_for_function(_SEEN, arg=told, polling="raf")
        seen.append(time.perf_counter() - begun)
    middle, worst = statistics.median(seen), max(seen)
    print(f"ten calls seen after {middle:.2f} s, at worst {worst:.2f} s   (goal 1 s)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rounds", nargs="?", type=int, default=10)
    rounds = parser.parse_args().rounds
    with (
        tempfile.TemporaryDirectory() as name,
        sync_playwright() as playwright,
        running_lab(Path(name) / "lab", {}) as lab,
    ):
        browser = playwright.chromium.launch(
            executable_path=chromium_path(playwright.chromium),
            args=CHROMIUM_FLAGS,
            env=dict(os.environ),
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        show_lab(page, lab)
        ledger = Ledger(Path(name) / "ledger.db")
        file = lab.write("live.ipynb", [_OPEN.format(path=str(ledger.path))])
        measure(page, Notebook(page, file), ledger, rounds)
        browser.close()


if __name__ == "__main__":
    main()
