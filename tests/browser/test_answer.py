"""The live answer in JupyterLab: it grows, it is replaced, and the file keeps it."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, expect

from tests.browser.notebook import Notebook, live_notebook
from tests.browser.reopening import reopen_without_kernel
from tests.conftest import Paced, wait_for
from tests.notebook.test_front_ends import WORDS

Open = Callable[[Sequence[str]], Notebook]


def asking(endpoint: Paced, prompt: str = "go") -> str:
    """Return a cell that streams an answer through the display."""
    return (
        "import glmkit\n"
        "from glmkit.notebook.output import Display\n"
        f"client = glmkit.Client({endpoint.url!r}, api_key={endpoint.key!r})\n"
        f"with client.stream({prompt!r}) as answer, Display(get_ipython()) as shown:\n"
        "    for batch in answer.batches():\n"
        "        shown.show(batch)\n"
        "    shown.end(answer.reply)\n"
    )


def kinds(outputs: list[dict[str, Any]]) -> list[set[str]]:
    return [set(output["data"]) for output in outputs]


def test_text_grows_and_one_static_output_stays(
    notebook: Open, paced: Callable[..., Paced]
) -> None:
    place = paced(tokens=300, rate=10, text="mixed")
    book = live_notebook(notebook, [asking(place)])
    book.start(0)
    live = book.cell(0).locator(".glmkit-live")
    expect(live).to_have_attribute("aria-busy", "true")
    lengths = {len(live.inner_text())}
    wait_for(lambda: lengths.add(len(live.inner_text())) or len(lengths), (5).__lt__)
    place.release()
    book.wait(0)
    expect(live).to_have_count(0)
    assert kinds(book.outputs(0)) == [{"text/html", "text/plain"}]
    assert "Sunlight holds every colour" in book.shown(0)
    assert "7 tokens in, 300 out" in book.shown(0)
    assert "widgets" not in book.save()["metadata"]


_CONTAINED = """\
import ipywidgets
out, button = ipywidgets.Output(), ipywidgets.Button(description="Ask")
def ask(_=None):
    with out:
        get_ipython().run_cell_magic("glm", "", "go")
