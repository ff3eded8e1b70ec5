"""What stands in the ledger's way is told; nothing is lost or half-written."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from glmkit.ledger import Ledger
from glmkit.types.errors import LedgerError
from glmkit.types.requests import request_of
from tests.ledger.test_store import dicts, done, one_call, pending, raw, run_child
from tests.support import no_locks


def refusal(ledger: Ledger) -> LedgerError:
    """Try to open a call's row; return what the person is told."""
    with pytest.raises(LedgerError) as caught:
        asyncio.run(ledger.open(pending(9)))
    return caught.value


def filled(path: Path, calls: int = 30) -> Ledger:
    """Return a ledger with calls, all in the main file."""
    ledger = Ledger(path)

    async def work() -> None:
        for number in range(calls):
            await one_call(ledger, number)

    asyncio.run(work())
    ledger.disconnect()
    return ledger


def moved(folder: Path) -> Path:
    """Return the one file that was moved aside."""
    (found,) = [p for p in folder.glob("*.damaged-*") if p.suffix[-1].isdigit()]
    return found


def test_file_that_is_no_ledger_is_moved_aside_whole(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"my notes, not a database\n" * 400)
    before = path.read_bytes()
    error = refusal(Ledger(path))
    assert f"is damaged; it was moved aside to {moved(tmp_path).name}" in str(error)
    assert ".recover" in error.hint
    assert moved(tmp_path).read_bytes() == before


def test_next_call_starts_a_new_ledger_once_the_damaged_one_is_aside(
    tmp_path: Path,
) -> None:
    ledger = filled(tmp_path / "ledger.db")
    os.truncate(ledger.path, 6000)
    before = ledger.path.read_bytes()
    refusal(ledger)
    assert moved(tmp_path).read_bytes() == before
    asyncio.run(one_call(ledger))
    assert len(dicts(ledger)) == 1


def test_damage_found_while_reading_is_told_and_moved(tmp_path: Path) -> None:
    ledger = filled(tmp_path / "ledger.db", 300)
    asyncio.run(one_call(ledger))
    with ledger.path.open("r+b") as file:  # every page but the first few
        file.seek(16 * 4096)
        file.write(b"\xff" * (ledger.path.stat().st_size - 16 * 4096))
    with pytest.raises(LedgerError, match="moved aside"):
        ledger.read()
    assert moved(tmp_path).exists()
    asyncio.run(one_call(ledger))


def test_damaged_file_in_a_closed_folder_is_told(public: Path) -> None:
    ledger = filled(public / "ledger.db", 3)
    os.truncate(ledger.path, 6000)
    ledger.path.chmod(0o666)
    public.chmod(0o555)
    said = run_child(READ_ONLY, ledger.path)
    assert "cannot" in said
    public.chmod(0o755)
    assert ledger.path.stat().st_size == 6000


