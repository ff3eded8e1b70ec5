"""What SQLite raises, translated into errors that name the next step."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

from glmkit.types.errors import LedgerError
from glmkit.types.translation import _

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_PROTOCOL}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_CLOSED = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def is_busy(exc: Exception) -> bool:
    """Whether another process holds the file, which passes by itself."""
    return isinstance(exc, sqlite3.OperationalError) and _code(exc) in _BUSY


def is_lasting(exc: Exception) -> bool:
    """Whether the file has to be opened again before it can be used."""
    return _code(exc) in _DAMAGED | _CLOSED | {sqlite3.SQLITE_IOERR}


def is_damage(exc: Exception) -> bool:
    """Whether the file is not, or no longer, what SQLite wrote."""
    return _code(exc) in _DAMAGED


def is_disk(exc: Exception) -> bool:
    """Whether the file system refused what SQLite asked of it."""
    return _code(exc) == sqlite3.SQLITE_IOERR


def without_locks(path: Path, reason: str) -> LedgerError:
    """Return the error of a file system on which no file can be locked."""
    return LedgerError(
        _(
            "the file system of the ledger {path} has no locks: {reason}",
            path=path,
            reason=reason,
        ),
        hint=_("Set GLMKIT_DATA_DIR to a folder on a local disk."),
    )


def translated(exc: Exception, path: Path) -> LedgerError:
    """Return the error for the user."""
    code = _code(exc)
    number = exc.errno if isinstance(exc, OSError) else None
    if code == sqlite3.SQLITE_FULL or number in _NO_SPACE:
        return LedgerError(
            _("there is no space left for the ledger {path}", path=path),
            hint=_("Free some space there, or set GLMKIT_DATA_DIR to another folder."),
        )
    if code == sqlite3.SQLITE_IOERR:
        return LedgerError(
            _(
                "the disk refused to read or write the ledger {path}: {reason}",
                path=path,
                reason=exc,
            ),
            hint=_(
                "See whether it has space left and is sound, or set GLMKIT_DATA_DIR to "
                "a folder on another disk."
            ),
        )
    if code in _BUSY:
        return LedgerError(
            _("another program holds the ledger {path}", path=path),
            hint=_("Close the program that has it open, then run it again."),
        )
    if code in _CLOSED or isinstance(exc, OSError):
        return LedgerError(
            _(
                "the ledger {path} cannot be opened for writing: {reason}",
                path=path,
                reason=exc,
            ),
            hint=_(
                "Make {folder} and the file writable, or set GLMKIT_DATA_DIR to a "
                "folder that is.",
                folder=path.parent,
            ),
        )
    return LedgerError(
        _("the ledger {path} cannot be used: {reason}", path=path, reason=exc)
    )


def aside(path: Path, moved: Path | None) -> LedgerError:
    """Return the error for a damaged file that was moved, or could not be."""
    if moved is None:
        return LedgerError(
            _("the ledger {path} is damaged, and cannot be moved aside", path=path),
            hint=_(
                "Move it aside, with {name}-wal and {name}-shm if they are there; the "
                "next call starts a new one.",
                name=path.name,
            ),
        )
    return LedgerError(
        _(
            "the ledger {path} is damaged; it was moved aside to {name}",
            path=path,
            name=moved.name,
        ),
        hint=_(
            "The next call starts a new one, without the old one's budgets; `sqlite3 "
            "{name} .recover` may read what is left of it.",
            name=moved.name,
        ),
    )


def _code(exc: Exception) -> int | None:
    """Return the primary result code; extended ones keep it in the low byte."""
    code: int | None = getattr(exc, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
