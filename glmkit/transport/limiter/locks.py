"""Byte-range locks on one file, shared by the processes of a user and machine.

The system frees them with the process. Closing any descriptor of a file drops a
process's POSIX locks on it, so each file is opened once and stays open. Within one
process the locks do not exclude each other: `Places` remembers what it holds.
"""

from __future__ import annotations

import contextlib
import os
import random
import sys
from collections import deque
from pathlib import Path

#: The byte on which a process shows that it waits for another's slot.
_WAITING = 2**30
#: Places tried at one look: each that another process holds costs some 2 µs.
_LOOKS = 64


class Places:
    """Numbered places, each held by one process at a time.

    `fault` says why they are shared with no other process; "" if they are. Calls
    must not overlap: the owner's lock sees to it.

    >>> places = Places(None)
    >>> sorted([places.take(2), places.take(2)]), places.take(2)
    ([0, 1], None)
    """

    def __init__(self, path: Path | None) -> None:
        self.fault = "" if path else "no folder for the locks"
        self._path = path
        self._descriptor = -1
        self._free: deque[int] = deque()
        self._known = 0
        self._marked = False

    def take(self, most: int) -> int | None:
        """Hold a place below `most`; None if there is none for this process."""
        if most > self._known:
            fresh = list(range(self._known, most))
            # So that processes that start together do not try the same ones.
            random.shuffle(fresh)
            self._free.extend(fresh)
            self._known = most
        looks = 0
        for _ in range(len(self._free)):
            place = self._free.pop()
            if place < most:
                if self._locked(place):
                    return place
                looks += 1
            self._free.appendleft(place)
            if looks == _LOOKS:
                break
        return None

    def give(self, place: int) -> None:
        """Release a place."""
        self._free.append(place)
        self._unlocked(place)

    def others_wait(self) -> bool:
        """Whether another process waits for a place."""
        if self.fault or not _SHARED:
            return False
        if not self._locked(_WAITING):
            return True
        if self._marked:
            self._locked(_WAITING, shared=True)
        else:
            self._unlocked(_WAITING)
        return False

    def wait(self, waiting: bool) -> None:
        """Show the other processes that this one waits, or no longer does."""
        if self.fault or not _SHARED or waiting == self._marked:
            return
        if waiting:
            self._marked = self._locked(_WAITING, shared=True)
        else:
            self._unlocked(_WAITING)
            self._marked = False

    def close(self) -> None:
        """Close the file, while no place is held."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1
        self._marked = False

    def _locked(self, place: int, *, shared: bool = False) -> bool:
        if self.fault:
            return True
        try:
            return _lock(self._open(), place, shared=shared)
        except OSError as exc:
            # An odd file system: this process's own places are what is left.
            self.fault = exc.strerror or str(exc)
            return True

    def _unlocked(self, place: int) -> None:
        if self._descriptor >= 0:
            with contextlib.suppress(OSError):
                _unlock(self._descriptor, place)

    def _open(self) -> int:
        if self._descriptor < 0:
            assert self._path is not None
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        return self._descriptor


if sys.platform == "win32":
    import msvcrt

    _SHARED = False  # Windows has no shared ranges here: who waits cannot show it

    def _lock(descriptor: int, place: int, *, shared: bool = False) -> bool:
        os.lseek(descriptor, place, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

    def _unlock(descriptor: int, place: int) -> None:
        os.lseek(descriptor, place, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    _SHARED = True
    _ONE = fcntl.LOCK_EX | fcntl.LOCK_NB
    _MANY = fcntl.LOCK_SH | fcntl.LOCK_NB

    def _lock(descriptor: int, place: int, *, shared: bool = False) -> bool:
        try:
            fcntl.lockf(descriptor, _MANY if shared else _ONE, 1, place)
        except (BlockingIOError, PermissionError):
            return False
        return True

    def _unlock(descriptor: int, place: int) -> None:
        fcntl.lockf(descriptor, fcntl.LOCK_UN, 1, place)
