"""A chat that is exported as Markdown: a previewer that opens it fetches nothing."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from markdown_it import MarkdownIt

from glmkit.render.answer import transcript
from glmkit.render.answer.markdown_file import harmless
from glmkit.types.messages import Message

_CORPUS = Path(__file__).parents[1] / "data/corpora/notebook_exfil_vectors.json"
VECTORS = [
    *json.loads(_CORPUS.read_text("utf-8"))["vectors"],
    "a | `b | <img src=http://a.example/x>` | c\n--- | --- | ---\n1 | 2 | 3",
    "- x\n\n      ![a](http://a.example)\n",
    "```\n<img src=http://a.example>\n",
    "~~~ mermaid\nclick A href 'http://a.example'\n~~~",
    "`` ` ![x](http://a.example) ``",
    "\\![x](http://a.example) !\\[y](http://a.example)",
    "![[http://a.example/x.png]]",
    "<!-- --><img src=http://a.example>",
    "    <img src=http://a.example>",
    "> ```html\n> <img src=http://a.example>\n> ```",
]
#: What Markdown itself writes.
OWN = {
    *("a", "blockquote", "br", "code", "em", "hr", "li", "ol", "p", "pre", "s"),
    *("strong", "table", "tbody", "td", "th", "thead", "tr", "ul"),
    *("h1", "h2", "h3", "h4", "h5", "h6"),
}


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.found.add(tag)


def previewed(text: str) -> set[str]:
    """Return the tags of previewers that let HTML through, of two kinds."""
    made = [MarkdownIt(kind, {"html": True}) for kind in ("commonmark", "js-default")]
    return set.union(*(Tags(one.render(text)).found for one in made))


@pytest.mark.parametrize("vector", VECTORS)
def test_a_previewer_of_an_exported_chat_fetches_nothing(vector: str) -> None:
    chat = (Message("user", vector), Message("assistant", f"So:\n\n{vector}"))
    text = transcript.written(vector, chat, ".md")
    assert previewed(text) <= OWN
    assert not re.search("^[`~]{3,} *mermaid", text, re.M)


def test_without_the_escapes_it_would() -> None:
    assert not set.union(*map(previewed, VECTORS)) <= OWN


_PARTS = ["![", "](http://a.example)", "<img src=x>", "`", "```", "~~~", "\n", "\n\n"]
_PARTS += ["    ", "> ", "- ", "|", "\\", "<!--", "-->", "x", "[", "]", "\t"]


@given(st.lists(st.sampled_from(_PARTS), max_size=14).map("".join))
def test_no_mixture_of_marks_fetches(text: str) -> None:
    assert previewed(harmless(text)) <= OWN


@pytest.mark.parametrize(
    "text",
    [
        "# Sky\n\nSunlight holds **every colour**; `scatter(n=1)`.\n\n- a\n- b",
        "So:\n\n```python\nif a < b:\n    print('![')\n```\n\nDone.",
        "a\n\n| b | c |\n| --- | ---: |\n| 1 | 2 |\n\n1. x\n2. y",
    ],
)
def test_honest_markdown_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text
