"""Escapes model text for a Markdown file, so that a previewer loads nothing.

Images and HTML are escaped, everywhere but in blocks of code, and those are written
again: what one reader takes for code may be an image to the next.
"""

from __future__ import annotations

import re

from glmkit.render.markdown import Top, tops
from glmkit.types.plain_text import plain

#: Languages that previewers draw, and load for that.
_DRAWN = {
    "mermaid",
    "math",
    "geojson",
    "topojson",
    "stl",
    "plantuml",
    "dot",
    "graphviz",
}
_LANGUAGE = re.compile(r"[\w+#.-]{1,40}")


def harmless(text: str) -> str:
    """Return Markdown that shows the text and loads nothing.

    >>> print(harmless("![x](http://a.example) <b>"))
    !\\[x](http://a.example) &lt;b>
    """
    source = plain(text.replace("\r\n", "\n").replace("\r", "\n"))
    lines = source.split("\n")
    parts: list[str] = []
    end = 0
    for block in tops(source):
        parts += [escaped_line(line) for line in lines[end : block.start]]
        inside = lines[block.start : block.end]
        coded = block.kind in {"fence", "code_block"}
        parts += [_fenced(block)] if coded else map(escaped_line, inside)
        end = block.end
    return "\n".join([*parts, *map(escaped_line, lines[end:])])


def escaped_line(line: str) -> str:
    """Return one line, such as a heading's text, without images and HTML."""
    return line.replace("![", r"!\[").replace("<", "&lt;")


def _fenced(block: Top) -> str:
    token = block.tokens[0]
    language = (token.info.split() or [""])[0]
    named = _LANGUAGE.fullmatch(language) and language.lower() not in _DRAWN
    runs = re.findall("`+", token.content)
    fence = "`" * max([3, *(len(run) + 1 for run in runs)])
    code = token.content if token.content.endswith("\n") else f"{token.content}\n"
    return f"{fence}{language if named else ''}\n{code}{fence}"
