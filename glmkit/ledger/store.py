"""The ledger's verbs: open a call's row, close it, read."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from glmkit.calls import Call
from glmkit.config import data_dir
from glmkit.errors import BudgetWarning, LedgerError
from glmkit.ledger import budgets, rights, rows, sums
from glmkit.ledger.budgets import Budget
from glmkit.ledger.connection import Connection, connect
from glmkit.ledger.queries import Table, query
from glmkit.money import Money

#: Calls from one round of the file's chores to the next.
_CHORES_EVERY = 500
#: Values of GLMKIT_PRIVACY that leave it off.
_NO = {"", "0", "off", "no", "false"}


class Ledger:
    """The record of all calls of this user, in one SQLite file.

    `path` None: `ledger.db` in the data folder. Raises LedgerError from every verb,
    never on being made. May be used from any thread and any loop.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._connection = connect((path or data_dir() / "ledger.db").absolute())

    @property
    def path(self) -> Path:
        """The file."""
        return self._connection.path

    @property
    def journal_mode(self) -> str:
        """The journal in use: "wal", or "delete" on a network file system."""
        return self._connection.journal_mode

    @property
    def private(self) -> bool:
        """Whether hashes stand for what was asked and answered: GLMKIT_PRIVACY=1."""
        return os.environ.get("GLMKIT_PRIVACY", "") not in _NO

    async def open(self, call: Call, reserved: Money | None = None) -> Call:
        """Commit the pending row and return the call with its `id` and `group`.

        `reserved` is the most that it may cost; None: not known. BudgetError where a
        budget does not hold it. What is cancelled in here has sent nothing, and
        leaves no row.
        """
        row = _Row(call, reserved, self.private, self._connection)
        try:
            await self._connection.write(row.insert)
        except asyncio.CancelledError:
            row.unwanted = True
            if row.id:
                await self._connection.write(row.remove)
            raise
        if row.id % _CHORES_EVERY == 0:
            self._connection.tidy()
        return msgspec.structs.replace(call, id=row.id, group=call.group or row.id)

    async def close(self, call: Call) -> None:
        """Complete the call's row, once or again.

        Its cost takes the reservation's place; unknown, the reservation stays spent.
        """
        values = rows.closing(call, self.private)

        def update(db: sqlite3.Connection) -> list[Budget] | None:
            found = db.execute(rows.UPDATE, values).rowcount
            return budgets.crossed(db, call.at) if found else None

        crossed = await self._connection.write(update)
        if crossed is None:
            raise LedgerError(
                f"the ledger {self.path} has no row {call.id} of this call",
                hint="The file was replaced while the call was under way.",
            )
        self._connection.open_rows.discard(call.id)
        for budget in crossed:
            warnings.warn(str(budget), BudgetWarning, stacklevel=2)

    def task(self, endpoint: str, task_id: str) -> Call | None:
        """Return the call that submitted a task; None where it is not recorded."""
        with self._connection.reader() as db:
            row = db.execute(rows.TASK, (task_id, endpoint)).fetchone()
        return None if row is None else rows.submitted(row)

    def read(
        self,
        by: Sequence[str] = (),
        since: float | None = None,
        where: Mapping[str, Any] | None = None,
        newest: int | None = None,
    ) -> Table:
        """Return the calls, or sums over them for each value of the columns `by`.

        `since` is in Unix seconds; `where` maps a column to a value or a list of
        values; `newest` keeps so many of the last calls. ConfigError for a column
        that is not there.
        """
        sql, parameters, columns, kept = query(by, since, where, newest)
        if kept:
            self._connection.persist(partial(sums.fold, bands=self._connection.bands))
        with self._connection.reader() as db:
            return Table(columns, db.execute(sql, parameters).fetchall())

    async def right(self, owner: str, model: str) -> int | None:
        """Return how many requests in flight were learned to pass; None: unknown."""
        return await self._connection.write(partial(rights.recall, (owner, model)))

    async def keep_right(self, owner: str, model: str, in_flight: int) -> None:
        """Remember how many requests in flight pass."""
        row = (owner, model, in_flight, time.time())
        await self._connection.write(partial(rights.keep, row))

    def disconnect(self) -> None:
        """Close the file; the next use opens it again."""
        self._connection.disconnect()


class _Row:
    """A pending row; one whose call was given up is not left behind.

    Insertion may go on in its worker thread after the wait for it was cancelled:
    whichever of the two comes last takes the row out.
    """

    def __init__(
        self, call: Call, held: Money | None, private: bool, connection: Connection
    ) -> None:
        self.id = 0
        self.unwanted = False
        self._call = call
        self._held = held
        self._values = rows.opening(call, held, private)
        self._connection = connection

    def insert(self, db: sqlite3.Connection) -> None:
        """Write the row, unless nobody wants it any more; may be tried again."""
        if not self.id and not self.unwanted:
            owner = self._connection.owner
            try:
                row = db.execute(rows.INSERT, (owner, *self._values))
            except sqlite3.IntegrityError as exc:  # a trigger of the budgets
                raise budgets.refusal(db, self._call, owner, self._held) from exc
            self.id = row.lastrowid or 0
            self._connection.open_rows.add(self.id)
        if self.id and self.unwanted:
            self.remove(db)

    def remove(self, db: sqlite3.Connection) -> None:
        """Take the row out, if it is in."""
        db.execute("DELETE FROM calls WHERE id = ?", (self.id,))
        self._connection.open_rows.discard(self.id)
