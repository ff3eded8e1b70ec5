"""Cut a text at its headings into sections."""

from __future__ import annotations

import re
from collections.abc import Iterable

from glmkit.readers.paged_text import TextPage

_HEADING = re.compile(r" {0,3}#{1,2}\s+(.*?)\s*#*\s*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


def sections(parts: Iterable[tuple[str, str]]) -> list[TextPage]:
    """Return pages of titles and texts, without the empty ones; one at least.

    >>> sections([("", " "), ("A", "A\\n\\ntext")])
    [TextPage(number=1, text='A\\n\\ntext', title='A')]
    """
    kept = [(title, text) for title, text in parts if text.strip() or title]
    return [
        TextPage(number, text, title)
        for number, (title, text) in enumerate(kept or [("", "")], 1)
    ]


def of_markdown(text: str) -> list[TextPage]:
    """Return the sections of Markdown: each heading of level 1 or 2 begins one.

    >>> [page.title for page in of_markdown("a\\n# B\\nb\\n## C\\nc")]
    ['', 'B', 'C']
    """
    parts: list[tuple[str, list[str]]] = [("", [])]
    fence = ""
    for line in text.splitlines(keepends=True):
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence):
            fence = ""
        heading = None if fence else _HEADING.match(line.rstrip("\r\n"))
        if heading:
            parts.append((heading[1], []))
        parts[-1][1].append(line)
    return sections(_trimmed(parts))


def _trimmed(parts: list[tuple[str, list[str]]]) -> Iterable[tuple[str, str]]:
    """Yield the texts; the breaks before a heading are those between sections."""
    for place, (title, lines) in enumerate(parts, 1):
        text = "".join(lines)
        yield title, text if place == len(parts) else text.rstrip()
