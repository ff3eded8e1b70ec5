"""Model text to HTML: laws of the pieces, the allow-list, and bounded time."""

from __future__ import annotations

import json
import re
from html import unescape
from itertools import pairwise
from pathlib import Path

import nh3
import pytest
from hypothesis import given, strategies as st

from glmkit import render
from glmkit.render import Badge, Blocks, Piece
from tests.support.paced_answers import pieces as answer

_CORPUS = Path(__file__).parents[1] / "data/corpora/notebook_exfil_vectors.json"
_VECTORS = [
    vector.replace("{HOSTREL}", "//127.0.0.1:9").replace("{HOST}", "http://127.0.0.1:9")
    for vector in json.loads(_CORPUS.read_text("utf-8"))["vectors"]
]

_WORDS = st.sampled_from(
    [
        *("# ", "- ", "1. ", "> ", "```", "```py\n", "~~~", "| a | b |\n", "|--|-:|\n"),
        *(
            "**",
            "*",
            "_",
            "`",
            "[x](http://a.b)",
            "![y](c)",
            "\\(",
            "\\)",
            "\\[",
            "\\]",
        ),
        *("$$", "$5 ", "word ", "word. ", "\n", "\n\n", "\r\n", "\r", "    ", "===\n"),
        *("---\n", "<b>", "&amp;", "天空。", "long sentence, " * 50, "x" * 300),
    ]
)
_TEXTS = st.lists(_WORDS, max_size=60).map("".join)


def folded(parts: list[str]) -> list[Piece]:
    blocks = Blocks()
    pieces = [piece for part in parts for piece in blocks.feed(part)]
    return pieces + blocks.close()


@given(_TEXTS, st.lists(st.integers(0, 3000), max_size=20))
def test_any_split_of_a_text_gives_the_same_pieces(text: str, cuts: list[int]) -> None:
    places = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    parts = [text[a:b] for a, b in pairwise(places)]
    assert folded(parts) == folded([text]) == folded(list(text))


@given(_TEXTS)
def test_every_answer_is_well_formed_and_allowed(text: str) -> None:
    blocks = Blocks()
    shown: list[Piece] = []
    for character in text:
        shown += blocks.feed(character)
    for html in (render.joined([*shown, *blocks.tail()]), render.body(text)):
        assert _balanced(html)
        assert not re.search(r"<(?:img|script|style|iframe|svg|form|input)", html)


def _balanced(html: str) -> bool:
    """Whether each tag closes, so that nothing leaves its place in the page."""
    open: list[str] = []
    for slash, tag in re.findall(r"<(/?)([a-z0-9]+)", html):
        if tag in {"br", "hr"}:
            continue
        if not slash:
            open.append(tag)
        elif not open or open.pop() != tag:
            return False
    return not open


def test_balance_check_sees_a_stray_tag() -> None:
    assert _balanced("<p>a<br></p>")
    assert not _balanced("<p>a</div></p>")


@pytest.mark.parametrize("text", _VECTORS)
def test_no_prefix_of_a_vector_leaves_more_than_text_and_links(text: str) -> None:
    bare = {"a": {"href", "rel", "target"}, "code": {"class"}, "ol": {"start"}}
    spans = {name: {"class"} for name in ("small", "span", "div", "td", "th")}
    for end in range(1, len(text) + 1):
        html = render.body(text[:end])
        kept = nh3.clean(html, attributes=bare | spans, link_rel=None)
        assert kept.count("<") == html.count("<")
        assert "data-" not in re.sub(r">[^<]*<", "><", html)


def test_long_answer_is_sent_once_and_its_tail_stays_short() -> None:
    for kind in ("mixed", "fence", "paragraph"):
        blocks = Blocks()
        sent = longest = 0
        for piece in answer(kind, 5000):
            sent += sum(len(html.html) + len(html.open) for html in blocks.feed(piece))
            longest = max(longest, blocks.open_size)
        text = "".join(answer(kind, 5000))
        assert longest < 2000, kind
        assert sent <= len(render.body(text)), kind


def test_long_chinese_paragraph_is_cut_between_sentences() -> None:
    text = "天空是蓝色的。" * 200
    pieces = [piece for piece in folded([text]) if piece.html]
    assert len(pieces) > 1
    assert render.joined(pieces) == f"<p>{text}</p>"


def test_raw_html_shows_as_text() -> None:
    assert render.body("<b onclick=x>a</b>") == "<p>&lt;b onclick=x&gt;a&lt;/b&gt;</p>"


def test_link_shows_its_host_and_tells_it_nothing() -> None:
    html = render.body("[reports](https://user@evil.example:8/x)")
    assert '<small class="glmkit-host">(evil.example:8)</small>' in html
    assert 'rel="noopener noreferrer nofollow"' in html
    assert 'target="_blank"' in html