def test_ledger_moved_aside_under_way_is_noticed(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    asyncio.run(one_call(ledger))
    for path in list(tmp_path.glob("ledger.db*")):
        path.rename(tmp_path / f"old-{path.name}")

    async def work() -> None:
        while not ledger.path.exists():
            await one_call(ledger)
            await asyncio.sleep(0.01)

    asyncio.run(work())
    assert len(dicts(ledger)) == 1


def test_chores_do_not_bring_back_a_file_that_was_moved(tmp_path: Path) -> None:
    ledger = filled(tmp_path / "ledger.db", 1)
    ledger.path.rename(tmp_path / "old.db")
    ledger._connection.tidy()
    for thread in threading.enumerate():
        if thread.name == "glmkit-ledger":
            thread.join()
    assert [path.name for path in tmp_path.glob("*.db*")] == ["old.db"]


def test_newer_ledger_is_not_touched(tmp_path: Path) -> None:
    ledger = filled(tmp_path / "ledger.db")
    raw(ledger.path, "PRAGMA user_version = 99")
    error = refusal(ledger)
    assert "newer glmkit" in str(error)
    assert "Update glmkit" in error.hint
    assert raw(ledger.path, "SELECT count(*) FROM calls") == [(30,)]


def test_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    error = refusal(Ledger(tmp_path / "file" / "ledger.db"))
    assert "cannot be opened for writing" in str(error)
    assert "GLMKIT_DATA_DIR" in error.hint


def test_ledger_that_is_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").mkdir()
    assert "cannot be opened" in str(refusal(Ledger(tmp_path / "ledger.db")))


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that every user of the machine can reach."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


#: Root may write everywhere, so the child gives up being root.
READ_ONLY = """
import asyncio, os, sys
from pathlib import Path
from glmkit.errors import LedgerError
from tests.ledger.test_store import one_call
from glmkit.ledger import Ledger
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
try:
    asyncio.run(one_call(Ledger(Path(sys.argv[1]))))
except LedgerError as error:
    print(error, error.hint)
"""


@pytest.mark.parametrize("locked", ["file", "folder"])
def test_read_only_ledger_is_told_and_kept(locked: str, public: Path) -> None:
    ledger = filled(public / "ledger.db", 3)
    ledger.path.chmod(0o444)
    public.chmod(0o555 if locked == "folder" else 0o777)
    said = run_child(READ_ONLY, ledger.path)
    assert "cannot be opened for writing" in said
    assert f"Make {public} and the file writable" in said
    public.chmod(0o755)
    assert raw(ledger.path, "SELECT count(*) FROM calls") == [(3,)]


#: Past a limit on the size of files the writes of the log fail half-way.
FULL = """
import asyncio, resource, sys
from pathlib import Path
from glmkit.errors import LedgerError
from glmkit.types.requests import request_of
from tests.ledger.test_store import done, dicts, one_call, pending
from glmkit.ledger import Ledger

def room(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

async def work():
    ledger = Ledger(Path(sys.argv[1]))
    await one_call(ledger, 1)
    under_way = await ledger.open(pending(2))
    log = ledger.path.with_name("ledger.db-wal")
    room(log.stat().st_size + 10_000)
    large = request_of("long " * 100_000, {})
    try:
        await ledger.open(pending(3, request=large))
    except LedgerError as error:
        print("opening:", error, error.hint)
    ended = done(under_way, error="x" * 500_000)
    try:
        await ledger.close(ended)
    except LedgerError as error:
        print("closing:", error)
    room(resource.RLIM_INFINITY)
    await ledger.close(done(under_way))
    await one_call(ledger, 4)
    print([(row["tag"], row["state"]) for row in dicts(ledger)])

asyncio.run(work())
"""


def test_write_that_the_disk_refuses_leaves_nothing_half_written(
    tmp_path: Path,
) -> None:
    path = tmp_path / "ledger.db"
    opening, closing, rows = run_child(FULL, path).splitlines()
    assert opening.startswith("opening: the disk refused")
    assert "whether it has space left" in opening
    assert closing.startswith("closing: the disk refused")
    assert rows == "[('1', 'done'), ('2', 'done'), ('4', 'done')]"
    assert raw(path, "PRAGMA integrity_check") == [("ok",)]


def test_full_ledger_is_told_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    under_way = asyncio.run(ledger.open(pending(1)))
    ledger._connection.persist(lambda db: db.execute("PRAGMA max_page_count = 1"))
    large = request_of("long " * 10_000, {})
    with pytest.raises(LedgerError, match="there is no space left") as caught:
        asyncio.run(ledger.open(pending(2, request=large)))
    assert "Free some space" in caught.value.hint
    asyncio.run(ledger.close(done(under_way)))
    assert [(row["tag"], row["state"]) for row in dicts(ledger)] == [("1", "done")]


def test_ledger_held_for_good_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glmkit.ledger.connection.PATIENCE_S", 0.1)
    ledger = filled(tmp_path / "ledger.db", 1)
    holder = sqlite3.connect(ledger.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    error = refusal(ledger)
    holder.close()
    assert "another program holds the ledger" in str(error)


def test_migration_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from glmkit.ledger import schema

    def broken(db: sqlite3.Connection) -> None:
        db.execute("CREATE TABLE half (id)")
        db.execute("no such statement")

    ledger = filled(tmp_path / "ledger.db", 2)
    monkeypatch.setattr(schema, "MIGRATIONS", [*schema.MIGRATIONS, broken])
    refusal(ledger)
    tables = raw(ledger.path, "SELECT name FROM sqlite_master WHERE name = 'half'")
    seen = len(schema.MIGRATIONS) - 1
    assert (tables, raw(ledger.path, "PRAGMA user_version")) == ([], [(seen,)])


def test_migrations_are_applied_once_by_many_processes(tmp_path: Path) -> None:
    from glmkit.ledger import schema

    code = """
import asyncio, sys
from pathlib import Path
from glmkit.ledger import Ledger, schema
from tests.ledger.test_store import one_call
schema.MIGRATIONS.append(lambda db: db.execute("CREATE TABLE once (id)"))
asyncio.run(one_call(Ledger(Path(sys.argv[1]))))
"""
    ledger = filled(tmp_path / "ledger.db", 1)
    command = [sys.executable, "-W", "error", "-c", code, str(ledger.path)]
    children = [subprocess.Popen(command) for _ in range(3)]
    assert [child.wait() for child in children] == [0, 0, 0]
    seen = len(schema.MIGRATIONS) + 1
    assert raw(ledger.path, "PRAGMA user_version") == [(seen,)]
    assert raw(ledger.path, "SELECT count(*) FROM calls") == [(4,)]


def test_rollback_journal_serves_where_no_write_ahead_log_can_be_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glmkit.ledger.connection.on_network", lambda _path: True)
    ledger = Ledger(tmp_path / "ledger.db")

    async def work() -> None:
        await asyncio.gather(*(one_call(ledger, number) for number in range(20)))

    asyncio.run(work())
    assert ledger.journal_mode == "delete"
    assert not ledger.path.with_name("ledger.db-wal").exists()
    assert [row["state"] for row in dicts(ledger)] == ["done"] * 20
    assert asyncio.run(ledger.close(done(pending(0), id=1))) is None


NO_LOCKS = """
import asyncio, sys, time
from pathlib import Path
from glmkit.errors import LedgerError
from glmkit.ledger import Ledger
from tests.ledger.test_store import one_call
from tests.support import no_locks
no_locks.forbid()
began = time.monotonic()
for verb in (lambda: asyncio.run(one_call(Ledger(Path(sys.argv[1])))),
             lambda: Ledger(Path(sys.argv[1])).read()):
    try:
        verb()
    except LedgerError as error:
        print(error, error.hint)
print(time.monotonic() - began < 10)
"""


@pytest.mark.skipif(not no_locks.possible(), reason="the filter is Linux's")
@pytest.mark.parametrize("calls", [0, 3])
def test_file_system_without_locks_is_named_at_once(tmp_path: Path, calls: int) -> None:
    path = tmp_path / "ledger.db"
    if calls:
        filled(path, calls)
    *told, quick = run_child(NO_LOCKS, path).splitlines()
    assert quick == "True"  # and not after the time that a held file is waited for
    for line in told:
        assert f"the file system of the ledger {path} has no locks: No locks" in line
        assert "Set GLMKIT_DATA_DIR to a folder on a local disk." in line
    assert len(told) == 2


def test_file_that_another_holds_is_not_taken_for_one_without_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glmkit.ledger.connection.PATIENCE_S", 0.1)
    ledger = filled(tmp_path / "ledger.db", 1)
    with sqlite3.connect(ledger.path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        assert "another program holds the ledger" in str(refusal(ledger))
        other.execute("ROLLBACK")
    other.close()
