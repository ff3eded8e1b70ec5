"""The ledger: opens and closes the rows of calls, and reads them."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from glmkit.config.endpoints import data_dir
from glmkit.config.privacy import private
from glmkit.ledger import (
    budgets,
    grants,
    owners,
    rights,
    rows,
    runs,
    sums,
    upkeep,
    votes,
)
from glmkit.ledger.budgets import Budget, Scope
from glmkit.ledger.connection import connect
from glmkit.ledger.grants import Grant
from glmkit.ledger.pending_row import MaxTokens, PendingRow
from glmkit.ledger.queries import Query, Table, query, timings
from glmkit.ledger.transactions import transaction
from glmkit.ledger.upkeep import Verification
from glmkit.types.errors import BudgetWarning, LedgerError
from glmkit.types.money import Money
from glmkit.types.plain_text import warn
from glmkit.types.replies import Call

#: Calls from one round of the file's chores to the next.
_CHORES_EVERY = 500
#: The same while more calls than these are under way: a round holds all of them up.
_CHORES_IN_A_RUSH, _RUSH = 4_000, 8
#: Seconds from one look at whether a budget has come to its mark to the next.
_GLANCE_S = 0.1
#: Calls of one portion, where all are read.
_PORTION = 10_000


class Ledger:
    """Record of all calls of this user, in one SQLite file.

    `path` None: `ledger.db` in the data folder. Raises LedgerError from every verb,
    never on being made. May be used from any thread and any loop.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._connection = connect((path or data_dir() / "ledger.db").absolute())
        self._looked = 0.0
        self._glance = grants.Glance()

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
        return private()

    async def open(
        self,
        call: Call,
        max_cost: Money | None = None,
        max_tokens: MaxTokens | None = None,
    ) -> Call:
        """Commit the pending row and return the call with its `id` and `group`.

        The tokens that it takes at most are set aside where a grant holds them; else
        `max_cost` is reserved in the budgets (None: not known), and BudgetError is
        raised where a budget does not hold it. A call that is cancelled in here has
        sent nothing, and leaves no row.
        """
        row = PendingRow(
            call, max_cost, max_tokens, self.private, self._connection, self._glance
        )
        try:
            await self._connection.write_call(row.insert)
        except asyncio.CancelledError:
            row.unwanted = True
            if row.id:
                await self._connection.write(row.remove)
            raise
        except LedgerError:  # its transaction was taken back
            self._connection.open_rows.discard(row.id)
            raise
        rush = len(self._connection.open_rows) > _RUSH
        if row.id % (_CHORES_IN_A_RUSH if rush else _CHORES_EVERY) == 0:
            self._connection.tidy()
        group = call.group or row.id
        return msgspec.structs.replace(
            call, id=row.id, group=group, granted=row.granted
        )

    async def reserve_again(self, call: Call, max_cost: Money | None) -> None:
        """Reserve once more for a retry: an earlier try may be billed. BudgetError.

        Off a grant, `call.granted` counts the tokens of all tries.
        """

        def add(db: sqlite3.Connection) -> None:
            with transaction(db):
                if call.granted is not None:
                    db.execute(rows.GRANTED, (call.granted, call.id, call.at))
                else:
                    budgets.reserve_again(db, call, max_cost or Money(0, "CNY"))

        await self._connection.write(add)

    async def close(self, call: Call) -> None:
        """Complete the call's row, once or again.

        Its cost takes the reservation's place; unknown, the reservation stays spent.
        """
        values = rows.closing(call, self.private)

        def update(db: sqlite3.Connection) -> list[Budget] | None:
            if not db.execute(rows.UPDATE, values).rowcount:
                return None
            if call.granted is not None:
                db.execute(rows.GRANTED, (call.granted, call.id, call.at))
            return budgets.crossed(db) if self._looks() else []

        crossed = await self._connection.write_call(update)
        if crossed is None:
            raise LedgerError(
                f"the ledger {self.path} has no row {call.id} of this call",
                hint="The file was replaced while the call was under way.",
            )
        self._connection.open_rows.discard(call.id)
        for budget in crossed:
            warn(str(budget), BudgetWarning, stacklevel=2)

    def _looks(self) -> bool:
        """Whether it is time to look at the budgets: not after each call of a burst."""
        now = time.monotonic()
        due = now - self._looked > _GLANCE_S
        if due:
            self._looked = now
        return due

    def task(self, endpoint: str, task_id: str) -> Call | None:
        """Return the call that submitted a task; None where it is not recorded."""
        with self._connection.reader() as db:
            row = db.execute(rows.TASK, (task_id, endpoint)).fetchone()
        return None if row is None else rows.submitted(row)

    def earlier(
        self, keys: Sequence[str], endpoint: str, model: str
    ) -> list[runs.Earlier]:
        """Return what became of requests, by their keys, in earlier runs of tables."""
        with self._connection.reader() as db:
            return list(runs.earlier(db, keys, endpoint, model))

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
        return self._table(query(by, since, where, newest))

    def timings(
        self,
        kind: str,
        by: Sequence[str] = (),
        since: float | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> Table:
        """Return a histogram: calls by bin, for each value of the columns `by`.

        `kind` is "seconds", "first_token_s" or "tokens_per_s"; `bin_start` of
        `measures` tells where a bin begins. ConfigError for an unknown column.
        """
        return self._table(timings(kind, by, since, where))

    def _table(self, asked: Query) -> Table:
        if asked.kept:
            self._fold()
        with self._connection.reader() as db:
            rows = db.execute(asked.sql, asked.parameters).fetchall()
        return Table(asked.columns, rows)

    def _fold(self) -> None:
        self._connection.persist(partial(sums.fold, bands=self._connection.bands))

    def rows(
        self,
        since: float | None = None,
        where: Mapping[str, Any] | None = None,
        *,
        words: bool = False,
    ) -> Iterator[Table]:
        """Yield the calls in portions, for long ledgers; `words` adds the texts."""
        asked = query((), since, where, words=words)
        with self._connection.reader() as db:
            found = db.execute(asked.sql, asked.parameters)
            yield Table(asked.columns, [])
            while portion := found.fetchmany(_PORTION):
                yield Table(asked.columns, portion)

    @property
    def session(self) -> str:
        """This process among the ledger's writers: the name of its budget."""
        self._connection.persist(lambda _db: None)
        return str(self._connection.owner)

    def budgets(self) -> list[Budget]:
        """Return the budgets and what of them is gone."""
        self._connection.persist(owners.settle)
        return self._connection.persist(partial(budgets.known, at=time.time()))

    def set_budget(self, scope: Scope, name: str, amount: Money | None) -> None:
        """Set what a session, a notebook or a day may cost; None lifts the budget."""

        def work(db: sqlite3.Connection) -> None:
            with transaction(db):
                if amount is None:
                    budgets.drop(db, scope, name)
                else:
                    budgets.put(db, scope, name, amount, time.time())

        self._connection.persist(work)

    def grants(self) -> list[Grant]:
        """Return the grants and what of them is used; those that end first first."""
        self._connection.persist(owners.settle)
        return self._connection.persist(grants.known)

    def add_grant(self, grant: Grant) -> None:
        """Add a grant of tokens."""
        self._connection.persist(partial(grants.put, grant=grant))
        self._glance.forget()

    def drop_grants(self, endpoint: str) -> int:
        """Delete the grants of an endpoint; return how many."""
        return self._connection.persist(partial(grants.drop, endpoint=endpoint))

    def decide(self, call: int, owed: Money | None) -> None:
        """Settle a call of which nobody knows whether it was billed.

        `owed` None takes its reservation. LedgerError where it is not such a call.
        """
        self._connection.persist(owners.settle)
        if not self._connection.persist(partial(upkeep.decide, call=call, owed=owed)):
            raise LedgerError(
                f"call {call} is not one to decide on",
                hint="glmkit.uncertain() lists them; where nothing was reserved, say "
                "what it cost.",
            )

    def verify(self) -> Verification:
        """Price every call again from its usage, and check the sums and the file."""
        self._fold()
        with self._connection.reader() as db:
            return upkeep.verify(db)

    def rebuild(self) -> bool:
        """Make the sums again, by today's tiers; False where calls were pruned."""
        bands = self._connection.bands
        return self._connection.persist(partial(sums.rebuild, bands=bands))

    def knows(self, wanted: Mapping[str, set[int]]) -> bool:
        """Whether the sums are kept apart at these lengths of prompt and output."""
        return self._connection.persist(partial(sums.knows, wanted=wanted))

    def prune(self, before: float, *, words: bool = False) -> int:
        """Delete calls from before a time, or only their texts; return how many.

        Sums keep them, undecided calls stay; the file gives its space back.
        """
        self._fold()
        gone = self._connection.persist(
            partial(upkeep.prune, before=before, words=words)
        )
        self._connection.persist(lambda db: db.execute("VACUUM"))
        return gone

    def vote(self, vote: votes.Vote, instead: int | None = None) -> int:
        """Record a vote, or replace an earlier one; return its number."""
        return self._connection.persist(partial(votes.cast, vote=vote, instead=instead))

    def votes(self) -> Table:
        """Return the votes, one row for each answer in them."""
        with self._connection.reader() as db:
            return Table(votes.COLUMNS, votes.read(db))

    async def right(self, owner: str, model: str) -> int | None:
        """Return how many requests in flight were learned to pass; None: unknown."""
        return await self._connection.write(partial(rights.recall, (owner, model)))

    def rights(self) -> dict[str, int]:
        """Return the requests in flight that were learned last, by model."""
        with self._connection.reader() as db:
            return rights.newest(db)

    async def keep_right(self, owner: str, model: str, in_flight: int) -> None:
        """Remember how many requests in flight pass."""
        row = (owner, model, in_flight, time.time())
        await self._connection.write(partial(rights.keep, row))

    def disconnect(self) -> None:
        """Close the file; the next use opens it again."""
        self._connection.disconnect()
