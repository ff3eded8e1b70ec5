"""How often each request was made of a cassette in this run of a cell."""

from __future__ import annotations

import threading
from itertools import count
from pathlib import Path

from glmkit.client.replay import modes
from glmkit.client.replay.file import Cassette, Entry
from glmkit.client.replay.modes import Mode


class CassetteSession:
    """A cassette, and how often each request was made in this run of a cell."""

    def __init__(self, path: Path, mode: Mode | None = None) -> None:
        self.cassette = Cassette.at(path)
        self._own = mode
        self._run = modes.run().number
        self._claims: dict[str, set[int]] = {}
        self._had: dict[str, int] = {}
        self._touched: set[bytes] = set()
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Start counting again which recordings are used and which answers were had."""
        self.cassette.begin()
        with self._lock:
            self._had.clear()

    def mode(self) -> Mode:
        """Return the mode that holds now."""
        return modes.forced() or modes.chosen() or self._own or "off"

    def claim(self, key: str, again: bool = False) -> int:
        """Take the lowest number that no equal request of this run has.

        `again`: the lowest that no request has had since `begin`, in any run.
        """
        with self._lock:
            if self._run != modes.run().number:
                self._run = modes.run().number
                self._claims, self._touched = {}, set()
            claims = self._claims.setdefault(key, set())
            least = self._had.get(key, 0) if again else 0
            number = next(n for n in count(least) if n not in claims)
            claims.add(number)
            self._had[key] = max(self._had.get(key, 0), number + 1)
            return number

    def release(self, key: str, number: int) -> None:
        """Give a number back: the request failed or was interrupted."""
        with self._lock:
            self._claims.get(key, set()).discard(number)
            if self._had.get(key) == number + 1:
                self._had[key] = number

    def touch(self, entry: Entry) -> None:
        """Note that a recording was used in this run."""
        with self._lock:
            self._touched.add(entry.digest)

    def untouched(self, cell: str) -> list[Entry]:
        """Return the newest recordings of a cell that this run has not used."""
        with self._lock:
            touched = set(self._touched)
        return [e for e in self.cassette.newest(cell) if e.digest not in touched]
