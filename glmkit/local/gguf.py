"""Reads the header of a GGUF file: whether it is one, and the name of its model.

The layout is that of llama.cpp's `gguf-py`: magic, version, counts, then key, type and
value, little-endian.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from glmkit.types.errors import LocalError
from glmkit.types.translation import _

_MAGIC = b"GGUF"
_HEAD = struct.Struct("<4sIQQ")
_STRING = 8
#: Bytes of each scalar type by its number; 8 is a string, 9 an array.
_SCALARS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_LONGEST = 65_536


def check(path: Path) -> None:
    """Raise LocalError unless the file begins as a GGUF file does."""
    with path.open("rb") as file:
        head = file.read(_HEAD.size)
    if len(head) < _HEAD.size or not head.startswith(_MAGIC):
        raise LocalError(
            _("{path} is not a GGUF model file", path=path),
            hint=_("Name a .gguf file; `glmkit local install` fetches a small one."),
        )


def name_of(path: Path) -> str:
    """Return `general.name`, or an empty string where the header has none."""
    with path.open("rb") as file:
        try:
            *_start, count = _HEAD.unpack(file.read(_HEAD.size))
            return _named(file, count)
        except (struct.error, UnicodeDecodeError, ValueError):
            return ""


def _named(file: BinaryIO, count: int) -> str:
    """Search the scalars; the name comes before the first array."""
    for _place in range(count):
        key = _text(file)
        (kind,) = struct.unpack("<I", file.read(4))
        if kind == _STRING:
            value = _text(file)
            if key == "general.name":
                return value.strip()
        elif kind in _SCALARS:
            file.read(_SCALARS[kind])
        else:
            break
    return ""


def _text(file: BinaryIO) -> str:
    (length,) = struct.unpack("<Q", file.read(8))
    if length > _LONGEST:
        raise ValueError("a text of the header is too long")
    return file.read(length).decode()
