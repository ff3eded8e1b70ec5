"""The prompt lab as a person uses it: a grid, a stop, a retry, sorting, one cell."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from playwright.sync_api import Locator, Page, expect

from glmkit.local.launcher import Platform
from tests.browser import canary
from tests.browser.lab import Lab
from tests.browser.looks import check_looks
from tests.browser.notebook import Notebook, Traffic, choose_by_keys
from tests.browser.reopening import reopen_without_kernel
from tests.browser.vectors import WATCH, attacks, harmless
from tests.conftest import Paced, wait_for

Open = Callable[[Sequence[str]], Notebook]
Factory = Callable[..., Paced]


def _cells(
    url: str, more: str = "", key: str = "paced0123456789.secret0123456789"
) -> list[str]:
    return [
        "import glmkit\nfrom glmkit.widgets import PromptLab\n"
        f"client = glmkit.Client({url!r}, {key!r})\n"
        "cities = {'city': ['Bonn', 'Ulm', 'Kiel'], 'year': [1990, 1991, 1992]}\n"
        f"lab = PromptLab('Where was {{city}} in {{year}}?', cities, {more}\n"
        "                client=client)\nlab",
        "print(len(lab.frame), lab.value['done'], lab.value['failed'])",
        "import time; time.sleep(2)",
        "print(lab.template, lab.models, lab.temperatures, lab.inputs.rows)",
    ]


def _shown(book: Notebook) -> Locator:
    book.run(0)
    panel = book.cell(0).locator(".glmkit-lab")
    expect(panel).to_be_visible()
    return panel


def _run(panel: Locator, cells: int) -> None:
    panel.get_by_role("button", name="Run: ").click()
    expect(panel.locator("p[role=status]").first).to_contain_text(
        f"{cells} of {cells} done"
    )


def test_a_grid_is_asked_of_the_stand_in(notebook: Open, platform: Platform) -> None:
    book = notebook(
        [
            "%load_ext glmkit\n%glm config endpoint local\n%glm config max_tokens 12",
            "%glm promptlab glm-4-plus,glm-4-long -p Name one thing in {city}.",
            "lab = _\nlab.inputs = {'city': ['Bonn', 'Ulm']}",
            "found = lab.frame\n"
            "print(len(found), found['cost'].sum() == 0, all(found['text']))",
        ]
    )
    book.run(0)
    book.run(1)
    book.run(2)
    panel = book.cell(1).locator(".glmkit-lab")
    expect(panel).to_contain_text("2 rows of city")
    expect(panel).to_contain_text("free here; list price")
    _run(panel, 4)
    assert book.run(3)[0]["text"].split() == ["4", "True", "True"]
    panel.get_by_role("button", name="Open cell 1", exact=True).click()
    whole = panel.locator(".whole")
    expect(whole).to_contain_text("answered by the stand-in")
    expect(whole.get_by_role("row", name="city")).to_contain_text("Bonn")


def test_rows_are_filtered_sorted_paged_and_opened(
    notebook: Open, paced: Factory
) -> None:
    place = paced(text="echo")
    book = notebook(
        [
            *_cells(place.url, "['glm-4-plus', 'glm-4-long'], [0, 0.5],"),
            "lab.inputs = {'city': [f'Town {n}' for n in range(10)], 'year': 1}"
            " and {'city': [f'Town {n}' for n in range(10)], 'year': [1] * 10}",
        ]
    )
    panel = _shown(book)
    book.run(4)
    _run(panel, 40)
    body = panel.locator(".scroll tbody tr")
    expect(body).to_have_count(25)
    expect(panel.locator(".pages")).to_contain_text("1–25 of 40")
    panel.get_by_role("button", name="Next rows").click()
    expect(body).to_have_count(15)
    panel.get_by_role("columnheader", name="#").get_by_role("button").click()
    expect(body.first).to_contain_text("Town 9")
    panel.get_by_role("columnheader", name="Model").get_by_role("button").click()
    expect(body.first).to_contain_text("glm-4-long")
    panel.get_by_label("Filter").fill("town 3 · 1")
    expect(body).to_have_count(4)
    panel.get_by_label("State").select_option("failed")
    expect(body).to_have_count(0)
    panel.get_by_label("State").select_option("done")
    body.first.get_by_role("button").click()
    expect(panel.locator(".whole")).to_contain_text("Where was Town 3 in 1?")
    panel.get_by_role("button", name="Close").click()
    expect(panel.locator(".whole")).to_be_empty()
    expect(body.first.get_by_role("button")).to_be_focused()


def test_a_stop_in_mid_stream_reaches_the_server_and_a_retry_goes_on(
    notebook: Open, paced: Factory
) -> None:
    place = paced(tokens=100_000, rate=100)
    book = notebook([*_cells(place.url), ""])
    panel = _shown(book)
    panel.get_by_role("button", name="Run: ").click()
    place.until(lambda seen: seen["active"] == 3)
    expect(panel.locator("tr.running")).to_have_count(3)
    place.until(lambda seen: seen["sent"] > 1_000)  # so that some of it was read
    panel.get_by_role("button", name="Stop").click()
    place.until(lambda seen: seen["left"] == 3)
    expect(panel.locator("p[role=status]").first).to_contain_text("3 stopped")
    expect(panel.locator("tr.stopped").first).to_contain_text("stopped: ##")
    other = paced(text="echo")
    book.write(4, f"lab._client = glmkit.Client({other.url!r}, {other.key!r})")
    book.run(4)
    panel.get_by_role("button", name="Retry 3 cells").click()
    expect(panel.locator("tr.done")).to_have_count(3)


def test_an_error_stands_in_its_row_and_a_rejected_key_ends_the_run(
    notebook: Open, paced: Factory
) -> None:
    place = paced(status=400, code="1210", said="bad parameter")
    book = notebook(_cells(place.url))
    panel = _shown(book)
    panel.get_by_role("button", name="Run: ").click()
    expect(panel.locator("tr.failed")).to_have_count(3)
    expect(panel.locator("tr.failed").first).to_contain_text("bad parameter")
    expect(panel.locator("tr.failed").first).to_contain_text("%glm models")
    panel.get_by_role("button", name="Open cell 1").click()
    expect(panel.locator(".whole .glmkit-hint")).to_be_visible()
    book.write(0, _cells(paced(status=401, code="1002").url)[0])
    panel = _shown(book)
    panel.get_by_role("button", name="Run: ").click()
    expect(panel.locator(".note")).to_contain_text("key")


def test_keys_alone_write_choose_run_and_open(notebook: Open, paced: Factory) -> None:
    book = notebook(_cells(paced(text="echo").url))
    panel = _shown(book)
    keys = book.page.keyboard
    panel.get_by_label("Template").focus()
    keys.press("ControlOrMeta+a")
    keys.type("dd {city}")
    keys.press("Tab")
    expect(panel.get_by_role("button", name="Edit or paste")).to_be_focused()
    keys.press("Enter")
    area = panel.get_by_label("Paste from a spreadsheet")
    expect(area).to_be_focused()
    keys.press("ControlOrMeta+a")
    keys.type("city,year\nBonn,1\nUlm,2")
    keys.press("Tab")
    keys.press("Enter")
    expect(panel).to_contain_text("2 rows of city, year")
    panel.get_by_label("Models", exact=True).focus()
    choose_by_keys(panel.get_by_label("Models", exact=True), "glm-4-long")
    keys.press("Tab")
    keys.press("Enter")
    panel.get_by_label("Temperatures").focus()
    keys.type("0, 1")
    keys.press("Tab")
    wait_for(
        lambda: book.run(3)[0]["text"].strip(),
        "dd {city} ['glm-4-long'] [0.0, 1.0] (('Bonn', '1'), ('Ulm', '2'))".__eq__,
    )
    panel.get_by_role("button", name="Run: 4 cells").focus()
    keys.press("Enter")
    expect(panel.locator("tr.done")).to_have_count(4)
    panel.get_by_role("button", name="Open cell 1").focus()
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(panel.locator(".whole h3")).to_have_text("Cell 2")
    keys.press("Escape")
    expect(panel.get_by_role("button", name="Open cell 2")).to_be_focused()
    assert len(book.save()["cells"]) == 4, "a key reached the notebook"


def test_what_is_wrong_is_told_and_nothing_typed_is_lost(
    notebook: Open, paced: Factory
) -> None:
    book = notebook(_cells(paced().url))
    panel = _shown(book)
    panel.get_by_label("Template").fill("{town}?")
    expect(panel).to_contain_text("{town} is not a column and is sent as it is")
    panel.get_by_role("button", name="Edit or paste").click()
    area = panel.get_by_label("Paste from a spreadsheet")
    area.fill("a,b\n1")
    panel.get_by_role("button", name="Use this table").click()
    expect(panel.locator(".note")).to_contain_text("line 2 has 1 values")
    expect(area).to_have_value("a,b\n1")
    panel.get_by_label("Temperatures").fill("2")
    panel.get_by_label("Temperatures").press("Tab")
    expect(panel.locator(".wrong")).to_contain_text("from 0 to 1")
    panel.get_by_label("Template").fill("")
    panel.get_by_role("button", name="Run: ").click()
    expect(panel.locator(".note")).to_contain_text("the template is empty")


def test_a_thousand_cells_keep_the_page_light(
    notebook: Open, paced: Factory, traffic: Traffic
) -> None:
    place = paced(tokens=200)
    book = notebook([*_cells(place.url), "lab.inputs = {'city': [*range(1000)]}"])
    panel = _shown(book)
    book.run(4)
    expect(panel).to_contain_text("1,000 rows of city")
    before = traffic.socket_bytes
    panel.get_by_role("button", name="Run: ").click()
    expect(panel.locator("p[role=status]").first).to_contain_text("1,000 of 1,000 done")
    spent = traffic.socket_bytes - before
    assert spent < 2_000_000, spent
    assert panel.locator("tbody tr").count() <= 25 + 4
    assert panel.evaluate("node => node.querySelectorAll('*').length") < 1200


def test_no_vector_has_an_effect(
    notebook: Open, paced: Factory, page: Page, listener: tuple[str, list[str]]
) -> None:
    origin, asked = listener
    page.evaluate(WATCH)
    texts = attacks(origin)
    cells = _cells(paced(text="echo").url)
    book = notebook(
        [
            *cells,
            f"texts = {texts!r}\n"
            "lab.template = texts[0] + ' {city}'\n"
            "lab.inputs = {'city': texts, texts[1]: texts}\nlab.models = texts[:1]",
        ]
    )
    panel = _shown(book)
    book.run(4)
    _run(panel, len(texts))
    for n in range(len(texts)):
        if n and n % 25 == 0:
            panel.get_by_role("button", name="Next rows").click()
        panel.get_by_role("button", name=f"Open cell {n + 1}", exact=True).click()
        expect(panel.locator(".whole h3")).to_have_text(f"Cell {n + 1}")
    assert harmless(page, asked)["answers"], "nothing was looked at"


def test_the_key_is_in_no_message_and_not_in_the_file(
    notebook: Open, paced: Factory, lab: Lab, page: Page
) -> None:
    place = paced(tokens=30)
    cells = _cells(place.url)
    cells[0] = cells[0].replace(repr(place.key), canary.hide(lab.folder))
    with canary.messages(page) as seen:
        book = notebook([*cells, canary.LEAK])
        panel = _shown(book)
        _run(panel, 3)
        panel.get_by_role("button", name="Open cell 1").click()
        expect(panel.locator(".whole h3")).to_be_visible()
        assert place.seen["headers"][0]["authorization"].endswith(canary.KEY)
        assert canary.found_in(json.dumps(book.save()).encode()) == set()
        assert canary.found_in(b"\n".join(seen)) == set()
        book.run(4)  # the arm in which it is found
        wait_for(lambda: len(canary.found_in(b"\n".join(seen))), (8).__eq__)


def test_no_fault_of_accessibility_in_light_dark_and_narrow(
    notebook: Open, theme: Callable[[str], None], paced: Factory
) -> None:
    place = paced(tokens=60, status=400, code="1210", fails=2, gate=0)
    book = notebook(
        _cells(place.url, "['glm-4-plus', 'glm-4.6', 'glm-4-long'], [0, 0.7],")
    )
    panel = _shown(book)
    panel.get_by_role("button", name="Run: ").click()
    expect(panel.get_by_label("Finished cells")).to_be_visible()
    place.release()
    wait_for(lambda: panel.get_by_role("button", name="Stop").is_hidden())
    panel.get_by_role("button", name="Open cell 2", exact=True).click()
    expect(panel.locator(".whole h3")).to_be_visible()
    check_looks(book, theme, "lab-cell", ".glmkit-lab")
    panel.get_by_role("button", name="Close").click()
    panel.get_by_label("Template").scroll_into_view_if_needed()
    check_looks(book, theme, "lab", ".glmkit-lab")


def test_saved_notebook_shows_the_last_state_without_a_kernel(
    notebook: Open, paced: Factory
) -> None:
    book = notebook(_cells(paced(text="echo").url))
    panel = _shown(book)
    _run(panel, 3)
    picture = book.cell(0).locator(".glmkit-still")
    expect(picture).to_be_hidden()
    expect(picture).to_contain_text("3 cells: 3 done")
    reopen_without_kernel(book)
    expect(picture).to_be_visible()
    expect(picture).to_contain_text("Where was Ulm in 1991?")
    book.screenshot("lab-reopened")


def test_all_rows_are_priced_confirmed_and_asked(
    notebook: Open, paced: Factory, theme: Callable[[str], None]
) -> None:
    place = paced(text="echo")
    book = notebook(
        [
            *_cells(place.url, "['glm-4-plus', 'glm-4-long'], tried=1,"),
            "print(lab.result['answer'].tolist())",
        ]
    )
    panel = _shown(book)
    _run(panel, 2)
    box = panel.locator(".all-rows")
    expect(box).to_be_hidden()
    panel.get_by_label("Model and temperature for all rows").select_option(
        label="glm-4-long"
    )
    panel.get_by_role("button", name="Run on all rows").click()
    expect(box.get_by_role("row", name="rows")).to_contain_text("3, 3 different")
    expect(box.get_by_role("row", name="cost")).to_be_visible()
    expect(box.get_by_role("heading", name="All rows")).to_be_focused()
    assert place.seen["requests"] == 2
    check_looks(book, theme, "lab-all-rows", ".glmkit-lab")
    box.get_by_role("heading").focus()
    book.page.keyboard.press("Tab")
    book.page.keyboard.press("Enter")
    expect(box).to_contain_text("3 done. The new frame is lab.result.")
    assert book.run(4)[0]["text"].count("Where was") == 3
    assert {body["model"] for body in place.seen["bodies"]} == {
        "glm-4-plus", "glm-4-long",
    }  # fmt: skip
    panel.get_by_role("button", name="Copy as df.glm").click()
    expect(panel).to_contain_text("Copied as df.glm.")
    box.get_by_role("button", name="Close").click()
    expect(box).to_be_hidden()
