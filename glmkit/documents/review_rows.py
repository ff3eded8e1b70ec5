"""The lines of an exported review: an item each, with what came of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from glmkit.documents.review_results import ReviewOutcome, outcome_of
from glmkit.documents.review_store import ReviewDecision, ReviewStore
from glmkit.documents.review_table import ReviewItem, ReviewTable
from glmkit.readers.paged_text import PagedText


class ReviewRow(msgspec.Struct, frozen=True):
    """An item with its document, the last decisions on it, and what they come to."""

    item: ReviewItem
    document: PagedText | None
    decisions: tuple[ReviewDecision, ...]
    outcome: ReviewOutcome

    @property
    def reviewers(self) -> str:
        """The names of those who decided or wrote a note."""
        return ", ".join(made.reviewer for made in self.decisions)

    @property
    def notes(self) -> str:
        """The notes, with names where several reviewers wrote one."""
        noted = [made for made in self.decisions if made.note]
        if len(noted) == 1:
            return noted[0].note
        return "\n".join(f"{made.reviewer}: {made.note}" for made in noted)

    @property
    def at(self) -> str:
        """When the last decision was made."""
        return self.decisions[-1].at if self.decisions else ""

    @property
    def corrected(self) -> Any:
        """The value in place of the model's, where reviewers agree on one."""
        return self.outcome.corrected if self.outcome.state == "corrected" else None


def review_rows(table: ReviewTable, store: ReviewStore) -> Iterator[ReviewRow]:
    """Yield all items of a table in order."""
    for item in table:
        made = store.of(item.number)
        yield ReviewRow(item, table.document(item.row), made, outcome_of(made))


def file_link(document: PagedText | None, page: int | None, folder: Path) -> str:
    """Return a link to a page of a file, relative to a folder; "" without a file.

    No part of a path is read as a scheme, and no character ends an attribute.
    """
    if document is None or not document.path:
        return ""
    try:
        path = Path(document.path).resolve()
        link = _relative(path, folder.resolve())
    except (ValueError, OSError):  # the text is not a path
        return ""
    paged = page is not None and path.suffix.lower() == ".pdf"
    return f"{link}#page={page}" if paged else link


def _relative(path: Path, folder: Path) -> str:
    try:
        return quote(Path(os.path.relpath(path, folder)).as_posix())
    except ValueError:  # another drive
        return path.as_uri()
