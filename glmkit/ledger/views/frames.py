"""The ledger as DataFrames: calls, sums, times, and what they would cost elsewhere."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import pandas as pd

from glmkit.catalog import prices
from glmkit.catalog.cards import card
from glmkit.ledger import Ledger, bin_start
from glmkit.ledger.views.model_table import models as models
from glmkit.types.errors import ConfigError
from glmkit.types.events import Usage
from glmkit.types.money import Money, PlainDecimal
from glmkit.types.options import COLUMNS
from glmkit.types.plain_text import one_line
from glmkit.types.translation import _

Since = str | date | datetime | timedelta

_MONEY = (
    "cost", "list_cost", "reserved", "cost_cny", "cost_usd", "list_cost_cny",
    "list_cost_usd",
)  # fmt: skip
_TIMES = ("at", "last_at")
_TYPES: dict[str, Any] = {
    "id": "int64",
    "group": "int64",
    "stream": "bool",
    "at_most": "bool",
    **dict.fromkeys(("seconds", "first_token_s"), "float64"),
    **dict.fromkeys(
        (
            "prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens",
            "total_tokens", "status", "retries", "calls", "failed",
            "uncertain", "unpriced", "interrupted", "counted", "prompt_from",
            "output_from",
        ),
        "Int64",
    ),
    **{n: "float64" for n, kind in COLUMNS.items() if kind == "number"},
    **{n: "Int64" for n, kind in COLUMNS.items() if kind == "whole"},
}  # fmt: skip


def usage(
    by: str | Sequence[str] | None = None,
    since: Since | None = None,
    where: Mapping[str, str | Sequence[str]] | None = None,
    *,
    newest: int | None = None,
    ledger: Ledger | None = None,
) -> pd.DataFrame:
    """Return the ledger as a DataFrame: one row a call, or sums by some columns.

    `by` names one or several of day, model, answered, endpoint, operation, notebook,
    cell, tag, session (one run of a process), source, state, finish_reason,
    error_code. `since` is a date, a time (local unless it has a zone), or a timedelta
    before now; `where` maps such a column to one or several values; `newest` keeps that
    many of the last calls. Costs are exact Decimals beside their currency. What is not
    known (cost, currency, tokens) is missing, never 0. A sum's `mark` is "at least"
    where calls are `unpriced`, "at most" where a cost is an upper bound, "about" where
    both. Times are in UTC; sums are of calls that have ended. Raises LedgerError, and
    ConfigError for an unknown column.
    """
    names = (by,) if isinstance(by, str) else tuple(by or ())
    start = None if since is None else moment(since)
    columns, rows = (ledger or Ledger()).read(names, start, where, newest)
    frame = table(columns, [[_printable(value) for value in row] for row in rows])
    if names:
        marks = zip(frame["unpriced"] > 0, frame.pop("at_most") > 0, strict=True)
        for name in ("prompt_tokens", "completion_tokens", "total_tokens"):
            frame[name] = frame[name].mask(frame["counted"] == 0)
        place = frame.columns.tolist().index("unpriced")
        told = pd.Series([_MARKS[mark] for mark in marks], dtype=object)
        frame.insert(place + 1, "mark", told)
    return frame


_MARKS = {
    (False, False): "",
    (True, False): "at least",
    (False, True): "at most",
    (True, True): "about",
}


def timings(
    kind: str = "seconds",
    by: str | Sequence[str] | None = None,
    since: Since | None = None,
    where: Mapping[str, str | Sequence[str]] | None = None,
    *,
    ledger: Ledger | None = None,
) -> pd.DataFrame:
    """Return a histogram of times: the `calls` that took from `low` to `high`.

    `kind` is "seconds", "first_token_s" or "tokens_per_s"; `by` and `where` take day,
    endpoint, source, operation, model, notebook, tag. The bins grow by a fifth each.
    """
    names = (by,) if isinstance(by, str) else tuple(by or ())
    start = None if since is None else moment(since)
    frame = table(*(ledger or Ledger()).timings(kind, names, start, where))
    bins = frame.pop("bin")
    frame.insert(len(names), "low", [bin_start(place) for place in bins])
    frame.insert(len(names) + 1, "high", [bin_start(place + 1) for place in bins])
    return frame.astype({"low": "float64", "high": "float64"})


def repriced(
    model: str,
    currency: str = "CNY",
    since: Since | None = None,
    where: Mapping[str, str | Sequence[str]] | None = None,
    *,
    ledger: Ledger | None = None,
) -> pd.DataFrame:
    """Return what the recorded tokens would cost if `model` had been asked, by model.

    `due` is None where the model has no price in that currency; `list_cost` is the
    list price of the model that was asked. Cached input counts where both have a price
    for it. Raises ConfigError for an unknown model.
    """
    asked = card(model)
    if asked is None:
        raise ConfigError(
            _("the catalogue has no model {model}", model=repr(model)),
            hint=_("See glmkit.models()."),
        )
    book = ledger or Ledger()
    if not book.knows(prices.edges(asked)):
        book.rebuild()
    bands = usage(("model", "prompt_from", "output_from"), since, where, ledger=book)
    own = f"list_cost_{currency.lower()}"
    rows: dict[str, _Repriced] = {}
    for band in bands[bands["counted"] > 0].to_dict("records"):
        row = rows.setdefault(band["model"], _Repriced())
        row.calls += band["counted"]
        if band[own] is not None:
            row.list_cost = band[own] + (row.list_cost or 0)
        due = prices.of_band(asked, _tokens(band), _lengths(band), currency)
        if due is None or row.due is None:
            row.due = None
        else:
            row.due += plain(due)
    found = [
        (name, row.calls, _printed(row.list_cost), _printed(row.due))
        for name, row in rows.items()
    ]
    return pd.DataFrame(found, columns=["model", "calls", "list_cost", "due"])


def _printed(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else PlainDecimal(amount)


class _Repriced:
    """The line of one model in `repriced`."""

    def __init__(self) -> None:
        self.calls = 0
        self.list_cost: Decimal | None = None
        self.due: Decimal | None = Decimal(0)


def _tokens(band: Mapping[Any, Any]) -> Usage:
    cached = band["cached_tokens"]
    told = None if pd.isna(cached) else int(cached)
    prompt, output = int(band["prompt_tokens"]), int(band["completion_tokens"])
    return Usage(prompt, output, prompt + output, told)


def _lengths(band: Mapping[Any, Any]) -> tuple[int, int]:
    return int(band["prompt_from"]), int(band["output_from"])


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> pd.DataFrame:
    """Return rows as a DataFrame with the ledger's types."""
    frame = pd.DataFrame(rows, columns=[*columns], dtype=object)
    for name in frame.columns:
        frame[name] = _typed(name, frame[name])
    return frame


