"""Votes: which of several answers to one prompt the user found best."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Literal

import msgspec

from glmkit.ledger.transactions import transaction
from glmkit.types.replies import Where

#: "tie": no answer was better than the others.
Outcome = Literal["best", "other", "tie"]

COLUMNS = (
    "vote", "at", "notebook", "cell", "tag", "blind", "call", "model", "outcome",
)  # fmt: skip


class Ballot(msgspec.Struct, frozen=True):
    """One answer in a vote: its row in the ledger (0: none), its model, its lot."""

    call: int
    model: str
    outcome: Outcome


class Vote(msgspec.Struct, frozen=True):
    """The user's decision over two answers or more; `at` is in Unix seconds.

    `blind`: the user did not see which model wrote which answer.
    """

    at: float
    where: Where
    blind: bool
    ballots: Sequence[Ballot]


def create(db: sqlite3.Connection) -> None:
    """One row an answer; models are kept beside the calls, which may be pruned."""
    db.execute(
        """CREATE TABLE votes (
            vote INTEGER NOT NULL,
            place INTEGER NOT NULL,
            at REAL NOT NULL,
            notebook TEXT NOT NULL,
            cell TEXT NOT NULL,
            tag TEXT NOT NULL,
            blind INTEGER NOT NULL,
            call INTEGER NOT NULL,
            model TEXT NOT NULL,
            outcome TEXT NOT NULL,
            PRIMARY KEY (vote, place)
        ) WITHOUT ROWID"""
    )


def cast(db: sqlite3.Connection, vote: Vote, instead: int | None) -> int:
    """Record a vote, or replace an earlier one, and return its number."""
    with transaction(db):
        if instead is None:
            (number,) = db.execute(
                "SELECT coalesce(max(vote), 0) + 1 FROM votes"
            ).fetchone()
        else:
            number = instead
            db.execute("DELETE FROM votes WHERE vote = ?", (number,))
        db.executemany(
            f"INSERT INTO votes VALUES ({', '.join('?' * 10)})",
            [(number, *row) for row in _rows(vote)],
        )
    return int(number)


def _rows(vote: Vote) -> list[tuple[object, ...]]:
    where = vote.where
    made = (vote.at, where.notebook, where.cell, where.tag, vote.blind)
    return [
        (place, *made, ballot.call, ballot.model, ballot.outcome)
        for place, ballot in enumerate(vote.ballots)
    ]


def read(db: sqlite3.Connection) -> list[tuple[object, ...]]:
    """Return the votes, a row for each answer, with the values of COLUMNS."""
    names = ", ".join(COLUMNS)
    return db.execute(f"SELECT {names} FROM votes ORDER BY vote, place").fetchall()
