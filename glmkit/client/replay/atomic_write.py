"""Write all of it or nothing; the caller holds the lock."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

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
    descriptor, name = tempfile.mkstemp(".tmp", ".glm-", path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(HEADER)
            file.writelines(kept)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(path, name)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
