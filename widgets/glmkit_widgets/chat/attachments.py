"""What goes along with a question: variables, files and pictures."""

from __future__ import annotations

import base64
import binascii
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import msgspec

from glmkit.client.prompts import files as texts, media as documents, values as digests
from glmkit.types.errors import ConfigError
from glmkit.types.messages import Part

_PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff"}
_SOUNDS = {".wav", ".mp3"}
#: Names that a page offers.
_MOST = 300


class Attachment(msgspec.Struct, frozen=True):
    """A value as it was when it was attached: a text, or a part of a prompt."""

    kind: Literal["variable", "file", "image", "sound"]
    title: str
    about: str
    content: str | Part


def of_word(word: str, names: Mapping[str, Any]) -> Attachment:
    """Return what a name or a path stands for; a name goes first.

    Raises ConfigError for what is neither, can not be read, or looks like a key.
    """
    word = word.strip()
    if word in names:
        return of_value(word, names[word])
    path = Path(word).expanduser()
    try:
        there = bool(word) and path.is_file()
    except (OSError, ValueError):  # a text of pages, or a null in it
        there = False
    if there:
        return of_file(path)
    raise ConfigError(
        f"there is no variable and no file {word[:80]!r}",
        hint=f"Paths start from {Path.cwd()}.",
    )


def of_value(name: str, value: Any) -> Attachment:
    """Return a value of the notebook: a table as a digest, a picture as it is."""
    if digests.is_picture(value):
        return _medium("image", name, digests.picture(value))
    if isinstance(value, Path):
        return of_file(value)
    text = digests.tell(value)
    told = f'<variable name="{escape(name)}">\n{text}\n</variable>\n\n'
    return Attachment("variable", name, about(value), told)


def of_file(path: Path, title: str = "") -> Attachment:
    """Return the text of a file, or the picture or sound in it."""
    name = title or path.name
    if path.suffix.lower() in _PICTURES:
        return _medium("image", name, path)
    if path.suffix.lower() in _SOUNDS:
        return _medium("sound", name, path)
    text, guess = texts.decoded(path)
    digests.refuse_keys(text)
    told = f'<document name="{escape(name)}">\n{text}\n</document>\n\n'
    about = f"{len(text):,} characters" + (
        f", read as {guess}: a guess" if guess else ""
    )
    return Attachment("file", name, about, told)


def of_upload(name: str, data: str) -> Attachment:
    """Return a file that the page read: its name there, and its bytes in base64."""
    title = Path(name.replace("\\", "/")).name or "file"
    try:
        content = base64.b64decode(data, validate=True)
    except binascii.Error as exc:
        raise ConfigError(f"{title} did not arrive whole", hint="Try again.") from exc
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"file{Path(title).suffix}"
        path.write_bytes(content)
        return of_file(path, title)


def _medium(kind: Literal["image", "sound"], title: str, medium: Any) -> Attachment:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        part = documents.part_of(medium)
    told = "; ".join(str(warning.message) for warning in said)
    return Attachment(kind, title, told or kind, part)


def prompt_of(question: str, attached: Sequence[Attachment]) -> Any:
    """Return a question with what goes along: media first, then texts."""
    media = [a.content for a in attached if not isinstance(a.content, str)]
    words = "".join(a.content for a in attached if isinstance(a.content, str))
    text = words + question
    return [*media, *([text] if text else [])] if media else text


def offered(names: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the names that can be attached, each with what it holds."""
    found = []
    for name in names:
        value = names[name]
        if not name.startswith("_") and name not in _IPYTHON and not _code(value):
            found.append((name, about(value)))
    return sorted(found)[:_MOST]


_IPYTHON = {"In", "Out", "Err"}


def _code(value: Any) -> bool:
    return isinstance(value, type | ModuleType) or callable(value)


def about(value: Any) -> str:
    """Return what a value is, in few words.

    >>> about("abc"), about([1, 2])
    ('text, 3 characters', 'list of 2')
    """
    if isinstance(value, str):
        return f"text, {len(value):,} characters"
    kind = type(value).__name__
    try:
        shape = value.shape
    except Exception:  # most have none; some find theirs out, and may fail
        shape = None
    if isinstance(shape, tuple) and len(shape) == 2:
        return f"{kind}, {shape[0]:,} rows x {shape[1]:,} columns"
    if isinstance(value, list | tuple | dict | set):
        return f"{kind} of {len(value):,}"
    return kind
