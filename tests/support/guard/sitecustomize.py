"""Keeps a Python process on loopback: every other connection or look-up is refused.

On PYTHONPATH it is imported by every child process (kernels, servers) at its start.
Each refusal is a line in the file that GLMKIT_TEST_ESCAPES names, so that a test fails
even where the code under test swallowed the error.
"""

import errno
import ipaddress
import os
import socket
import sys
from pathlib import Path

_WATCHED = {
    "socket.connect": 1,
    "socket.sendto": 1,
    "socket.getaddrinfo": 0,
    "socket.gethostbyname": 0,
}


def is_loopback(host):
    """Whether a host name or address stays on this machine."""
    if host in (None, "", "localhost", b"localhost", b""):
        return True
    text = host.decode() if isinstance(host, bytes) else host
    try:
        return ipaddress.ip_address(text.partition("%")[0]).is_loopback
    except ValueError:
        return False


def refuse(event, args):
    """Raise for a connection or look-up that would leave loopback."""
    place = _WATCHED.get(event)
    if place is None:
        return
    target = args[place]
    if event in ("socket.connect", "socket.sendto"):
        if not isinstance(target, tuple):  # a Unix socket's path
            return
        target = target[0]
    if is_loopback(target):
        return
    # The reserved name that never resolves: here without asking anyone.
    if str(target).endswith(".invalid"):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    record = os.environ.get("GLMKIT_TEST_ESCAPES")
    if record:
        with Path(record).open("a", encoding="utf-8") as file:
            file.write(f"{event} {target} from {sys.argv[:1]}\n")
    raise OSError(errno.ENETUNREACH, f"a test may not leave loopback: {target}")


sys.addaudithook(refuse)
