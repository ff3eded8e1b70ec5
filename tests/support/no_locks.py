"""A process in which no file can be locked, as on a network file system without locks.

The kernel itself refuses: a filter of system calls answers ENOLCK to every lock.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct

_FCNTL = {"x86_64": 72, "aarch64": 25}
_LOCKS = (5, 6, 7, 36, 37, 38)  # F_GETLK, F_SETLK, F_SETLKW, and those of descriptions
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NUMBER, _COMMAND = 0, 24  # where `struct seccomp_data` has them
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _MODE_FILTER = 38, 22, 2


def possible() -> bool:
    return platform.system() == "Linux" and platform.machine() in _FCNTL


def _program() -> bytes:
    steps = [(_LOAD, 0, 0, _NUMBER)]
    count = len(_LOCKS)
    steps.append((_EQUAL, 0, count + 1, _FCNTL[platform.machine()]))
    steps.append((_LOAD, 0, 0, _COMMAND))
    for place, command in enumerate(_LOCKS):
        steps.append((_EQUAL, count - place, 0, command))
    steps.append((_RETURN, 0, 0, _ALLOW))
    steps.append((_RETURN, 0, 0, _ERRNO | errno.ENOLCK))
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def forbid() -> None:
    """Refuse locks from now on, in this process and its children."""
    code = ctypes.create_string_buffer(_program())
    program = struct.pack("HP", len(_program()) // 8, ctypes.addressof(code))
    library = ctypes.CDLL(None, use_errno=True)
    for arguments in (
        (_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (_PR_SET_SECCOMP, _MODE_FILTER, ctypes.create_string_buffer(program), 0, 0),
    ):
        if library.prctl(*arguments):
            raise OSError(ctypes.get_errno(), "the filter was not taken")
