"""What SQLite refuses, in words that name the next step."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

from glmkit.types.errors import LedgerError

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_PROTOCOL}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_CLOSED = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def is_busy(exc: Exception) -> bool:
    """Whether another process holds the file, which passes by itself."""
    return isinstance(exc, sqlite3.OperationalError) and _code(exc) in _BUSY


def is_lasting(exc: Exception) -> bool:
    """Whether the file has to be opened again before it can work again."""
    return _code(exc) in _DAMAGED | _CLOSED | {sqlite3.SQLITE_IOERR}


def is_damage(exc: Exception) -> bool:
    """Whether the file is not, or no longer, what SQLite wrote."""
    return _code(exc) in _DAMAGED


def translated(exc: Exception, path: Path) -> LedgerError:
    """Return the error for the user."""
    code = _code(exc)
    number = exc.errno if isinstance(exc, OSError) else None
    if code == sqlite3.SQLITE_FULL or number in _NO_SPACE:
        return LedgerError(
            f"there is no space left for the ledger {path}",
            hint="Free some space there, or set GLMKIT_DATA_DIR to another folder.",
        )
    if code == sqlite3.SQLITE_IOERR:
        return LedgerError(
            f"the disk refused to read or write the ledger {path}: {exc}",
            hint="See whether it has space left and is sound, or set GLMKIT_DATA_DIR "
            "to a folder on another disk.",
        )
    if code in _BUSY:
        return LedgerError(
            f"another program holds the ledger {path}",
            hint="Close the program that has it open, then run it again.",
        )
    if code in _CLOSED or isinstance(exc, OSError):
        return LedgerError(
            f"the ledger {path} cannot be opened for writing: {exc}",
            hint=f"Make {path.parent} and the file writable, or set GLMKIT_DATA_DIR "
            "to a folder that is.",
        )
    return LedgerError(f"the ledger {path} cannot be used: {exc}")


def aside(path: Path, moved: Path | None) -> LedgerError:
    """Return the error for a damaged file that was moved, or could not be."""
    if moved is None:
        return LedgerError(
            f"the ledger {path} is damaged, and cannot be moved aside",
            hint=f"Move it aside, with {path.name}-wal and {path.name}-shm if they are "
            "there; the next call starts a new one.",
        )
    return LedgerError(
        f"the ledger {path} is damaged; it was moved aside to {moved.name}",
        hint="The next call starts a new one, without the old one's budgets; "
        f"`sqlite3 {moved.name} .recover` may read what is left of it.",
    )


def _code(exc: Exception) -> int | None:
    """Return the primary result code; extended ones keep it in the low byte."""
    code: int | None = getattr(exc, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
