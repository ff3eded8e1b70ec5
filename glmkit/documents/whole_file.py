"""A file that is replaced in one step, or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from glmkit.types.errors import ConfigError
from glmkit.types.translation import _


def write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Have `write` fill a file beside `path`, then put it in the place of `path`.

    A reader sees the old file or the new one. Raises ConfigError where the folder
    cannot be written.
    """
    try:
        descriptor, name = tempfile.mkstemp(".tmp", f".{path.name[:40]}-", path.parent)
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
    except OSError as exc:
        raise ConfigError(
            _("{path} cannot be written: {reason}", path=path, reason=exc.strerror),
            hint=_("Name a file in a folder that exists and that you may write to."),
        ) from exc


def _mode(path: Path) -> int:
    """Return the rights of the file that is replaced, else those of a new file."""
    with suppress(OSError):
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
