"""What is read from the ledger: its calls, or their sums by some of the columns."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from glmkit.errors import ConfigError


class Table(NamedTuple):
    """Names of columns, and rows of as many values.

    Money is in whole 10⁻¹² units, times are Unix seconds.
    """

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


#: Column as the reader knows it → expression.
_PLACES = {
    "day": "date(at, 'unixepoch', 'localtime')",
    "endpoint": "endpoint",
    "model": "model",
    "operation": "operation",
    "answered": "answered",
    "notebook": "notebook",
    "cell": "cell",
    "tag": "tag",
    "source": "source",
    "state": "state",
    "finish_reason": "finish_reason",
    "error_code": "error_code",
}
_CALLS = {
    "id": "id",
    "group": "coalesce(group_id, id)",
    "at": "at",
    **{name: _PLACES[name] for name in ("notebook", "cell", "tag", "endpoint")},
    **{name: _PLACES[name] for name in ("model", "answered", "source", "state")},
    "operation": "operation",
    "stream": "stream",
    "temperature": "request ->> '$.temperature'",
    "top_p": "request ->> '$.top_p'",
    "max_tokens": "request ->> '$.max_tokens'",
    "prompt_tokens": "prompt_tokens",
    "cached_tokens": "cached_tokens",
    "completion_tokens": "completion_tokens",
    "reasoning_tokens": "reasoning_tokens",
    "total_tokens": "total_tokens",
    "cost": "cost",
    "currency": "cost_currency",
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
_SUMS = {
    "calls": "count(*)",
    "failed": "count(*) FILTER (WHERE state = 'failed')",
    "uncertain": "count(*) FILTER (WHERE state = 'uncertain')",
    "prompt_tokens": "coalesce(sum(prompt_tokens), 0)",
    "cached_tokens": "sum(cached_tokens)",
    "completion_tokens": "coalesce(sum(completion_tokens), 0)",
    "reasoning_tokens": "sum(reasoning_tokens)",
    "total_tokens": "coalesce(sum(total_tokens), 0)",
    "cost_cny": "sum(cost) FILTER (WHERE cost_currency = 'CNY')",
    "cost_usd": "sum(cost) FILTER (WHERE cost_currency = 'USD')",
    "list_cost_cny": "sum(list_cost) FILTER (WHERE list_currency = 'CNY')",
    "list_cost_usd": "sum(list_cost) FILTER (WHERE list_currency = 'USD')",
    "unpriced": "count(*) FILTER (WHERE cost IS NULL AND state = 'done')",
    "seconds": "sum(seconds)",
    "last_at": "max(at)",
}


class Query(NamedTuple):
    """A statement, its parameters, and the columns that it gives."""

    sql: str
    parameters: tuple[Any, ...]
    columns: tuple[str, ...]


def query(
    by: Sequence[str] = (),
    since: float | None = None,
    where: Mapping[str, Any] | None = None,
    newest: int | None = None,
) -> Query:
    """Return the statement for calls, or for sums over them where `by` names columns.

    `since` is in Unix seconds; `where` maps a column to a value or a list of values;
    `newest` keeps so many of the last calls. Raises ConfigError for a column that is
    not there.
    """
    conditions, parameters = _conditions(since, where or {})
    groups = {name: _place(name) for name in by}
    selected = groups | _SUMS if by else _CALLS
    calls = f"calls{conditions}"
    if newest is not None:
        calls = f"(SELECT * FROM {calls} ORDER BY id DESC LIMIT ?)"
        parameters.append(newest)
    sql = f"SELECT {', '.join(selected.values())} FROM {calls}"
    numbers = ", ".join(str(1 + place) for place in range(len(groups)))
    sql += f" GROUP BY {numbers} ORDER BY {numbers}" if by else " ORDER BY id"
    return Query(sql, tuple(parameters), tuple(selected))


def _conditions(since: float | None, where: Mapping[str, Any]) -> tuple[str, list[Any]]:
    conditions: list[str] = []
    parameters: list[Any] = []
    if since is not None:
        conditions.append("at >= ?")
        parameters.append(since)
    for name, wanted in where.items():
        values = [wanted] if isinstance(wanted, str) else list(wanted)
        conditions.append(f"{_place(name)} IN ({', '.join('?' * len(values))})")
        parameters.extend(values)
    return (" WHERE " + " AND ".join(conditions) if conditions else ""), parameters


def _place(name: str) -> str:
    """Return a column's expression: only what is listed ever enters a statement."""
    if name in _PLACES:
        return _PLACES[name]
    near = difflib.get_close_matches(name, _PLACES, 1)
    raise ConfigError(
        f"the ledger has no column {name!r} to sort calls by",
        hint=f"Did you mean {near[0]!r}?" if near else f"Use one of {[*_PLACES]}.",
    )
