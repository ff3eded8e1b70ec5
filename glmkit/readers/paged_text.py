"""A text that knows its pages."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Literal

import msgspec

Unit = Literal["page", "sheet", "slide", "section"]


class TextPage(msgspec.Struct, frozen=True):
    """A page, sheet, slide or section; `number` counts from 1.

    `title` is a sheet's name, a slide's title or a section's heading, "" where there
    is none. `text` "" is a page without text.
    """

    number: int
    text: str
    title: str = ""


class PagedText(str):
    """The text of a file, as a `str` that knows its pages.

    As a string it is the texts of its pages with a blank line between them. `name` is
    the file's name, `path` where it lies ("" where it came from no file), `unit` what
    its pages are, `notes` what a reader should know of how it was read.

        text = glmkit.read("report.pdf")
        text.pages[11].text
    """

    __slots__ = ("name", "notes", "pages", "path", "unit")

    pages: tuple[TextPage, ...]
    name: str
    path: str
    unit: Unit
    notes: tuple[str, ...]

    def __new__(
        cls,
        pages: Sequence[TextPage],
        name: str = "",
        path: str = "",
        unit: Unit = "page",
        notes: Sequence[str] = (),
    ) -> PagedText:
        """Join the pages."""
        texts = (page.text for page in pages)
        self = super().__new__(cls, "\n\n".join(text for text in texts if text))
        self.pages = tuple(pages)
        self.name, self.path, self.unit = name, path, unit
        self.notes = tuple(notes)
        return self

    @property
    def blank(self) -> tuple[int, ...]:
        """The numbers of the pages without text."""
        return tuple(page.number for page in self.pages if not page.text.strip())

    @property
    def marked(self) -> str:
        """The text with a line before each page that names it, to be cited by."""
        return "\n\n".join(
            f"{mark(self.unit, page)}\n{page.text}" for page in self.pages if page.text
        )

    def only(self, numbers: Collection[int]) -> PagedText:
        """Return the text of some pages, which keep their numbers."""
        chosen = [page for page in self.pages if page.number in numbers]
        return PagedText(chosen, self.name, self.path, self.unit, self.notes)

    def __reduce__(self) -> tuple[Any, ...]:
        return PagedText, (self.pages, self.name, self.path, self.unit, self.notes)


def mark(unit: Unit, page: TextPage) -> str:
    """Return the line that stands before a page."""
    title = f": {page.title}" if page.title and unit != "section" else ""
    return f"[{unit} {page.number}{title}]"


def paged(text: str) -> PagedText:
    """Return a text with pages: one section, where it does not know its pages."""
    if isinstance(text, PagedText):
        return text
    return PagedText([TextPage(1, text)], unit="section")
