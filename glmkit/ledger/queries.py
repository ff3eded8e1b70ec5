"""Queries of the ledger: its calls, or sums over them by columns."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any, NamedTuple

from glmkit.ledger.measures import (
    CELL_KEYS,
    DAY_KEYS,
    DAY_TIME_KEYS,
    KEYS,
    OPEN,
    TIMINGS,
    UNDECIDED,
    sums_of_rows,
    sums_of_sums,
)
from glmkit.types.errors import ConfigError
from glmkit.types.options import COLUMNS


class Table(NamedTuple):
    """Column names, and rows of values.

    Money is in whole 10⁻¹² units, times are Unix seconds.
    """

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


#: Column as the reader knows it → expression.
_PLACES = {
    **KEYS,
    "answered": "answered",
    "cell": "cell",
    "session": "CAST(owner AS TEXT)",
    "state": "state",
    "finish_reason": "finish_reason",
    "error_code": "error_code",
    "run": "run",
    "undecided": f"CASE WHEN {UNDECIDED} THEN 'yes' ELSE 'no' END",
}
_CALLS = {
    "id": "id",
    "group": "coalesce(group_id, id)",
    "at": "at",
    **{name: _PLACES[name] for name in ("notebook", "cell", "tag", "session")},
    **{name: _PLACES[name] for name in ("endpoint", "model", "answered", "state")},
    "source": "source",
    "operation": "operation",
    "stream": "stream",
    **{name: f"request ->> '$.{name}'" for name in COLUMNS},
    "prompt_tokens": "prompt_tokens",
    "cached_tokens": "cached_tokens",
    "completion_tokens": "completion_tokens",
    "reasoning_tokens": "reasoning_tokens",
    "total_tokens": "total_tokens",
    "cost": "cost",
    "currency": "cost_currency",
    "reserved": f"CASE WHEN state IN {OPEN} OR {UNDECIDED} THEN reserved END",
    "at_most": "coalesce(at_most, 0)",
    "cost_basis": "coalesce(cost_basis, 'owed')",
    "paid_by": "iif(granted IS NULL, 'money', 'grant')",
    "list_cost": "list_cost",
    "list_currency": "list_currency",
    "seconds": "seconds",
    "first_token_s": "first_token_s",
    "finish_reason": "finish_reason",
    "error": "error",
    "error_code": "error_code",
    "status": "status",
    "retries": "retries",
    "request_id": "request_id",
}


_WORDS = ("request", "text", "thinking", "tool_calls", "sources")


class Query(NamedTuple):
    """A statement, its parameters, and the columns that it gives.

    `kept`: it reads the kept sums, which must be up to date.
    """

    sql: str
    parameters: tuple[Any, ...]
    columns: tuple[str, ...]
    kept: bool = False


def query(
    by: Sequence[str] = (),
    since: float | None = None,
    where: Mapping[str, Any] | None = None,
    newest: int | None = None,
    *,
    words: bool = False,
) -> Query:
    """Return the statement for calls, or for sums over them where `by` names columns.

    `since` is in Unix seconds; `where` maps a column to a value or a list of values;
    `newest` keeps so many of the last calls; `words` adds the texts. Raises
    ConfigError for a column that is not there.
    """
    where = where or {}
    table = _kept({*by, *where}, since) if by and newest is None else ""
    if table:
        return _sums(table, by, since, where)
    conditions, parameters = _conditions(since, where)
    groups = {name: _place(name) for name in by}
    calls_columns = _CALLS | {name: name for name in _WORDS if words}
    selected = groups | sums_of_rows() if by else calls_columns
    if by and "state" not in {*by, *where}:
        conditions.append(f"state NOT IN {OPEN}")
    calls = f"calls c{_joined(conditions)}"
    if newest is not None:
        calls = f"(SELECT * FROM {calls} ORDER BY id DESC LIMIT ?) c"
        parameters.append(newest)
    sql = f"SELECT {', '.join(selected.values())} FROM {calls}"
    sql += _grouped(groups) if by else " ORDER BY id"
    # Bands of lengths are known once the sums are up to date.
    banded = any(name.endswith("_from") for name in (*by, *where))
    return Query(sql, tuple(parameters), tuple(selected), kept=banded)


def timings(
    kind: str,
    by: Sequence[str] = (),
    since: float | None = None,
    where: Mapping[str, Any] | None = None,
) -> Query:
    """Return the statement for a histogram: bins and calls for each value of `by`.

    `kind` is one of TIMINGS. ConfigError for a column that sums are not kept by.
    """
    if kind not in TIMINGS:
        raise ConfigError(
            f"the ledger keeps no {kind!r} of calls",
            hint=f"Use one of {', '.join(TIMINGS)}.",
        )
    for name in {*by, *(where or {})} - {*KEYS}:
        _place(name)
        raise ConfigError(
            f"the times are not kept by {name!r}", hint=f"Use one of {', '.join(KEYS)}."
        )
    conditions, parameters = _conditions_on_sums(since, where or {})
    groups = {name: name for name in (*by, "bin")}
    light = {*by, *(where or {})} <= {*DAY_TIME_KEYS}
    table = "day_timings t" if light else "timings t JOIN sums ON sums.id = t.sum"
    sql = (
        f"SELECT {', '.join(groups)}, sum(t.calls) FROM {table}"
        f"{_joined(['kind = ?', *conditions])}{_grouped(groups)}"
    )
    parameters.insert(0, kind)
    return Query(sql, tuple(parameters), (*groups, "calls"), kept=True)


def _kept(names: set[str], since: float | None) -> str:
    """Return the table of sums that can answer; "" where only the rows can."""
    if names <= {*KEYS} and (since is None or _midnight(since)):
        return "day_sums" if names <= {*DAY_KEYS} else "sums"
    return "cell_sums" if names <= {*CELL_KEYS} and since is None else ""


def _sums(
    table: str, by: Sequence[str], since: float | None, where: Mapping[str, Any]
) -> Query:
    conditions, parameters = _conditions_on_sums(since, where)
    groups = {name: name for name in by}
    selected = groups | sums_of_sums()
    if table == "day_sums" and {*by} == {*DAY_KEYS}:  # each line is a sum as it is
        conditions.append("calls > 0")
        lines = f"{', '.join(selected)} FROM {table}{_joined(conditions)}"
        sql = f"SELECT {lines} ORDER BY {', '.join(by)}"
        return Query(sql, tuple(parameters), tuple(selected), kept=True)
    sql = f"SELECT {', '.join(selected.values())} FROM {table}{_joined(conditions)}"
    # A call that changed after its end may have left an empty sum.
    sql += _grouped(groups).replace(" ORDER", " HAVING sum(calls) > 0 ORDER")
    return Query(sql, tuple(parameters), tuple(selected), kept=True)


def _midnight(moment: float) -> bool:
    return datetime.fromtimestamp(moment).time() == time()


def _grouped(groups: Mapping[str, str]) -> str:
    numbers = ", ".join(str(1 + place) for place in range(len(groups)))
    return f" GROUP BY {numbers} ORDER BY {numbers}"


def _joined(conditions: Sequence[str]) -> str:
    return " WHERE " + " AND ".join(conditions) if conditions else ""


def _conditions_on_sums(
    since: float | None, where: Mapping[str, Any]
) -> tuple[list[str], list[Any]]:
    conditions, parameters = _chosen(where, {name: name for name in KEYS | CELL_KEYS})
    if since is not None:
        conditions.append("day >= ?")
        parameters.append(datetime.fromtimestamp(since).date().isoformat())
    return conditions, parameters


def _conditions(
    since: float | None, where: Mapping[str, Any]
) -> tuple[list[str], list[Any]]:
    conditions, parameters = _chosen(where, {name: _place(name) for name in where})
    if since is not None:
        conditions.append("at >= ?")
        parameters.append(since)
    return conditions, parameters


def _chosen(
    where: Mapping[str, Any], places: Mapping[str, str]
) -> tuple[list[str], list[Any]]:
    conditions: list[str] = []
    parameters: list[Any] = []
    for name, wanted in where.items():
        values = [wanted] if isinstance(wanted, str) else list(wanted)
        conditions.append(f"{places[name]} IN ({', '.join('?' * len(values))})")
        parameters.extend(values)
    return conditions, parameters


def _place(name: str) -> str:
    """Return a column's expression: only what is listed ever enters a statement."""
    if name in _PLACES:
        return _PLACES[name]
    near = difflib.get_close_matches(name, _PLACES, 1)
    raise ConfigError(
        f"the ledger has no column {name!r}",
        hint=f"Did you mean {near[0]!r}?"
        if near
        else f"Use one of {', '.join(_PLACES)}.",
    )
