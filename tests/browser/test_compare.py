"""Compare as people use it: many answers at once, stops, votes, errors, themes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

import pytest
from playwright.sync_api import Locator, Page, expect

from glmkit.local.launcher import Platform
from tests.browser import canary
from tests.browser.lab import Lab
from tests.browser.looks import check_looks
from tests.browser.notebook import Notebook, settle
from tests.browser.reopening import reopen_without_kernel
from tests.browser.vectors import WATCH, attacks, harmless
from tests.conftest import Paced, wait_for

Open = Callable[[Sequence[str]], Notebook]
Factory = Callable[..., Paced]

_FOUR = ["glm-4-plus", "glm-4-air", "glm-4-long", "glm-4-flash"]


_RESTART = """async path => {
    await window.glmkitPanels[path].sessionContext.session.kernel.restart();
}"""


def comparing(
    place: Paced | None, prompt: str = "Why?", models: Sequence[str] = _FOUR
) -> str:
    """Return a cell that shows a comparison."""
    client = "'local'" if place is None else f"{place.url!r}, {place.key!r}"
    return (
        "import glmkit\n"
        "from glmkit.widgets import Compare\n"
        f"client = glmkit.Client({client})\n"
        f"compare = Compare({prompt!r}, {list(models)!r}, client, max_tokens=60)\n"
        "compare"
    )


def shown(book: Notebook, index: int = 0) -> Locator:
    book.run(index)
    panel = book.cell(index).locator(".glmkit-compare")
    expect(panel).to_be_visible()
    return panel


def lengths(panel: Locator) -> list[int]:
    """Return how much each column shows."""
    return [len(text) for text in panel.locator(".column .answer").all_inner_texts()]


def ended(panel: Locator) -> None:
    expect(panel.locator(".counts")).to_contain_text("answers")
    expect(panel.locator("button.main")).to_have_text("Run")


def test_four_models_answer_and_are_judged(notebook: Open, platform: Platform) -> None:
    book = notebook([comparing(None, "Why is the sky blue?"), "Compare.votes()"])
    panel = shown(book)
    expect(panel.locator(".counts")).to_have_text("4 of 4 answers")
    for column in panel.locator(".column").all():
        expect(column.locator(".facts")).to_contain_text("tokens/s")
        expect(column.locator(".facts")).to_contain_text("stand-in")
    panel.get_by_role("button", name="glm-4-air", exact=True).click()
    expect(panel.get_by_text("Vote saved.")).to_be_visible()
    votes = book.run(1)[-1]["data"]["text/plain"]
    assert "best" in "".join(votes)
    panel.get_by_label("Prompt").fill("Name a colour.")
    panel.get_by_role("button", name="Remove Model 4").click()
    panel.get_by_role("button", name="Run").click()
    expect(panel.locator(".column")).to_have_count(3)
    ended(panel)
    expect(panel.get_by_text("Vote saved.")).to_be_hidden()


def test_four_answers_grow_at_once_and_the_kernel_stays_free(
    notebook: Open, paced: Factory
) -> None:
    place = paced(tokens=100_000, rate=60)
    book = notebook([comparing(place), "1 + 1"])
    panel = shown(book)
    place.until(lambda seen: seen["active"] == 4)
    before = wait_for(lambda: lengths(panel), lambda seen: min(seen) > 20)
    wait_for(lambda: lengths(panel), lambda now: all(map(int.__gt__, now, before)))
    result = book.run(1)
    assert result[0]["data"]["text/plain"] == "2"
    assert place.seen["active"] == 4
    expect(panel.locator('.column[data-state="running"]')).to_have_count(4)
    panel.get_by_role("button", name="Stop: glm-4-long").click()
    place.until(lambda seen: (seen["left"], seen["active"]) == (1, 3))
    stopped = panel.locator(".column").nth(2)
    expect(stopped).to_have_attribute("data-state", "interrupted")
    expect(stopped).to_contain_text("Interrupted: this is what had arrived.")
    panel.get_by_role("button", name="Stop all").click()
    place.until(lambda seen: seen["active"] == 0)
    expect(panel.locator(".counts")).to_have_text("0 of 4 answers complete")


def test_everything_works_by_keyboard_alone(notebook: Open, paced: Factory) -> None:
    place = paced(tokens=100_000, rate=60)
    book = notebook([comparing(place, "", _FOUR[:2])])
    panel = shown(book)
    keys = book.page.keyboard
    panel.get_by_label("Prompt").focus()
    keys.type("Why")
    keys.press("Shift+Enter")
    keys.type("is it so?")
    assert place.seen["requests"] == 0
    keys.press("Enter")
    place.until(lambda seen: seen["active"] == 2)
    asked = place.seen["bodies"][0]["messages"][-1]["content"]
    assert asked == "Why\nis it so?"
    wait_for(lambda: min(lengths(panel)), (0).__lt__)
    keys.press("Escape")
    place.until(lambda seen: seen["active"] == 0)
    ended(panel)
    panel.get_by_label("Differences").focus()
    keys.press("ArrowDown")
    expect(panel.locator(".changed")).to_contain_text(re.compile("words"))
    panel.get_by_role("button", name="Tie").focus()
    keys.press("Enter")
    expect(panel.get_by_text("Vote saved.")).to_be_visible()
    expect(panel.get_by_role("button", name="Tie")).to_be_focused()
    panel.get_by_role("button", name="Add a model").focus()
    keys.press("Enter")
    keys.type("glm-4-long")
    keys.press("Tab")
    expect(panel.get_by_role("button", name="Remove Model 3")).to_be_focused()
    keys.press("Enter")
    expect(panel.get_by_label("Model 2", exact=True)).to_be_focused()
    assert len(book.save()["cells"]) == 1, "a key reached the notebook"


def test_a_blind_comparison_names_nobody_before_the_vote(
    notebook: Open, paced: Factory
) -> None:
    book = notebook([comparing(paced(tokens=40), "", _FOUR)])
    panel = shown(book)
    panel.get_by_label("Hide model names").check()
    panel.get_by_label("Prompt").fill("Why?")
    panel.get_by_label("Prompt").press("Enter")
    ended(panel)
    grid = panel.locator(".grid")
    expect(grid).to_contain_text("Answer A")
    hidden = grid.inner_text() + panel.locator(".below").inner_text()
    assert "glm" not in hidden
    assert "tokens/s" not in hidden
    panel.get_by_role("button", name="Answer B").click()
    expect(grid).to_contain_text("tokens/s")
    assert [model for model in _FOUR if model in grid.inner_text()] == _FOUR


def test_an_error_stands_in_place_and_what_was_typed_stays(
    notebook: Open, paced: Factory
) -> None:
    book = notebook([comparing(paced(status=401, code="1002"), "", _FOUR[:2])])
    panel = shown(book)
    panel.get_by_label("Prompt").fill("A long thought")
    panel.get_by_role("button", name="Run").click()
    ended(panel)
    first = panel.locator(".column").first
    expect(first.get_by_role("alert")).to_contain_text("1002")
    expect(first.locator(".glmkit-hint")).to_contain_text("id.secret")
    expect(panel.get_by_label("Prompt")).to_have_value("A long thought")
    panel.get_by_label("Prompt").fill("   ")
    panel.get_by_role("button", name="Run").click()
    expect(panel.locator(".note")).to_have_text(
        "the prompt is empty Write a prompt, then run it."
    )


def test_what_is_typed_meanwhile_is_never_lost(notebook: Open, paced: Factory) -> None:
    place = paced(tokens=100_000, rate=60)
    book = notebook(
        [
            comparing(place, "", _FOUR[:2]),
            "import time; time.sleep(2)",
        ]
    )
    panel = shown(book)
    prompt = panel.get_by_label("Prompt")
    prompt.fill("first")
    prompt.press("Enter")
    prompt.fill("second, while the first is answered")
    wait_for(lambda: min(lengths(panel)), (0).__lt__)
    expect(prompt).to_have_value("second, while the first is answered")
    book.start(1)
    panel.get_by_role("button", name="Stop all").click()
    note = panel.locator(".note")  # else the kernel heard it while the cell runs
    wait_for(lambda: place.seen["active"] == 0 or "kernel is busy" in note.inner_text())
    book.wait(1)
    ended(panel)
    expect(panel.locator(".note")).to_have_text("")
    expect(prompt).to_have_value("second, while the first is answered")


def test_a_kernel_that_is_gone_is_told_and_what_was_typed_stays(
    notebook: Open, paced: Factory
) -> None:
    book = notebook([comparing(paced(tokens=5), "")])
    panel = shown(book)
    panel.get_by_label("Prompt").fill("A long thought")
    settle(book.page, _RESTART, book.path)
    panel.get_by_role("button", name="Run").click()
    expect(panel.locator(".note")).to_contain_text("Run the cell again")
    expect(panel.get_by_label("Prompt")).to_have_value("A long thought")


def test_two_views_show_the_same_and_closing_leaves_nothing(
    notebook: Open, paced: Factory
) -> None:
    place = paced(tokens=100_000, rate=60)
    book = notebook([comparing(place), "compare", "compare.close()"])
    first = shown(book)
    place.until(lambda seen: seen["active"] == 4)
    second = shown(book, 1)
    wait_for(lambda: min(lengths(second)), (20).__lt__)
    second.get_by_role("button", name="Stop: glm-4-plus").click()
    expect(first.locator(".column").first).to_have_attribute(
        "data-state", "interrupted"
    )
    assert place.seen["requests"] == 4, "a second view asks nothing"
    book.run(2)
    place.until(lambda seen: seen["active"] == 0)
    expect(book.cell(0).locator(".glmkit-compare")).to_have_count(0)


@pytest.fixture
def judged(notebook: Open, paced: Factory) -> Notebook:
    """Return a notebook with two answers that differ, a vote and an open reference."""
    texts = [
        "The **sky** is blue, as the air scatters short waves most.\n\n- red: 700 nm\n"
        "- blue: 450 nm",
        "The sky is blue because air scatters short waves more than long ones.",
        "Molecules of the air scatter blue light in all directions.",
        "It looks blue since `1/λ⁴` favours short waves.",
    ]
    place = paced(replies=json.dumps([{"content": text} for text in texts]))
    book = notebook([comparing(place, "Why is the sky blue?"), "client.close()"])
    panel = shown(book)
    ended(panel)
    panel.get_by_role("button", name="glm-4-plus", exact=True).click()
    expect(panel.get_by_text("Vote saved.")).to_be_visible()
    panel.get_by_label("Differences").select_option(index=1)
    expect(panel.locator("ins").nth(1)).to_be_visible()
    return book


def test_no_fault_of_accessibility_in_light_dark_and_narrow(
    judged: Notebook, theme: Callable[[str], None]
) -> None:
    check_looks(judged, theme, "compare", ".glmkit-compare")


def test_saved_notebook_shows_the_answers_without_a_kernel(judged: Notebook) -> None:
    picture = judged.cell(0).locator(".glmkit-still")
    expect(picture).to_be_hidden()
    reopen_without_kernel(judged)
    expect(picture).to_be_visible()
    expect(picture).to_contain_text("Why is the sky blue?")
    expect(picture).to_contain_text("in all directions")
    expect(picture).to_contain_text("tokens/s")
    assert "Loading widget" not in judged.shown(0)
    judged.screenshot("compare-reopened")


RUN_ALL = """
import json
for text in json.loads({texts!r}):
    {name}.prompt = text
    {name}.run()
    assert {name}.wait(30)
    {more}
