"""Finds processes of the local platform that nothing uses any more (Linux)."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from glmkit.local import state

_ENGINE, _PLATFORM = "glmkit.local.engine", "glmkit.local.platform"
#: Seconds within which a platform that starts has written its record.
_STARTING_S = 120.0


class Orphan(msgspec.Struct, frozen=True):
    """A process that nothing uses: its id, and what it is."""

    pid: int
    what: str

    def __str__(self) -> str:
        return f"{self.what} (process {self.pid})"


def find() -> list[Orphan]:
    """Return this user's engines without a platform, and platforms without a record.

    Only Linux lists processes in a folder; elsewhere the list is empty.
    """
    commands = dict(_commands())
    found = []
    for pid, command in commands.items():
        parent = _parent(pid)
        if _ENGINE in command and parent and _PLATFORM not in commands.get(parent, ()):
            found.append(Orphan(pid, "an engine without a platform"))
        elif _PLATFORM in command and _unrecorded(pid, command):
            found.append(Orphan(pid, "a platform that no kernel finds"))
    return found


def _commands() -> list[tuple[int, list[str]]]:
    """Return the command lines of this user's engines and platforms, by process id."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile
            if folder.stat().st_uid == os.getuid():
                words = (folder / "cmdline").read_bytes().decode("utf-8", "replace")
                command = words.split("\0")
                if "-m" in command and {_ENGINE, _PLATFORM} & set(command):
                    found.append((int(folder.name), command))
    return found


def _unrecorded(pid: int, command: list[str]) -> bool:
    """Whether a platform for kernels has run for a while without its record."""
    if "--state" not in command or _age_s(pid) < _STARTING_S:
        return False
    record = state.read(Path(command[command.index("--state") + 1]))
    return record is None or record.pid != pid


def _parent(pid: int) -> int:
    fields = _fields(pid)
    return int(fields[1]) if fields else 0


def _age_s(pid: int) -> float:
    fields = _fields(pid)
    up = time.clock_gettime(time.CLOCK_BOOTTIME)
    return up - int(fields[19]) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def _fields(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat after the name, none once it has ended."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return []
