"""Renders Markdown as safe HTML: markdown-it without HTML, then an allow-list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Any, NamedTuple

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from glmkit.render import formulas
from glmkit.render.link_targets import target
from glmkit.types.plain_text import plain

#: Longer inline text (characters) in one block is shown as it is: emphasis and
#: brackets cost the square of it.
LONGEST_INLINE = 4000
#: Emphasis within emphasis, deeper than this, is shown as it is.
_DEEPEST_INLINE = 40

_TAGS = {
    *("a", "blockquote", "br", "code", "del", "div", "em", "hr", "li", "ol", "p"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "pre", "s", "small", "span", "strong"),
    *("table", "tbody", "td", "th", "thead", "tr", "ul"),
}
_ALIGNED = {"glmkit-right", "glmkit-center"}
#: A notebook's table of contents is the person's: an answer has no part in it.
_APART = "jp-toc-ignore"
_CLASSES = {
    **{f"h{level}": {_APART} for level in range(1, 7)},
    "small": {"glmkit-host"},
    "span": set(formulas.DISPLAY.split()),
    "div": set(formulas.DISPLAY.split()),
    "td": _ALIGNED,
    "th": _ALIGNED,
}
_LANGUAGE = re.compile(r"language-[\w+#.-]{1,40}")
_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    attributes={"a": {"href"}, "ol": {"start"}, "code": {"class"}},
    tag_attribute_values={"a": {"target": {"_blank"}}},
    attribute_filter=lambda tag, name, value: _attribute(tag, name, value),
    allowed_classes=_CLASSES,
    # JupyterLab writes a `rel` of its own into links, and leaves the policy. The
    # cleaner sets several attributes in any order, so that it sets only this one.
    set_tag_attribute_values={"a": {"referrerpolicy": "no-referrer"}},
    link_rel="noopener noreferrer nofollow",
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
    clean_content_tags={"script", "style"},
)


class Top(NamedTuple):
    """A top-level block: lines `start` to `end`, and where a list's items start."""

    kind: str
    tokens: Sequence[Token]
    start: int
    end: int
    items: Sequence[int] = ()


#: What we call the blocks that are cut or let go early.
_KINDS = {
    "paragraph_open": "paragraph",
    "bullet_list_open": "list",
    "ordered_list_open": "list",
    "table_open": "table",
    "formula_block": "formula",
    "heading_open": "heading",
}


def fragment(source: str, *, under_way: bool = False) -> str:
    """Return the safe HTML of a few whole blocks (`under_way`: as in `tops`)."""
    return clean((_UNDER_WAY if under_way else _FULL).render(source))


def inline(source: str) -> str:
    """Return the safe HTML of a part of a paragraph."""
    return clean(_FULL.renderInline(source))


def link(address: str, title: str) -> str:
    """Return a link with a plain title, and its host; a bare title where none is."""
    text = escape(plain(title))
    address = _FULL.normalizeLink(plain(address))
    leads = target(address)
    if leads is None:
        return text
    return clean(f"{_anchor(address)}{text}</a>{_shown(leads.host)}")


def _anchor(address: str) -> str:
    return f'<a href="{escape(address)}" target="_blank">'


def clean(html: str) -> str:
    """Return HTML of the allowed tags and attributes alone."""
    return _CLEANER.clean(html)


def tops(source: str, *, under_way: bool = False) -> list[Top]:
    """Return the top-level blocks, their inline parts unread.

    `under_way` reads no underlined headings: a last line of dashes may yet become
    a list.
    """
    parser = _UNDER_WAY if under_way else _FULL
    tokens: list[Token] = []
    parser.block.parse(source, parser, {}, tokens)
    found: list[Top] = []
    begin = 0
    for end, token in enumerate(tokens, 1):
        if token.level == 0 and token.nesting <= 0:
            found.append(_top(tokens[begin:end]))
            begin = end
    return found


def _top(tokens: Sequence[Token]) -> Top:
    first = tokens[0]
    start, end = first.map or (0, 0)
    items = [
        token.map[0]
        for token in tokens
        if token.type == "list_item_open" and token.level == 1 and token.map
    ]
    return Top(_KINDS.get(first.type, first.type), tokens, start, end, items)


def _attribute(tag: str, name: str, value: str) -> str | None:
    if tag == "code" and name == "class":
        return value if _LANGUAGE.fullmatch(value) else None
    return value


