"""The style sheet of answers: all of it for a live view, what an output needs."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

_COMMENT = re.compile(r"/\*.*?\*/", re.S)
_RULE = re.compile(r"&([^{}]*)\{[^{}]*\}")
_PSEUDO = re.compile(r":[a-z-]+(?:\([^)]*\))?")
_NAME = re.compile(r"\.([\w-]+)|([a-z][a-z0-9]*)")


class _Rule(NamedTuple):
    """A rule, and what stands in the HTML that each of its selectors is for."""

    text: str
    marks: tuple[tuple[str, ...], ...]

    def serves(self, html: str) -> bool:
        """Whether a selector can find anything in the HTML."""
        return any(all(mark in html for mark in marks) for marks in self.marks)


@cache
def style() -> str:
    """Return the style sheet of an answer, scoped to its frame, on one line.

    With an empty line in it, readers of a notebook that was exported as Markdown
    would take the rest for text.
    """
    sheet = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    return " ".join(_COMMENT.sub("", sheet).split())


def style_for(html: str) -> str:
    """Return the rules that serve some HTML: each output carries its own sheet.

    >>> ["collapse" in style_for(html) for html in ("<p>", "<table>")]
    [False, True]
    """
    frame, rules = _parts()
    return " ".join([frame, *(rule.text for rule in rules if rule.serves(html)), "}"])


@cache
def _parts() -> tuple[str, tuple[_Rule, ...]]:
    """Return the frame's own declarations, left open, and the rules inside."""
    sheet = style()
    rules = tuple(_Rule(found[0], _marks(found[1])) for found in _RULE.finditer(sheet))
    return " ".join(_RULE.sub("", sheet).rstrip("} ").split()), rules


def _marks(selectors: str) -> tuple[tuple[str, ...], ...]:
    return tuple(
        tuple(
            name or f"<{tag}" for name, tag in _NAME.findall(_PSEUDO.sub("", selector))
        )
        for selector in selectors.split(",")
    )
