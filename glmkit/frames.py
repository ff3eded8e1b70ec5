"""The ledger and the catalogue as DataFrames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import pandas as pd

from glmkit.catalog import Card, Price, Tier, cards, plain, sources
from glmkit.errors import ConfigError
from glmkit.ledger import Ledger
from glmkit.money import Money

Since = str | date | datetime | timedelta

_MONEY = ("cost", "list_cost", "cost_cny", "cost_usd", "list_cost_cny", "list_cost_usd")
_TIMES = ("at", "last_at")
_TYPES: dict[str, Any] = {
    "id": "int64",
    "group": "int64",
    "stream": "bool",
    **dict.fromkeys(("seconds", "first_token_s", "temperature", "top_p"), "float64"),
    **dict.fromkeys(
        (
            "prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens",
            "total_tokens", "max_tokens", "status", "retries", "calls", "failed",
            "uncertain", "unpriced",
        ),
        "Int64",
    ),
}  # fmt: skip
_LEVELS = ("V0", "V1", "V2", "V3")


def usage(
    by: str | Sequence[str] | None = None,
    since: Since | None = None,
    where: Mapping[str, str | Sequence[str]] | None = None,
    *,
    newest: int | None = None,
    ledger: Ledger | None = None,
) -> pd.DataFrame:
    """Return the ledger as a DataFrame: one row a call, or sums by some columns.

    `by` names one or several of day, model, answered, endpoint, notebook, cell, tag,
    source, state, finish_reason, error_code. `since` is a day, a time, or a timedelta
    before now; without a zone it is local time. `where` maps such a column to a value
    or several; `newest` keeps so many of the last calls. Costs are exact Decimals,
    each beside its currency, and None where nothing is known; `unpriced` counts such
    calls. Times are in UTC. Raises LedgerError, and ConfigError for an unknown column.
    """
    names = (by,) if isinstance(by, str) else tuple(by or ())
    moment = None if since is None else _moment(since)
    table = (ledger or Ledger()).read(names, moment, where, newest)
    frame = pd.DataFrame(table.rows, columns=[*table.columns], dtype=object)
    for name in frame.columns:
        frame[name] = _typed(name, frame[name])
    return frame


def _moment(since: Since) -> float:
    if isinstance(since, timedelta):
        return datetime.now().timestamp() - since.total_seconds()
    try:
        moment: datetime = pd.Timestamp(since).to_pydatetime()
    except (ValueError, TypeError) as exc:
        raise ConfigError(
            f"{since!r} is no day and no time",
            hint="Write it as 2026-01-31 or 2026-01-31 14:00.",
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
    """Return the amount without trailing zeros and without an exponent."""
    return Decimal(str(Money(parts, "")).strip())


def models(filter: str | None = None) -> pd.DataFrame:
    """Return the catalogue as a DataFrame, one row a model.

    `filter` keeps the models that hold each of its words in id, kind, status or
    features ("vision free"). Lengths are tokens; `in_flight_v0` ... are requests at
    one time by level; prices are for a million tokens (first tier; `tiers` tells how
    many there are), else for one `unit`. None: not known.
    """
    words = (filter or "").lower().split()
    rows = [_row(card) for card in cards() if _holds(card, words)]
    frame = pd.DataFrame(rows, columns=[*_row(cards()[0])], dtype=object)
    for name in frame.columns:
        if name in {"context_window", "max_output"} or name.startswith("in_flight"):
            frame[name] = frame[name].astype("Int64")
    return frame.astype({"free": "bool", "tiers": "int64"})


def _holds(card: Card, words: Sequence[str]) -> bool:
    free = ("free",) if _free(card) else ()
    text = " ".join((card.id, card.kind, card.status, *card.features, *free)).lower()
    return all(word in text or plain(word) in plain(card.id) for word in words)


def _free(card: Card) -> bool:
    return bool(card.prices) and all(price.free for price in card.prices)


def _row(card: Card) -> dict[str, Any]:
    rights = card.in_flight or {}
    return {
        "model": card.id,
        "kind": card.kind,
        "status": card.status,
        "context_window": card.context_window,
        "max_output": card.cap,
        **{f"in_flight_{level.lower()}": rights.get(level) for level in _LEVELS},
        "free": _free(card),
        **_prices(card, "CNY"),
        **_prices(card, "USD"),
        "unit": next((price.unit for price in card.prices), None),
        "tiers": max((len(price.tiers) for price in card.prices), default=0),
        "price_source": "; ".join(
            sources().get(price.source, price.source) for price in card.prices
        ),
        "features": ", ".join(card.features),
    }


def _prices(card: Card, currency: str) -> dict[str, Decimal | None]:
    price = next((price for price in card.prices if price.currency == currency), None)
    names = ("input", "cached", "output", "each")
    amounts = dict.fromkeys(names) if price is None else _first_tier(price)
    return {f"{name}_{currency.lower()}": amounts[name] for name in names}


def _first_tier(price: Price) -> dict[str, Decimal | None]:
    tier = price.tiers[0] if price.tiers else Tier()
    return {
        "input": tier.input,
        "cached": tier.cached,
        "output": tier.output,
        "each": price.each,
    }
