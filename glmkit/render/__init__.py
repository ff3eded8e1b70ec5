"""Renders model text as safe HTML, whole or while it streams."""

from __future__ import annotations

from glmkit.render.blocks import Blocks, Piece, joined
from glmkit.render.page import Badge, page, static
from glmkit.render.style_sheet import style
from glmkit.types.plain_text import escaped, one_line, plain


def html(markdown: str) -> str:
    """Return an answer as one self-contained piece of safe, static HTML.

    >>> "<script>" in html("Hi <script>alert(1)</script>")
    False
    """
    return static(body(markdown))


def body(markdown: str) -> str:
    """Return the safe HTML of an answer without its frame and style."""
    blocks = Blocks()
    return joined([*blocks.feed(markdown), *blocks.close()])


__all__ = [
    "Badge",
    "Blocks",
    "Piece",
    "body",
    "escaped",
    "html",
    "joined",
    "one_line",
    "page",
    "plain",
    "static",
    "style",
]
