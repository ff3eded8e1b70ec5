"""Runs a notebook from top to bottom and writes it, with its outputs, beside itself.

`python -m tests.support.replay_run NOTEBOOK OUT [alone]`; `alone` stands in a
network namespace
of its own (`unshare -rn`), where only loopback is, and fails where anything else is.
"""

import fcntl
import socket
import struct
import sys
from pathlib import Path
from typing import Any

import nbclient
import nbformat

_SET_FLAGS, _UP = 0x8914, 0x1 | 0x40


def stand_alone() -> None:
    """Have loopback up, for the kernel's own sockets; there must be no way out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
        fcntl.ioctl(plug, _SET_FLAGS, struct.pack("16sh14x", b"lo", _UP))
    routes = Path("/proc/net/route").read_text("ascii").splitlines()[1:]
    assert routes == [], routes
    assert [name for _, name in socket.if_nameindex()] == ["lo"]


def run(notebook: Path, out: Path) -> None:
    """Execute all cells in the notebook's folder; raise what a cell raises."""
    formats: Any = nbformat  # has no types
    book = formats.read(notebook, as_version=4)
    client = nbclient.NotebookClient(
        book,
        kernel_name="python3",
        timeout=120,
        store_widget_state=False,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(notebook.parent)}},
    )
    try:
        client.execute()
    except nbclient.exceptions.CellExecutionError as exc:
        sys.exit(f"{exc.ename}: {exc.evalue}")
    finally:
        formats.write(book, out)


if __name__ == "__main__":
    if "alone" in sys.argv[3:]:
        stand_alone()
    run(Path(sys.argv[1]), Path(sys.argv[2]))
