"""The site in the browser: pages that ask nobody for anything, light and dark."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from glmkit.notebook import site as package

PAGES = ("index.html", "glm-4-long/17_paper_reading.html", "reference/glmkit.html")

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a site with one notebook."""
    folder = tmp_path_factory.mktemp("site") / "site"
    command = [sys.executable, "-m", "glmkit.notebook.site", "--out", folder, "17"]
    subprocess.run(command, check=True)
    return folder


@pytest.fixture
def asked(second_page: Page) -> list[str]:
    """Return the addresses that the page asks for."""
    found: list[str] = []
    second_page.on("request", lambda request: found.append(request.url))
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_nobody_and_reads_well(
    site: Path, second_page: Page, asked: list[str], name: str, scheme: str
) -> None:
    second_page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    second_page.goto((site / name).as_uri())
    if not name.startswith("reference"):
        second_page.wait_for_selector(f'body[data-drawn="{scheme}"]')
    outside = [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]
    assert outside == []
    found = Axe().run(second_page, options={"runOnly": ["color-contrast"]})
    assert found.response["violations"] == []
    assert found.response["passes"], "nothing was looked at"


def test_a_figure_is_drawn_in_the_colours_of_the_page(
    site: Path, second_page: Page
) -> None:
    second_page.emulate_media(color_scheme="dark")
    second_page.goto((site / PAGES[1]).as_uri())
    second_page.wait_for_selector('body[data-drawn="dark"] .figure .main-svg')
    title = second_page.locator(".figure .gtitle").first
    fill = title.evaluate("element => getComputedStyle(element).fill")
    page = second_page.evaluate("getComputedStyle(document.body).color")
    assert fill == page


def test_the_front_page_leads_to_notebook_and_reference(
    site: Path, second_page: Page
) -> None:
    second_page.goto((site / PAGES[0]).as_uri())
    second_page.locator('a[href="glm-4-long/17_paper_reading.html"]').first.click()
    assert second_page.locator("h1").first.text_content()
    second_page.get_by_role("link", name="Reference").click()
    assert "glmkit" in second_page.title()


def test_one_script_of_plotly_serves_all_pages(site: Path) -> None:
    assert [path.parent.name for path in site.rglob("plotly*.js")] == ["assets"]
    assert Path(package.__path__[0], "site.css").read_text("utf-8") == (
        site / "assets/site.css"
    ).read_text("utf-8")