def _printable(value: Any) -> Any:
    """Return a name or a reason, which others wrote, as a terminal may get it."""
    odd = isinstance(value, str) and not value.isprintable()
    return one_line(value) if odd else value


def fractional(name: str) -> bool:
    """Whether a column of `usage` holds fractions."""
    return str(_TYPES.get(name, "")) == "float64"


def whole(name: str) -> bool:
    """Return whether a column of the ledger holds whole numbers."""
    return str(_TYPES.get(name, "")).lower() == "int64"


def plain(amount: Money) -> Decimal:
    """Return an amount without trailing zeros and without an exponent."""
    return _amount(amount.parts)


def moment(since: Since) -> float:
    """Return a date, a time or a span before now in Unix seconds."""
    if isinstance(since, timedelta):
        return time.time() - since.total_seconds()
    try:
        moment: datetime = pd.Timestamp(since).to_pydatetime()
    except (ValueError, TypeError) as exc:
        raise ConfigError(
            _("{since} is not a date or time", since=repr(since)),
            hint=_("Write it as 2026-01-31 or 2026-01-31 14:00."),
        ) from exc
    return moment.timestamp()


def _typed(name: str, column: pd.Series[Any]) -> pd.Series[Any]:
    if name in _MONEY:
        amounts = [None if pd.isna(parts) else _amount(parts) for parts in column]
        return pd.Series(amounts, index=column.index, dtype=object)
    if name in _TIMES:
        times = pd.to_datetime(column.astype("float64"), unit="s", utc=True)
        return times.dt.as_unit("us")
    return column.astype(_TYPES.get(name, "object"))


@lru_cache(maxsize=4096)
def _amount(parts: int) -> Decimal:
    """Return the amount as it prints: no exponent, no trailing zeros."""
    return Money(parts, "").amount
