"""The token ruler as a person uses it: typing, a large paste, both themes, a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.looks import check_looks
from tests.browser.notebook import RUNS, Notebook, choose_by_keys
from tests.browser.reopening import reopen_without_kernel
from tests.browser.vectors import WATCH, attacks, harmless
from tests.conftest import wait_for

Open = Callable[[Sequence[str]], Notebook]

_CELLS = [
    "from glmkit.notebook.settings import GLM\n"
    "from glmkit.widgets import TokenRuler\n"
    "settings = GLM(model='glm-4.7', system='Be brief and kind.', max_tokens=4000)\n"
    "history = [{'role': 'user', 'content': 'Why is the sky blue? ' * 400},\n"
    "           {'role': 'assistant', 'content': 'Because of Rayleigh. ' * 700}]\n"
    "ruler = TokenRuler('And at dusk?', settings=settings, history=history,\n"
    "                   attachments=['A note. ' * 2000])\n"
    "ruler",
    "print(ruler.value.sent.tokens, len(ruler.text), ruler.value.model)",
    RUNS,
    "ruler.text = 'from a cell'",
    "settings.max_tokens = 200_000",
]


def _shown(book: Notebook) -> Locator:
    book.run(0)
    panel = book.cell(0).locator(".glmkit-ruler")
    expect(panel).to_be_visible()
    expect(panel.get_by_label("Prompt", exact=True)).to_have_value("And at dusk?")
    return panel


def test_what_is_typed_moves_the_bar(notebook: Open) -> None:
    book = notebook(_CELLS)
    panel = _shown(book)
    row = panel.get_by_role("row", name="Prompt", exact=False).filter(
        has_not_text="System"
    )
    before = row.inner_text()
    panel.get_by_label("Prompt", exact=True).click()
    book.page.keyboard.type(" And on Mars, where the dust is red?")
    wait_for(row.inner_text, before.__ne__)
    wait_for(lambda: book.run(1)[0]["text"].split()[1], "48".__eq__)
    names = [
        "System prompt",
        "History",
        "Attachments",
        "Reserved for thinking",
    ]
    for name in [*names, "Free"]:
        expect(panel.get_by_role("row", name=name)).to_be_visible()
    expect(panel.locator(".cost")).to_contain_text("¥")
    panel.get_by_label("Model").select_option(label="GLM-4-Plus")
    expect(panel.get_by_role("row", name="Reserved for the answer")).to_be_visible()
    assert book.run(1)[0]["text"].split()[2] == "glm-4-plus"


def test_keys_alone_write_and_choose(notebook: Open) -> None:
    book = notebook(_CELLS)
    panel = _shown(book)
    keys = book.page.keyboard
    panel.get_by_label("Prompt", exact=True).focus()
    keys.press("ControlOrMeta+a")
    keys.type("dd")
    keys.press("Shift+Enter")
    keys.type("x")
    keys.press("Tab")
    expect(panel.get_by_label("Model")).to_be_focused()
    choose_by_keys(panel.get_by_label("Model"), "glm-4-long")
    wait_for(lambda: book.run(1)[0]["text"].split()[1:], ["4", "glm-4-long"].__eq__)
    assert len(book.save()["cells"]) == len(_CELLS), "a key reached the notebook"


def test_a_cell_writes_into_the_page_and_too_much_is_told(notebook: Open) -> None:
    book = notebook(_CELLS)
    panel = _shown(book)
    book.run(3)
    expect(panel.get_by_label("Prompt", exact=True)).to_have_value("from a cell")
    book.run(4)
    expect(panel.locator(".wrong")).to_contain_text("tokens too many")


def test_two_views_show_one_text(notebook: Open) -> None:
    book = notebook([*_CELLS, "ruler"])
    panel = _shown(book)
    book.run(5)
    other = book.cell(5).locator(".glmkit-ruler")
    expect(other.get_by_label("Prompt", exact=True)).to_have_value("And at dusk?")
    panel.get_by_label("Prompt", exact=True).fill("both")
    expect(other.get_by_label("Prompt", exact=True)).to_have_value("both")


@pytest.mark.usefixtures("one_shell")
def test_what_is_typed_while_a_cell_runs_is_counted_after_it(notebook: Open) -> None:
    book = notebook(_CELLS)
    panel = _shown(book)
    with book.busy(2):
        panel.get_by_label("Prompt", exact=True).fill("typed meanwhile")
        expect(panel.get_by_role("status")).to_contain_text("The kernel is busy")
        panel.get_by_label("Prompt", exact=True).press_sequentially(", and more")
    wait_for(lambda: book.run(1)[0]["text"].split()[1], "25".__eq__)
    expect(panel.get_by_role("status")).to_be_empty()


_PASTE = """area => {
    area.value = 'A line of a prompt that somebody pasted here.\\n'.repeat(22_000);
    area.dispatchEvent(new InputEvent('input', { bubbles: true }));
}"""


def test_a_megabyte_is_counted_and_kept(notebook: Open) -> None:
    book = notebook(_CELLS)
    panel = _shown(book)
    panel.get_by_label("Prompt", exact=True).evaluate(_PASTE)
    expect(panel.locator(".wrong")).to_contain_text("too many")
    assert book.run(1)[0]["text"].split()[1] == str(46 * 22_000)


def test_no_vector_has_an_effect(
    notebook: Open, page: Page, listener: tuple[str, list[str]]
) -> None:
    origin, asked = listener
    page.evaluate(WATCH)
    texts = attacks(origin)
    joined = "\n".join(texts)
    book = notebook(
        [
            "from glmkit.notebook.settings import GLM\n"
            "from glmkit.widgets import TokenRuler\n"
            f"texts = {texts!r}\n"
            "rulers = [TokenRuler(t, t, settings=GLM(system=t)) for t in texts[:9]]",
            f"TokenRuler({joined!r}, model={texts[0]!r}, history={texts[:3]!r} and [\n"
            f"    {{'role': 'user', 'content': {joined!r}}}])",
            *(f"rulers[{n}]" for n in range(9)),
        ]
    )
    for index in range(11):
        book.run(index)
    panel = book.cell(1).locator(".glmkit-ruler")
    expect(panel.get_by_label("Prompt", exact=True)).to_have_value(joined)
    harmless(page, asked)


def test_no_fault_of_accessibility_in_light_dark_and_narrow(
    notebook: Open, theme: Callable[[str], None]
) -> None:
    book = notebook(_CELLS)
    _shown(book)
    check_looks(book, theme, "ruler", ".glmkit-ruler")


def test_saved_notebook_shows_the_last_state_without_a_kernel(notebook: Open) -> None:
    book = notebook(_CELLS)
    panel = _shown(book)
    panel.get_by_label("Model").select_option(label="GLM-4-Plus")
    expect(panel.get_by_role("row", name="Reserved for the answer")).to_be_visible()
    picture = book.cell(0).locator(".glmkit-still")
    expect(picture).to_be_hidden()
    expect(picture).to_contain_text("glm-4-plus")
    reopen_without_kernel(book)
    expect(picture).to_be_visible()
    expect(picture.get_by_role("row", name="Reserved")).to_contain_text("4,000")
    book.screenshot("ruler-reopened")
