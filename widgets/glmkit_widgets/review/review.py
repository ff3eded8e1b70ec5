"""Look through extracted values beside their pages, and decide on each."""

from __future__ import annotations

from array import array
from pathlib import Path
from typing import TYPE_CHECKING, Any

import traitlets

from glmkit.config.privacy import private
from glmkit.documents.cell_values import value_from
from glmkit.documents.review_html import write_html
from glmkit.documents.review_results import decisions_frame, result_frame
from glmkit.documents.review_store import (
    ReviewDecision,
    ReviewStore,
    Verdict,
    reviewer_name,
)
from glmkit.documents.review_table import ReviewTable
from glmkit.documents.review_xlsx import write_xlsx
from glmkit.types.errors import ConfigError
from glmkit.types.plain_text import one_line, plain
from glmkit.types.translation import _
from glmkit_widgets.review import views
from glmkit_widgets.review.page_texts import PageWish, shown_page
from glmkit_widgets.review.page_worker import PageWorker
from glmkit_widgets.review.pdf_pages import PdfPages
from glmkit_widgets.review.views import ReviewCounts
from glmkit_widgets.shared.assets import module, style
from glmkit_widgets.shared.widget import GLMWidget

if TYPE_CHECKING:
    import pandas as pd

_EXPORTS = {".xlsx": write_xlsx, ".html": write_html, ".htm": write_html}

#: Lines of the list in one message, characters of a note, and of a corrected value.
_PORTION, _LONGEST = 400, 100_000


