"""Rows of tables in the ledger: earlier answers are found by their requests."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import NamedTuple

#: Keys of one query.
_PORTION = 500


def create(db: sqlite3.Connection) -> None:
    """Name the run of a table that a call belongs to; NULL for every other call."""
    db.execute("ALTER TABLE calls ADD COLUMN run TEXT")
    db.execute("CREATE INDEX run_keys ON calls (key) WHERE run IS NOT NULL")
    db.execute(
        "CREATE INDEX run_groups ON calls (group_id) "
        "WHERE run IS NOT NULL AND group_id IS NOT NULL"
    )


class Earlier(NamedTuple):
    """How a request of an earlier run ended: the last call of its group.

    `key` is that of the first call; `reserved` the money that was reserved for it in
    10⁻¹² units, None where that was not known; `granted` the tokens off a grant.
    """

    key: str
    state: str
    source: str
    text: str
    finish_reason: str
    error: str
    at: float
    answered: str
    cost: int | None
    reserved: int | None
    currency: str | None
    granted: int | None


_SQL = """
SELECT c.key, l.state, coalesce(l.source, ''), coalesce(l.text, ''),
    coalesce(l.finish_reason, ''), coalesce(l.error, ''), l.at,
    coalesce(l.answered, ''), l.cost, l.reserved, l.reserved_currency,
    l.granted
FROM calls c JOIN calls l ON l.id = coalesce(
    (SELECT max(g.id) FROM calls g
     WHERE g.group_id = c.id AND g.run IS NOT NULL AND g.group_id IS NOT NULL), c.id)
WHERE c.key IN ({}) AND c.run IS NOT NULL AND c.group_id IS NULL
    AND c.endpoint = ? AND c.model = ?
ORDER BY c.id
"""


def earlier(
    db: sqlite3.Connection, keys: Sequence[str], endpoint: str, model: str
) -> Iterator[Earlier]:
    """Yield what became of these requests in any run of a table, the oldest first."""
    for start in range(0, len(keys), _PORTION):
        portion = keys[start : start + _PORTION]
        sql = _SQL.format(", ".join("?" * len(portion)))
        yield from map(Earlier._make, db.execute(sql, (*portion, endpoint, model)))
