"""The tables of the ledger, as numbered migrations.

A ledger's `user_version` is the number of migrations that it has seen. A migration
that has shipped is never changed; a new one is appended.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from glmkit.ledger import budgets, grants, runs, sums, votes
from glmkit.ledger.transactions import transaction

Migration = Callable[[sqlite3.Connection], object]


def _calls(db: sqlite3.Connection) -> None:
    """One row a call; who wrote it is kept once a process.

    `group_id` is NULL in the first call of a group. Money is in 10⁻¹² units of its
    currency, times in Unix seconds and seconds. A process's open rows are not below
    `first_open`, which finds those of a dead one in a long ledger: an index of open
    rows would cost a third of every write.
    """
    db.execute(
        """CREATE TABLE owners (
            id INTEGER PRIMARY KEY,
            machine TEXT NOT NULL,
            boot TEXT NOT NULL,
            pid INTEGER NOT NULL,
            started TEXT NOT NULL,
            first_open INTEGER NOT NULL,
            settled INTEGER NOT NULL DEFAULT 0,
            UNIQUE (machine, boot, pid, started)
        )"""
    )
    db.execute(
        """CREATE TABLE calls (
            id INTEGER PRIMARY KEY,
            group_id INTEGER,
            owner INTEGER NOT NULL REFERENCES owners,
            state TEXT NOT NULL,
            at REAL NOT NULL,
            notebook TEXT NOT NULL,
            cell TEXT NOT NULL,
            tag TEXT NOT NULL,
            endpoint TEXT NOT NULL,
            model TEXT NOT NULL,
            stream INTEGER NOT NULL,
            key TEXT NOT NULL,
            source TEXT,
            answered TEXT,
            answer_id TEXT,
            request_id TEXT,
            stand_in TEXT,
            prompt_tokens INTEGER,
            completion_tokens INTEGER,
            total_tokens INTEGER,
            cached_tokens INTEGER,
            reasoning_tokens INTEGER,
            cost INTEGER,
            cost_currency TEXT,
            list_cost INTEGER,
            list_currency TEXT,
            seconds REAL,
            first_token_s REAL,
            finish_reason TEXT,
            error TEXT,
            error_code TEXT,
            status INTEGER,
            retries INTEGER,
            request TEXT NOT NULL,
            text TEXT,
            thinking TEXT,
            tool_calls TEXT,
            sources TEXT
        )"""
    )


def _operations(db: sqlite3.Connection) -> None:
    """Calls of every kind, and tasks that are fetched later, by their id."""
    db.execute("ALTER TABLE calls ADD COLUMN operation TEXT NOT NULL DEFAULT 'chat'")
    db.execute("ALTER TABLE calls ADD COLUMN task_id TEXT")
    db.execute(
        "CREATE INDEX tasks ON calls (task_id, endpoint) WHERE task_id IS NOT NULL"
    )


def _rights(db: sqlite3.Connection) -> None:
    """Rights that were learned; `owner` names endpoint and key, `at` is Unix time."""
    db.execute(
        """CREATE TABLE rights (
            owner TEXT NOT NULL,
            model TEXT NOT NULL,
            in_flight INTEGER NOT NULL,
            at REAL NOT NULL,
            PRIMARY KEY (owner, model)
        ) WITHOUT ROWID"""
    )


def _sums_and_budgets(db: sqlite3.Connection) -> None:
    """Sums that are kept for long ledgers; budgets and what calls hold of them."""
    budgets.create(db)
    sums.create(db)


def _reservations(db: sqlite3.Connection) -> None:
    """Rename columns to `reserved` and `spent`; add `cost_basis` and `resent`.

    `cost_basis` is NULL for what is owed, "list" for a list price; `resent` counts
    the tries before the last that may have been billed.
    """
    budgets.rename(db)
    db.execute("ALTER TABLE calls ADD COLUMN cost_basis TEXT")
    db.execute("ALTER TABLE calls ADD COLUMN resent INTEGER")


MIGRATIONS: list[Migration] = [
    _calls,
    _operations,
    _rights,
    _sums_and_budgets,
    sums.create_days,
    votes.create,
    runs.create,
    budgets.add_scopes,
    _reservations,
    grants.create,
]


def migrate(db: sqlite3.Connection) -> bool:
    """Bring a ledger up to date; False where it is newer than this program."""
    if _version(db) < len(MIGRATIONS):
        _apply(db)
    return _version(db) <= len(MIGRATIONS)


def _apply(db: sqlite3.Connection) -> None:
    """Apply what is missing, in one transaction, as several processes may come."""
    with transaction(db):
        for migration in MIGRATIONS[_version(db) :]:
            migration(db)
        db.execute(f"PRAGMA user_version = {max(_version(db), len(MIGRATIONS))}")


def _version(db: sqlite3.Connection) -> int:
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    return version
