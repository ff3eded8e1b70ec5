"""The browser fixtures themselves: what the other browser tests rely on."""

from collections.abc import Callable, Sequence

from playwright.sync_api import Page, expect

from tests.browser.notebook import Notebook, Traffic
from tests.conftest import wait_for

Open = Callable[[Sequence[str]], Notebook]


def test_a_cell_runs_and_its_output_is_seen_and_saved(notebook: Open) -> None:
    book = notebook(["print('good', 'morning')"])
    outputs = book.run(0)
    assert outputs[0]["text"] == "good morning\n"
    assert "good morning" in book.shown(0)
    assert book.save()["cells"][0]["outputs"]
    assert book.screenshot("a-cell").stat().st_size > 10_000


def test_an_interrupt_ends_a_cell(notebook: Open) -> None:
    book = notebook(["print('on', flush=True)\nwhile True: pass", "1 + 1"])
    book.start(0)
    book.until(0, bool)
    assert book.is_running(0)
    book.interrupt()
    book.wait(0)
    assert book.outputs(0)[-1]["ename"] == "KeyboardInterrupt"
    assert book.run(1)[0]["data"]["text/plain"] == "2"


def test_the_theme_changes(page: Page, theme: Callable[[str], None]) -> None:
    theme("JupyterLab Dark")
    assert page.evaluate("() => document.body.dataset.jpThemeLight") == "false"


def test_a_page_that_asks_another_host_is_caught(
    notebook: Open, traffic: Traffic
) -> None:
    before = traffic.socket_bytes
    book = notebook(
        ["from IPython.display import HTML\nHTML('<img src=http://x.example/a>')"]
    )
    book.run(0)
    wait_for(lambda: book.page.title() and traffic.beyond_loopback)
    assert set(traffic.beyond_loopback) == {"http://x.example/a"}
    assert traffic.socket_bytes > before
    book.write(0, "")  # an image that stays would be asked for again
    book.run(0)
    expect(book.page.locator("img[src*='x.example']")).to_have_count(0)
    traffic.forget()


def test_a_kernel_is_kept_on_loopback(notebook: Open) -> None:
    book = notebook(["import sitecustomize; sitecustomize.is_loopback('192.0.2.1')"])
    assert book.run(0)[0]["data"]["text/plain"] == "False"