button.on_click(ask)
display(button, out)"""


@pytest.mark.parametrize("clicked", [False, True])
@pytest.mark.parametrize("proven", [False, True])
def test_inside_an_output_widget_all_of_an_answer_is_shown(
    notebook: Open, paced: Callable[..., Paced], clicked: bool, proven: bool
) -> None:
    place = paced(tokens=300, gate=100, text="paragraph")
    cells = ["%load_ext glmkit", f"%glm config endpoint {place.url}", _CONTAINED]
    cells.append("1" if clicked else "ask()")
    book = live_notebook(notebook, cells) if proven else notebook(cells)
    for index in range(len(cells) - 1):
        book.run(index)
    shown = book.cell(2).locator(".jp-OutputArea")
    if clicked:
        shown.get_by_role("button", name="Ask").click()
    else:
        book.start(3)
    if proven and not clicked:  # it grows
        expect(shown.locator(".glmkit-live")).to_have_attribute("aria-busy", "true")
    place.release()
    answer = shown.locator(".glmkit-answer").last
    expect(answer.locator(".glmkit-badge")).to_contain_text("7 tokens in, 300 out")
    assert WORDS in " ".join(answer.inner_text().split())
    book.screenshot(f"output-widget-{clicked}-{proven}")


def test_live_view_and_final_output_say_the_same(
    notebook: Open, paced: Callable[..., Paced]
) -> None:
    endpoint = paced(tokens=400, rate=400, text="mixed")
    held = asking(endpoint).replace(
        "    shown.end(answer.reply)",
        "    shown._surface.show(shown._rendering)\n"
        "    input('go on?')\n    shown.end(answer.reply)",
    )
    book = live_notebook(notebook, [held])
    book.start(0)
    asked = book.cell(0).locator("input.jp-Stdin-input")
    asked.wait_for()
    body = book.cell(0).locator(".glmkit-live .glmkit-body")
    expect(body).to_contain_text("Part 2")
    live = _prose(body)
    book.screenshot("answer-live")
    asked.press("Enter")
    book.wait(0)
    final = _prose(book.cell(0).locator(".glmkit-body"))
    assert live[:200] == final[:200]
    assert len(live) > 0.9 * len(final)


def _prose(body: Locator) -> str:
    """Return the words of an answer without its formulas, set yet or not."""
    found: str = body.evaluate(
        """body => {
            const copy = body.cloneNode(true);
            const formulas = '.glmkit-formula, .mathjax_process, mjx-container';
            for (const one of copy.querySelectorAll(formulas)) one.remove();
            return copy.textContent;
        }"""
    )
    return " ".join(found.split())


def test_static_output_takes_over_the_formulas_that_are_set(
    notebook: Open, paced: Callable[..., Paced]
) -> None:
    book = live_notebook(
        notebook, [asking(paced(tokens=3000, rate=1500, text="mixed"))]
    )
    # Note how many formulas each typesetting of the page's own finds.
    book.page.evaluate(
        """path => {
            window.found = [];
            const setter = window.glmkitPanels[path].content.rendermime.latexTypesetter;
            const typeset = setter.typeset.bind(setter);
            setter.typeset = host => {
                if (!host.matches('.glmkit-formula')) window.found.push(
                    host.querySelectorAll('.mathjax_process').length);
                return typeset(host);
            };
        }""",
        book.path,
    )
    book.run(0)
    answer = book.cell(0).locator(".glmkit-answer:not(.glmkit-live)")
    formulas = answer.locator(".glmkit-formula")
    expect(answer).to_have_class(re.compile("glmkit-long"))
    count = formulas.count()
    assert count > 15
    expect(answer.locator(".glmkit-formula > mjx-container")).to_have_count(count)
    found = book.page.evaluate("() => window.found")
    assert found
    assert max(found) == 0
    measured = "[style*='contain-intrinsic-block-size']"
    wait_for(answer.locator(f".glmkit-body > {measured}").count, (80).__lt__)


def test_headings_of_an_answer_stay_out_of_the_notebooks_contents(
    notebook: Open, paced: Callable[..., Paced]
) -> None:
    book = notebook(["# %%md\n# Mine", asking(paced(tokens=200, text="mixed"))])
    book.run(1)
    expect(book.cell(1).locator("h2")).not_to_have_count(0)
    book.page.evaluate(
        "() => { window.jupyterapp.shell.activateById('table-of-contents') }"
    )
    contents = book.page.locator(".jp-TableOfContents")
    expect(contents).to_contain_text("Mine")
    book.screenshot("contents")
    expect(contents).not_to_contain_text("what the light does")
    book.page.evaluate("() => { window.jupyterapp.shell.activateById('filebrowser') }")


def test_a_click_selects_all_of_the_code(
    notebook: Open, paced: Callable[..., Paced]
) -> None:
    said = json.dumps([{"content": "So:\n```python\nx = 1\ny = 2\n```\nDone."}])
    place = paced(replies=said)
    set_up = f"%load_ext glmkit\n%glm config endpoint {place.url}"
    book = notebook([set_up, "%%glm -f code\nSet x and y"])
    book.run(0)
    book.run(1)
    book.cell(1).locator(".glmkit-pick code").click()
    selected = book.page.evaluate("() => getSelection().toString()")
    assert selected.strip() == "x = 1\ny = 2"
    expect(book.cell(2).locator(".cm-content")).to_contain_text("x = 1")  # the offer


def test_interrupt_keeps_and_marks_what_arrived(
    notebook: Open, paced: Callable[..., Paced]
) -> None:
    endpoint = paced(tokens=100_000, rate=100, text="paragraph")
    book = live_notebook(notebook, [asking(endpoint)])
    book.start(0)
    live = book.cell(0).locator(".glmkit-live")
    expect(live).to_contain_text("the air scatters")
    book.interrupt()
    book.wait(0)
    outputs = book.outputs(0)
    assert kinds(outputs[:1]) == [{"text/html", "text/plain"}]
    assert "Interrupted" in "".join(outputs[0]["data"]["text/plain"])
    endpoint.until(lambda seen: seen["left"] == 1)


def test_two_views_of_one_answer_show_the_same(notebook: Open) -> None:
    book = notebook(
        [
            "from glmkit.render import Blocks\n"
            "from glmkit_widgets.shared.answer import LiveAnswer\n"
            "from glmkit_widgets.shared.feed import PartUpdate\n"
            "blocks, view = Blocks(), LiveAnswer()\n"
            "view",
            "view.feed.put(PartUpdate(blocks.feed('# One\\n\\ntwo'), blocks.tail()))",
            "view",
            "update = PartUpdate(blocks.feed(' three\\n\\n- four'), blocks.tail())\n"
            "view.feed.put(update)",
        ]
    )
    for index in range(4):
        book.run(index)
    for index in (0, 2):
        body = book.cell(index).locator(".glmkit-body")
        expect(body).to_contain_text("four")
        assert body.inner_text().split() == ["One", "two", "three", "four"]


def test_view_that_missed_a_message_gets_the_whole(notebook: Open) -> None:
    book = notebook(
        [
            "from glmkit.render import Blocks\n"
            "from glmkit_widgets.shared.answer import LiveAnswer\n"
            "from glmkit_widgets.shared.feed import PartUpdate\n"
            "blocks, view = Blocks(), LiveAnswer()\n"
            "view",
            "send, view.feed._send = view.feed._send, lambda *_: None\n"
            "view.feed.put(PartUpdate(blocks.feed('lost\\n\\n'), blocks.tail()))\n"
            "view.feed._send = send",
            "view.feed.put(PartUpdate(blocks.feed('seen\\n\\n'), blocks.tail()))",
        ]
    )
    for index in range(3):
        book.run(index)
    body = book.cell(0).locator(".glmkit-body")
    expect(body).to_contain_text("seen")
    assert body.inner_text().split() == ["lost", "seen"]


def test_answer_is_accessible_in_both_themes(
    notebook: Open, paced: Callable[..., Paced], theme: Callable[[str], None]
) -> None:
    endpoint = paced(tokens=200, text="mixed", thinking=20)
    book = live_notebook(notebook, [asking(endpoint)])
    book.run(0)
    for name in ("JupyterLab Light", "JupyterLab Dark"):
        theme(name)
        book.cell(0).locator(".glmkit-answer").scroll_into_view_if_needed()
        book.screenshot(f"answer-{name.split()[-1].lower()}")
        found = Axe().run(book.page, context=".glmkit-answer").response
        serious = [
            (fault["id"], fault["nodes"][0]["html"])
            for fault in found["violations"]
            if fault["impact"] in {"serious", "critical"}
        ]
        assert serious == []


def test_saved_answer_reads_without_a_kernel(
    notebook: Open, paced: Callable[..., Paced]
) -> None:
    book = live_notebook(notebook, [asking(paced(tokens=60, text="mixed"))])
    book.run(0)
    book.save()
    reopen_without_kernel(book)
    expect(book.cell(0).locator(".glmkit-answer")).to_contain_text("Sunlight holds")
    expect(book.cell(0).locator(".glmkit-badge")).to_contain_text("tokens in")


def test_a_link_of_a_saved_answer_does_not_say_where_it_stood(
    notebook: Open, paced: Callable[..., Paced]
) -> None:
    seen: list[tuple[str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append((self.path, self.headers["referer"]))
            self.send_error(404)

        def log_message(self, *_args: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/page"
        said = json.dumps([{"content": f"See [this]({url})."}])
        book = notebook([asking(paced(replies=said))])
        book.run(0)
        book.save()
        reopen_without_kernel(book)
        link = book.cell(0).locator(".glmkit-answer a")
        expect(link).to_have_attribute("referrerpolicy", "no-referrer")
        with book.page.context.expect_page() as opened:
            link.click()
        opened.value.wait_for_load_state()
        opened.value.close()
        server.shutdown()
        thread.join()
    assert seen[0] == ("/page", None)
