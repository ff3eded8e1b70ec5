"""One connection to a ledger's file for the whole process.

A transaction takes some 35 µs and runs on the thread that asks for it. Only where
another process holds the file, or the file system is slow because no write-ahead log
can be had there, does it move to a worker thread, so that no event loop stands still.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import sqlite3
import threading
import time
import weakref
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

from glmkit.ledger import budgets, owners, schema, sums
from glmkit.ledger.batches import WriteBatches
from glmkit.ledger.faults import (
    aside,
    is_busy,
    is_damage,
    is_disk,
    is_lasting,
    translated,
    without_locks,
)
from glmkit.ledger.measures import Bands
from glmkit.ledger.volumes import lock_fault, on_network
from glmkit.transport import background_loop
from glmkit.types.errors import LedgerError

T = TypeVar("T")

#: Milliseconds that SQLite waits by itself, on whatever thread asked.
_BUSY_MS = 5
#: Open calls from which on their rows are written together.
_MANY = 8
#: Seconds between two looks at whether the file was moved aside.
_GLANCE_S = 0.05
#: Seconds that a worker thread tries on while another process holds the file.
PATIENCE_S = 30.0


class Connection:
    """A ledger's file, for all threads and loops; `connect` keeps one for each file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._name = str(path)
        self.owner = 0
        self.open_rows: set[int] = set()
        self.bands = Bands()
        self._batches = WriteBatches(self._attempt, self.persist)
        self._mode = ""
        self._lockable = False
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._db: sqlite3.Connection | None = None
        self._inode = 0
        self._seen = 0.0
        self._finalizer: weakref.finalize[..., Connection] | None = None

    @property
    def journal_mode(self) -> str:
        """ "wal", or "delete" where a write-ahead log cannot be had."""
        self.persist(lambda _db: None)
        return self._mode

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run a write at once if the file is free, else on a worker thread.

        A cancelled wait leaves the work to its thread, which ends it.
        """
        if self._mode == "delete":
            return await asyncio.to_thread(self.persist, work)
        try:
            return self._attempt(work)
        except sqlite3.OperationalError:  # busy: any other error has been translated
            return await asyncio.to_thread(self.persist, work)

    def write_call(self, work: Callable[[sqlite3.Connection], T]) -> Awaitable[T]:
        """Write the beginning or the end of a call, with others where many are open."""
        if len(self.open_rows) < _MANY or self._mode == "delete":
            return self.write(work)
        return self._batches.write(work)

    def persist(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run a write, waiting for other processes up to PATIENCE_S."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return self._attempt(work)
            except sqlite3.OperationalError as exc:
                self._check_locks(exc)
                if time.monotonic() > deadline:
                    raise translated(exc, self.path) from exc
            # Not under the lock, so that the threads of this process come in between.
            time.sleep(random.uniform(0.001, 0.02))

    def _check_locks(self, exc: Exception) -> None:
        """Raise LedgerError where it is the file system that has no locks."""
        if not self._lockable:
            if reason := lock_fault(self.path.parent):
                raise without_locks(self.path, reason) from exc
            self._lockable = True

    @contextlib.contextmanager
    def reader(self) -> Iterator[sqlite3.Connection]:
        """Open a read-only connection; a long read blocks no writer."""
        self.persist(owners.settle)
        with self._reading:
            try:
                with contextlib.closing(self._second()) as db:
                    db.execute("PRAGMA query_only = 1")
                    yield db
            except sqlite3.Error as exc:
                if is_damage(exc):
                    with self._lock:
                        self._drop()
                        raise aside(self.path, self._move_aside()) from exc
                raise translated(exc, self.path) from exc

    def tidy(self) -> None:
        """Run the file's maintenance on its own thread, as it may wait for disks."""
        with contextlib.suppress(RuntimeError):  # the interpreter is ending
            threading.Thread(target=self._chores, name="glmkit-ledger").start()

    def _chores(self) -> None:
        """Settle rows of dead processes, and checkpoint the write-ahead log.

        What another process holds up is done the next time.
        """
        first_open = min(self.open_rows.copy(), default=0)
        with (
            self._reading,
            contextlib.suppress(sqlite3.Error),
            contextlib.closing(self._second()) as db,
        ):
            if first_open:
                owners.raise_mark(db, self.owner, first_open)
            owners.settle(db)
            sums.fold(db, self.bands)
            budgets.forget(db)
            db.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def _second(self) -> sqlite3.Connection:
        """Open the file once more; one that was moved aside is not made again here."""
        uri = self.path.as_uri() + "?mode=rw"
        db = sqlite3.connect(uri, PATIENCE_S, isolation_level=None, uri=True)
        self.bands.attach(db)
        sums.stage(db)
        return db

    def disconnect(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            self._drop()

    def _attempt(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run a write once; OperationalError where another process holds the file."""
        with self._lock:
            try:
                return work(self._opened())
            except (sqlite3.Error, OSError, OverflowError) as exc:
                if is_busy(exc):
                    raise
                if is_lasting(exc):
                    self._drop()
                if is_damage(exc):
                    raise aside(self.path, self._move_aside()) from exc
                if is_disk(exc):
                    self._check_locks(exc)
                raise translated(exc, self.path) from exc

    def _move_aside(self) -> Path | None:
        """Move a damaged file away, never delete it; None where that is not allowed.

        One that another process has put in its place meanwhile stays.
        """
        moved = self.path.with_name(f"{self.path.name}.damaged-{time.time_ns()}")
        if self._inode not in {0, _inode(self._name)}:
            return moved
        try:
            for end in ("-wal", "-shm", ""):
                old = self.path.with_name(self.path.name + end)
                if old.exists():
                    old.rename(moved.with_name(moved.name + end))
        except OSError:
            return None
        return moved

    def _opened(self) -> sqlite3.Connection:
        if self._db is not None and self._in_place():
            return self._db
        self._drop()
        _create(self.path)
        self._inode = 0  # until this one is open, nothing is known of it
        db = sqlite3.connect(
            self.path,
            timeout=_BUSY_MS / 1000,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            self._prepare(db)
        except BaseException:
            db.close()
            raise
        self._db, self._inode = db, _inode(self._name)
        self._finalizer = weakref.finalize(self, db.close)
        self._finalizer.atexit = False  # calls still settle then: see the end below
        return db

    def _in_place(self) -> bool:
        """Whether the file is still the one that was opened; looked at now and then."""
        now = time.monotonic()
        if now - self._seen < _GLANCE_S:
            return True
        self._seen = now
        return self._inode == _inode(self._name)

    def _prepare(self, db: sqlite3.Connection) -> None:
        wanted = "delete" if on_network(self.path) else "wal"
        mode = db.execute(f"PRAGMA journal_mode = {wanted}").fetchone()[0]
        # A rollback journal is at risk under NORMAL where a write-ahead log is not.
        db.execute(f"PRAGMA synchronous = {'NORMAL' if mode == 'wal' else 'FULL'}")
        self.bands.attach(db)  # triggers use its functions
        if not schema.migrate(db):
            raise LedgerError(
                f"the ledger {self.path} was written by a newer glmkit",
                hint="Update glmkit, or set GLMKIT_DATA_DIR to another folder.",
            )
        self.bands.refresh(db)
        sums.stage(db)
        # Checkpoints are among the chores; this is for a log that grew all the same.
        db.execute("PRAGMA wal_autocheckpoint = 10000")
        owner = owners.enter(db)
        if owner != self.owner:  # a new file, or a forked child: no row is its own yet
            self.open_rows.clear()
        self.owner = owner
        owners.settle(db)
        self._mode = mode

    def _drop(self) -> None:
        if self._finalizer is not None:
            self._finalizer()
        self._db = self._finalizer = None

    def before_fork(self) -> None:
        """Close the file: SQLite's state must not be in two processes."""
        self._reading.acquire()
        self._lock.acquire()
        self._drop()

    def after_fork(self) -> None:
        """Let both processes open the file again, each for itself."""
        self._lock.release()
        self._reading.release()


_connections: weakref.WeakValueDictionary[Path, Connection] = (
    weakref.WeakValueDictionary()
)
_registry = threading.Lock()


def disconnect() -> None:
    """Close the files of this process; the next use opens them again."""
    for connection in list(_connections.values()):
        connection.disconnect()


background_loop.at_end(disconnect)


def connect(path: Path) -> Connection:
    """Return the process's connection to a file."""
    with _registry:
        found = _connections.get(path)
        if found is None:
            found = _connections[path] = Connection(path)
        return found


def _create(path: Path) -> None:
    """Make the file for this user alone; SQLite gives its companions the same mode."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _inode(path: str) -> int:
    """Return the file's inode, so that a replaced file is noticed; 0: none."""
    try:
        return os.stat(path).st_ino  # noqa: PTH116 - half the time of Path.stat
    except OSError:
        return 0


_held: list[Connection] = []


def _before_fork() -> None:
    _registry.acquire()
    _held.extend(_connections.values())
    for connection in _held:
        connection.before_fork()


def _after_fork() -> None:
    for connection in _held:
        connection.after_fork()
    _held.clear()
    _registry.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork,
        after_in_child=_after_fork,
    )