#: The brackets of an IPv6 address, as markdown-it before 4.2 escapes them.
_IPV6 = re.compile(r"(?i)\A(https?://(?:[^/@]*@)?)%5B([0-9a-f:.]+)%5D")


class _Parser(MarkdownIt):
    """markdown-it, in whose links an IPv6 address stays one in every version."""

    def normalizeLink(self, url: str) -> str:
        """Return an address as a browser reads it."""
        return _IPV6.sub(r"\1[\2]", super().normalizeLink(url))


def _parser() -> MarkdownIt:
    parser = _Parser("commonmark", {"html": False, "maxNesting": 20})
    parser.enable(["table", "strikethrough"])
    # A definition at the end would change blocks that are shown already.
    parser.disable(["html_block", "html_inline", "reference"])
    parser.core.ruler.before("inline", "bounded", _bound)
    parser.core.ruler.after("inline", "shallow", _flatten)
    formulas.use(parser)
    for rule in (heading_open, image, link_open, link_close, th_open, td_open):
        parser.add_render_rule(rule.__name__, rule)
    return parser


def _bound(state: StateCore) -> None:
    """Treat inline text that is too long as plain text."""
    for token in state.tokens:
        if token.type == "inline" and len(token.content) > LONGEST_INLINE:
            token.type, token.tag = "inline_text", ""
            token.children = [Token("text", "", 0, content=token.content)]


def _flatten(state: StateCore) -> None:
    """Show inline text that is nested too deep as it is; restore that of `_bound`."""
    for token in state.tokens:
        if token.type == "inline_text":
            token.type = "inline"
        elif token.type == "inline" and _depth(token) > _DEEPEST_INLINE:
            token.children = [Token("text", "", 0, content=token.content)]


def _depth(token: Token) -> int:
    depth = deepest = 0
    for child in token.children or ():
        depth += child.nesting
        deepest = max(deepest, depth)
    return deepest


def heading_open(
    _self: object, tokens: Sequence[Token], index: int, *_rest: Any
) -> str:
    """Open a heading that stays out of the notebook's table of contents."""
    return f'<{tokens[index].tag} class="{_APART}">'


def image(
    _self: object, tokens: Sequence[Token], index: int, _options: object, _env: object
) -> str:
    """Write an image as its description and host: nothing is fetched."""
    token = tokens[index]
    leads = target(str(token.attrs.get("src", "")))
    alt = " ".join(token.content.split())
    label = f"[image: {alt}]" if alt else "[image]"
    return escape(label) + (_shown(leads.host) if leads else "")


def link_open(
    _self: object, tokens: Sequence[Token], index: int, _options: object, _env: object
) -> str:
    """Open a link to another host; any other target stays text."""
    href = str(tokens[index].attrs.get("href", ""))
    return _anchor(href) if target(href) else ""


def link_close(
    _self: object, tokens: Sequence[Token], index: int, _options: object, _env: object
) -> str:
    """Close a link, and show where it leads, unless its text is the whole address."""
    opening = next(i for i in range(index - 1, -1, -1) if _opens(tokens[i]))
    href = str(tokens[opening].attrs.get("href", ""))
    leads = target(href)
    if leads is None:
        return _shown(href[:80])
    text = "".join(token.content for token in tokens[opening + 1 : index])
    same = text in {href, href.removeprefix("mailto:")}
    return "</a>" if same and leads.obvious else "</a>" + _shown(leads.host)


def _opens(token: Token) -> bool:
    return token.type == "link_open"


def _cell(tokens: Sequence[Token], index: int) -> str:
    token = tokens[index]
    side = str(token.attrs.get("style", "")).removeprefix("text-align:")
    name = f' class="glmkit-{side}"' if side in {"right", "center"} else ""
    return f"<{token.tag}{name}>"


def th_open(_self: object, tokens: Sequence[Token], index: int, *_rest: Any) -> str:
    """Write a heading cell with a class for its side, where markdown-it has CSS."""
    return _cell(tokens, index)


def td_open(_self: object, tokens: Sequence[Token], index: int, *_rest: Any) -> str:
    """Write a cell with a class for its side, where markdown-it has CSS."""
    return _cell(tokens, index)


def _shown(host: str) -> str:
    return f' <small class="glmkit-host">({escape(host)})</small>' if host else ""


_FULL = _parser()
_UNDER_WAY = _parser().disable("lheading")
