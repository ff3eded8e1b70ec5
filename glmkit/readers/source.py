"""The file that a reader opens, on disk or in memory, and the errors of reading it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import BinaryIO

import msgspec

from glmkit.readers.paged_text import PagedText
from glmkit.types.errors import ConfigError
from glmkit.types.translation import _

_HEAD = 4096

#: What a reader returns: a text, and the guess of its encoding, "" where it is certain.
Reading = tuple[PagedText, str]


class FileSource(msgspec.Struct, frozen=True):
    """A file to read: its name, and its path or its bytes."""

    name: str
    origin: Path | bytes

    @property
    def ending(self) -> str:
        """The ending of the name, in lower case: ".pdf"."""
        return PurePath(self.name).suffix.lower()

    @property
    def path(self) -> str:
        """The path; "" for bytes."""
        return str(self.origin) if isinstance(self.origin, Path) else ""

    def open(self) -> BinaryIO:
        """Open the file for reading."""
        if isinstance(self.origin, bytes):
            return io.BytesIO(self.origin)
        return self.origin.open("rb")

    def read(self) -> bytes:
        """Return all bytes."""
        return self.origin if isinstance(self.origin, bytes) else self._bytes()

    def head(self) -> bytes:
        """Return the first bytes, by which a kind of file is known."""
        with self.open() as file:
            return file.read(_HEAD)

    def _bytes(self) -> bytes:
        with self.open() as file:
            return file.read()


class NoTextError(ConfigError):
    """A file in which nothing is written: empty, or a scan, which takes OCR.

    `pages` are the empty pages of a scan.
    """

    pages: PagedText | None = None


@contextmanager
def faults(source: FileSource) -> Iterator[None]:
    """Raise what a library does with a damaged file as ConfigError."""
    try:
        yield
    except ConfigError:
        raise
    except Exception as exc:  # whatever a damaged file leads to
        raise fault_of(source, exc) from exc


def damaged(source: FileSource, why: object) -> ConfigError:
    """Return the error of a file that its reader cannot make sense of."""
    return ConfigError(
        _(
            "{file} cannot be read as {kind}: {why}",
            file=source.name,
            kind=source.ending[1:] or _("text"),
            why=why,
        ),
        hint=_(
            "It may be damaged or incomplete: open it in its own program, and save "
            "it again."
        ),
    )


def fault_of(source: FileSource, exc: Exception) -> ConfigError:
    """Return the error of a file that a library could not read, or not open."""
    if isinstance(exc, OSError) and exc.errno is not None:
        return unreadable(source.name, exc)
    return damaged(source, exc)


def unreadable(file: object, exc: Exception) -> ConfigError:
    """Return the error of a file that the system does not open."""
    why = getattr(exc, "strerror", None) or str(exc)
    return ConfigError(
        _("{file} cannot be read: {why}", file=file, why=why),
        hint=_("Relative paths start from {folder}.", folder=Path.cwd()),
    )


def locked(source: FileSource) -> ConfigError:
    """Return the error of a file that only opens with a password."""
    return ConfigError(
        _("{file} is protected by a password", file=source.name),
        hint=_("Open it in its own program, and save a copy without the password."),
    )


def without_text(source: FileSource, hint: str = "") -> NoTextError:
    """Return the error of a file in which nothing is written."""
    return NoTextError(
        _("{file} holds no text", file=source.name),
        hint=hint or _("Open it in its own program to see what it holds."),
    )


def no_reader(kind: str) -> ConfigError:
    """Return the error of a reader whose library is not installed."""
    return ConfigError(
        _("the reader for {kind} is not installed", kind=kind),
        hint=_('Install the readers: pip install "glmkit[documents]".'),
    )


def too_long(source: FileSource, what: str, most: int, hint: str) -> ConfigError:
    """Return the error of a file with more of something than a text can hold."""
    return ConfigError(
        _(
            "{file} is too large: it has more than {most} {what}",
            file=source.name,
            most=f"{most:,}",
            what=what,
        ),
        hint=hint,
    )
