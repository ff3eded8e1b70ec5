"""Model text in JupyterLab: nothing in it runs, fetches, or leaves its place."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.notebook import Notebook, Traffic
from tests.browser.vectors import FOUND, WATCH, attacks, harmless
from tests.conftest import wait_for

Open = Callable[[Sequence[str]], Notebook]

#: JupyterLab hides the outputs of a cell after the fiftieth.
_MOST = 40

_SHOW = """import json
from IPython.display import HTML, Markdown, display
from glmkit import render
texts = json.loads({texts!r})
for text in texts:
    {show}
"""


def shown(notebook: Open, texts: list[str], show: str) -> Notebook:
    """Show each text in a cell's output, and wait until the page has them all."""
    parts = [texts[start : start + _MOST] for start in range(0, len(texts), _MOST)]
    if show.endswith("break"):
        parts = [texts]
    cells = [_SHOW.format(texts=json.dumps(part), show=show) for part in parts]
    book = notebook([*cells, "display(HTML('<b class=the-end>end</b>'))"])
    book.page.evaluate(WATCH)
    for index in range(len(cells) + 1):
        book.run(index)
    expect(book.cell(len(cells)).locator(".the-end")).to_be_attached()
    return book


def in_its_place(page: Page, asked: list[str]) -> dict[str, Any]:
    """Assert that nothing had an effect, and that all there is, is ours."""
    found = harmless(page, asked)
    assert found["styles"] == 0
    assert all(href.startswith(("http://", "mailto:")) for href in found["links"])
    return found


_FINAL = "display({'text/html': render.html(text)}, raw=True)"


def test_no_vector_has_an_effect(
    notebook: Open, listener: tuple[str, list[str]]
) -> None:
    origin, asked = listener
    texts = attacks(origin)
    book = shown(notebook, texts, _FINAL)
    assert in_its_place(book.page, asked)["answers"] == len(texts)


def test_no_prefix_of_a_vector_has_an_effect(
    notebook: Open, listener: tuple[str, list[str]]
) -> None:
    origin, asked = listener
    prefixes = sorted(
        {text[:end] for text in attacks(origin) for end in range(1, len(text))}
    )
    joined = ";".join(
        [
            "bodies = [render.body(text) for text in texts]",
            "html = '<hr>'.join(bodies)",
            "display({'text/html': render.static(html)}, raw=True)",
            "break",
        ]
    )
    book = shown(notebook, prefixes, joined)
    in_its_place(book.page, asked)


_LIVE = ";".join(
    [
        "from glmkit_widgets.shared.answer import LiveAnswer",
        "from glmkit_widgets.shared.feed import PartUpdate",
        "view = LiveAnswer()",
        "display(view)",
        "blocks = render.Blocks()",
        "[view.feed.put(PartUpdate(blocks.feed(c), blocks.tail()))"
        " for t in texts for c in t + '\\n\\n']",
        "view.feed.put(PartUpdate(blocks.close()))",
        "break",
    ]
)


def test_no_vector_has_an_effect_while_it_streams(
    notebook: Open, listener: tuple[str, list[str]]
) -> None:
    origin, asked = listener
    texts = [*attacks(origin), "the last of them"]
    book = shown(notebook, texts, _LIVE)
    expect(book.cell(0).locator(".glmkit-live")).to_contain_text("the last of them")
    in_its_place(book.page, asked)


#: Everything else on the page that somebody else has written, a cell for each kind.
_SURFACES = [
    """
import json, glmkit
from IPython.display import HTML, display
from glmkit.types.replies import Answer, Call, Reply
from glmkit.client.conversation import Conversation
from glmkit.types.events import Search, Source, Text, Thinking, ToolCall
from glmkit.types.events import ToolResult, Usage
from glmkit.types.messages import Message, Request
from glmkit.notebook.magics import conversations
from glmkit.notebook.conversations import Chats
from glmkit.render.answer import Rendering
from glmkit.render.answer.badge import About, badge_of
from glmkit.render.answer.views import View, structured
from glmkit_widgets.shared.answer_runner import wrong
texts = json.loads({texts!r})
def reply(text, answer="So"):
    call = Call(at=0.0, endpoint="local", model=text, state="done",
        request=Request(messages=(Message("user", text),), model=text),
        answer=Answer(text=answer, usage=Usage(1, 1), finish_reason=text,
            model=text, stand_in=text),
        changed=(text,), recorded=text)
    return Reply((call,))
def show(bundles):
    display({{"text/html": "".join(b["text/html"] for b in bundles),
        "text/plain": "".join(b["text/plain"] for b in bundles)}}, raw=True)
def rendering(*events):
    told = Rendering()
    told.add(events)
    return told
""",
    "# the badge: model, stand-in, chat, slips, what was sent; why it is partial\n"
    "show(rendering(Text('So')).final(badge_of(reply(t), About(t, 2, (t,))), t)"
    " for t in texts)",
    "# tools, their arguments and results, sources, thinking\n"
    "show(rendering(Thinking(t), ToolCall(0, '1', t, t), ToolResult('1', t, t),"
    " Search((Source(t, t, media=t), Source('', 'http://x.example/' + t))))"
    ".final(None, '') for t in texts)",
    "# typed values, and answers that are no Markdown\n"
    "for value in (lambda t: {t: t}, lambda t: [{t: [t]}], lambda t: [t]):\n"
    "    show(rendering().final(None, '', structured(value(t))) for t in texts)\n"
    "for format in ('text', 'json', 'code'):\n"
    "    view = View(format)\n"
    "    show(rendering().final(None, '', view.shown(reply(t, t))) for t in texts)",
    "# a chat by its name\n"
    "client = glmkit.Client('http://127.0.0.1:9/v1')\n"
    "chats = Chats()\n"
    "for t in texts[:_MOST]:\n"
    "    chat = chats.take(t, client, system=t)\n"
    "    chat.talk = Conversation(client, history=[Message(r, t) for r in"
    " ('system', 'user', 'assistant')])\n"
    "    conversations.show(chat)",
    "# what would be sent, with a file's name and a tag\n"
    "shell = get_ipython()\n"
    "shell.run_line_magic('load_ext', 'glmkit')\n"
    "shell.run_line_magic('glm', 'config endpoint http://127.0.0.1:9/v1')\n"
    "for t in texts[:_MOST]:\n"
    "    shell.run_cell_magic('glm', '--dry-run --tag ' + json.dumps(t.replace("
    "chr(34), chr(39))), t)",
    "# errors, in a cell and in a widget\n"
    "display(HTML('<div class=glmkit-answer>' + ''.join(wrong(e) for t in texts"
    " for e in (glmkit.GLMError(t, hint=t), ValueError(t))) + '</div>'))\n"
    "for t in texts[:_MOST]:\n"
    "    try:\n"
    "        raise glmkit.GLMError(t, hint=t)\n"
    "    except glmkit.GLMError:\n"
    "        shell.showtraceback()",
]


