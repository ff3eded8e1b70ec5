"""The records that running platforms keep for other processes of the same user."""

from __future__ import annotations

import os
import platform
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager
from hashlib import blake2b
from importlib import metadata
from pathlib import Path

import msgspec

from glmkit.config.endpoints import state_dir
from glmkit.local import lock
from glmkit.types.first_use import prepare


class Platform(msgspec.Struct, frozen=True):
    """A running platform: base `url`, `key`, process id, stand-in `model`, version.

    `shared`: kernels use it; else `glmkit serve` runs it for its own terminal.
    """

    url: str
    key: str
    pid: int
    model: str
    version: str
    shared: bool = True

    def __repr__(self) -> str:
        return f"Platform({self.url}, {self.model}, pid {self.pid})"

    def __str__(self) -> str:
        whose = "" if self.shared else ", run by `glmkit serve`"
        return f"{self.model} at {self.url} (process {self.pid}{whose})"


prepare(Platform)


def version() -> str:
    """Return glmkit's version."""
    return metadata.version("glmkit")


def new_key() -> str:
    """Return a random key in the service's form."""
    return f"{secrets.token_hex(16)}.{secrets.token_hex(8)}"


def kept_key(file: Path) -> str:
    """Return the key kept beside a state file; make one the first time."""
    place = file.with_suffix(".key")
    try:
        if (key := place.read_text("ascii").strip()).count(".") == 1:
            return key
    except (OSError, UnicodeDecodeError):
        pass
    key = new_key()
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as target:
        target.write(key)
    return key


def build() -> str:
    """Return an id of this build: the version, in a checkout with its files' age."""
    installed = metadata.distribution("glmkit").read_text("direct_url.json") or ""
    if '"editable"' not in installed:
        return version()
    return f"{version()} {age_of(Path(__file__).parent)}"


def age_of(folder: Path) -> str:
    """Return a digest of when the modules below a folder were last written."""
    files = sorted(folder.rglob("*.py"))
    ages = "\0".join(f"{file} {file.stat().st_mtime_ns}" for file in files)
    return blake2b(ages.encode(), digest_size=8).hexdigest()


def path(weights: Path | None) -> Path:
    """Return the state file of this machine, build, model file and documents.

    A home may be shared by machines, so that a platform is known by its machine too.
    """
    documents = os.environ.get("GLMKIT_LOCAL_DOCUMENTS", "")
    model = str(weights and weights.resolve())
    words = (platform.node(), build(), model, documents)
    name = blake2b("\0".join(words).encode(), digest_size=8).hexdigest()
    return state_dir() / f"platform-{name}.json"


def served_path(pid: int) -> Path:
    """Return the record of a platform that `glmkit serve` runs on this machine."""
    machine = blake2b(platform.node().encode(), digest_size=4).hexdigest()
    return state_dir() / f"serve-{machine}-{pid}.json"


def records() -> Iterator[tuple[Path, Platform]]:
    """Yield every record of the state folder: of any build, settings and machine."""
    for pattern in ("platform-*.json", "serve-*.json"):
        for file in sorted(state_dir().glob(pattern)):
            if (found := read(file)) is not None:
                yield file, found


def read(file: Path) -> Platform | None:
    """Return the record of a file, None where there is none that can be read."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Platform)
    except (OSError, msgspec.DecodeError):
        return None


def write(file: Path, running: Platform) -> None:
    """Write a record in one step, readable by this user alone."""
    part = file.with_suffix(f".{running.pid}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as target:
        target.write(msgspec.json.encode(running))
    part.replace(file)


def locked(file: Path) -> AbstractContextManager[None]:
    """Return the lock on a state file; hold it to start a platform."""
    return lock.held(file.with_suffix(".lock"))


def remove(file: Path, pid: int) -> None:
    """Remove the record of a process, unless another one has written since."""
    with locked(file):
        running = read(file)
        if running and running.pid == pid:
            file.unlink()
