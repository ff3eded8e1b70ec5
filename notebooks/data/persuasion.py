"""Make persuasion.txt: the novel by Jane Austen (1818), in 24 chapters.

python notebooks/data/persuasion.py [FOLDER]
"""

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from fetch import Archive, keep_licence, only, opened, save_text

PACKAGE = Archive(
    "r-cran-janeaustenr",
    "1.0.0-1",
    "df6bddf211906d1ff404f8ff662c21b34e6660e7f54a311084e749050c019c95",
    registry="Debian",
)
#: The novels in the order in which R's database has them.
NOVELS = (
    *("Emma", "Mansfield Park", "Northanger Abbey"),
    *("Persuasion", "Pride and Prejudice", "Sense and Sensibility"),
)
#: R's code for a vector of strings, and for a string that is missing.
_STRINGS, _MISSING = 16, -1


def novels(files: Path) -> dict[str, str]:
    """Return all novels by title, and check that each begins with its own."""
    database = BytesIO(only(files, "data/Rdata.rdb").read_bytes())
    texts = ["\n".join(lines).strip("\n") for lines in vectors(database)]
    found = dict(zip(NOVELS, texts, strict=True))
    for title, text in found.items():
        assert text.lower().startswith(title.lower()), title
    return found


def vectors(database: BytesIO) -> Iterator[list[str]]:
    """Yield the vectors of strings in a database of R's lazy loading.

    Each is compressed by zlib after its length, and begins with R's header: the format
    "X", three versions, and the name of the encoding.
    """
    while head := database.read(4):
        (size,) = struct.unpack(">i", head)
        reader = zlib.decompressobj()
        body = BytesIO(reader.decompress(database.read()))
        assert len(body.getvalue()) == size
        database.seek(-len(reader.unused_data), 1)
        assert body.read(2) == b"X\n"
        body.seek(12, 1)
        body.seek(number(body), 1)
        assert number(body) & 0xFF == _STRINGS
        yield [string(body) for _ in range(number(body))]


def number(body: BytesIO) -> int:
    return int(struct.unpack(">i", body.read(4))[0])


def string(body: BytesIO) -> str:
    number(body)  # its flags
    size = number(body)
    return "" if size == _MISSING else body.read(size).decode()


def keep_own(files: Path) -> None:
    text = only(files, "r-cran-janeaustenr/copyright").read_text("utf-8")
    own = text[text.index("Upstream-Name") :]  # without the format of the file
    note = "The novels are in the public domain; the package that has them:"
    keep_licence("janeaustenr", f"{note}\n\n{own}")


def main() -> None:
    with opened(PACKAGE) as files:
        save_text(__file__, novels(files)["Persuasion"])
        keep_own(files)


if __name__ == "__main__":
    main()
