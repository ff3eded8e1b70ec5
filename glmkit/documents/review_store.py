"""The decisions of a review, in a file that outlives the kernel.

The file is JSON Lines: a line that names the table, then one line for each decision. A
line is on the disk before `add` returns; a line that was cut short is passed over.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from threading import RLock
from typing import Any, Literal

import msgspec

from glmkit.documents.review_table import ReviewTable
from glmkit.types.errors import ConfigError
from glmkit.types.plain_text import one_line
from glmkit.types.translation import _

#: "none": what was decided is withdrawn, or only a note was written.
Verdict = Literal["confirmed", "corrected", "rejected", "none"]


class ReviewDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What a reviewer decided on one item, and when (UTC, ISO 8601).

    `row` is the row's position, from 0; `corrected` the value in place of the model's.
    """

    row: int
    field: str
    decision: Verdict
    corrected: Any = None
    note: str = ""
    reviewer: str = ""
    at: str = ""


class _FileHead(msgspec.Struct, frozen=True, kw_only=True):
    """The first line: the table that the decisions are about."""

    glmkit_review: int = 1
    digest: str
    rows: int


_ENCODER = msgspec.json.Encoder()
_BEGINS = b'{"glm'
_LINE = msgspec.json.Decoder(ReviewDecision)


class ReviewStore:
    """The last decision of each reviewer on each item of a table, kept in a file.

    The file is made with the first decision. Several kernels may write to one file:
    `read` takes in what others wrote. `damaged` counts lines that cannot be read.
    Raises ConfigError where the file belongs to another table, or cannot be written.
    """

    def __init__(self, table: ReviewTable, path: Path | None = None) -> None:
        self._table = table
        self.path = path or Path.cwd() / f"glmkit-review-{table.digest}.jsonl"
        self.damaged = 0
        self._offset = 0
        self._held: dict[int, dict[str, ReviewDecision]] = {}
        self._lock = RLock()
        self.read()

    def of(self, number: int) -> tuple[ReviewDecision, ...]:
        """Return the last decision of each reviewer on an item, the newest last."""
        with self._lock:
            held = self._held.get(number, {}).values()
            return tuple(sorted(held, key=lambda decision: decision.at))

    def by(self, number: int, reviewer: str) -> ReviewDecision | None:
        """Return the last decision of a reviewer on an item."""
        with self._lock:
            return self._held.get(number, {}).get(reviewer)

    @property
    def numbers(self) -> list[int]:
        """The numbers of the items on which there is anything, in order."""
        with self._lock:
            return sorted(self._held)

    def add(self, number: int, decision: ReviewDecision) -> list[int]:
        """Write a decision on an item; return the items that changed in the file."""
        item = self._table[number]
        decision = msgspec.structs.replace(
            decision, row=item.row, field=item.field, at=_now()
        )
        try:
            line = _ENCODER.encode(decision) + b"\n"
        except UnicodeEncodeError as exc:
            raise ConfigError(
                _("the text holds half of a character (a lone surrogate)"),
                hint=_("Type it again without that character."),
            ) from exc
        with self._lock:
            try:
                self._append(line)
            except OSError as exc:
                raise self._unusable(exc) from exc
            return self.read()

    def read(self) -> list[int]:
        """Take in what was written since the last time; return the changed items."""
        with self._lock:
            changed = dict.fromkeys(self._take(line) for line in self._new_lines())
            return [number for number in changed if number is not None]

    def _new_lines(self) -> Iterator[bytes]:
        """Yield the whole lines that were not read yet."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return
        except OSError as exc:
            raise self._unusable(exc) from exc
        whole = data[: data.rfind(b"\n") + 1]
        first, self._offset = self._offset == 0, self._offset + len(whole)
        lines = whole.splitlines()
        yield from self._checked(lines or [data]) if data and first else lines

    def _checked(self, lines: list[bytes]) -> list[bytes]:
        """Check that the first line names this table, and leave it out."""
        head = self._head()
        match [line + b"\n" for line in lines[:2]]:
            case [first, *_rest] if first == head:
                return lines[1:]
            case [_cut, second] if second == head:
                return lines[2:]
            case [_cut] if head.startswith(lines[0]) and lines[0].startswith(_BEGINS):
                return []  # a crash left a part of it
            case _:
                pass
        raise ConfigError(
            _("{path} does not hold a review of this table", path=self.path),
            hint=_('Name another file: `Review(out, file="my-review.jsonl")`.'),
        )

    def _take(self, line: bytes) -> int | None:
        """Keep a line's decision; return its item, None where there is none."""
        if not line.strip() or line.startswith(b'{"glmkit_review"'):
            return None
        number = None
        with suppress(msgspec.DecodeError):
            decision = _LINE.decode(line)
            number = self._table.number(decision.row, decision.field)
        if number is None:
            self.damaged += 1
            return None
        held = self._held.setdefault(number, {})
        if decision.decision == "none" and not decision.note:
            held.pop(decision.reviewer, None)
        else:
            held[decision.reviewer] = decision
        if not held:
            del self._held[number]
        return number

    def _append(self, line: bytes) -> None:
        """Append in one write, and wait until it is on the disk."""
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        descriptor = os.open(self.path, flags, 0o666)
        try:
            size = os.fstat(descriptor).st_size
            if size < self._offset:  # the file was removed: write all of it again
                line, self._offset = self._whole() + line, 0
            if not self._offset:
                line = self._head() + line
            if size and _last_byte(descriptor, size) != b"\n":
                line = b"\n" + line  # after a line that was cut short
            if os.write(descriptor, line) != len(line):
                raise OSError(28, _("the disk is full"))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _whole(self) -> bytes:
        held = [made for number in self.numbers for made in self.of(number)]
        return b"".join(_ENCODER.encode(made) + b"\n" for made in held)

    def _head(self) -> bytes:
        head = _FileHead(digest=self._table.digest, rows=self._table.rows)
        return _ENCODER.encode(head) + b"\n"

    def _unusable(self, exc: OSError) -> ConfigError:
        return ConfigError(
            _("{path} cannot be used: {reason}", path=self.path, reason=exc.strerror),
            hint=_(
                "Name a file in a folder that you may write to: "
                '`Review(out, file="my-review.jsonl")`.'
            ),
        )


def reviewer_name(name: str | None) -> str:
    """Return a reviewer's name on one line; None is the system's user."""
    if name is None:
        try:
            name = getuser()
        except (OSError, KeyError, ImportError):  # a container without a user
            name = ""
    if not isinstance(name, str):
        raise ConfigError(
            _("a reviewer's name cannot be a {kind}", kind=type(name).__name__),
            hint=_('Pass a text: `Review(out, reviewer="Ada")`.'),
        )
    return one_line(name)[:80] or "reviewer"


def _last_byte(descriptor: int, size: int) -> bytes:
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return os.read(descriptor, 1)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
