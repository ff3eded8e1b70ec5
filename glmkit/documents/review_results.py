"""What a review comes to: a table of decisions, and the reviewed frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import msgspec
import pandas as pd

from glmkit.documents.cell_values import Kind
from glmkit.documents.review_store import ReviewDecision, ReviewStore
from glmkit.documents.review_table import ReviewField, ReviewTable
from glmkit.tables.template import missing

State = Literal["untouched", "confirmed", "corrected", "rejected", "differs"]

COLUMNS = (
    "row", "field", "value", "decision", "corrected", "note", "reviewer", "at",
)  # fmt: skip


class ReviewOutcome(NamedTuple):
    """What all reviewers together decided on an item.

    `state` is "differs" where their last decisions are not the same.
    """

    state: State
    corrected: Any = None


def outcome_of(decisions: Sequence[ReviewDecision]) -> ReviewOutcome:
    """Return what the last decisions of all reviewers come to."""
    made = [d for d in decisions if d.decision != "none"]
    if not made:
        return ReviewOutcome("untouched")
    first = made[-1]
    if any(
        (d.decision, d.corrected) != (first.decision, first.corrected) for d in made
    ):
        return ReviewOutcome("differs")
    assert first.decision != "none"  # left out above
    return ReviewOutcome(first.decision, first.corrected)


def decisions_frame(table: ReviewTable, store: ReviewStore) -> pd.DataFrame:
    """Return a row for the last decision of each reviewer on each item."""
    rows = []
    for number in store.numbers:
        value = table[number].value
        for made in store.of(number):
            held = msgspec.structs.asdict(made) | {"value": value}
            rows.append([held[name] for name in COLUMNS])
    frame = pd.DataFrame(rows, columns=[*COLUMNS])
    frame["row"] = frame["row"].astype("int64")
    frame["at"] = pd.to_datetime(
        frame["at"], utc=True, errors="coerce", format="ISO8601"
    )
    return frame


def result_frame(table: ReviewTable, store: ReviewStore) -> pd.DataFrame:
    """Return the frame with corrected values, and a column NAME_reviewed beside each.

    A rejected value is NA. NAME_reviewed is "confirmed", "corrected", "rejected",
    "differs" where reviewers disagree (the value stays), and NA where nobody decided.
    """
    frame = table.frame.copy()
    outcomes = {number: outcome_of(store.of(number)) for number in store.numbers}
    for place, field in enumerate(table.fields):
        changed: dict[int, Any] = {}
        states: list[str | None] = [None] * table.rows
        for row in range(table.rows):
            outcome = outcomes.get(row * len(table.fields) + place)
            if outcome is None or outcome.state == "untouched":
                continue
            states[row] = outcome.state
            if outcome.state in ("corrected", "rejected"):
                changed[row] = outcome.corrected
        if changed:
            _put(frame, field, changed)
        name = f"{field.name}_reviewed"
        kinds = pd.CategoricalDtype(["confirmed", "corrected", "rejected", "differs"])
        state = pd.Series(states, index=frame.index, dtype=kinds)
        _beside(frame, field.name, name, state)
    return frame


#: Dtypes that hold missing values, for a column whose own does not.
_DTYPES: dict[Kind, tuple[str, ...]] = {
    "integer": ("Int64",),
    "number": ("Int64", "Float64"),
    "boolean": ("boolean",),
}


def _put(frame: pd.DataFrame, field: ReviewField, changed: dict[int, Any]) -> None:
    """Put values into a column, by position; its dtype stays where it can hold them."""
    before: Any = frame[field.name]
    values = [*before]
    for row, value in changed.items():
        values[row] = None if missing(value) else _held(value, field.kind)
    column: Any = pd.Series(values, index=frame.index, dtype=object)
    for dtype in (before.dtype, *_DTYPES.get(field.kind, ())):
        if isinstance(dtype, pd.CategoricalDtype):
            known = {*dtype.categories}
            if not {*column.dropna()} <= known:
                continue  # it would lose a value that is not one of its categories
        try:
            cast = column.astype(dtype)
        except (TypeError, ValueError, OverflowError):
            continue
        if [*map(missing, cast)] == [*map(missing, column)]:
            column = cast
            break
    frame.isetitem([*frame.columns].index(field.name), column)


def _held(value: Any, kind: Kind) -> Any:
    return pd.Timestamp(value) if kind == "date" and isinstance(value, str) else value


def _beside(frame: pd.DataFrame, field: str, name: str, column: Any) -> None:
    """Insert a column behind those of a field; one that is there is replaced."""
    names = [*frame.columns]
    if name in names:
        frame.isetitem(names.index(name), column)
    else:
        frame.insert(names.index(f"{field}_found") + 1, name, column)
