"""The controls as a person uses them: mouse, keyboard, both themes, a saved file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.looks import check_looks, faint_controls
from tests.browser.notebook import RUNS, Notebook, choose_by_keys, settle
from tests.browser.reopening import reopen_without_kernel
from tests.browser.vectors import WATCH, attacks, harmless
from tests.conftest import wait_for

Open = Callable[[Sequence[str]], Notebook]

_CELLS = [
    "from glmkit.notebook.settings import GLM\n"
    "from glmkit.widgets import Controls\n"
    "settings = GLM()\n"
    "controls = Controls(settings)\n"
    "controls",
    "print(settings.model, settings.temperature, settings.stream)",
    "settings.temperature = 0.3\nsettings.model = 'glm-z1-air'",
    "print(settings.max_tokens, repr(settings.system), settings.think)",
    RUNS,
]


def _shown(book: Notebook) -> Locator:
    book.run(0)
    panel = book.cell(0).locator(".glmkit-controls")
    expect(panel).to_be_visible()
    return panel


def _kernel_holds(book: Notebook, text: str) -> None:
    """Wait until it does: what is sent last may come after the cell's own request."""
    wait_for(lambda: book.run(1)[0]["text"].strip(), text.__eq__)


def test_mouse_and_list_set_the_defaults(notebook: Open) -> None:
    book = notebook(_CELLS)
    panel = _shown(book)
    _kernel_holds(book, "None None True")
    panel.get_by_label("Model").select_option(label="GLM-4-Long")
    expect(panel.locator(".facts")).to_contain_text("context window 1M")
    slider = panel.get_by_label("Temperature", exact=True)
    box = slider.bounding_box()
    assert box
    book.page.mouse.click(box["x"] + 1, box["y"] + box["height"] / 2)
    expect(slider).to_have_value("0")
    book.page.mouse.down()
    book.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 9, steps=5)
    book.page.mouse.up()
    panel.get_by_label("Streaming").click()
    expect(slider).to_have_value("0.5")
    _kernel_holds(book, "glm-4-long 0.5 False")


def test_every_control_works_by_keyboard_alone(notebook: Open) -> None:
    book = notebook(_CELLS)
    panel = _shown(book)
    keys = book.page.keyboard
    panel.get_by_label("Model").focus()
    choose_by_keys(panel.get_by_label("Model"), "glm-4-long")
    keys.press("Tab")
    keys.press("Home")
    keys.press("ArrowRight")
    keys.press("ArrowUp")
    _kernel_holds(book, "glm-4-long 0.02 True")
    panel.get_by_label("Temperature as a number").focus()
    keys.press("ControlOrMeta+a")
    keys.type("0.45")
    keys.press("Tab")
    expect(panel.get_by_label("Temperature", exact=True)).to_have_value("0.45")
    panel.get_by_label("Streaming").focus()
    keys.press("Space")
    _kernel_holds(book, "glm-4-long 0.45 False")
    panel.get_by_role("button", name="Service’s default").focus()
    keys.press("Enter")
    _kernel_holds(book, "glm-4-long None False")
    panel.locator("summary").focus()
    keys.press("Enter")
    expect(panel.get_by_label("Max tokens")).to_be_visible()
    panel.get_by_label("Max tokens").focus()
    keys.type("64")
    keys.press("Tab")
    keys.type("Be brief.")
    keys.press("Shift+Enter")
    keys.type("dd")
    keys.press("Tab")
    wait_for(lambda: book.run(3)[0]["text"].strip(), "64 'Be brief.\\ndd' None".__eq__)
    assert len(book.save()["cells"]) == len(_CELLS), "a key reached the notebook"


def test_a_press_on_the_resting_handle_is_a_choice(notebook: Open) -> None:
    book = notebook(_CELLS)
    slider = _shown(book).get_by_label("Temperature", exact=True)
    expect(slider).to_have_attribute("aria-valuetext", "service’s default")
    box = slider.bounding_box()
    assert box
    handle = box["x"] + 8 + (box["width"] - 16) * 0.75
    book.page.mouse.click(handle, box["y"] + box["height"] / 2)
    expect(slider).not_to_have_attribute("aria-valuetext", "service’s default")
    _kernel_holds(book, "None 0.75 True")


