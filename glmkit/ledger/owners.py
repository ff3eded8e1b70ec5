"""Owners: which process wrote a row, and whether it still runs."""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple


class Owner(NamedTuple):
    """A process, distinct from any later one that gets the same number.

    `machine` stands for the host and its process namespace (a container has its
    own), `boot` for its last start, `started` for the process's own start.
    """

    machine: str
    boot: str
    pid: int
    started: str


def me() -> Owner:
    """Return this process as an owner."""
    return _of(os.getpid())


@lru_cache(maxsize=1)
def _of(pid: int) -> Owner:
    """Look it up once; after a fork the process number is another."""
    return Owner(_machine(), _read("/proc/sys/kernel/random/boot_id"), pid, _start(pid))


def dead(owner: Owner) -> bool:
    """Whether the process has surely ended; one of another machine never counts so."""
    mine = me()
    if owner.machine != mine.machine or owner == mine:
        return False
    return owner.boot != mine.boot or _start(owner.pid) != owner.started


def enter(db: sqlite3.Connection) -> int:
    """Return this process's row among the owners, made if it is not there."""
    mine = me()
    db.execute(
        "INSERT OR IGNORE INTO owners (machine, boot, pid, started, first_open) "
        "VALUES (?, ?, ?, ?, (SELECT 1 + coalesce(max(id), 0) FROM calls))",
        mine,
    )
    found: tuple[int] = db.execute(
        "SELECT id FROM owners "
        "WHERE machine = ? AND boot = ? AND pid = ? AND started = ?",
        mine,
    ).fetchone()
    return found[0]


def raise_mark(db: sqlite3.Connection, owner: int, first_open: int) -> None:
    """Note that the process has no open row below this one."""
    db.execute("UPDATE owners SET first_open = ? WHERE id = ?", (first_open, owner))


def settle(db: sqlite3.Connection) -> None:
    """Mark the open rows of dead processes as uncertain."""
    unsettled = db.execute(
        "SELECT id, first_open, machine, boot, pid, started FROM owners "
        "WHERE NOT settled"
    ).fetchall()
    for owner, first_open, *rest in unsettled:
        if dead(Owner(*rest)):
            db.execute(
                "UPDATE calls SET state = 'uncertain' "
                "WHERE id >= ? AND owner = ? AND state = 'pending'",
                (first_open, owner),
            )
            db.execute("UPDATE owners SET settled = 1 WHERE id = ?", (owner,))


def _machine() -> str:
    host = _read("/etc/machine-id") or platform.node()
    namespace = Path("/proc/self/ns/pid")
    return f"{host}/{namespace.readlink()}" if namespace.is_symlink() else host


def _start(pid: int) -> str:
    """Return when a process started, in the system's own count; "" if there is none."""
    if sys.platform != "linux":
        return _start_elsewhere(pid)
    # The name, in brackets, may itself hold blanks and brackets.
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    zombie = not fields or fields[0] in "ZX"
    return "" if zombie else fields[19]


if sys.platform != "linux":

    def _start_elsewhere(pid: int) -> str:
        import psutil

        try:
            return str(psutil.Process(pid).create_time())
        except psutil.NoSuchProcess:
            return ""


def _read(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace").strip()
    except OSError:
        return ""
