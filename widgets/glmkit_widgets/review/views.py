"""What the page and the static picture show of a review."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from glmkit.documents.cell_values import text_of
from glmkit.documents.review_results import State, outcome_of
from glmkit.documents.review_store import ReviewDecision, ReviewStore
from glmkit.documents.review_table import ReviewItem, ReviewTable
from glmkit.render.page import table as as_table
from glmkit.types.plain_text import escaped, one_line, plain
from glmkit.types.translation import _

#: Characters of a value in the list, and of what is shown of one item; rows of the
#: picture.
_VALUE, _WHOLE, _ROWS = 160, 20_000, 25

Filter = Callable[[ReviewItem, State], bool]

#: The filters by name, each with its label.
LABELS = {
    "all": _("All"),
    "missing": _("Not found"),
    "disagrees": _("Disagrees"),
    "untouched": _("Untouched"),
    "rejected": _("Rejected"),
}
FILTERS: dict[str, Filter] = {
    "all": lambda item, state: True,
    "missing": lambda item, state: item.found == "not found",
    "disagrees": lambda item, state: item.found == "value differs",
    "untouched": lambda item, state: state == "untouched",
    "rejected": lambda item, state: state == "rejected",
}


class ReviewCounts:
    """How many items each filter shows, kept up to date with the decisions."""

    def __init__(self, table: ReviewTable, store: ReviewStore) -> None:
        self._table, self._store = table, store
        self._states: list[State] = ["untouched"] * len(table)
        self._sums: Counter[str] = Counter()
        for item in table:
            self._add(item, 1)
        self.update(store.numbers)

    def state(self, number: int) -> State:
        """Return what was decided on an item."""
        return self._states[number]

    def update(self, numbers: list[int]) -> None:
        """Take in decisions on these items."""
        for number in numbers:
            item = self._table[number]
            self._add(item, -1)
            self._states[number] = outcome_of(self._store.of(number)).state
            self._add(item, 1)

    def sums(self) -> dict[str, int]:
        """Return the number of items by filter."""
        return {name: self._sums[name] for name in FILTERS}

    def order(self, name: str) -> tuple[list[int], int]:
        """Return the items that a filter shows, and where the first untouched is."""
        shows, states = FILTERS[name], self._states
        order = [t.number for t in self._table if shows(t, states[t.number])]
        untouched = (at for at, n in enumerate(order) if states[n] == "untouched")
        return order, next(untouched, 0)

    def _add(self, item: ReviewItem, count: int) -> None:
        state = self._states[item.number]
        for name, shows in FILTERS.items():
            if shows(item, state):
                self._sums[name] += count


def line(
    item: ReviewItem, made: tuple[ReviewDecision, ...], who: str
) -> dict[str, Any]:
    """Return an item as the list shows it."""
    own = next((d for d in made if d.reviewer == who and d.decision != "none"), None)
    return {
        "n": item.number,
        "row": item.row,
        "field": one_line(item.field)[:120],
        "value": one_line(text_of(item.value)[: 2 * _VALUE])[:_VALUE],
        "found": item.found,
        "state": outcome_of(made).state,
        "mine": own.decision if own else "",
        "note": any(d.note for d in made),
    }


def whole(
    item: ReviewItem, made: tuple[ReviewDecision, ...], who: str
) -> dict[str, Any]:
    """Return an item in full, with what everybody decided on it."""
    return {
        **line(item, made, who),
        "value": plain(text_of(item.value)[:_WHOLE]),
        "quote": plain(item.quote[:_WHOLE]),
        "page": item.page,
        "decisions": [_decision(d, who) for d in made],
    }


def _decision(made: ReviewDecision, who: str) -> dict[str, Any]:
    return {
        "decision": made.decision,
        "corrected": plain(text_of(made.corrected)[:_WHOLE]),
        "note": plain(made.note[:_WHOLE]),
        "reviewer": one_line(made.reviewer)[:80],
        "at": one_line(made.at)[:40],
        "mine": made.reviewer == who,
    }


def picture(table: ReviewTable, counts: ReviewCounts, private: bool) -> tuple[str, str]:
    """Return the last state as safe HTML and as plain text.

    `private` leaves all texts out.
    """
    sums = counts.sums()
    head = _(
        "Review: {done:,} of {all:,} values reviewed, {missing:,} not found, "
        "{disagrees:,} disagree with their quote, {rejected:,} rejected",
        done=sums["all"] - sums["untouched"],
        **{name: sums[name] for name in ("all", "missing", "disagrees", "rejected")},
    )
    if private:
        note = _("GLMKIT_PRIVACY keeps values and quotes out of the notebook.")
        return f"<p>{escaped(head)}</p><p>{escaped(note)}</p>", f"{head}\n{note}"
    shown = [table[n] for n in range(min(len(table), _ROWS))]
    rows = [_picture_line(item, counts.state(item.number)) for item in shown]
    more = len(table) - len(rows)
    below = _("({more:,} more)", more=more) if more else ""
    names = ("row", "field", "value", "found", "page", "review")
    html = f"<p>{escaped(head)}</p>{as_table(names, rows)}<p>{escaped(below)}</p>"
    plain_rows = [" | ".join(row) for row in rows]
    return html, "\n".join(filter(None, [head, *plain_rows, below]))


def _picture_line(item: ReviewItem, state: State) -> list[str]:
    page = "" if item.page is None else str(item.page)
    value = one_line(text_of(item.value)[: 2 * _VALUE])[:_VALUE]
    return [str(item.row), one_line(item.field), value, item.found, page, state]
