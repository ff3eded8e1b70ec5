"""Runs a command where only loopback is: no route leads off the machine.

`command(FOLDER, [program, ...])` returns the command that does it, which comes back to
this module inside the namespace.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

_SET_FLAGS, _UP = 0x8914, 0x1 | 0x40
#: bubblewrap keeps the user's name; `unshare` is there on most Linux machines.
_WALLS = (
    ("bwrap", "--unshare-net", "--dev-bind", "/", "/", "--die-with-parent"),
    ("unshare", "-rn"),
)


def command(folder: Path, words: list[str]) -> list[str] | None:
    """Return the command that runs `words` in a folder without routes, None if none."""
    inside = [sys.executable, "-m", "tests.support.without_routes", str(folder)]
    for wall in _WALLS:
        if shutil.which(wall[0]):
            trial = [*wall, *inside, sys.executable, "-c", ""]
            if subprocess.run(trial, check=False, capture_output=True).returncode == 0:
                return [*wall, *inside, *words]
    return None


def stand_alone() -> None:
    """Have loopback up, for the kernel's own sockets; there must be no way out."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug,
        suppress(PermissionError),  # bubblewrap has done it, and allows no more
    ):
        fcntl.ioctl(plug, _SET_FLAGS, struct.pack("16sh14x", b"lo", _UP))
    routes = Path("/proc/net/route").read_text("ascii").splitlines()[1:]
    assert routes == [], routes
    assert [name for _, name in socket.if_nameindex()] == ["lo"]
    socket.create_server(("127.0.0.1", 0)).close()


if __name__ == "__main__":
    stand_alone()
    os.chdir(sys.argv[1])
    os.execv(sys.argv[2], sys.argv[2:])
