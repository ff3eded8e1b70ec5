"""The frame that a run becomes: typed columns and the bookkeeping beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pandas as pd

from glmkit.tables.preparation import STATUSES, Preparation, RowOutcome
from glmkit.tables.pseudonyms import put_back
from glmkit.tables.rows import Rows
from glmkit.tables.template import name_of
from glmkit.tables.verbs import BOOKKEEPING, Judge, TargetColumn, Verb
from glmkit.types.errors import ConfigError
from glmkit.types.money import Money
from glmkit.types.translation import _


def frame_of(rows: Rows, verb: Verb, asked: Preparation) -> pd.DataFrame:
    """Return the rows with the verb's columns; a row that was not asked has none."""
    count = len(rows)
    columns = columns_of(
        verb, asked.outcomes, asked.prompt_of, count, asked.names, asked.task.values
    )
    return rows.with_columns(columns)


def group_frame(
    verb: Verb, outcomes: Sequence[RowOutcome], keys: pd.Index[Any] | None
) -> pd.DataFrame:
    """Return a frame of one row a group, with the groups' keys as its index."""
    columns = columns_of(verb, outcomes, range(len(outcomes)), len(outcomes))
    return pd.DataFrame(columns, index=keys)


def columns_of(
    verb: Verb,
    outcomes: Sequence[RowOutcome],
    prompt_of: Sequence[int],
    count: int,
    names: Mapping[int, Mapping[str, str]] = MappingProxyType({}),
    rows: Sequence[Sequence[Any]] = (),
) -> dict[str, Any]:
    """Return name → values of the columns that a verb adds.

    Rows with equal prompts share one call: its tokens and cost stand at the first.
    `names` are what the pseudonyms of a row stand for, `rows` the values by which a
    verb with evidence judges.
    """
    blank = RowOutcome()
    found = [outcomes[place] for place in prompt_of]
    found += [blank] * (count - len(found))
    first = _first(prompt_of, count)
    columns: dict[str, Any] = {}
    answers = [one.values for one in found]
    for row, known in names.items():
        if (answer := answers[row]) is not None:
            answers[row] = tuple(put_back(value, known) for value in answer)
    if verb.evidence is not None:
        answers = _judged(verb.evidence, answers, rows)
    for place, target in enumerate(verb.targets):
        values = [answer[place] if answer else None for answer in answers]
        columns[target.name] = _typed(values, target)
    beside = _bookkeeping(list(zip(found, first, strict=True)))
    return columns | {f"{verb.to}_{name}": values for name, values in beside.items()}


def _judged(
    evidence: Judge,
    answers: Sequence[tuple[Any, ...] | None],
    rows: Sequence[Sequence[Any]],
) -> list[tuple[Any, ...] | None]:
    return [
        answer and evidence.judge(answer, rows[row])
        for row, answer in enumerate(answers)
    ]


def _bookkeeping(rows: Sequence[tuple[RowOutcome, bool]]) -> dict[str, Any]:
    """Return the columns beside the targets, of outcomes and whether each is first."""
    owed = [_share(one.cost, whole) for one, whole in rows]
    tokens = [None if o.tokens is None else o.tokens * whole for o, whole in rows]
    return {
        "status": pd.Categorical([o.status for o, _ in rows], categories=[*STATUSES]),
        "error": pd.array([o.error or None for o, _ in rows], dtype="string"),
        "tokens": pd.array(tokens, dtype="Int64"),
        "cost": _objects([None if m is None else m.amount for m in owed]),
        "currency": pd.array(
            [None if m is None else m.currency for m in owed], dtype="string"
        ),
        "model": pd.array([o.model or None for o, _ in rows], dtype="string"),
    }


def cost_of(frame: pd.DataFrame) -> Money | None:
    """Return what all verbs of a frame have cost; None where one call is not known.

    Raises ConfigError where they were billed in two currencies.
    """
    total: dict[str, int] = {}
    for costs, currencies, states in _groups(frame):
        for amount, currency, state in zip(costs, currencies, states, strict=True):
            if pd.isna(state):
                continue  # it was not asked
            if pd.isna(amount) or pd.isna(currency):
                return None
            parts = Money.of(Decimal(str(amount)), str(currency)).parts
            total[currency] = total.get(currency, 0) + parts
    billed = {currency: parts for currency, parts in total.items() if parts} or total
    if len(billed) > 1:
        raise ConfigError(
            _("the frame has costs in {names}", names=" and ".join(billed)),
            hint=_("Sum the columns that end in _cost by those in _currency."),
        )
    return next((Money(parts, currency) for currency, parts in billed.items()), None)


def _groups(frame: pd.DataFrame) -> Iterator[list[list[Any]]]:
    """Yield cost, currency and status of each group of columns that a verb added.

    A verb adds all columns of its bookkeeping, with states that it knows: columns of
    the user that end alike are none.
    """
    places: dict[str, list[int]] = {}
    for place, column in enumerate(frame.columns):
        places.setdefault(name_of(column), []).append(place)
    for name in places:
        group = name.removesuffix("_status")
        beside = [places.get(f"{group}_{what}", []) for what in BOOKKEEPING]
        if group == name or not all(beside):
            continue
        for these in zip(*beside, strict=False):
            values = dict(
                zip(BOOKKEEPING, (frame.iloc[:, at].tolist() for at in these),
                    strict=True)
            )  # fmt: skip
            known = {state for state in values["status"] if not pd.isna(state)}
            if known <= set(STATUSES):
                yield [values[what] for what in ("cost", "currency", "status")]


def _first(prompt_of: Sequence[int], count: int) -> list[bool]:
    """Return for each row whether it is the first one with its prompt."""
    marks = [True] * count
    seen: set[int] = set()
    for row, place in enumerate(prompt_of):
        marks[row] = place not in seen
        seen.add(place)
    return marks


def _share(cost: Money | None, whole: bool) -> Money | None:
    """Return a row's part of a cost: all, or nothing in that currency."""
    return cost if whole or cost is None else Money(0, cost.currency)


def _typed(values: list[Any], target: TargetColumn) -> Any:
    """Return a column of the target's type; of objects where a value does not fit."""
    match target.dtype:
        case "category":
            return pd.Categorical(values, categories=list(target.categories or ()))
        case "datetime" | "string" if any(isinstance(v, date) for v in values):
            return _datetimes(values)
        case "datetime":
            return _datetimes(values)
        case "":
            return _objects(values)
        case dtype:
            try:
                return pd.array(values, dtype=dtype)  # type: ignore[call-overload]
            except (TypeError, ValueError, OverflowError):
                return _objects(values)


def _datetimes(values: list[Any]) -> Any:
    try:
        return pd.to_datetime(pd.Series(values, dtype=object)).array
    except (ValueError, TypeError, OverflowError):
        return _objects(values)


def _objects(values: list[Any]) -> Any:
    """Return values as they are: a list stays one cell."""
    return pd.Series(values, dtype=object).array
