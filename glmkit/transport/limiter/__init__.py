"""Slots: how many requests of one key and model may be in flight at once.

GLM's rights count requests in flight, so a slot is held from sending to the end of the
answer and by nothing else: a call that waits holds none. Each slot is also a locked
byte of one file for each key and model, so that all kernels of this user and machine
share one right. A limiter belongs to no event loop.
"""

from __future__ import annotations

import contextlib
import os
import platform
import threading
import weakref
from hashlib import blake2b
from pathlib import Path

from glmkit.config.endpoints import state_dir
from glmkit.transport.limiter.locks import Places
from glmkit.transport.limiter.slots import Slot, Slots
from glmkit.transport.limiter.window import HIGHEST, UNKNOWN_RIGHT, Right, Window
from glmkit.types.errors import ConfigError

__all__ = [
    "HIGHEST",
    "UNKNOWN_RIGHT",
    "Limiter",
    "Places",
    "Right",
    "Slot",
    "Slots",
    "Window",
    "folder",
    "sharing_fault",
]

#: Files that may stay open although nobody uses them.
_OPEN = 64


def folder() -> Path:
    """Return where this machine's slots are: a home may be shared by several."""
    machine = blake2b(platform.node().encode(), digest_size=8).hexdigest()
    return state_dir() / "slots" / machine


class Limiter:
    """The slots of this process, by key and model."""

    def __init__(self) -> None:
        self._reset()
        _limiters.add(self)

    def _reset(self) -> None:
        """Start empty, as a forked child does: what its parent holds is not its own."""
        self._slots: dict[tuple[str, str], Slots] = {}
        self._lock = threading.Lock()

    @property
    def fault(self) -> str:
        """Why other processes do not share the slots; "" if all are shared."""
        with self._lock:
            return next((s.fault for s in self._slots.values() if s.fault), "")

    def known(self, owner: str, model: str) -> bool:
        """Whether the slots of a key and model are there already."""
        return (owner, model) in self._slots

    def slots(
        self, owner: str, model: str, right: Right, learned: int | None = None
    ) -> Slots:
        """Return the slots of `owner`, which names endpoint and key, for a model.

        `learned` is what is remembered of a right that is not known.
        """
        with self._lock:
            found = self._slots.get((owner, model))
            if found is None:
                if len(self._slots) % _OPEN == _OPEN - 1:
                    for other in self._slots.values():
                        other.rest()
                found = Slots(Places(_path(owner, model)), right, learned)
                self._slots[owner, model] = found
        found.ask(right)
        return found


def sharing_fault() -> str:
    """Try a lock; return why processes cannot share slots here, "" if they can."""
    probe = Places(folder() / "probe")
    if (place := probe.take(1)) is not None:
        probe.give(place)
    probe.close()
    return probe.fault


def _path(owner: str, model: str) -> Path | None:
    """Return the file of some slots; None where this user has no folder for it."""
    name = blake2b(f"{owner}\0{model}".encode(), digest_size=16).hexdigest()
    with contextlib.suppress(ConfigError):
        return folder() / name
    return None


_limiters: weakref.WeakSet[Limiter] = weakref.WeakSet()


def _after_fork() -> None:
    for limiter in list(_limiters):
        limiter._reset()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
