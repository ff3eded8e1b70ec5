"""The placeholder of an image: a PNG that says it is one."""

from __future__ import annotations

import struct
import zlib

_LINES = ("STAND-IN", "NO IMAGE WAS MADE")
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: Paper and ink, red green blue.
_PALETTE = bytes([0xEC, 0xEF, 0xF4, 0x2E, 0x34, 0x40])
#: Letters of five by seven dots; a number is a row, its highest bit the left dot.
_LETTERS = {
    " ": (0, 0, 0, 0, 0, 0, 0),
    "-": (0, 0, 0, 31, 0, 0, 0),
    "A": (14, 17, 17, 31, 17, 17, 17),
    "D": (30, 17, 17, 17, 17, 17, 30),
    "E": (31, 16, 16, 30, 16, 16, 31),
    "G": (14, 17, 16, 23, 17, 17, 15),
    "I": (14, 4, 4, 4, 4, 4, 14),
    "M": (17, 27, 21, 21, 17, 17, 17),
    "N": (17, 25, 21, 19, 17, 17, 17),
    "O": (14, 17, 17, 17, 17, 17, 14),
    "S": (15, 16, 16, 14, 1, 1, 30),
    "T": (31, 4, 4, 4, 4, 4, 4),
    "W": (17, 17, 17, 21, 21, 27, 17),
}
_PITCH = 6
_ROWS = 7
_MARGIN = 2


def png(width: int, height: int) -> bytes:
    """Return the placeholder, `width` by `height` pixels.

    >>> png(64, 64)[:8]
    b'\\x89PNG\\r\\n\\x1a\\n'
    """
    head = struct.pack(">IIBBBBB", width, height, 1, 3, 0, 0, 0)
    rows = b"".join(b"\0" + row for row in _rows(width, height))
    chunks = ((b"IHDR", head), (b"PLTE", _PALETTE), (b"IDAT", zlib.compress(rows, 6)))
    return _SIGNATURE + b"".join(_chunk(*one) for one in (*chunks, (b"IEND", b"")))


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + check


def _rows(width: int, height: int) -> list[bytes]:
    """Return the rows of pixels, a bit each, the words in the middle."""
    scale = max(1, width // ((max(map(len, _LINES)) + 2 * _MARGIN) * _PITCH))
    text = [row for line in _LINES for row in _lettered(line, width, scale)]
    above = max(0, (height - len(text)) // 2)
    blank = bytes(-(-width // 8))
    rows = [blank] * above + text
    return (rows + [blank] * (height - len(rows)))[:height]


def _lettered(line: str, width: int, scale: int) -> list[bytes]:
    """Return the rows of one line of text, with a gap below."""
    blank = bytes(-(-width // 8))
    rows = []
    for row in range(_ROWS):
        dots = "".join(f"{_LETTERS[letter][row]:05b}0" for letter in line)
        pixels = "".join(dot * scale for dot in dots)[:width].center(width, "0")
        packed = int(pixels.ljust(8 * len(blank), "0"), 2).to_bytes(len(blank), "big")
        rows += [packed] * scale
    return rows + [blank] * (2 * scale)
