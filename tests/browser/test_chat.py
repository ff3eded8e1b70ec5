"""The chat as people use it: turns, branches, files, tools, errors, themes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from glmkit.local.launcher import Platform
from tests.browser import canary
from tests.browser.lab import Lab
from tests.browser.looks import check_faults, check_looks
from tests.browser.notebook import Notebook, settle
from tests.browser.reopening import reopen_without_kernel
from tests.browser.vectors import WATCH, attacks, harmless
from tests.client.test_conversation import says, scripted, wants
from tests.conftest import Paced, wait_for

Open = Callable[[Sequence[str]], Notebook]
Factory = Callable[..., Paced]


def talking(place: Paced, more: str = "", before: str = "") -> str:
    """Return a cell that shows a chat."""
    return (
        "import glmkit\n"
        "from glmkit.widgets import Chat\n"
        f"{before}\n"
        f"client = glmkit.Client({place.url!r}, {place.key!r})\n"
        f"chat = Chat(client{more})\n"
        "chat"
    )


def shown(book: Notebook, index: int = 0) -> Locator:
    book.run(index)
    panel = book.cell(index).locator(".glmkit-chat").first
    expect(panel).to_be_visible()
    return panel


def prompt(panel: Locator) -> Locator:
    return panel.get_by_role("textbox", name="Question", exact=True).first


def ask(panel: Locator, question: str) -> None:
    prompt(panel).fill(question)
    prompt(panel).press("Enter")


def answered(panel: Locator, count: int) -> None:
    """Wait until so many turns are shown, and all of them have ended."""
    expect(panel.locator(".turn")).to_have_count(count)
    expect(panel.locator(".turn .actions:visible")).to_have_count(count)


def test_a_talk_with_the_stand_in(notebook: Open, platform: Platform) -> None:
    book = notebook(
        [
            "%load_ext glmkit\n%glm config max_tokens 60",
            "%%glm --chat sky\nWhy is the sky blue?",
            "%glm talk sky",
            "%glm chats",
        ]
    )
    for index in (0, 1):
        book.run(index)
    panel = shown(book, 2)
    answered(panel, 1)
    expect(panel.locator(".words")).to_have_text("Why is the sky blue?")
    ask(panel, "And why is Mars red?")
    answered(panel, 2)
    badge = panel.locator(".turn").last.locator(".glmkit-badge")
    expect(badge).to_contain_text("stand-in")
    expect(badge).to_contain_text("chat sky, 2 turns")
    expect(panel.locator(".total")).to_contain_text("1 answer")
    assert "sky: 2 turns" in book.run(3)[0]["text"]


def test_a_stop_in_mid_stream_leaves_the_server(notebook: Open, paced: Factory) -> None:
    place = paced(tokens=100_000, rate=100)
    book = notebook([talking(place), "1 + 1"])
    panel = shown(book)
    ask(panel, "Why?")
    expect(panel.locator(".turn .glmkit-body")).to_contain_text("Part 1")
    prompt(panel).fill("what is typed meanwhile")
    assert book.run(1)[0]["data"]["text/plain"] == "2"
    assert place.seen["active"] == 1
    panel.get_by_role("button", name="Stop").click()
    place.until(lambda seen: seen["left"] == 1)
    answered(panel, 1)
    expect(panel.locator(".turn")).to_contain_text("Interrupted")
    expect(prompt(panel)).to_have_value("what is typed meanwhile")
    expect(panel.get_by_role("button", name="Send")).to_be_visible()


def test_a_press_counts_where_the_button_moves_away(
    notebook: Open, paced: Factory
) -> None:
    place = paced(tokens=1500, gate=20)  # nothing else moves it meanwhile
    book = notebook([talking(place)])
    panel = shown(book)
    ask(panel, "Why?")
    expect(panel.locator(".turn .glmkit-body")).to_contain_text("Part 1")
    stop = panel.get_by_role("button", name="Stop")
    box = stop.bounding_box()
    assert box
    book.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    book.page.mouse.down()
    stop.evaluate("node => node.closest('.composer').style.paddingTop = '200px'")
    book.page.mouse.up()
    place.until(lambda seen: seen["left"] == 1)
    answered(panel, 1)


def test_everything_works_by_keyboard_alone(notebook: Open, paced: Factory) -> None:
    place = paced(tokens=100_000, rate=60)
    book = notebook([talking(place, ", names={'table': [1, 2]}")])
    panel = shown(book)
    keys = book.page.keyboard
    prompt(panel).focus()
    keys.type("Why")
    keys.press("Shift+Enter")
    keys.type("is it so?")
    assert place.seen["requests"] == 0
    keys.press("Enter")
    seen = place.until(lambda seen: seen["active"] == 1)
    assert seen["bodies"][0]["messages"][-1]["content"] == "Why\nis it so?"
    keys.press("Enter")
    expect(panel.locator(".turn .glmkit-body")).to_contain_text("Part 1")
    keys.press("Escape")
    place.until(lambda seen: seen["active"] == 0)
    answered(panel, 1)
    expect(prompt(panel)).to_be_focused()
    keys.press("Tab")
    keys.press("Enter")
    expect(_word(panel)).to_be_focused()
    keys.type("table")
    keys.press("Enter")
    expect(panel.locator(".composer .chip")).to_contain_text("table")
    keys.press("Escape")
    expect(panel.get_by_role("button", name="Attach", exact=True)).to_be_focused()
    panel.get_by_role("button", name="Edit this question").focus()
    keys.press("Enter")
    keys.press("End")
    keys.type(" Or not?")
    keys.press("Enter")
    expect(panel.locator(".place")).to_have_text("2 / 2")
    keys.press("Escape")
    answered(panel, 1)
    panel.get_by_role("button", name="Previous version").focus()
    keys.press("Enter")
    expect(panel.locator(".place")).to_have_text("1 / 2")
    expect(panel.get_by_role("button", name="Next version")).to_be_focused()
    assert len(book.save()["cells"]) == 1, "a key reached the notebook"


def _word(panel: Locator) -> Locator:
    return panel.get_by_role("combobox", name="Name of a variable")


def test_branches_forks_and_what_leaves_the_chat(
    notebook: Open, paced: Factory
) -> None:
    code = "Like so:\n\n```python\nx = 1\n```"
    place = scripted(paced, says("one"), says(code), says("three"), says("four"))
    book = notebook([talking(place), "print('the last cell')"])
    panel = shown(book)
    ask(panel, "first")
    answered(panel, 1)
    ask(panel, "second")
    answered(panel, 2)
    last = panel.locator(".turn").last
    last.get_by_role("button", name="Put the answer into a new cell below").click()
    expect(panel.locator(".note")).to_have_text("Added in a new cell below.")
    first = panel.locator(".turn").first
    first.get_by_role("button", name="Put the answer into a new cell below").click()
    wait_for(lambda: len(book.save()["cells"]), (4).__eq__)
    cells = book.save()["cells"]
    assert [(c["cell_type"], "".join(c["source"])) for c in cells[1:3]] == [
        ("raw", "one"),
        ("code", "x = 1"),
    ]
    assert cells[1]["metadata"] == {"raw_mimetype": "text/plain"}
    book.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    first.get_by_role("button", name="Copy the answer").click()
    expect(panel.locator(".note")).to_have_text("Copied.")
    assert book.page.evaluate("() => navigator.clipboard.readText()") == "one"
    first.get_by_role("button", name="Ask this question again").click()
    answered(panel, 1)
    expect(panel.locator(".turn")).to_contain_text("three")
    panel.get_by_role("button", name="Previous version").click()
    answered(panel, 2)
    first = panel.locator(".turn").first
    first.get_by_role("button", name="Continue from here").click()
    fork = panel.locator(".glmkit-chat")
    answered(fork, 1)
    ask(fork, "other")
    answered(fork, 2)
    expect(fork.locator(".turn").last).to_contain_text("four")
    expect(panel.locator(":scope > .log .turn")).to_have_count(2)


def test_a_chat_is_saved_as_a_file(
    notebook: Open, paced: Factory, tmp_path: Path
) -> None:
    book = notebook([talking(scripted(paced, says("Blue.")), ", title='sky'")])
    panel = shown(book)
    ask(panel, "Why?")
    answered(panel, 1)
    for form, name in (("Markdown", "sky.md"), ("Notebook", "sky.ipynb")):
        with book.page.expect_download() as download:
            panel.get_by_label("Save chat as file").select_option(form)
        assert download.value.suggested_filename == name
        download.value.save_as(tmp_path / name)
        assert "Blue." in (tmp_path / name).read_text("utf-8")


_DROP = """field => {
    const data = new DataTransfer();
    data.items.add(new File(['# dropped'], 'dropped.md'));
    const drop = { dataTransfer: data, bubbles: true, cancelable: true };
    field.dispatchEvent(new DragEvent('drop', drop));
}"""


def test_files_and_variables_go_along(
    notebook: Open, paced: Factory, tmp_path: Path
) -> None:
    place = paced(tokens=10)
    (tmp_path / "notes.txt").write_text("the notes")
    key = "0123456789abcdef" * 2 + "." + "ABCDEFGHijklmnop"
    frame = "import pandas as pd\nframe = pd.DataFrame({'a': [1, 2]})"
    book = notebook(
        [talking(place, f", names={{'frame': frame, 'key': {key!r}}}", frame)]
    )
    panel = shown(book)
    panel.get_by_role("button", name="Attach", exact=True).click()
    expect(panel.locator("datalist option")).to_have_count(2)
    check_faults(book.page, ".glmkit-chat")
    _word(panel).fill("key")
    _word(panel).press("Enter")
    expect(panel.locator(".note")).to_contain_text("API key")
    expect(_word(panel)).to_have_value("key")
    _word(panel).fill("frame")
    _word(panel).press("Enter")
    expect(panel.locator(".composer .chip")).to_have_count(1)
    panel.locator("input[type=file]").set_input_files(tmp_path / "notes.txt")
    expect(panel.locator(".composer .chip")).to_have_count(2)
    prompt(panel).evaluate(_DROP)
    expect(panel.locator(".composer .chip")).to_have_count(3)
    book.screenshot("chat-attach")
    panel.get_by_role("button", name="Remove dropped.md").click()
    expect(panel.locator(".composer .chip")).to_have_count(2)
    ask(panel, "What is it?")
    answered(panel, 1)
    expect(panel.locator(".composer .chip")).to_have_count(0)
    expect(panel.locator(".asked .chip")).to_have_count(2)
    content = place.seen["bodies"][0]["messages"][-1]["content"]
    assert "2 rows x 1 columns" in content
    assert '<document name="notes.txt">\nthe notes' in content


_TOOL = """@glmkit.tool(confirm=True)
def delete(name: str) -> str:
    'Delete a file.'
    return f'{name} is gone'
