"""Measures that are summed over calls: the same for rows and for stored sums."""

from __future__ import annotations

import math
import sqlite3
from bisect import bisect_right

from glmkit.catalog import cards

#: Calls that have not ended: no sum counts them yet.
OPEN = "('pending', 'submitted')"
#: Calls that may have been billed, and it is not known what they cost: they broke off,
#: or their answer came without a count although its price is reserved.
UNDECIDED = (
    "(state = 'uncertain' OR (cost IS NULL AND ("
    "state IN ('interrupted', 'failed') AND reserved IS NOT 0 "
    "OR state = 'done' AND coalesce(reserved, 0) > 0)))"
)

#: Column → what one call (table or alias `c`) adds to it.
COUNTS = {
    "calls": "1",
    "failed": "c.state = 'failed'",
    "interrupted": "c.state = 'interrupted'",
    "uncertain": "c.state = 'uncertain'",
    "retries": "coalesce(c.retries, 0)",
    "counted": "c.prompt_tokens IS NOT NULL",
    "prompt_tokens": "coalesce(c.prompt_tokens, 0)",
    "completion_tokens": "coalesce(c.completion_tokens, 0)",
    "total_tokens": "coalesce(c.total_tokens, 0)",
    "unpriced": "c.state = 'done' AND c.cost IS NULL",
    "at_most": "coalesce(c.at_most, 0)",
}
#: The same, where NULL means that no call told.
TOLD = {
    "cached_tokens": "c.cached_tokens",
    "reasoning_tokens": "c.reasoning_tokens",
    "cost_cny": "CASE c.cost_currency WHEN 'CNY' THEN c.cost END",
    "cost_usd": "CASE c.cost_currency WHEN 'USD' THEN c.cost END",
    "list_cost_cny": "CASE c.list_currency WHEN 'CNY' THEN c.list_cost END",
    "list_cost_usd": "CASE c.list_currency WHEN 'USD' THEN c.list_cost END",
    "seconds": "c.seconds",
}
MEASURES = (*COUNTS, *TOLD, "last_at")

#: What sums are kept by, for each call.
DAY = "date(c.at, 'unixepoch', 'localtime')"
KEYS = {
    "day": DAY,
    "endpoint": "c.endpoint",
    "source": "coalesce(c.source, '')",
    "operation": "c.operation",
    "model": "c.model",
    "notebook": "c.notebook",
    "tag": "c.tag",
    "prompt_from": "band('prompt', c.prompt_tokens)",
    "output_from": "band('output', c.completion_tokens)",
}
CELL_KEYS = {"notebook": "c.notebook", "cell": "c.cell", "model": "c.model"}
#: The same for what is asked for most: few lines, whatever else differs.
DAY_KEYS = {"day": DAY, "model": "c.model"}
DAY_TIME_KEYS = {"model": "c.model", "source": KEYS["source"], "day": DAY}

#: Kind of time → one call's value; speed counts from the first token on.
TIMINGS = {
    "seconds": "c.seconds",
    "first_token_s": "c.first_token_s",
    "tokens_per_s": (
        "CASE WHEN c.completion_tokens > 1 THEN c.completion_tokens "
        "/ nullif(c.seconds - coalesce(c.first_token_s, 0), 0) END"
    ),
}
#: Bins an octave; bin 0 begins at 0.001.
_FINE = 4
_BINS = 128


def sums_of_rows() -> dict[str, str]:
    """Return each measure's expression over rows."""
    return {
        **{name: f"sum({value})" for name, value in COUNTS.items()},
        **{name: f"sum({value})" for name, value in TOLD.items()},
        "last_at": "max(c.at)",
    }


def sums_of_sums() -> dict[str, str]:
    """Return each measure's expression over kept sums."""
    added = {name: f"sum({name})" for name in (*COUNTS, *TOLD)}
    return {**added, "last_at": "max(last_at)"}


def edges() -> dict[str, list[int]]:
    """Return the lengths at which any card's price changes."""
    found: dict[str, set[int]] = {"prompt": {0}, "output": {0}}
    for card in cards.cards():
        for tier in (tier for price in card.prices for tier in price.tiers):
            found["prompt"].add(tier.prompt_below or 0)
            found["output"].add(tier.output_below or 0)
    return {kind: sorted(lengths) for kind, lengths in found.items()}


def bin_of(value: float | None) -> int | None:
    """Return the bin of a time or a speed; None where there is none.

    >>> bin_of(0.001), bin_of(1.0)
    (0, 39)
    """
    if value is None or value <= 0:
        return None
    place = math.floor(_FINE * math.log2(value * 1000))
    return max(0, min(_BINS - 1, place))


def bin_start(place: int) -> float:
    """Return where a bin begins; it ends where the next one begins."""
    return float(2 ** (place / _FINE) / 1000)


class Bands:
    """The bands of lengths that a ledger's sums are kept by, as functions of SQL."""

    def __init__(self) -> None:
        self._edges: dict[str, list[int]] = {"prompt": [0], "output": [0]}

    def attach(self, db: sqlite3.Connection) -> None:
        """Let statements of this connection use `band` and `bin`."""
        db.create_function("band", 2, self._band, deterministic=True)
        db.create_function("bin", 1, bin_of, deterministic=True)

    def refresh(self, db: sqlite3.Connection) -> None:
        """Read the edges that the ledger is kept by."""
        kept: dict[str, list[int]] = {"prompt": [], "output": []}
        for kind, tokens in db.execute("SELECT kind, tokens FROM edges ORDER BY 2"):
            kept[kind].append(tokens)
        self._edges = kept

    def _band(self, kind: str, tokens: int | None) -> int:
        starts = self._edges[kind]
        return starts[bisect_right(starts, tokens or 0) - 1] if starts else 0