def test_what_a_model_can_not_do_is_off_and_says_why(notebook: Open) -> None:
    book = notebook(_CELLS)
    panel = _shown(book)
    thinking = panel.get_by_label("Thinking")
    expect(thinking).to_be_enabled()
    panel.get_by_label("Model").select_option(label="GLM-5.2")
    thinking.select_option(label="effort: high")
    expect(panel.locator(".chips .able")).to_have_text(
        ["✓thinking", "✓tools", "✓JSON", "✓web search"]
    )
    panel.get_by_label("Model").select_option(label="GLM-4-Plus")
    expect(panel).to_contain_text("GLM-4-Plus does not think; this is ignored")
    thinking.select_option(label="Service’s default")
    expect(thinking).to_be_disabled()
    expect(panel).to_contain_text("GLM-4-Plus does not think")
    panel.locator("summary").click()
    length = panel.get_by_label("Max tokens")
    length.fill("5000")
    length.press("Tab")
    expect(panel.locator(".wrong")).to_have_text("GLM-4-Plus accepts at most 4,095")
    wait_for(lambda: book.run(3)[0]["text"].strip(), "5000 None None".__eq__)


def test_the_settings_are_copied_as_a_cell_and_as_a_script(
    notebook: Open, page: Page
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    book = notebook(_CELLS)
    panel = _shown(book)
    book.run(2)
    panel.get_by_role("button", name="Copy as %%glm").click()
    expect(panel.get_by_role("status")).to_have_text("Copied as %%glm.")
    read = "async () => await navigator.clipboard.readText()"
    assert settle(page, read) == (
        "%%glm -m glm-z1-air -t 0.3\nWrite the prompt here.\n"
    )
    panel.get_by_role("button", name="Copy as Python").click()
    expect(panel.get_by_role("status")).to_have_text("Copied as Python.")
    assert 'model="glm-z1-air"' in settle(page, read)


@pytest.mark.usefixtures("one_shell")
def test_a_change_while_a_cell_runs_is_told_and_done_later(notebook: Open) -> None:
    book = notebook(_CELLS)
    panel = _shown(book)
    with book.busy(4):
        panel.get_by_label("Streaming").click()
        expect(panel.get_by_role("status")).to_contain_text("The kernel is busy")
    expect(panel.get_by_role("status")).to_be_empty()
    _kernel_holds(book, "None None False")


def test_settings_changed_in_a_cell_move_the_controls(notebook: Open) -> None:
    book = notebook(_CELLS)
    panel = _shown(book)
    book.run(2)
    expect(panel.get_by_label("Temperature", exact=True)).to_have_value("0.3")
    expect(panel.get_by_label("Temperature as a number")).to_have_value("0.30")
    expect(panel.get_by_label("Model")).to_have_value("glm-z1-air")
    chosen = panel.get_by_label("Model").locator("option:checked")
    expect(chosen).to_have_text("GLM-Z1-Air (retired)")


def test_no_fault_of_accessibility_in_light_dark_and_narrow(
    notebook: Open, theme: Callable[[str], None]
) -> None:
    book = notebook(_CELLS)
    panel = _shown(book)
    book.screenshot("controls-default")
    book.run(2)
    panel.locator("summary").click()
    expect(panel.get_by_label("Model")).to_have_value("glm-z1-air")
    check_looks(book, theme, "controls", ".glmkit-controls")
    panel.evaluate("root => root.style.setProperty('--edge', 'var(--line)')")
    assert faint_controls(book.page, ".glmkit-controls"), "a faint border is not found"


def test_saved_notebook_shows_the_last_state_without_a_kernel(notebook: Open) -> None:
    book = notebook(_CELLS)
    panel = _shown(book)
    panel.get_by_label("Streaming").click()
    book.run(2)
    expect(panel.get_by_label("Model")).to_have_value("glm-z1-air")
    picture = book.cell(0).locator(".glmkit-still")
    expect(picture).to_be_hidden()
    expect(picture).to_contain_text("GLM-Z1-Air (retired)")  # it follows the panel
    reopen_without_kernel(book)
    expect(picture).to_be_visible()
    expect(picture).to_contain_text("GLM-Z1-Air (retired)")
    expect(picture.get_by_role("row", name="Temperature")).to_contain_text("0.30")
    expect(picture.get_by_role("row", name="Streaming")).to_contain_text("off")
    assert "Loading widget" not in book.shown(0)
    book.screenshot("controls-reopened")


def test_no_vector_has_an_effect(
    notebook: Open, page: Page, listener: tuple[str, list[str]]
) -> None:
    origin, asked = listener
    page.evaluate(WATCH)
    texts = attacks(origin)
    set_all = "\n".join(
        [
            f"for text in {texts!r}:",
            "    settings.model = settings.system = text",
        ]
    )
    book = notebook([_CELLS[0], set_all])
    panel = _shown(book)
    book.run(1)
    panel.locator("summary").click()
    expect(panel.get_by_label("System prompt")).to_have_value(texts[-1])
    expect(panel.get_by_label("Model", exact=True)).to_have_value(texts[-1])
    harmless(page, asked)
