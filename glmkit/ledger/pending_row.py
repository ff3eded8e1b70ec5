"""Pending row: written before a byte leaves, with what it reserves."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from glmkit.ledger import budgets, grants, rows
from glmkit.ledger.connection import Connection
from glmkit.ledger.transactions import transaction
from glmkit.types.money import Money
from glmkit.types.replies import Call

#: A call → the tokens that it takes at most; None where no grant is for such calls.
MaxTokens = Callable[[Call], int | None]


class PendingRow:
    """A pending row; one whose call was cancelled is removed.

    Insertion may go on in its worker thread after the wait for it was cancelled:
    whichever of the two comes last takes the row out.
    """

    def __init__(
        self,
        call: Call,
        max_cost: Money | None,
        max_tokens: MaxTokens | None,
        private: bool,
        connection: Connection,
        glance: grants.Glance,
    ) -> None:
        self.id = 0
        self.granted: int | None = None
        self.unwanted = False
        self._call = call
        self._max_cost = max_cost
        self._max_tokens = max_tokens
        self._private = private
        self._values = rows.opening(call, max_cost, private)
        self._connection = connection
        self._glance = glance

    def insert(self, db: sqlite3.Connection) -> None:
        """Write the row, unless nobody wants it any more; may be tried again."""
        if not self.id and not self.unwanted:
            if self._max_tokens and self._glance.there(db):
                with nullcontext() if db.in_transaction else transaction(db):
                    self._grant(db, self._max_tokens(self._call))
            self.id = self.id or self._inserted(db, self._values)
            self._connection.open_rows.add(self.id)
        if self.id and self.unwanted:
            self.remove(db)

    def _grant(self, db: sqlite3.Connection, most: int | None) -> None:
        """Write the row where a grant holds the most tokens; it owes no money."""
        grant = most and grants.paying(db, self._call, most)
        if grant and self._max_cost:
            nothing = Money(0, self._max_cost.currency)
            values = rows.opening(self._call, nothing, self._private)
            self.id = self._inserted(db, values)
            db.execute(rows.GRANT, (grant, most, self.id))
            self.granted = most

    def _inserted(
        self, db: sqlite3.Connection, values: tuple[Any, ...], again: bool = True
    ) -> int:
        owner = self._connection.owner
        try:
            return db.execute(rows.INSERT, (owner, *values)).lastrowid or 0
        except sqlite3.IntegrityError as exc:  # a trigger of the budgets
            if again and str(exc) == "day":
                budgets.begin_day(db, self._call.at)
                return self._inserted(db, values, again=False)
            raise budgets.refusal(db, self._call, owner, self._max_cost) from exc

    def remove(self, db: sqlite3.Connection) -> None:
        """Take the row out, if it is in."""
        db.execute("DELETE FROM calls WHERE id = ?", (self.id,))
        self._connection.open_rows.discard(self.id)