@pytest.mark.parametrize(
    "target", ["/lab/api", "javascript:alert(1)", "vscode://file/x", "#top", "//a.b/c"]
)
def test_link_to_no_web_page_is_no_link(target: str) -> None:
    assert "<a" not in render.body(f"[x]({target})")


def test_image_shows_its_description_and_host() -> None:
    html = render.body("![a *chart*](https://evil.example/p.png?q=SECRET)")
    assert "[image: a *chart*]" in html
    assert "(evil.example)" in html
    assert "SECRET" not in html


def test_prices_are_no_formulas() -> None:
    assert "glmkit-formula" not in render.body("$5 and $x, $6")


@pytest.mark.parametrize(
    "text", [r"a \(x^2\) b", "\\[\nx\n- y\n\\]", "$$x = 1$$", "- item\n\n  \\[ x \\]"]
)
def test_formulas_are_marked_for_the_typesetter(text: str) -> None:
    assert render.body(text).count("mathjax_process") == 1


@pytest.mark.parametrize(
    "text",
    [
        r"\(\href{javascript:x}{y}\)",
        r"\(\unicode{x}\)",
        r"\(a } $ b\)",
        r"\(\def\alpha{x}\)",
        r"\[\style{a}{b}\]",
        r"\(\hspace{-90em}x\)",
        "$$\\require{html}$$",
    ],
)
def test_formula_that_could_do_harm_stays_source(text: str) -> None:
    html = render.body(text)
    assert "mathjax_process" not in html
    assert "<code>" in html


def test_control_characters_and_overrides_vanish() -> None:
    text = "a\x1b]8;;http://x\x1b\\b\u202ec\x00\u2066d"
    assert render.plain(text) == "a]8;;http://x\\bcd"
    assert "\u202e" not in render.body(text)


_HOSTILE = {
    "quotes in quotes": ">" * 100_000,
    "brackets": "[" * 100_000,
    "images": "![" * 50_000,
    "backticks": "`" * 1_000_000,
    "backtick runs": " ".join("`" * (n % 300) for n in range(6000)),
    "emphasis in emphasis": "*a _b " * 15_000,
    "lists in lists": "\n".join("  " * n + "- x" for n in range(300)),
    "open formulas": "\\[\n" * 20_000,
    "open inline formulas": "\\(" * 50_000,
    "wide table": "|a" * 20_000 + "\n" + "|-" * 20_000 + "\n",
    "quoted brackets": "> " + "[" * 100_000,
    "empty lines": "\n" * 100_000,
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", _HOSTILE)
def test_hostile_text_is_rendered_within_bounds(name: str) -> None:
    text = _HOSTILE[name]
    assert len(render.body(text)) < 12 * len(text) + 1000


def test_whole_answer_carries_its_own_style_and_no_more() -> None:
    html = render.html("a\n\n<style>b</style>")
    assert html.count("<style>") == 1
    assert html.startswith('<div class="glmkit-answer')
    assert "url(" not in render.style()
    assert len(html) < 800  # and no rules for what it does not hold


def test_an_output_has_every_rule_that_serves_it() -> None:
    html = render.html("".join(answer("mixed", 400)) + "\n\n> a\n\n---\n\n# b")
    badge = render.page(html, badge=Badge(model="m", request="curl"), partial="cut")
    rules = re.findall(r"&[^{}]*\{[^{}]*\}", render.static(badge))
    whole = re.findall(r"&[^{}]*\{[^{}]*\}", render.style())
    left_out = "".join(rule for rule in whole if rule not in rules)
    assert not re.search(r"(badge|partial|h1|blockquote|table|pre code)\b", left_out)
    assert "glmkit-pick" in left_out


def test_an_output_has_no_empty_line_and_keeps_those_of_code() -> None:
    html = render.html("~~~\na\n\n\n  \nb\n~~~\n\nc")
    assert not re.search(r"\n[ \t]*\n", html)
    code = unescape(html.partition("<code>")[2].partition("</code>")[0])
    assert code == "a\n\n\n  \nb\n"


def test_badge_is_escaped_and_one_line() -> None:
    badge = Badge(
        model="<b>",
        stand_in="Smol",
        prompt_tokens=1200,
        cached=1000,
        completion_tokens=50,
        reasoning=20,
        cost="¥0",
        list_cost="¥0.1",
        seconds=1.25,
        first_token_s=0.5,
        note="cut\x1b",
    )
    assert badge.line() == (
        "<b> · answered by the stand-in Smol · 1,200 (1,000 cached) tokens in, "
        "50 (20 thinking) out · ¥0 (list ¥0.1) · 1.2 s, first token 0.50 s · cut"
    )
    assert "<b>" not in render.page("", badge=badge)


def test_unpriced_call_says_so_beside_its_list_price() -> None:
    assert "cost unknown" in Badge(model="m", list_cost="¥1").line()
