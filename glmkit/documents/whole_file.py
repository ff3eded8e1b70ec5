"""A file that is replaced in one step, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import IO

from glmkit.client.replay import atomic_write
from glmkit.types.errors import ConfigError
from glmkit.types.translation import _


def write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Have `write` fill a file that takes the place of `path` once it is whole.

    Raises ConfigError where the folder cannot be written.
    """
    try:
        atomic_write.write_whole(path, write)
    except OSError as exc:
        raise ConfigError(
            _("{path} cannot be written: {reason}", path=path, reason=exc.strerror),
            hint=_("Name a file in a folder that exists and that you may write to."),
        ) from exc
