"""Files to upload: read, named, and checked against the limits."""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Collection, Sized
from pathlib import Path
from typing import Any

from glmkit.types.errors import ConfigError
from glmkit.wire.forms import Upload

#: A path, the bytes themselves, or a name with its bytes.
File = str | Path | bytes | tuple[str, bytes]

MB = 2**20


def load(
    file: File, *, cap: int, suffixes: Collection[str] = (), name: str = "file"
) -> Upload:
    """Return a file's bytes and name.

    Raises ConfigError where it is missing, empty, larger than `cap` bytes, or named
    with none of the `suffixes`; plain bytes have no name to be held to them.
    """
    match file:
        case bytes():
            upload = Upload(name, file, _type(name))
        case (str(given), bytes(data)):
            upload = Upload(given, data, _type(given))
        case str() | Path():
            path = Path(file).expanduser()
            upload = Upload(path.name, _read(path, cap), _type(path.name))
        case _:
            raise ConfigError(
                f"a file cannot be a {type(file).__name__}",
                hint="Pass a path, bytes, or (name, bytes).",
            )
    _check(upload, cap, () if isinstance(file, bytes) else suffixes)
    return upload


def link_or_base64(file: File, *, cap: int, suffixes: Collection[str] = ()) -> str:
    """Return a URL as it is, and a file as base64 text; ConfigError as in `load`."""
    if isinstance(file, str) and file.startswith(("http://", "https://", "data:")):
        return file
    return base64.b64encode(load(file, cap=cap, suffixes=suffixes).data).decode()


def described(upload: Upload) -> dict[str, Any]:
    """Return what the ledger keeps of a file: its name and size, never its bytes."""
    return {"filename": upload.name, "bytes": len(upload.data)}


def at_most(what: str, value: Sized | int, most: int, unit: str, hint: str) -> None:
    """Raise ConfigError where there is more than the documented limit."""
    count = value if isinstance(value, int) else len(value)
    if count > most:
        raise ConfigError(f"{what}: {count:,} {unit}, {most:,} at most", hint=hint)


def within(what: str, value: float | None, low: float, high: float) -> None:
    """Raise ConfigError where a number is outside its documented range."""
    if value is not None and not low <= value <= high:
        raise ConfigError(
            f"{what} is {value:g}", hint=f"It lies between {low:g} and {high:g}."
        )


def one_of(what: str, value: str | None, choices: Collection[str]) -> None:
    """Raise ConfigError where a text is none of the documented values."""
    if value is not None and value not in choices:
        raise ConfigError(
            f"{what} cannot be {value!r}", hint=f"Use one of {', '.join(choices)}."
        )


def filled(what: str, text: str) -> None:
    """Raise ConfigError where a text is empty."""
    if not isinstance(text, str) or not text.strip():
        raise ConfigError(f"{what} is empty", hint="Write a text that says something.")


def _read(path: Path, cap: int) -> bytes:
    try:
        if (size := path.stat().st_size) > cap:
            raise _too_large(path.name, size, cap)
        return path.read_bytes()
    except OSError as exc:
        raise ConfigError(
            f"the file {path} cannot be read: {exc.strerror or exc}",
            hint="Check the path; it is looked for from the working directory.",
        ) from exc


def _check(upload: Upload, cap: int, suffixes: Collection[str]) -> None:
    suffix = Path(upload.name).suffix.lower().lstrip(".")
    if suffixes and suffix not in suffixes:
        raise ConfigError(
            f"{upload.name} is of a kind that the service does not take here",
            hint=f"It takes {', '.join(suffixes)}.",
        )
    if not upload.data:
        raise ConfigError(f"{upload.name} is empty", hint="Pass a file with content.")
    if len(upload.data) > cap:
        raise _too_large(upload.name, len(upload.data), cap)


def _too_large(name: str, size: int, cap: int) -> ConfigError:
    return ConfigError(
        f"{name} has {size / MB:.1f} MB, {cap / MB:g} MB at most",
        hint="Make it smaller, or cut it into several.",
    )


def _type(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"
