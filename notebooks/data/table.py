"""Bring sizes and hashes in the table of README.md up to date; add rows for new files.

python notebooks/data/table.py
"""

import hashlib
import re
from pathlib import Path

HERE = Path(__file__).parent
_ROW = re.compile(r"\| (?P<file>[\w.]+\.\w+) \|")


def data_files() -> list[Path]:
    """Return what the notebooks read: all but scripts, this table and hidden files."""
    return sorted(
        path
        for path in HERE.iterdir()
        if path.is_file()
        and path.suffix not in {".py", ".md"}
        and not path.name.startswith(".")
    )


def row(path: Path, cells: list[str]) -> str:
    """Return a row with the size and hash of a file after its first four cells."""
    body = path.read_bytes()
    size, digest = f"{len(body):,}", hashlib.sha256(body).hexdigest()
    return f"| {' | '.join([*cells, size, f'`{digest}`'])} |"


def table(text: str) -> str:
    """Return the text of README.md with one row for each data file, sorted."""
    lines = text.splitlines()
    kept = {
        found["file"]: [cell.strip() for cell in line.strip("| ").split("|")[:4]]
        for line in lines
        if (found := _ROW.match(line))
    }
    rows = [
        row(path, kept.get(path.name, [path.name, "?", "?", "?"]))
        for path in data_files()
    ]
    top = [line for line in lines if not _ROW.match(line)]
    end = top.index("| --- | --- | --- | --- | ---: | --- |") + 1
    return "\n".join([*top[:end], *rows, *top[end:]]) + "\n"


if __name__ == "__main__":
    readme = HERE / "README.md"
    readme.write_text(table(readme.read_text("utf-8")), "utf-8", newline="\n")
