"""A cassette file, which several kernels may read and write at one time."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from glmkit.client.replay import atomic_write, lines
from glmkit.client.replay.lines import LineError, Recording
from glmkit.client.replay.ranks import RANKS, Rank
from glmkit.config.endpoints import state_dir
from glmkit.transport.limiter.locks import Places
from glmkit.types.errors import ReplayError
from glmkit.types.translation import _

#: Seconds to wait for another process that reads or writes, and between two tries.
_PATIENCE_S, _STEP_S = 30.0, 0.005

#: Recordings that a request without an answer is compared with.
_NEWEST = 200

_open: dict[Path, Cassette] = {}
_opening = threading.Lock()


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A line of the file, with the fields that it is found by."""

    line: bytes
    key: str
    repeat: int
    cell: str
    rank: Rank

    @property
    def digest(self) -> bytes:
        """The line's hash."""
        return lines.digest_of(self.line)

    @property
    def take(self) -> tuple[str, int, str]:
        """The request, its number and its cell: a newer line of these replaces it."""
        return self.key, self.repeat, self.cell

    @property
    def request(self) -> bytes:
        """The canonical request."""
        return lines.request_of(self.line)

    def recording(self) -> Recording:
        """Return the recording of the line."""
        return lines.decode(self.line)


class Cassette:
    """The recordings of one file. Use `Cassette.at`.

    Every method raises ReplayError for a file that is damaged or of another version,
    and nothing is written to such a file. Thread-safe.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        name = hashlib.sha256(os.fsencode(path)).hexdigest()[:24]
        self._places = Places(state_dir() / "cassettes" / f"{name}.lock")
        self._lock = threading.RLock()
        self._forget()
        self._sight: tuple[int, int, int] | None = None
        self._used: set[bytes] = set()
        self._old: set[bytes] | None = None

    @classmethod
    def at(cls, path: Path) -> Cassette:
        """Return this process's cassette of a file, which need not exist yet."""
        path = path.expanduser().resolve()
        with _opening:
            if path not in _open:
                _open[path] = cls(path)
            return _open[path]

    def _forget(self) -> None:
        self._entries: list[Entry] = []
        self._index: dict[tuple[str, int], list[Entry]] = {}
        self._cells: dict[str, list[Entry]] = {}
        self._end = 0
        self._last = b""

    def begin(self) -> None:
        """Start counting which recordings are used; `prune` drops the others."""
        with self._lock:
            self._read()
            self._used = set()
            self._old = {entry.digest for entry in self._entries}

    def __len__(self) -> int:
        with self._lock:
            self._read()
            return len(self._entries)

    def newest(self, cell: str | None = None) -> list[Entry]:
        """Return the last few hundred lines of one cell, or of all; oldest first."""
        with self._lock:
            self._read()
            found = self._entries if cell is None else self._cells.get(cell, [])
            return found[-_NEWEST:]

    def takes(self, key: str) -> int:
        """Return how often in one run a request was made while it was recorded."""
        with self._lock:
            self._read()
            return next(n for n in range(2**31) if (key, n) not in self._index)

    def find(
        self, key: str, repeat: int, cell: str, least: Rank = RANKS[0]
    ) -> Entry | None:
        """Return the best answer to a request, of rank `least` at least, as used.

        The highest rank comes first, then the same cell, then the newest.
        """
        with self._lock:
            entry = self.best(key, repeat, cell)
            if entry is None or RANKS.index(entry.rank) < RANKS.index(least):
                return None
            self._used.add(entry.digest)
            return entry

    def best(self, key: str, repeat: int, cell: str) -> Entry | None:
        """Return what `find` does, of any rank and without counting it as used."""
        with self._lock:
            self._read()
            found = enumerate(self._index.get((key, repeat), ()))
            ranked = ((RANKS.index(e.rank), e.cell == cell, n, e) for n, e in found)
            return max(ranked, default=(None,))[-1]

    def check_writable(self) -> None:
        """Raise ReplayError, before anything is sent, where nothing can be added."""
        there = self.path.exists()
        if not os.access(self.path if there else self.path.parent, os.W_OK):
            raise self._unwritable(_("no such folder, or no permission to write"))

    def add(self, recording: Recording, *, drop: tuple[Rank, ...] = ()) -> Entry:
        """Append an answer; earlier takes of the ranks in `drop` are removed."""
        line = lines.encode(recording)
        entry = _entry(line, recording)
        with self._lock, self._held():
            self._read_on()
            if self._end + len(line) > lines.FILE_CAP:
                raise self._unwritable(_("it is full; `%glm replay prune` makes room"))
            kept = [
                e.line
                for e in self._entries
                if e.take != entry.take or e.rank not in drop
            ]
            try:
                if len(kept) < len(self._entries):
                    atomic_write.replace(self.path, [*kept, line])
                else:
                    atomic_write.append(
                        self.path, line if self._end else lines.HEADER + line
                    )
            except OSError as exc:
                raise self._unwritable(exc.strerror or str(exc)) from exc
            self._read_on()
            self._used.add(entry.digest)
            return entry

    def prune(self) -> tuple[int, int]:
        """Drop what was not used since `begin`; return the counts dropped and kept.

        Recordings that other processes added since then are kept.
        """
        with self._lock, self._held():
            self._read_on()
            if not self._used:
                raise ReplayError(
                    _("nothing was replayed or recorded yet: all would be dropped"),
                    hint=_("Run the whole notebook with replay on, then prune."),
                )
            newest = {entry.take: entry for entry in self._entries}
            kept = [e for e in self._entries if self._is_kept(e, newest[e.take])]
            dropped = len(self._entries) - len(kept)
            if dropped:
                try:
                    atomic_write.replace(self.path, [entry.line for entry in kept])
                except OSError as exc:
                    raise self._unwritable(exc.strerror or str(exc)) from exc
                self._read_on()
            return dropped, len(kept)

    def _is_kept(self, entry: Entry, newest: Entry) -> bool:
        if entry.digest in self._used:
            return entry is newest or newest.digest not in self._used
        return entry is newest and entry.digest not in (self._old or set())

    def _read(self) -> None:
        """Read what was added since the last read."""
        if self._sight is None or self._sight != _sight(self.path):
            with self._held():
                self._read_on()

    def _read_on(self) -> None:
        """Read on, or read all where it is another file; the lock is held."""
        try:
            with self.path.open("rb") as file:
                self._read_lines(file)
        except FileNotFoundError:
            self._forget()
            self._sight = None
        except OSError as exc:
            raise ReplayError(
                _(
                    "the cassette {path} cannot be read: {why}",
                    path=self.path,
                    why=exc.strerror,
                ),
                hint=_("Name another: cassette=..., or GLMKIT_CASSETTE."),
            ) from exc
        if self._old is None:
            self._old = {entry.digest for entry in self._entries}

    def _read_lines(self, file: BinaryIO) -> None:
        state = os.fstat(file.fileno())
        if state.st_size > lines.FILE_CAP:
            raise self._damaged(1, f"the file is larger than {lines.FILE_CAP:,} bytes")
        if not self._goes_on(file, state):
            self._forget()
            file.seek(0)
        self._sight = None  # until all of it was read
        number = len(self._entries) + 2
        if not self._end:
            self._check_header(file.readline(lines.LINE_CAP))
        while line := file.readline(lines.LINE_CAP + 1):
            if len(line) > lines.LINE_CAP:
                raise self._damaged(number, "the line is longer than 64 MiB")
            try:
                self._know(_entry(line, lines.decode(line)))
            except LineError as exc:
                raise self._damaged(number, str(exc)) from exc
            self._end += len(line)
            number += 1
        self._sight = (state.st_ino, self._end, state.st_mtime_ns)

    def _goes_on(self, file: BinaryIO, state: os.stat_result) -> bool:
        """Return whether the file still begins with what was read before."""
        if not self._last or state.st_size < self._end:
            return False
        file.seek(self._end - len(self._last))
        return file.read(len(self._last)) == self._last

    def _check_header(self, line: bytes) -> None:
        if not line:
            return  # somebody created an empty file
        try:
            if not line.endswith(b"\n"):
                raise LineError("it has no end")
            lines.check_header(line)
        except LineError as exc:
            raise self._damaged(1, str(exc)) from exc
        self._end = len(line)

    def _know(self, entry: Entry) -> None:
        self._entries.append(entry)
        self._index.setdefault((entry.key, entry.repeat), []).append(entry)
        self._cells.setdefault(entry.cell, []).append(entry)
        self._last = entry.line

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Hold the lock against other processes; wait for it at most _PATIENCE_S."""
        end = time.monotonic() + _PATIENCE_S
        while (place := self._places.take(1)) is None:
            if time.monotonic() > end:
                raise ReplayError(
                    _(
                        "another program has held the cassette {path} for {seconds} s",
                        path=self.path,
                        seconds=f"{_PATIENCE_S:.0f}",
                    ),
                    hint=_("End that program, or name another cassette."),
                )
            time.sleep(_STEP_S)
        try:
            yield
        finally:
            self._places.give(place)

    def _damaged(self, number: int, why: str) -> ReplayError:
        return ReplayError(
            _(
                "line {number} of the cassette {path} cannot be read: {why}",
                number=number,
                path=self.path,
                why=why,
            ),
            hint=_(
                "Take that line out or restore the file; it was left as it is. Or "
                "name another file: cassette=..., or GLMKIT_CASSETTE."
            ),
        )

    def _unwritable(self, why: str) -> ReplayError:
        return ReplayError(
            _("the cassette {path} cannot be written: {why}", path=self.path, why=why),
            hint=_("Name another file: cassette=..., or GLMKIT_CASSETTE."),
        )


def _entry(line: bytes, recording: Recording) -> Entry:
    key, repeat, cell = recording.key, recording.repeat, recording.cell
    return Entry(line, key, repeat, cell, recording.made_by)


def _sight(path: Path) -> tuple[int, int, int] | None:
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_ino, state.st_size, state.st_mtime_ns
