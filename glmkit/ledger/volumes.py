"""Whether a path is on a network file system, where no write-ahead log can be had."""

from __future__ import annotations

import re
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
        return False  # not Linux: the journal's own refusal has to tell
    resolved = path.resolve()
    best, kind = -1, ""
    for line in lines:
        _device, point, system, *_rest = line.split(" ")
        place = Path(point.replace("\\040", " "))
        if resolved.is_relative_to(place) and len(place.parts) >= best:
            best, kind = len(place.parts), system
    return _NETWORK.match(kind) is not None
