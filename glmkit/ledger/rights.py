"""Learned rights, stored between sessions."""

from __future__ import annotations

import sqlite3


def recall(key: tuple[str, str], db: sqlite3.Connection) -> int | None:
    """Return the learned right of an owner and a model."""
    found: tuple[int] | None = db.execute(
        "SELECT in_flight FROM rights WHERE owner = ? AND model = ?", key
    ).fetchone()
    return found and found[0]


def keep(row: tuple[str, str, int, float], db: sqlite3.Connection) -> None:
    """Write down owner, model, requests in flight and the time."""
    db.execute("INSERT OR REPLACE INTO rights VALUES (?, ?, ?, ?)", row)


def newest(db: sqlite3.Connection) -> dict[str, int]:
    """Return the rights learned last, by model, of any owner."""
    return dict(db.execute("SELECT model, in_flight FROM rights ORDER BY at"))