class Review(GLMWidget):
    """Look through extracted values beside their pages: confirm, correct or reject.

    `out` is the frame of `docs.glm.extract("{document}", schema=..., evidence=True)`:
    each field has its quote, page and found-state. The page is shown as a picture
    where the document is a PDF file, else as text, with the quote marked.

    Each decision is written to `file` at once, with the name of the `reviewer` (None:
    the system's user) and the time in UTC. None is `glmkit-review-....jsonl` in the
    current folder, named by the table's values: opened again on the same table, a
    review goes on where it was. Decisions of several reviewers are all kept.

    `.decisions` is a DataFrame of them, `.result()` the reviewed frame, and `.export`
    writes them to a file; `.value` counts the items. Raises ConfigError.

        review = glmkit.widgets.Review(out, reviewer="Ada")
        review.result()
    """

    _esm = module(
        "shared/dom", "review/store", "review/list", "review/document",
        "review/card", "review/review",
    )  # fmt: skip
    _css = style("shared/ground", "review/review")

    #: Numbers and names of filters; texts travel as messages.
    counts: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    labels: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    reviewer = traitlets.Unicode("").tag(sync=True)
    file = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        out: pd.DataFrame,
        *,
        reviewer: str | None = None,
        file: str | Path | None = None,
        **traits: Any,
    ) -> None:
        self._table = ReviewTable(out)
        self._store = ReviewStore(self._table, Path(file) if file else None)
        self._counts = ReviewCounts(self._table, self._store)
        self._pdf = PdfPages()
        self._pages = PageWorker(self._show_page)
        super().__init__(
            reviewer=reviewer_name(reviewer),
            file=one_line(str(self._store.path)),
            labels=views.LABELS,
            **traits,
        )
        self._tell([])

    @property
    def decisions(self) -> pd.DataFrame:
        """The last decision of each reviewer on each item, one row for each.

        Columns: row (position), field, value, decision ("confirmed", "corrected",
        "rejected", "none" for a note alone), corrected, note, reviewer, at.
        """
        with self._lock:
            self._read()
            return decisions_frame(self._table, self._store)

    def result(self) -> pd.DataFrame:
        """Return the frame with corrected values, and NAME_reviewed beside each field.

        A rejected value is NA. NAME_reviewed is "confirmed", "corrected", "rejected",
        "differs" where reviewers disagree (the value stays), and NA where nobody
        decided.
        """
        with self._lock:
            self._read()
            return result_frame(self._table, self._store)

    def export(self, path: str | Path) -> Path:
        """Write the review to a file, and return its path; a file is replaced whole.

        `.xlsx`: a line for each value with its quote, found-state, decision, note and
        a link to its page in the document's file. `.html`: the same in one file that
        needs nothing else, with the pages' texts in it. Raises ConfigError.
        """
        path = Path(path)
        write = _EXPORTS.get(path.suffix.lower())
        if write is None:
            raise ConfigError(
                _("a review cannot be written to {path}", path=path),
                hint=_('Name a .xlsx or a .html file: `review.export("review.xlsx")`.'),
            )
        with self._lock:
            self._read()
            write(path, self._table, self._store)
        return path

    def _leave(self) -> None:
        self._pages.close()
        self._pdf.close()

    def _do(self, name: str, content: dict[str, Any]) -> None:
        match name, content:
            case "show", _:
                self._read()
            case "filter", {"filter": str(chosen), "view": view} if (
                chosen in views.FILTERS
            ):
                self._read()
                order, first = self._counts.order(chosen)
                found = {"view": view, "filter": chosen, "first": first}
                self.send({"order": found}, [array("i", order).tobytes()])
            case "lines", {"items": list(numbers)}:
                held = [n for n in numbers[:_PORTION] if self._has(n)]
                self.send({"lines": [self._line(n) for n in held]})
            case "open", {"item": number, "view": str(view)} if self._has(number):
                made = self._store.of(number)
                item = views.whole(self._table[number], made, self.reviewer)
                self.send({"opened": item, "view": view})
            case "page", {
                "item": number, "view": str(view), "page": int(page),
                "pixels": int(pixels), "have": str(have),
            } if self._has(number):  # fmt: skip
                wish = PageWish(view, number, max(0, page), max(0, pixels), have)
                self._pages.ask(wish)
            case "decide", {"item": number} if self._has(number):
                self._decide(number, content)
            case _:
                pass

    def _has(self, number: Any) -> bool:
        return type(number) is int and 0 <= number < len(self._table)

    def _line(self, number: int) -> dict[str, Any]:
        made = self._store.of(number)
        return views.line(self._table[number], made, self.reviewer)

    def _decide(self, number: int, content: dict[str, Any]) -> None:
        """Write what the page's user decided; the page takes back what is refused."""
        try:
            made = self._made(number, content)
            empty = made.decision == "none" and not made.note
            if not empty or self._store.by(number, self.reviewer):
                self._tell(self._store.add(number, made))
        except Exception:
            self.send({"kept": number, "line": self._line(number)})
            raise
        self.send({"kept": number})

    def _made(self, number: int, content: dict[str, Any]) -> ReviewDecision:
        """Return a decision from a page's message; a note stays unless it is sent."""
        item = self._table[number]
        before = self._store.by(number, self.reviewer)
        note = content.get("note")
        if not isinstance(note, str):
            note = before.note if before else ""
        verdict: Verdict = "none"
        corrected = None
        match content.get("decision"):
            case "confirmed" | "rejected" as verdict:
                pass
            case "corrected":
                kind = self._table.field(item.field).kind
                text = str(content.get("corrected", ""))[:_LONGEST]
                verdict, corrected = "corrected", value_from(text, kind)
            case "same" if before is not None:
                verdict, corrected = before.decision, before.corrected
            case _:
                pass
        return ReviewDecision(
            row=item.row, field=item.field, decision=verdict, corrected=corrected,
            note=plain(note).strip()[:_LONGEST], reviewer=self.reviewer,
        )  # fmt: skip

    def _read(self) -> None:
        """Take in what other reviewers wrote in the meantime."""
        self._tell(self._store.read())

    def _tell(self, changed: list[int]) -> None:
        """Show changed items, the counts, and how many lines cannot be read."""
        self._counts.update(changed)
        sums = self._counts.sums()
        if changed:
            self.send({"lines": [self._line(n) for n in changed[:_PORTION]]})
        if sums != self.counts:
            self.counts = sums
            self.set_trait("value", sums)
            self._still.update()
        if damaged := self._store.damaged:
            note = _("{count:,} lines of the file cannot be read.", count=damaged)
            self.send({"damaged": note})

    def _show_page(self, wish: PageWish) -> None:
        """Send a page to the view that wants it; on the thread of the pages."""
        shown, buffers = shown_page(self._table, self._pdf, wish)
        if not self._closed:
            mark = {"view": wish.view, "item": wish.item}
            self.send({"page": {**shown, **mark}}, buffers)

    def _draw(self) -> tuple[str, str]:
        return views.picture(self._table, self._counts, private())