print("all shown")
"""


def test_no_vector_has_an_effect(
    notebook: Open, paced: Factory, listener: tuple[str, list[str]]
) -> None:
    origin, asked = listener
    texts = attacks(origin)
    models = [texts[0], texts[-1]]  # names are a stranger's text too
    loop = RUN_ALL.format(
        texts=json.dumps(texts), name="compare", more="compare._against('0')"
    )
    book = notebook([comparing(paced(text="echo"), "", models), loop])
    book.page.evaluate(WATCH)
    panel = shown(book)
    out = book.run(1)
    assert "all shown" in str(out)
    expect(panel.get_by_label("Prompt")).to_have_value(texts[-1])
    expect(panel.locator(".title").first).to_have_text(models[0])
    assert harmless(book.page, asked)["answers"], "nothing was looked at"


def test_the_key_is_neither_in_the_file_nor_in_a_message(
    notebook: Open, paced: Factory, lab: Lab, page: Page
) -> None:
    place = paced(tokens=30)
    cell = comparing(place).replace(repr(place.key), canary.hide(lab.folder))
    with canary.messages(page) as seen:
        book = notebook([cell, "pass"])
        panel = shown(book)
        ended(panel)
        assert place.seen["headers"][0]["authorization"].endswith(canary.KEY)
        panel.get_by_role("button", name="Run").click()
        ended(panel)
        saved = json.dumps(book.save()).encode()
        assert len(seen) > 20, "nothing was looked at"
        assert canary.found_in(saved) == set()
        assert canary.found_in(b"\n".join(seen)) == set()
        book.write(1, canary.LEAK)
        book.run(1)
        saved = json.dumps(book.save()).encode()
        assert canary.found_in(saved) == {*canary.encodings()}
        assert canary.found_in(b"\n".join(seen)) == {*canary.encodings()}
