"""One JupyterLab and one page for all browser tests.

Package scope, since Playwright keeps its loop running in this thread: other tests of
the same worker must find it gone.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.lab import (
    CHROMIUM_FLAGS,
    TOKEN,
    Lab,
    chromium_path,
    new_page,
    running_lab,
)
from tests.browser.notebook import Notebook, Traffic, set_theme
from tests.conftest import LIMIT_S, shared_state

expect.set_options(timeout=LIMIT_S * 1000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep all browser tests on one worker, so that one JupyterLab starts."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("browser")
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="package")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Return the running JupyterLab; its kernels share the tests' local platform."""
    more = {"GLMKIT_STATE_DIR": str(shared_state())}
    with running_lab(tmp_path_factory.mktemp("lab"), more) as lab:
        yield lab


@pytest.fixture(scope="package")
def chromium() -> Iterator[Page]:
    """Return an empty page of a headless browser."""
    with sync_playwright() as playwright:
        path = chromium_path(playwright.chromium)
        if path is None:
            pytest.fail("no Chromium or Chrome: `make browser` gets one")
        browser = playwright.chromium.launch(
            executable_path=path,
            args=CHROMIUM_FLAGS,
            env=dict(os.environ),
        )
        yield new_page(browser)
        browser.close()


@pytest.fixture
def second_page(chromium: Page) -> Iterator[Page]:
    """Return a page beside that of JupyterLab, which is in front again afterwards."""
    browser = chromium.context.browser
    assert browser is not None
    page = new_page(browser)
    yield page
    page.close()
    chromium.bring_to_front()


@pytest.fixture(scope="package")
def traffic(chromium: Page) -> Traffic:
    """Return what the page has asked for."""
    return Traffic(chromium)


@pytest.fixture(scope="package")
def page(lab: Lab, chromium: Page, traffic: Traffic) -> Page:
    """Return the page with JupyterLab in it."""
    show_lab(chromium, lab)
    return chromium


def show_lab(page: Page, lab: Lab) -> None:
    """Open JupyterLab in a page and wait until it is up."""
    page.goto(f"{lab.url}/lab?token={TOKEN}&reset")
    page.wait_for_function("() => window.jupyterapp")
    page.evaluate("() => { window.jupyterapp.restored.then(() => { window.up = 1 }) }")
    page.wait_for_function("() => window.up")


_names = count(1)


@pytest.fixture
def notebook(lab: Lab, page: Page) -> Iterator[Callable[..., Notebook]]:
    """Return `notebook([cell, ...])`, which opens one; it is closed after the test."""
    opened: list[Notebook] = []

    def open_cells(cells: Sequence[str], name: str = "") -> Notebook:
        file = lab.write(name or f"test-{next(_names)}.ipynb", cells)
        opened.append(Notebook(page, file))
        return opened[-1]

    yield open_cells
    for book in opened:
        book.close()


@pytest.fixture
def theme(page: Page) -> Iterator[Callable[[str], None]]:
    """Return `theme("JupyterLab Dark")`; the light one comes back after the test."""
    yield lambda name: set_theme(page, name)
    set_theme(page, "JupyterLab Light")


@pytest.fixture
def one_shell(page: Page) -> Iterator[None]:
    """Have kernels hear widgets between cells alone, as those without subshells do."""
    script = """how => {
        window.jupyterapp.serviceManager.kernels.commsOverSubshells = how }"""
    page.evaluate(script, "disabled")
    yield
    page.evaluate(script, "perCommTarget")


@pytest.fixture(autouse=True)
def page_stays_on_loopback(traffic: Traffic) -> Iterator[None]:
    """Fail a test whose page asked another host for anything."""
    traffic.forget()
    yield
    assert not traffic.beyond_loopback


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """Return a web server's origin and the list of paths it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_args: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()
