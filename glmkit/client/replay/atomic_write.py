"""Write all of it or nothing; the caller holds the lock."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from glmkit.client.replay.lines import HEADER


def append(path: Path, data: bytes) -> None:
    """Append in one write; take back what could not be written whole."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o666)
    try:
        size = os.fstat(descriptor).st_size
        if os.write(descriptor, data) != len(data):
            os.ftruncate(descriptor, size)
            raise OSError(errno.ENOSPC, "the disk is full")
    finally:
        os.close(descriptor)


def replace(path: Path, kept: list[bytes]) -> None:
    """Replace the file by one of these lines, in one step."""
    write_whole(path, lambda file: file.writelines([HEADER, *kept]))


def write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Have `write` fill a file beside `path`, then put it in the place of `path`.

    A reader sees the old file or the new one. The new file has the old one's rights.
    Raises OSError.
    """
    descriptor, name = tempfile.mkstemp(".tmp", ".glm-", path.parent)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(_mode(path))
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _mode(path: Path) -> int:
    """Return the rights of the file that is replaced, else those of a new file."""
    with suppress(OSError):
        return stat.S_IMODE(path.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
