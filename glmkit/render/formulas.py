r"""Formulas for markdown-it: `\(..\)`, `\[..\]` and `$$..$$`; a lone `$` is a price.

The page's typesetter looks only into what is marked here, because the frame of an
answer tells it to leave the rest alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

#: MathJax looks for the second class, its older versions for the third.
CLASSES = "glmkit-formula mathjax_process tex2jax_process"
DISPLAY = f"{CLASSES} glmkit-display"

_CLOSERS = {r"\(": r"\)", r"\[": r"\]", "$$": "$$"}

_EMPTY = re.compile(r"\n[ \t>]*\n")

#: A formula of more characters or lines is shown as its source.
_LONGEST = 4000
_MOST_LINES = 100

#: Commands that link, load, style, define names for the whole page, or move ink
#: to other places of it.
_REFUSED = re.compile(
    r"\\(?:href|url|style|class|cssId|unicode|includegraphics|require|html\w*|data|"
    r"[egx]?def|let|global|newcommand|renewcommand|providecommand|newenvironment|"
    r"renewenvironment|Declare\w*|New\w+|label|ref|eqref|tag|notag|input|texttip|"
    r"mmlToken|toggle|enclose|bbox|rule|Rule|Space|kern|mkern|hskip|mskip|mspace|"
    r"hspace|raise|lower|move(?:left|right)|mathtip|csname|loop|char)(?![A-Za-z])"
)


def use(markdown: MarkdownIt) -> None:
    """Add the rules for formulas to a parser."""
    markdown.inline.ruler.before("escape", "formula", _inline)
    markdown.block.ruler.before(
        "fence", "formula_block", _block, {"alt": ["paragraph", "blockquote", "list"]}
    )
    markdown.add_render_rule("formula", _write_inline)
    markdown.add_render_rule("formula_block", _write_block)
    markdown.add_render_rule("formula_open", _write_open)


def refused(source: str) -> bool:
    """Return whether a text holds a command that links, loads or restyles."""
    return _REFUSED.search(source) is not None


def typeset(source: str) -> bool:
    """Whether a formula, without its delimiters, may go to the typesetter."""
    return (
        len(source) <= _LONGEST
        and "$" not in source
        and not refused(source)
        and _balanced(source)
    )


def _balanced(source: str) -> bool:
    """Whether the braces close: else the typesetter would read on behind the end."""
    depth = 0
    for brace in re.findall(r"\\.|[{}]", source, re.DOTALL):
        depth += {"{": 1, "}": -1}.get(brace, 0)
        if depth < 0 or depth > 50:
            return False
    return depth == 0


def _inline(state: StateInline, silent: bool) -> bool:
    opener = state.src[state.pos : state.pos + 2]
    closer = _CLOSERS.get(opener)
    if closer is None:
        return False
    start = state.pos + 2
    end = state.src.find(closer, start, min(state.posMax, start + _LONGEST))
    if end < 0 or not state.src[start:end].strip():
        return False
    if not silent:
        token = state.push("formula", "math", 0)
        token.content, token.markup = state.src[start:end], opener
    state.pos = end + 2
    return True


def _block(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    begin = state.bMarks[first] + state.tShift[first]
    opener = state.src[begin : begin + 2]
    closer = _CLOSERS.get(opener)
    if closer is None or opener == r"\(" or state.is_code_block(first):
        return False
    end = _end(state, first, last, closer)
    if end is None:
        return False
    line, closed = end
    if not silent:
        source = state.getLines(first, line, state.blkIndent, False).strip()
        token = state.push("formula_block" if closed else "formula_open", "math", 0)
        token.block, token.map = True, [first, line]
        token.content, token.markup = source[2:-2] if closed else source, opener
        state.line = line
    return True


def _end(
    state: StateBlock, first: int, last: int, closer: str
) -> tuple[int, bool] | None:
    """Return the line after the formula, and whether it is closed there.

    A formula has no empty line. One that the text's end leaves open holds all lines
    to there: in a stream they must not be taken for a list before its end comes.
    """
    begin = state.bMarks[first] + state.tShift[first] + 2
    found = state.src.find(closer, begin, begin + _LONGEST)
    empty = _EMPTY.search(state.src, begin, begin + _LONGEST)
    if found < 0:
        near = len(state.src) < begin + _LONGEST and last <= first + _MOST_LINES
        return (last, False) if near and empty is None else None
    line = first + state.src.count("\n", begin, found)
    if line >= min(last, first + _MOST_LINES):
        return None
    if state.src[found + 2 : state.eMarks[line]].strip():
        return None
    inside = range(first + 1, line + 1)
    if any(state.isEmpty(n) or state.sCount[n] < state.blkIndent for n in inside):
        return None
    return line + 1, True


def _write_inline(
    _renderer: object, tokens: Sequence[Token], index: int, *_rest: Any
) -> str:
    token = tokens[index]
    name = CLASSES if token.markup == r"\(" else DISPLAY
    return _written("span", name, token)


def _write_block(
    _renderer: object, tokens: Sequence[Token], index: int, *_rest: Any
) -> str:
    return _written("div", DISPLAY, tokens[index]) + "\n"


def _write_open(
    _renderer: object, tokens: Sequence[Token], index: int, *_rest: Any
) -> str:
    return f"<p>{escape(tokens[index].content, quote=False)}</p>\n"


def _written(tag: str, classes: str, token: Token) -> str:
    opener, closer = token.markup, _CLOSERS[token.markup]
    source = escape(token.content, quote=False)
    if not typeset(token.content):
        return f"<code>{escape(opener)}{source}{escape(closer)}</code>"
    if opener == "$$":
        opener, closer = r"\[", r"\]"
    return f'<{tag} class="{classes}">{opener}{source}{closer}</{tag}>'