"""


def test_a_tool_is_used_when_a_person_allows_it(notebook: Open, paced: Factory) -> None:
    place = scripted(paced, wants(("delete", {"name": "a.txt"})), says("Done."))
    book = notebook([talking(place, ", tools=[delete]", _TOOL)])
    panel = shown(book)
    ask(panel, "Tidy up.")
    expect(panel.get_by_text('{"name":"a.txt"}')).to_be_visible()
    book.screenshot("chat-confirm")
    check_faults(book.page, ".glmkit-chat")
    panel.get_by_role("button", name="Allow").click()
    answered(panel, 1)
    sent = place.seen["bodies"][-1]["messages"]
    assert "a.txt is gone" in sent[-1]["content"]
    expect(panel.get_by_text("Calls delete")).to_be_visible()


def test_an_error_stands_in_place_with_its_hint(notebook: Open, paced: Factory) -> None:
    place = paced(status=401, code="1002", fails=1, tokens=5)
    book = notebook([talking(place)])
    panel = shown(book)
    ask(panel, "   ")
    expect(panel.locator(".note")).to_have_text("Write a question first.")
    ask(panel, "A long thought")
    alert = panel.get_by_role("alert")
    expect(alert).to_contain_text("1002")
    expect(alert.locator(".glmkit-hint")).to_contain_text("id.secret")
    expect(panel.locator(".words")).to_have_text("A long thought")
    panel.get_by_role("button", name="Edit this question").click()
    book.screenshot("chat-error")
    check_faults(book.page, ".glmkit-chat")
    panel.get_by_role("button", name="Cancel").click()
    panel.get_by_role("button", name="Ask this question again").click()
    expect(panel.locator(".glmkit-badge")).to_be_visible()
    expect(alert).to_have_count(0)


def test_a_lost_kernel_is_told_and_what_was_typed_stays(
    notebook: Open, paced: Factory
) -> None:
    book = notebook([talking(paced(tokens=5)), "import time; time.sleep(2.5)"])
    panel = shown(book)
    note = panel.locator(".note")
    book.start(1)
    ask(panel, "while a cell runs")
    wait_for(
        lambda: (
            "kernel is busy" in note.inner_text() or panel.locator(".turn").count() == 1
        )
    )
    book.wait(1)
    answered(panel, 1)
    expect(note).to_have_text("")
    restart = """async path => {
        await window.glmkitPanels[path].sessionContext.session.kernel.restart();
    }"""
    settle(book.page, restart, book.path)
    ask(panel, "a question for nobody")
    expect(note).to_contain_text("Run the cell again")
    expect(prompt(panel)).to_have_value("a question for nobody")


def test_a_megabyte_of_a_question(notebook: Open, paced: Factory) -> None:
    place = paced(tokens=5)
    book = notebook([talking(place)])
    panel = shown(book)
    question = "a long story " * 80_000
    ask(panel, question)
    answered(panel, 1)
    assert place.seen["bodies"][0]["messages"][-1]["content"] == question
    assert len(panel.locator(".words").inner_text()) < 2_000
    panel.get_by_role("button", name="Show the whole question").click()
    wait_for(lambda: len(panel.locator(".words").text_content() or ""), (10**6).__lt__)


def test_two_views_show_the_same_and_closing_leaves_nothing(
    notebook: Open, paced: Factory
) -> None:
    place = paced(tokens=100_000, rate=60)
    book = notebook([talking(place), "chat", "chat.close()"])
    first = shown(book)
    ask(first, "Why?")
    expect(first.locator(".turn .glmkit-body")).to_contain_text("Part 1")
    second = shown(book, 1)
    expect(second.locator(".turn .glmkit-body")).to_contain_text("Part 1")
    assert place.seen["requests"] == 1, "a second view asks nothing"
    book.run(2)
    place.until(lambda seen: seen["active"] == 0)
    expect(book.cell(0).locator(".glmkit-chat")).to_have_count(0)


def test_who_scrolls_up_stays_there_while_the_answer_grows(
    notebook: Open, paced: Factory
) -> None:
    place = paced(tokens=1500, gate=950)
    book = notebook([talking(place)])
    panel = shown(book)
    ask(panel, "Why?")
    expect(panel.locator(".turn")).to_contain_text("Part 4")
    log = panel.locator(".log")
    assert log.evaluate("log => log.scrollTop") == 0, "the end is in sight"
    log.evaluate("log => { log.scrollTop = -200 }")
    top = "node => node.querySelector('h2').getBoundingClientRect().top"
    before = log.evaluate(top)
    place.release()
    expect(panel.locator(".turn")).to_contain_text("Part 6")
    assert abs(log.evaluate(top) - before) < 40


@pytest.fixture
def talked(notebook: Open, paced: Factory) -> Notebook:
    """Return a notebook with a chat that shows all there is to show."""
    replies = [
        "The **sky** is blue, as the air scatters short waves most.\n\n- red: 700 nm\n"
        "- blue: 450 nm",
        "So it is:\n\n```python\nshare = 1 / wave**4\n```",
        "Dust with iron in it: rust.",
    ]
    place = scripted(paced, *map(says, replies))
    names = "table = [1, 2, 3]"
    more = ", names={'table': table}, title='the sky', model='glm-4-plus'"
    book = notebook([talking(place, more, names), "client.close()"])
    panel = shown(book)
    ask(panel, "Why is the sky blue?")
    answered(panel, 1)
    panel.get_by_role("button", name="Attach", exact=True).click()
    _word(panel).fill("table")
    _word(panel).press("Enter")
    expect(panel.locator(".composer .chip")).to_have_count(1)
    ask(panel, "How much is scattered?\nAs Python, please.")
    answered(panel, 2)
    second = panel.locator(".turn").last
    second.get_by_role("button", name="Ask this question again").click()
    expect(panel.locator(".place:visible")).to_have_text("2 / 2")
    answered(panel, 2)
    prompt(panel).fill("And why is Mars red?")
    return book


def test_no_fault_of_accessibility_in_light_dark_and_narrow(
    talked: Notebook, theme: Callable[[str], None]
) -> None:
    check_looks(talked, theme, "chat", ".glmkit-chat")


def test_the_page_writes_the_picture_as_the_notebook_is_saved(
    notebook: Open, paced: Factory
) -> None:
    place = scripted(paced, says("Rayleigh."), says("Dust."))
    book = notebook([talking(place)])
    panel = shown(book)
    for count, question in enumerate(("Why blue?", "Why red?"), 1):
        ask(panel, question)
        answered(panel, count)
    assert "Why blue?" not in str(book.outputs(0))
    saved = book.save()["cells"][0]["outputs"]
    html = "".join(saved[0]["data"]["text/html"])
    for text in ("Why blue?", "Rayleigh.", "Why red?", "Dust."):
        assert text in html
    assert "curl" not in html
    assert "You: Why red?" in "".join(saved[0]["data"]["text/plain"])
    assert next(iter(saved[1]["data"])).endswith("widget-view+json")
    assert book.outputs(0)[0]["data"]["text/html"] == html
    expect(book.cell(0).locator(".glmkit-still")).to_be_hidden()
    again = book.save()["cells"][0]["outputs"]
    assert again == saved, "an unchanged picture is written once"


def test_saved_notebook_shows_the_talk_without_a_kernel(talked: Notebook) -> None:
    picture = talked.cell(0).locator(".glmkit-still")
    expect(picture).to_be_hidden()
    reopen_without_kernel(talked)
    expect(picture).to_be_visible()
    expect(picture).to_contain_text("Why is the sky blue?")
    expect(picture).to_contain_text("Dust with iron")
    expect(picture).to_contain_text("tokens in")
    assert "Loading widget" not in talked.shown(0)
    talked.screenshot("chat-reopened")


_ASK_ALL = """
import json
from glmkit_widgets.chat.attachments import Attachment
for text in json.loads({texts!r}):
    chat._pending.append(Attachment("file", text, text, text))
    chat.ask(text)
