"""Rows of calls that begin or end in one turn of a loop share a transaction."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from pathlib import Path

import pytest

from glmkit.errors import BudgetError, LedgerError
from glmkit.ledger import Ledger
from glmkit.ledger.batches import WriteBatches
from glmkit.types.money import Money
from glmkit.types.replies import Call
from tests.ledger.test_store import done, pending

MANY = 60


def commits_of(ledger: Ledger) -> list[str]:
    """Return a list that grows by each COMMIT of the ledger's own statements."""
    ledger.read()
    seen: list[str] = []
    db = ledger._connection._db
    assert db is not None
    db.set_trace_callback(lambda text: seen.append(text) if text == "COMMIT" else None)
    return seen


async def opened(ledger: Ledger, count: int, reserved: Money | None) -> list[Call]:
    first = [await ledger.open(pending(), reserved) for _ in range(10)]
    found = await asyncio.gather(
        *(ledger.open(pending(), reserved) for _ in range(count)),
        return_exceptions=True,
    )
    failures = [one for one in found if isinstance(one, BaseException)]
    if failures:
        raise failures[0]
    return first + [one for one in found if isinstance(one, Call)]


def test_many_calls_of_one_turn_are_one_commit(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    seen = commits_of(ledger)
    calls = asyncio.run(opened(ledger, MANY, Money(0, "CNY")))
    assert len(seen) == 1
    assert len({call.id for call in calls}) == MANY + 10
    assert len(ledger.read().rows) == MANY + 10

    async def end() -> None:
        await asyncio.gather(*(ledger.close(done(call)) for call in calls))

    asyncio.run(end())
    states = ledger.read(by=["state"])
    place = states.columns.index("calls")
    assert {row[0]: row[place] for row in states.rows} == {"done": MANY + 10}


def test_a_refused_row_leaves_the_others_of_its_batch(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    ledger.set_budget("session", ledger.session, Money(10 + MANY // 2, "CNY"))

    async def work() -> list[object]:
        for _ in range(10):
            await ledger.open(pending(), Money(1, "CNY"))
        jobs = [ledger.open(pending(), Money(1, "CNY")) for _ in range(MANY)]
        return list(await asyncio.gather(*jobs, return_exceptions=True))

    found = asyncio.run(work())
    refused = [one for one in found if isinstance(one, BudgetError)]
    assert len(refused) == MANY // 2
    assert len(ledger.read().rows) == 10 + MANY // 2
    (budget,) = ledger.budgets()
    assert budget.spent == budget.amount


def test_a_cancelled_wait_leaves_no_row(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")

    async def work() -> None:
        for _ in range(10):
            await ledger.open(pending(), Money(0, "CNY"))
        jobs = [asyncio.ensure_future(ledger.open(pending())) for _ in range(20)]
        await asyncio.sleep(0)  # they wait for their batch
        for job in jobs[:10]:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)

    asyncio.run(work())
    assert len(ledger.read().rows) == 20


def test_a_file_that_fails_fails_all_of_a_batch(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")

    async def work() -> list[object]:
        for _ in range(10):
            await ledger.open(pending(), Money(0, "CNY"))
        db = ledger._connection._db
        assert db is not None
        db.execute("PRAGMA query_only = 1")
        jobs = [ledger.open(pending(), Money(0, "CNY")) for _ in range(5)]
        found = list(await asyncio.gather(*jobs, return_exceptions=True))
        assert len(ledger._connection.open_rows) == 10
        return found

    assert all(isinstance(one, LedgerError) for one in asyncio.run(work()))
    assert len(ledger.read().rows) == 10


def test_a_busy_file_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = Ledger(path)

    async def work() -> list[Call]:
        first = [await ledger.open(pending(), Money(0, "CNY")) for _ in range(10)]
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        jobs = [
            asyncio.ensure_future(ledger.open(pending(), Money(0, "CNY")))
            for _ in range(5)
        ]
        for _ in range(5):  # turns of the loop: the batch has met the busy file
            await asyncio.sleep(0)
        assert not any(job.done() for job in jobs)
        other.execute("COMMIT")
        other.close()
        return first + list(await asyncio.gather(*jobs))

    assert len({call.id for call in asyncio.run(work())}) == 15


@pytest.mark.parametrize("single", [True, False])
def test_an_error_of_one_work_is_its_own(single: bool) -> None:
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.execute("CREATE TABLE kept (number INTEGER CHECK (number > 0))")

    def wrong(db: sqlite3.Connection) -> None:
        with contextlib.suppress(sqlite3.IntegrityError):
            db.execute("INSERT INTO kept VALUES (7), (0)")
        raise ValueError("mine")

    async def work() -> list[object]:
        batches = WriteBatches(lambda job: job(db), lambda job: job(db))
        jobs = [batches.write(wrong)]
        if not single:
            jobs += [
                batches.write(lambda db: db.execute("INSERT INTO kept VALUES (1)"))
                for _ in range(3)
            ]
        return list(await asyncio.gather(*jobs, return_exceptions=True))

    first, *others = asyncio.run(work())
    assert isinstance(first, ValueError)
    assert not any(isinstance(one, Exception) for one in others)
    if not single:
        assert db.execute("SELECT number FROM kept").fetchall() == [(1,)] * 3
