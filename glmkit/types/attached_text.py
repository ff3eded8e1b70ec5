"""Texts of files and values inside a prompt: how they are marked, and found again."""

from __future__ import annotations

import re
from html import escape, unescape
from typing import Literal, NamedTuple, cast

Tag = Literal["document", "variable"]

_MARKED = re.compile(r'<(document|variable) name="([^"]*)">\n(.*?)\n</\1>\n\n', re.S)


class AttachedText(NamedTuple):
    """The text of a file or a variable; `source` is how it stands in the prompt."""

    tag: Tag
    name: str
    text: str
    source: str


def packed(tag: Tag, name: str, text: str) -> str:
    r"""Return a text as it goes before a question.

    >>> packed("document", "a.txt", "Hi")
    '<document name="a.txt">\nHi\n</document>\n\n'
    """
    return f'<{tag} name="{escape(name)}">\n{text}\n</{tag}>\n\n'


def unpacked(prompt: str) -> tuple[list[AttachedText], str]:
    """Return what is attached at the beginning of a prompt, and the question.

    >>> attached, question = unpacked(packed("document", "a.txt", "Hi") + "Why?")
    >>> attached[0].name, attached[0].text, question
    ('a.txt', 'Hi', 'Why?')
    """
    found: list[AttachedText] = []
    place = 0
    while match := _MARKED.match(prompt, place):
        tag, name, text = match.groups()
        found.append(AttachedText(cast("Tag", tag), unescape(name), text, match[0]))
        place = match.end()
    return found, prompt[place:]
