"""Writes of one turn of an event loop, committed together.

A commit costs as much as the statements of several calls. Where many calls are under
way, those that begin or end in one turn of a loop share a transaction. A write changes
the file by one statement, which takes itself back where it fails: what one of them does
not get through leaves the others alone, and savepoints, which would cost more than the
writes, are not needed. A write is done when its transaction is committed.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from glmkit.ledger.transactions import transaction

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], Any]

#: Does a work with the file, and waits for nobody: OperationalError where it is held.
Attempt = Callable[[Work], Any]
#: Does a work with the file on a worker thread, as long as that takes.
Persist = Callable[[Work], Any]


class _Write(NamedTuple):
    work: Work
    done: asyncio.Future[Any]


class WriteBatches:
    """The writes that wait for the end of their loop's turn."""

    def __init__(self, attempt: Attempt, persist: Persist) -> None:
        self._attempt = attempt
        self._persist = persist
        self._waiting: dict[asyncio.AbstractEventLoop, list[_Write]] = {}

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run a write with the others of this turn; return once it is committed.

        A cancelled wait leaves the work to its batch.
        """
        loop = asyncio.get_running_loop()
        waiting = self._waiting.get(loop)
        if waiting is None:
            waiting = self._waiting[loop] = []
            loop.call_soon(self._commit, loop)
        done: asyncio.Future[T] = loop.create_future()
        waiting.append(_Write(work, done))
        return await done

    def _commit(self, loop: asyncio.AbstractEventLoop) -> None:
        """Commit what waits, here where the file is free, else on a worker thread."""
        writes = self._waiting.pop(loop)
        try:
            _settle(writes, self._attempt(lambda db: together(db, writes)))
        except sqlite3.OperationalError:  # busy: any other error has been translated
            job = asyncio.to_thread(self._persist, lambda db: together(db, writes))
            task = loop.create_task(job)
            task.add_done_callback(lambda ended: _ended(writes, ended))
        except Exception as exc:
            _settle(writes, [exc] * len(writes))


def together(db: sqlite3.Connection, writes: Sequence[_Write]) -> list[Any]:
    """Run all writes in one transaction; return the result or the error of each."""
    if len(writes) == 1:
        return [_done(db, writes[0].work)]
    with transaction(db):
        return [_done(db, write.work) for write in writes]


def _done(db: sqlite3.Connection, work: Work) -> Any:
    """Return the result of a write or its own error; one of the file is raised."""
    try:
        return work(db)
    except sqlite3.Error:
        raise
    except Exception as exc:
        return exc


def _ended(writes: Sequence[_Write], task: asyncio.Task[list[Any]]) -> None:
    if task.cancelled():
        _settle(writes, [asyncio.CancelledError()] * len(writes))
    elif (exc := task.exception()) is not None:
        _settle(writes, [exc] * len(writes))
    else:
        _settle(writes, task.result())


def _settle(writes: Sequence[_Write], results: Sequence[Any]) -> None:
    for write, result in zip(writes, results, strict=True):
        if write.done.done():
            continue  # its wait was cancelled
        if isinstance(result, BaseException):
            write.done.set_exception(result)
        else:
            write.done.set_result(result)