def test_no_name_and_no_error_has_an_effect(
    notebook: Open, listener: tuple[str, list[str]]
) -> None:
    origin, asked = listener
    texts = attacks(origin)
    first = _SURFACES[0].format(texts=json.dumps(texts))
    cells = [first + f"_MOST = {_MOST}", *_SURFACES[1:]]
    book = notebook([*cells, "display(HTML('<b class=the-end>end</b>'))"])
    book.page.evaluate(WATCH)
    for index in range(len(cells) + 1):
        failed = [o for o in book.run(index) if o["output_type"] == "error"]
        assert all(o["ename"] == "GLMError" for o in failed), failed
    expect(book.cell(len(cells)).locator(".the-end")).to_be_attached()
    assert in_its_place(book.page, asked)["answers"] > 8 * len(texts)


@pytest.mark.parametrize("kind", ["Markdown", "HTML"])
def test_raw_text_would_have_had_effects(
    notebook: Open, listener: tuple[str, list[str]], traffic: Traffic, kind: str
) -> None:
    origin, asked = listener
    texts = [t for t in attacks(origin) if "http-equiv" not in t and "<base" not in t]
    book = shown(notebook, texts, f"display({kind}(text))")
    wait_for(lambda: (len(asked), book.page.evaluate(FOUND)), _fired)
    traffic.forget()


def _fired(seen: tuple[int, dict[str, Any]]) -> bool:
    requests, found = seen
    return requests > 5 and found["hit"] is not None and found["linked"] > 0


def test_formulas_are_set_and_prices_stay(notebook: Open) -> None:
    text = (
        "It costs $5 and $x, or \\(a^2 + b^2\\), $6 each.\n\n"
        "\\[ \\int_0^1 x\\,dx = \\frac12 \\]\n\nand $$y = 1$$ too, `\\(code\\)`."
    )
    book = shown(notebook, [text], _FINAL)
    answer = book.cell(0).locator(".glmkit-answer")
    expect(answer.locator("mjx-container")).to_have_count(3)
    expect(answer).to_contain_text("It costs $5 and $x, or")
    expect(answer).to_contain_text("$6 each.")
    expect(answer.locator("code")).to_have_text("\\(code\\)")


def test_formulas_are_set_while_they_stream(notebook: Open) -> None:
    text = "It costs $5 and $x, or \\(a^2\\).\n\n\\[ b^2 \\]\n\nMore"
    book = shown(notebook, [text], _LIVE)
    live = book.cell(0).locator(".glmkit-live")
    expect(live.locator("mjx-container")).to_have_count(2)
    expect(live).to_contain_text("It costs $5 and $x, or")


def test_dangerous_formula_shows_its_source(notebook: Open) -> None:
    text = "\\(\\href{javascript:alert(1)}{x}\\) \\(\\style{color:red}{x}\\)"
    book = shown(notebook, [text], _FINAL)
    answer = book.cell(0).locator(".glmkit-answer")
    expect(answer.locator("code")).to_have_count(2)
    expect(answer.locator("mjx-container")).to_have_count(0)


def test_words_in_a_table_are_not_broken(notebook: Open) -> None:
    long = " ".join(["a sentence that fills its cell and wraps"] * 6)
    text = f"| name | what |\n| --- | --- |\n| model | {long} |\n| tokens | 7 |\n"
    book = shown(notebook, [text], _FINAL)
    cells = book.cell(0).locator("td")
    # "tokens" stands on one line, and the sentences on several.
    ranges = "cell => { const r = document.createRange();"
    lines = f"{ranges} r.selectNodeContents(cell); return r.getClientRects().length }}"
    assert [cells.nth(place).evaluate(lines) > 1 for place in (1, 2)] == [True, False]
