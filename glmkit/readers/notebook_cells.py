"""Notebooks (.ipynb): the source of their cells, without outputs."""

from __future__ import annotations

import json

from glmkit.readers.paged_text import PagedText, TextPage
from glmkit.readers.plain_text_file import text_of
from glmkit.readers.source import FileSource, Reading, damaged


def notebook(source: FileSource, encoding: str | None = None) -> Reading:
    """Return a notebook's cells."""
    text, guess = text_of(source, encoding)
    try:
        cells = json.loads(text)["cells"]
        parts = [_cell(cell["cell_type"], cell["source"]) for cell in cells]
    except (ValueError, KeyError, TypeError, RecursionError) as exc:
        raise damaged(source, exc) from exc
    page = TextPage(1, "\n\n".join(parts))
    return PagedText([page], source.name, source.path, "section"), guess


def _cell(kind: str, source: str | list[str]) -> str:
    text = "".join(source)
    return f"```\n{text}\n```" if kind == "code" else text
