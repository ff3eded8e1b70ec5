"""Whether bubblewrap is here and works: a container may deny it namespaces."""

from __future__ import annotations

import shutil
import subprocess

_WALLS = ("--unshare-all", "--unshare-user", "--disable-userns", "--proc", "/proc")


def bubblewrap() -> str | None:
    """Return the path of a bwrap that can shut a program in."""
    path = shutil.which("bwrap", path="/usr/local/bin:/usr/bin:/bin")
    if path is None:
        return None
    command = [path, "--ro-bind", "/", "/", *_WALLS, "true"]
    works = subprocess.run(command, check=False, capture_output=True).returncode == 0
    return path if works else None
