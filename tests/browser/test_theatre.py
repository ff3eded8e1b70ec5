"""The temperature theatre as a class sees it: answers, picture, sentence, themes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from glmkit.local.launcher import Platform
from tests.browser import canary
from tests.browser.lab import Lab
from tests.browser.looks import check_looks
from tests.browser.notebook import Notebook
from tests.browser.reopening import reopen_without_kernel
from tests.browser.test_compare import RUN_ALL, ended, lengths
from tests.browser.vectors import WATCH, attacks, harmless
from tests.conftest import Paced, wait_for

Open = Callable[[Sequence[str]], Notebook]
Factory = Callable[..., Paced]


def theatre(place: Paced | None, prompt: str = "Name a colour.", **more: Any) -> str:
    """Return a cell that shows a theatre."""
    client = "'local'" if place is None else f"{place.url!r}, {place.key!r}"
    given = "".join(f", {name}={value!r}" for name, value in more.items())
    return (
        "import glmkit\n"
        "from glmkit.widgets import TemperatureTheatre\n"
        f"client = glmkit.Client({client})\n"
        "options = dict(client=client, max_tokens=40)\n"
        f"theatre = TemperatureTheatre({prompt!r}{given}, **options)\n"
        "theatre"
    )


def shown(book: Notebook) -> Locator:
    book.run(0)
    panel = book.cell(0).locator(".glmkit-theatre")
    expect(panel).to_be_visible()
    return panel


def test_a_class_sees_what_temperature_does(notebook: Open, platform: Platform) -> None:
    book = notebook([theatre(None), "theatre.to_frame()[['temperature', 'text']]"])
    panel = shown(book)
    expect(panel.locator(".counts")).to_have_text("10 of 10 answers")
    expect(panel.locator(".sentence")).to_contain_text("At temperature 0")
    plot = panel.locator("svg.plot")
    expect(plot.locator("rect.bar")).to_have_count(5)
    expect(plot.locator("circle")).to_have_count(4)
    spoken = plot.get_attribute("aria-label") or ""
    assert "temperature 0.75: " in spoken
    expect(panel.locator(".heading")).to_have_text(
        [f"Temperature {each}" for each in ("0", "0.25", "0.5", "0.75", "1")]
    )
    assert "0.25" in str(book.run(1))


def test_the_picture_moves_while_answers_grow_and_a_stop_ends_them(
    notebook: Open, paced: Factory
) -> None:
    place = paced(tokens=100_000, rate=60)
    book = notebook([theatre(place, temperatures=(0, 1)), "1 + 1"])
    panel = shown(book)
    place.until(lambda seen: seen["active"] == 4)
    wait_for(lambda: min(lengths(panel)), (20).__lt__)
    expect(panel.locator("rect.bar")).to_have_count(2)
    expect(panel.locator(".sentence")).to_be_hidden()
    assert book.run(1)[0]["data"]["text/plain"] == "2"
    panel.get_by_role("button", name="Stop: Temperature 1, Answer 2").click()
    place.until(lambda seen: (seen["left"], seen["active"]) == (1, 3))
    panel.get_by_label("Prompt").press("Escape")
    place.until(lambda seen: seen["active"] == 0)
    expect(panel.locator(".counts")).to_have_text("0 of 4 answers complete")


def test_it_works_by_keyboard_alone(notebook: Open, paced: Factory) -> None:
    place = paced(tokens=12)
    book = notebook([theatre(place, "", temperatures=(0, 0.5, 1))])
    panel = shown(book)
    keys = book.page.keyboard
    panel.get_by_label("Answers per temperature").focus()
    keys.press("ArrowUp")
    expect(panel.locator(".column")).to_have_count(3)
    panel.get_by_label("Prompt").focus()
    keys.type("Name a colour.")
    keys.press("Enter")
    ended(panel)
    assert place.seen["requests"] == 3
    expect(panel.locator(".sentence")).to_contain_text("The answer at temperature 1")
    assert len(book.save()["cells"]) == 1, "a key reached the notebook"


def test_an_error_stands_in_place_with_its_hint(notebook: Open, paced: Factory) -> None:
    book = notebook([theatre(paced(status=401, code="1002"), repeats=1)])
    panel = shown(book)
    ended(panel)
    alert = panel.get_by_role("alert")
    expect(alert).to_have_count(5)
    expect(alert.first).to_contain_text("1002")
    expect(panel.locator(".glmkit-hint").first).to_contain_text("id.secret")
    expect(panel.locator(".picture")).to_be_hidden()


_COLOURS = ["Red.", "Red.", "Red it is.", "Red or blue.", "A pale blue.", "Indigo."]


@pytest.fixture
def performed(notebook: Open, paced: Factory) -> Notebook:
    """Return a notebook with a theatre whose answers have come."""
    texts = [*_COLOURS, "Teal.", "Some green.", "Mauve, I think.", "Burnt umber."]
    place = paced(replies=json.dumps([{"content": text} for text in texts]))
    book = notebook([theatre(place)])
    ended(shown(book))
    return book


def test_no_fault_of_accessibility_in_light_dark_and_narrow(
    performed: Notebook, theme: Callable[[str], None]
) -> None:
    check_looks(performed, theme, "theatre", ".glmkit-theatre")


def test_saved_notebook_shows_picture_and_answers_without_a_kernel(
    performed: Notebook,
) -> None:
    picture = performed.cell(0).locator(".glmkit-still")
    expect(picture).to_be_hidden()
    reopen_without_kernel(performed)
    expect(picture).to_be_visible()
    expect(picture).to_contain_text("of their words")
    expect(picture).to_contain_text("Burnt umber.")
    expect(picture.locator(".bar")).to_have_count(5)
    performed.screenshot("theatre-reopened")


def test_no_vector_has_an_effect(
    notebook: Open, paced: Factory, listener: tuple[str, list[str]]
) -> None:
    origin, asked = listener
    texts = attacks(origin)
    loop = RUN_ALL.format(texts=json.dumps(texts), name="theatre", more="")
    cell = theatre(paced(text="echo"), "", temperatures=(0, 1), repeats=1)
    book = notebook([cell, loop])
    book.page.evaluate(WATCH)
    panel = shown(book)
    assert "all shown" in str(book.run(1))
    expect(panel.get_by_label("Prompt")).to_have_value(texts[-1])
    assert harmless(book.page, asked)["answers"], "nothing was looked at"


def test_the_key_is_neither_in_the_file_nor_in_a_message(
    notebook: Open, paced: Factory, lab: Lab, page: Page
) -> None:
    place = paced(tokens=30)
    cell = theatre(place).replace(repr(place.key), canary.hide(lab.folder))
    with canary.messages(page) as seen:
        book = notebook([cell])
        ended(shown(book))
        assert place.seen["headers"][0]["authorization"].endswith(canary.KEY)
        assert len(seen) > 20, "nothing was looked at"
        assert canary.found_in(json.dumps(book.save()).encode()) == set()
        assert canary.found_in(b"\n".join(seen)) == set()
