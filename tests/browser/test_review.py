"""The review as it is used: keys alone, a killed kernel, both themes, many rows."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from glmkit.documents.review_html import write_html
from glmkit.documents.review_store import ReviewDecision, ReviewStore
from glmkit.documents.review_table import ReviewTable
from glmkit.types.plain_text import plain
from tests.browser.lab import Lab
from tests.browser.looks import check_looks
from tests.browser.notebook import SCREENSHOTS, Notebook
from tests.browser.reopening import reopen_without_kernel
from tests.browser.vectors import WATCH, attacks, harmless
from tests.conftest import ROOT, wait_for
from tests.documents.evidence_tables import statement

Open = Callable[[Sequence[str]], Notebook]

_IMPORTS = (
    f"import os, sys; sys.path.insert(0, {str(ROOT)!r})\n"
    "from pathlib import Path\n"
    "from glmkit.widgets import Review\n"
    "from tests.documents.evidence_tables import statement, table\n"
)
_DECIDED = (
    "found = review.decisions\n"
    "print(found[['row', 'field', 'decision', 'reviewer']].to_json(orient='values'))"
)


@pytest.fixture(autouse=True)
def no_decisions_of_other_tests(lab: Lab) -> None:
    for path in lab.folder.glob("*.jsonl"):
        path.unlink()


def _cells(rows: int, more: str = "") -> list[str]:
    return [
        f"{_IMPORTS}out = table({rows}{more})\nreview = Review(out, reviewer='Ada')\n"
        "review",
        _DECIDED,
        "import os; print(os.getpid())",
    ]


def _statement() -> list[str]:
    return [
        f"{_IMPORTS}out = statement(Path('report.pdf').absolute())\n"
        "review = Review(out, reviewer='Ada')\nreview",
        _DECIDED,
    ]


def _shown(book: Notebook) -> Locator:
    book.run(0)
    panel = book.cell(0).locator(".glmkit-review")
    expect(panel.get_by_role("option", selected=True)).to_be_visible()
    expect(panel.locator(".card .what")).not_to_have_text("—")
    panel.get_by_role("listbox").focus()
    return panel


def _current(panel: Locator) -> Locator:
    return panel.get_by_role("option", selected=True)


def _decided(book: Notebook) -> list[list[object]]:
    found: list[list[object]] = json.loads(book.run(1)[0]["text"])
    return found


_BACK = """path => {
    const { session } = window.glmkitPanels[path].sessionContext;
    const kernel = session?.kernel;
    return kernel?.connectionStatus === 'connected' && kernel.status === 'idle';
}"""


def _kill_the_kernel(book: Notebook) -> None:
    """Kill the kernel; the server starts another one."""
    old = int(book.run(2)[0]["text"])
    os.kill(old, signal.SIGKILL)
    book.page.locator(".jp-Dialog").get_by_role("button").last.click()
    book.page.wait_for_function(_BACK, arg=book.path)
    assert int(book.run(2)[0]["text"]) != old


def test_300_rows_by_keyboard_alone_and_a_killed_kernel_loses_none(
    notebook: Open,
) -> None:
    book = notebook(_cells(150))  # two values in a row
    panel = _shown(book)
    press = book.page.keyboard.press
    for _ in range(150):
        press("c")
    expect(panel.locator(".sum")).to_have_text("150 of 300 reviewed")
    assert len(_decided(book)) == 150
    _kill_the_kernel(book)
    panel = _shown(book)
    expect(panel.locator(".sum")).to_have_text("150 of 300 reviewed")
    expect(_current(panel)).to_have_attribute("aria-posinset", "151")
    assert len(_decided(book)) == 150
    panel.get_by_role("listbox").focus()
    for _ in range(150):
        press("r")
    expect(panel.locator(".sum")).to_have_text("300 of 300 reviewed")
    expect(panel.locator(".help[role=status]").first).to_contain_text("last value")
    found = _decided(book)
    assert [line[2] for line in found] == ["confirmed"] * 150 + ["rejected"] * 150
    assert {line[3] for line in found} == {"Ada"}
    assert len(book.save()["cells"]) == 3, "a key reached the notebook"


def test_every_key_does_what_it_says(notebook: Open) -> None:
    book = notebook(_cells(10))
    panel = _shown(book)
    keys = book.page.keyboard
    at = lambda place: expect(_current(panel)).to_have_attribute(  # noqa: E731
        "aria-posinset", str(place)
    )
    keys.press("j")
    keys.press("ArrowDown")
    at(3)
    keys.press("k")
    keys.press("ArrowUp")
    at(1)
    expect(panel.locator(".what")).to_have_text("1000")
    keys.press("e")
    field = panel.get_by_label("Correct value")
    expect(field).to_be_focused()
    expect(field).to_have_value("1000")
    keys.type("12 million")
    keys.press("Enter")
    expect(panel.locator(".note")).to_contain_text("not of type integer")
    expect(field).to_have_value("12 million")
    keys.press("ControlOrMeta+a")
    keys.type("-12")
    keys.press("Enter")
    at(2)
    expect(panel.get_by_role("listbox")).to_be_focused()
    keys.press("e")
    keys.type("not this")
    keys.press("Escape")
    expect(field).to_be_hidden()
    at(2)
    keys.press("n")
    keys.type("see page 3")
    keys.press("Enter")
    at(2)
    keys.press("r")
    at(3)
    keys.press("c")
    at(4)
    keys.press("k")
    expect(panel.locator(".made")).to_contain_text("Confirmed · Ada (you)")
    keys.press("u")
    expect(panel.locator(".made")).to_be_empty()
    keys.press("End")
    at(20)
    keys.press("Home")
    at(1)
    keys.press("f")
    expect(panel.get_by_role("radio", name="All")).to_be_focused()
    for _ in range(4):
        keys.press("ArrowRight")
    keys.press("Enter")
    expect(panel.get_by_role("listbox")).to_be_focused()
    expect(_current(panel)).to_contain_text("Firm 0")
    expect(panel.get_by_role("option")).to_have_count(1)
    expect(panel.get_by_role("radio", name="Rejected 1")).to_be_checked()
    held = _decided(book)
    assert [line[1:3] for line in held] == [
        ["revenue", "corrected"], ["company", "rejected"],
    ]  # fmt: skip


def test_a_key_that_is_held_down_decides_once(notebook: Open) -> None:
    book = notebook(_cells(10))
    panel = _shown(book)
    for _ in range(5):
        book.page.keyboard.down("c")  # the later ones are repetitions
    book.page.keyboard.up("c")
    expect(panel.locator(".sum")).to_have_text("1 of 20 reviewed")
    assert len(_decided(book)) == 1


def test_filters_count_and_keep_their_values_until_they_are_chosen_again(
    notebook: Open,
) -> None:
    book = notebook(_cells(20))
    panel = _shown(book)
    expect(panel.get_by_role("radio", name="Not found 5")).to_be_visible()
    panel.get_by_text("Untouched").click()
    panel.get_by_role("listbox").focus()
    book.page.keyboard.press("c")
    expect(panel.get_by_role("radio", name="Untouched 39")).to_be_visible()
    expect(panel.get_by_role("option").first).to_contain_text("1000")
    panel.get_by_text("Disagrees").click()
    expect(panel.get_by_role("option")).to_have_count(5)
    expect(panel.get_by_role("option").first).to_contain_text("value differs")


def test_two_views_show_one_review(notebook: Open) -> None:
    book = notebook([*_cells(10), "review"])
    panel = _shown(book)
    book.run(3)
    other = book.cell(3).locator(".glmkit-review")
    other.get_by_text("Disagrees").click()
    expect(other.get_by_role("option")).to_have_count(2)
    expect(_current(panel)).to_have_attribute("aria-setsize", "20")
    expect(other.locator(".what")).to_have_text("1002")
    other.get_by_role("listbox").focus()
    book.page.keyboard.press("Shift+R")
    expect(panel.get_by_role("option").nth(4)).to_contain_text("rejected")
    for each in (panel, other):
        expect(each.locator(".sum")).to_have_text("1 of 20 reviewed")


def test_a_decision_that_cannot_be_written_is_taken_back_in_sight(
    notebook: Open,
) -> None:
    cells = _cells(10)
    cells[0] = cells[0].replace("reviewer='Ada'", "file='nowhere/r.jsonl'")
    book = notebook(cells)
    panel = _shown(book)
    book.page.keyboard.press("c")
    expect(_current(panel)).to_have_attribute("aria-posinset", "2")
    expect(panel.locator(".what")).to_have_text("Firm 0")
    expect(panel.locator(".note.refused")).to_contain_text("nowhere")
    expect(panel.locator("[data-waits]")).to_have_count(0)
    expect(panel.locator(".sum")).to_have_text("0 of 20 reviewed")


def test_a_pdf_page_is_a_picture_with_the_quote_in_a_box(notebook: Open) -> None:
    book = notebook(_statement())
    panel = _shown(book)
    picture = panel.get_by_role("img", name="report.pdf · Page 2 of 2")
    expect(picture).to_be_visible()
    wait_for(lambda: picture.evaluate("image => image.naturalWidth"), lambda w: w > 300)
    expect(panel.locator(".box")).to_have_count(1)
    keys = book.page.keyboard
    keys.press("ArrowLeft")
    expect(panel.get_by_role("img", name="Page 1 of 2")).to_be_visible()
    expect(panel.locator(".box")).to_have_count(0)
    expect(panel.locator(".document")).to_contain_text("The quote is on another page")
    keys.press("ArrowRight")
    keys.press("t")
    expect(panel.locator("mark")).to_have_text("Revenue 1,234")
    for _ in range(3):
        keys.press("j")
    expect(panel.locator("mark")).to_have_text("Net income (12)")
    keys.press("t")
    expect(panel.locator(".box")).to_be_in_viewport()
    keys.press("j")
    expect(panel.locator(".document")).to_contain_text("not found in the document")


def test_no_vector_has_an_effect(
    notebook: Open, page: Page, listener: tuple[str, list[str]]
) -> None:
    origin, asked = listener
    page.evaluate(WATCH)
    texts = attacks(origin)
    book = notebook(
        [
            f"{_IMPORTS}texts = {texts!r}\n"
            "import pandas as pd\n"
            "from glmkit.readers.paged_text import PagedText, TextPage\n"
            "docs = [PagedText([TextPage(1, t + ' ' + t, t)], name=t, unit='sheet')\n"
            "        for t in texts]\n"
            "out = pd.DataFrame({'document': pd.Series(docs, dtype=object),\n"
            "    'x': texts, 'x_quote': texts, 'x_page': 1, 'x_found': texts})\n"
            "out = out.rename(columns=lambda n: n.replace('x', texts[0]))\n"
            "review = Review(out, reviewer=texts[1])\nreview",
            _DECIDED,
        ]
    )
    panel = _shown(book)
    for number, text in enumerate(texts):
        mark = panel.locator("mark")
        expect(_current(panel)).to_have_attribute("aria-posinset", str(number + 1))
        if text.isascii():
            expect(mark).to_contain_text(" ".join(plain(text).split())[:20])
        book.page.keyboard.press("n")
        expect(panel.get_by_role("textbox", name="Note")).to_be_focused()
        book.page.keyboard.insert_text(text)
        book.page.keyboard.press("Enter")
        expect(panel.locator(".made li")).to_have_count(1)
        book.page.keyboard.press("c")
    expect(panel.locator(".sum")).to_contain_text(f"{len(texts)} of {len(texts)}")
    harmless(page, asked)


def test_of_20_000_rows_those_in_sight_are_in_the_page(notebook: Open) -> None:
    book = notebook(_cells(20_000))
    panel = _shown(book)
    nodes = lambda: panel.locator("*").count()  # noqa: E731
    keys = book.page.keyboard
    assert nodes() < 500
    keys.press("End")
    expect(_current(panel)).to_contain_text("19999")
    assert nodes() < 500
    sizes = []
    for share in (0.1, 0.5, 0.9, 0.3):
        panel.get_by_role("listbox").evaluate(
            "(list, share) => { list.scrollTop = list.scrollHeight * share }", share
        )
        row = str(round(20_000 * share))
        expect(
            panel.get_by_role("option").get_by_text(row, exact=True).first
        ).to_be_visible()
        sizes.append(nodes())
    assert max(sizes) < 500
    keys.press("Home")
    for _ in range(40):
        keys.press("j")
    expect(_current(panel)).to_have_attribute("aria-posinset", "41")
    expect(_current(panel)).to_be_in_viewport()
    keys.press("c")
    expect(panel.locator(".sum")).to_have_text("1 of 40,000 reviewed")


def test_no_fault_of_accessibility_in_light_dark_and_narrow(
    notebook: Open, theme: Callable[[str], None]
) -> None:
    book = notebook(_statement())
    panel = _shown(book)
    keys = book.page.keyboard
    for key in ("c", "c", "r", "n"):
        keys.press(key)
    expect(panel.get_by_role("textbox", name="Note")).to_be_focused()
    keys.type("The sign differs")
    keys.press("Enter")
    expect(panel.locator(".box")).to_have_count(1)
    check_looks(book, theme, "review", ".glmkit-review")
    keys.press("t")
    keys.press("e")
    expect(panel.locator("mark")).to_be_visible()
    check_looks(book, theme, "review-text", ".glmkit-review")


def test_an_exported_page_is_read_in_both_themes(
    second_page: Page, tmp_path: Path
) -> None:
    held = ReviewTable(statement(tmp_path / "report.pdf"))
    store = ReviewStore(held, tmp_path / "r.jsonl")
    made = ReviewDecision(
        row=0, field="", decision="corrected", corrected=-567, note="In brackets",
        reviewer="Ada",
    )  # fmt: skip
    store.add(1, made)
    write_html(tmp_path / "review.html", held, store)
    asked: list[str] = []
    second_page.on("request", lambda request: asked.append(request.url))
    address = (tmp_path / "review.html").as_uri()
    SCREENSHOTS.mkdir(exist_ok=True)
    for scheme in ("light", "dark"):
        second_page.emulate_media(color_scheme=scheme)
        second_page.goto(address)
        found = Axe().run(second_page)
        assert found.response["violations"] == []
        second_page.screenshot(
            path=SCREENSHOTS / f"review-html-{scheme}.png", full_page=True
        )
    second_page.get_by_role("link", name="report.pdf 2").nth(3).click()
    expect(second_page.get_by_text("Net income (12)").last).to_be_in_viewport()
    assert {url.partition("#")[0] for url in asked} == {address}


def test_a_saved_notebook_shows_the_last_state_without_a_kernel(notebook: Open) -> None:
    book = notebook(_cells(4))
    panel = _shown(book)
    book.page.keyboard.press("c")
    picture = book.cell(0).locator(".glmkit-still")
    expect(picture).to_contain_text("1 of 8 values reviewed")
    expect(picture).to_be_hidden()
    expect(panel).to_be_visible()
    reopen_without_kernel(book)
    expect(picture).to_be_visible()
    expect(picture.get_by_role("row", name="Firm 0")).to_be_visible()
