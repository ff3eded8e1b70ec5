"""What a question about a document is answered with, and how that is shown."""

from __future__ import annotations

from typing import Any

import msgspec

from glmkit.readers.page_ranges import compact
from glmkit.readers.quotes import Found, Quotes
from glmkit.render.markdown import fragment
from glmkit.render.page import page, static, table
from glmkit.types.money import Money
from glmkit.types.plain_text import escaped, plain
from glmkit.types.translation import _


class Statement(msgspec.Struct, frozen=True):
    """One statement of an answer with the words of the document that show it.

    `page` is the number of the page where `quote` stands, None where it stands on
    none; `found` is "exact", "normalised" or "not found".
    """

    text: str
    quote: str
    page: int | None
    found: Found


class DocumentAnswer(msgspec.Struct, frozen=True):
    """The answer to a question about a document.

    `statements` are what it rests on; `portions` how many parts the document was sent
    in, 1 for the whole; `blank` its pages without text, which nobody has read; `cost`
    None where it is not known.
    """

    text: str
    statements: tuple[Statement, ...]
    portions: int = 1
    blank: tuple[int, ...] = ()
    unit: str = "page"
    cost: Money | None = None
    tokens: int | None = None
    model: str = ""

    @property
    def unfounded(self) -> tuple[Statement, ...]:
        """The statements whose quotes do not stand in the document."""
        return tuple(one for one in self.statements if one.found == "not found")

    def __str__(self) -> str:
        rows = [f"- {where}: {text} «{quote}»" for where, text, quote in self._rows()]
        return plain("\n".join([self.text, "", *rows, *self._notes()]))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        heads = (_("where"), _("statement"), _("quote"))
        notes = [f"<p>{escaped(note)}</p>" for note in self._notes()]
        rows = table(heads, self._rows())
        return static(page("".join([fragment(self.text), rows, *notes])))

    def _rows(self) -> list[tuple[str, str, str]]:
        return [(self._where(one), one.text, one.quote) for one in self.statements]

    def _where(self, one: Statement) -> str:
        if one.page is None:
            return _("not found")
        return f"{self.unit} {one.page}"

    def _notes(self) -> list[str]:
        notes = []
        if self.portions > 1:
            notes.append(_("The document was sent in {n} portions.", n=self.portions))
        if self.blank:
            pages = compact(self.blank)
            notes.append(_("Not read, for want of text: {pages}.", pages=pages))
        cost = _("cost not known") if self.cost is None else str(self.cost)
        notes.append(f"{self.model}, {cost}")
        return notes


def statement_of(claim: Any, quotes: Quotes) -> Statement:
    """Return a claim of the model as a statement, its quote looked for."""
    quote = str(claim.get("quote") or "")
    found, place = quotes.judge(None, quote, claim.get("page"))
    number = None if place is None else place.page
    return Statement(str(claim["statement"]), quote, number, found)
