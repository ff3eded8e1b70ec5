"""File systems: whether a path is on the network, and whether files can be locked."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

#: https://www.sqlite.org/wal.html: all processes must be on one host, and share memory.
_NETWORK = re.compile(
    r"nfs|cifs|smb|9p|afs|ceph|lustre|gluster|gpfs|beegfs|pvfs|orangefs|ncp|coda"
    r"|fuse\.(sshfs|rclone|s3fs|gcsfuse|davfs|juicefs|gluster)|davfs"
)
_MOUNTS = Path("/proc/self/mounts")


def on_network(path: Path, mounts: Path = _MOUNTS) -> bool:
    """Whether the system says that the path is on another machine's disk."""
    try:
        lines = mounts.read_text(errors="replace").splitlines()
    except OSError:
        return False  # not Linux: the journal's own refusal shows it
    resolved = path.resolve()
    best, kind = -1, ""
    for line in lines:
        _device, point, system, *_rest = line.split(" ")
        place = Path(point.replace("\\040", " "))
        if resolved.is_relative_to(place) and len(place.parts) >= best:
            best, kind = len(place.parts), system
    return _NETWORK.match(kind) is not None


def lock_fault(folder: Path) -> str:
    """Lock a file for a moment; return why a folder has no locks, "" if it has.

    Where the file system refuses locks, SQLite reports a file that others hold.
    """
    if sys.platform == "win32":
        return ""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            return _locked(file.fileno())
    except OSError:
        return ""  # it cannot be written to, which has a message of its own


def _locked(descriptor: int) -> str:
    import fcntl

    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        return exc.strerror or str(exc)
    return ""