print("all shown")
"""


def test_no_vector_has_an_effect(
    notebook: Open, paced: Factory, listener: tuple[str, list[str]]
) -> None:
    origin, asked = listener
    texts = attacks(origin)
    more = f", title={texts[0]!r}, model={texts[-1]!r}"
    loop = _ASK_ALL.format(texts=json.dumps(texts))
    book = notebook([talking(paced(text="echo"), more), loop])
    book.page.evaluate(WATCH)
    panel = shown(book)
    out = book.run(1, limit_s=200)
    assert "all shown" in str(out)
    expect(panel.locator(".turn")).to_have_count(len(texts))
    expect(panel.locator(".words").last).to_have_text(texts[-1])
    expect(panel.locator(".head .title")).to_have_text(texts[0])
    assert harmless(book.page, asked)["answers"], "nothing was looked at"


def test_the_key_is_neither_in_the_file_nor_in_a_message(
    notebook: Open, paced: Factory, lab: Lab, page: Page
) -> None:
    place = paced(tokens=30)
    cell = talking(place).replace(repr(place.key), canary.hide(lab.folder))
    with canary.messages(page) as seen:
        book = notebook([cell, "pass"])
        panel = shown(book)
        ask(panel, "Why?")
        answered(panel, 1)
        assert place.seen["headers"][0]["authorization"].endswith(canary.KEY)
        panel.get_by_role("button", name="Continue from here").click()
        answered(panel.locator(".glmkit-chat"), 1)
        saved = json.dumps(book.save()).encode()
        assert len(seen) > 20, "nothing was looked at"
        assert canary.found_in(saved) == set()
        assert canary.found_in(b"\n".join(seen)) == set()
        book.write(1, canary.LEAK)
        book.run(1)
        saved = json.dumps(book.save()).encode()
        assert canary.found_in(saved) == {*canary.encodings()}
        assert canary.found_in(b"\n".join(seen)) == {*canary.encodings()}


def test_a_picture_is_typeset_when_it_is_seen(notebook: Open, paced: Factory) -> None:
    place = scripted(paced, says("So \\(a^2\\) it is."))
    book = notebook([talking(place), "chat.close()"])
    panel = shown(book)
    ask(panel, "Why?")
    answered(panel, 1)
    expect(panel.locator("mjx-container")).to_have_count(1)
    book.save()  # the page writes the picture then
    picture = book.cell(0).locator(".glmkit-still")
    expect(picture.locator(".glmkit-formula")).to_have_count(1)
    expect(picture.locator("mjx-container")).to_have_count(0)
    book.run(1)
    expect(picture).to_be_visible()
    expect(picture.locator("mjx-container")).to_have_count(1)
