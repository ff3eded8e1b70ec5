"""What goes along with a question: variables, files, images and sounds."""

from __future__ import annotations

import base64
import binascii
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import msgspec

from glmkit.client.prompts import media as documents, values as digests
from glmkit.readers import files as texts
from glmkit.types.attached_text import packed, unpacked
from glmkit.types.errors import ConfigError
from glmkit.types.messages import AudioPart, ImagePart, Message, Part, TextPart
from glmkit.types.translation import _

_IMAGES = {".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff"}
_SOUNDS = {".wav", ".mp3"}
#: Names that a page offers.
_MOST = 300

Kind = Literal["variable", "file", "image", "sound"]


class Attachment(msgspec.Struct, frozen=True):
    """A value as it was when it was attached: a text, or a part of a prompt."""

    kind: Kind
    title: str
    about: str
    content: str | Part


def of_word(word: str, names: Mapping[str, Any]) -> Attachment:
    """Return the variable of that name, else the file at that path.

    Raises ConfigError for anything else, and for what cannot be read or looks like a
    key.
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
        _("there is no variable or file {name!r}", name=word[:80]),
        hint=_("Relative paths start from {folder}.", folder=Path.cwd()),
    )


def of_value(name: str, value: Any) -> Attachment:
    """Return a value of the notebook: a table as a digest, an image as it is."""
    if digests.is_picture(value):
        return _medium("image", name, digests.picture(value))
    if isinstance(value, Path):
        return of_file(value)
    text = digests.tell(value)
    return Attachment("variable", name, about(value), packed("variable", name, text))


def of_file(path: Path, title: str = "") -> Attachment:
    """Return the text of a file, or the image or sound in it."""
    name = title or path.name
    if path.suffix.lower() in _IMAGES:
        return _medium("image", name, path)
    if path.suffix.lower() in _SOUNDS:
        return _medium("sound", name, path)
    text, guess = texts.decoded(path)
    digests.refuse_keys(text)
    size = _size(text)
    if guess:
        size = _("{size}, read as {encoding}: a guess", size=size, encoding=guess)
    return Attachment("file", name, size, packed("document", name, text))


def of_upload(name: str, data: str) -> Attachment:
    """Return a file that the page read: its name there, and its bytes in base64."""
    title = Path(name.replace("\\", "/")).name or "file"
    try:
        content = base64.b64decode(data, validate=True)
    except binascii.Error as exc:
        raise ConfigError(
            _("the upload of {name} is incomplete", name=title),
            hint=_("Attach the file again."),
        ) from exc
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"file{Path(title).suffix}"
        path.write_bytes(content)
        return of_file(path, title)


def _medium(kind: Kind, title: str, medium: Any) -> Attachment:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        part = documents.part_of(medium)
    notes = "; ".join(str(warning.message) for warning in caught)
    return Attachment(kind, title, notes or kind, part)


def prompt_of(question: str, attached: Sequence[Attachment]) -> Any:
    """Return a question with its attachments: media first, then texts."""
    media = [a.content for a in attached if not isinstance(a.content, str)]
    words = "".join(a.content for a in attached if isinstance(a.content, str))
    text = words + question
    return [*media, *([text] if text else [])] if media else text


def parted(message: Message) -> tuple[str, tuple[Attachment, ...]]:
    """Return a message as question and attachments: what `prompt_of` was called with.

    >>> parted(Message("user", packed("document", "a.txt", "Hi") + "Why?"))[0]
    'Why?'
    """
    content = message.content or ""
    parts = (TextPart(content),) if isinstance(content, str) else content
    media = [_of_part(part) for part in parts if not isinstance(part, TextPart)]
    words = "\n".join(part.text for part in parts if isinstance(part, TextPart))
    found, question = unpacked(words)
    held = [
        Attachment(
            "file" if one.tag == "document" else "variable",
            one.name,
            _size(one.text),
            one.source,
        )
        for one in found
    ]
    return question, (*media, *held)


def _of_part(part: Part) -> Attachment:
    kinds: dict[type, Kind] = {ImagePart: "image", AudioPart: "sound"}
    name = type(part).__name__.removesuffix("Part").lower()
    kind = kinds.get(type(part), "file")
    return Attachment(kind, name, kind, part)


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


def _size(text: str) -> str:
    return _("{count:,} characters", count=len(text))


def about(value: Any) -> str:
    """Return what a value is, in few words.

    >>> about("abc"), about([1, 2])
    ('text, 3 characters', 'list of 2')
    """
    if isinstance(value, str):
        return f"text, {_size(value)}"
    kind = type(value).__name__
    try:
        shape = value.shape
    except Exception:  # most have none; some compute theirs, and may fail
        shape = None
    if isinstance(shape, tuple) and len(shape) == 2:
        return f"{kind}, {shape[0]:,} rows x {shape[1]:,} columns"
    if isinstance(value, list | tuple | dict | set):
        return f"{kind} of {len(value):,}"
    return kind
