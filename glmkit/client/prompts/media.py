"""Pictures and sounds for a prompt: from files, bytes, PIL, matplotlib, plotly.

The service takes PNG and JPEG pictures below 5 MB and up to 6000 x 6000 pixels; larger
ones are scaled down, with a MediaWarning.
"""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glmkit.types.errors import ConfigError, MediaWarning
from glmkit.types.messages import (
    AudioPart,
    FilePart,
    ImagePart,
    Link,
    Message,
    Part,
    Sound,
    TextPart,
    VideoPart,
)
from glmkit.types.plain_text import one_line, warn
from glmkit.types.requests import Prompt
from glmkit.types.translation import _

if TYPE_CHECKING:
    from PIL import Image

#: The service's limits for a picture: pixels of an edge, bytes.
EDGE = 6000
PICTURE_BYTES = 5_000_000
#: The largest file that is read at all, in bytes.
FILE_BYTES = 100_000_000

_SMALLER = 0.8
_BYTES = (bytes, bytearray, memoryview)
_MP3_FRAMES = (b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xfa")
_HINT = _("Pass a path, bytes, a PIL image, or a matplotlib or plotly figure.")


def prompt_of(prompt: Any) -> Prompt:
    """Return a prompt with its media as parts. Raises ConfigError.

    A single picture is a prompt too; texts, parts and messages are kept.
    """
    if isinstance(prompt, str):
        return prompt
    if isinstance(prompt, _BYTES) or is_medium(prompt):
        return [part_of(prompt)]
    if isinstance(prompt, Sequence):
        return [_item(item) for item in prompt]
    raise ConfigError(
        _("a prompt cannot be a {kind}", kind=type(prompt).__name__),
        hint=_("Pass a text, a list of texts and media, or a list of messages."),
    )


def part_of(medium: Any) -> Part:
    """Return a picture or a sound as a part of a prompt. Raises ConfigError."""
    if isinstance(medium, Path):
        return _part(_read(medium), medium.name)
    if isinstance(medium, _BYTES):
        return _part(bytes(medium), "the bytes")
    if hasattr(medium, "savefig"):
        buffer = io.BytesIO()
        medium.savefig(buffer, format="png")
        return _part(buffer.getvalue(), "the figure")
    if hasattr(medium, "to_plotly_json"):
        return _part(_drawn(medium), "the figure")
    if hasattr(medium, "getbands"):
        return _picture_part(medium, "the picture", b"")
    raise ConfigError(
        _("a prompt cannot hold a {kind}", kind=type(medium).__name__), hint=_HINT
    )


def image(source: Any) -> ImagePart:
    """Return a picture for a prompt, from a URL or whatever `part_of` takes."""
    part = ImagePart(Link(source)) if isinstance(source, str) else part_of(source)
    if not isinstance(part, ImagePart):
        raise ConfigError(_("this is not a picture"), hint=_HINT)
    return part


def audio(source: Any) -> AudioPart:
    """Return a sound for a prompt, from the path or bytes of a WAV or MP3 file."""
    part = part_of(source)
    if not isinstance(part, AudioPart):
        raise ConfigError(_("this is not a sound"), hint=_("Pass a WAV or MP3 file."))
    return part


def video(url: str) -> VideoPart:
    """Return a video for a prompt: MP4, MKV or MOV, by its URL."""
    return VideoPart(Link(url))


def file(url: str) -> FilePart:
    """Return a document for a prompt: PDF, text, Word, Excel or slides, by its URL."""
    return FilePart(Link(url))


def _item(item: Any) -> Any:
    """Return an item of a prompt's list, with its media as parts."""
    if isinstance(item, Mapping) and isinstance(item.get("content"), list):
        parts = [
            TextPart(part) if isinstance(part, str) else _item(part)
            for part in item["content"]
        ]
        return {**item, "content": parts}
    if isinstance(item, str | Mapping | Part | Message):
        return item
    return part_of(item)


def is_medium(value: Any) -> bool:
    """Whether a value is sent as a picture or file: a path, an image, a figure."""
    if isinstance(value, str):
        return False
    marks = ("savefig", "to_plotly_json", "getbands")
    return isinstance(value, Path) or any(hasattr(value, mark) for mark in marks)


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > FILE_BYTES:
            raise ConfigError(
                _(
                    "{path} has {size} MB, which is too large for a prompt",
                    path=path,
                    size=f"{size / 1e6:.0f}",
                ),
                hint=_("Upload it and pass its URL, or make it smaller."),
            )
        return path.read_bytes()
    except OSError as exc:
        raise ConfigError(
            _("{path} cannot be read: {why}", path=path, why=exc.strerror),
            hint=_("Check the path; relative ones start from the working directory."),
        ) from exc


def _drawn(figure: Any) -> bytes:
    try:
        picture: bytes = figure.to_image(format="png")
    except Exception as exc:  # kaleido absent, its browser absent, or either failing
        raise ConfigError(
            _("plotly cannot draw the figure: {why}", why=one_line(str(exc))),
            hint=_("`pip install kaleido` (it needs Chrome), or pass a picture of it."),
        ) from exc
    return picture


def _part(data: bytes, name: str) -> Part:
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return _sound(data, "wav")
    if data[:3] == b"ID3" or data[:2] in _MP3_FRAMES:
        return _sound(data, "mp3")
    if data[:4] == b"%PDF" or data[4:8] == b"ftyp" or data[:4] == b"\x1aE\xdf\xa3":
        raise ConfigError(
            _(
                "{name} is a document or a video, which the service takes by URL only",
                name=name,
            ),
            hint=_("Use glmkit.media.file(url) or .video(url)."),
        )
    return _picture_part(_opened(data, name), name, data)


def _sound(data: bytes, kind: str) -> AudioPart:
    return AudioPart(Sound(base64.b64encode(data).decode(), kind))


def _opened(data: bytes, name: str) -> Image.Image:
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data))
            picture.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
        raise ConfigError(
            _("{name} has more pixels than a picture for a prompt can have", name=name),
            hint=_("Crop it or scale it down to {edge} x {edge}.", edge=EDGE),
        ) from exc
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as exc:
        raise ConfigError(
            _("{name} is not a picture: {why}", name=name, why=exc), hint=_HINT
        ) from exc
    return picture


def _picture_part(picture: Image.Image, name: str, data: bytes) -> ImagePart:
    """Return the picture as it is if the service takes it, else converted to fit."""
    kind = picture.format if data else None
    if kind not in ("PNG", "JPEG") or not _fits(picture, data):
        small, kind, made = _fitted(picture)
        shrunk = small.size != _upright(picture).size
        if shrunk or (data and len(data) >= PICTURE_BYTES):
            warn(
                _(
                    "{name} ({was}) is sent as {now}",
                    name=name,
                    was=_sized(picture, data),
                    now=_sized(small, made),
                ),
                MediaWarning,
                stacklevel=2,
            )
        data = made
    text = base64.b64encode(data).decode()
    return ImagePart(Link(f"data:image/{kind.lower()};base64,{text}"))


def _fits(picture: Image.Image, data: bytes) -> bool:
    return len(data) < PICTURE_BYTES and max(picture.size) <= EDGE


def _upright(picture: Image.Image) -> Image.Image:
    from PIL import ImageOps

    return ImageOps.exif_transpose(picture)


def _fitted(picture: Image.Image) -> tuple[Image.Image, str, bytes]:
    """Scale a picture down until it fits; PNG if that is small enough, else JPEG."""
    small = _upright(picture)
    if small.mode not in ("RGB", "RGBA", "L"):
        small = small.convert("RGBA" if "transparency" in small.info else "RGB")
    if max(small.size) > EDGE:
        small = small.copy()
        small.thumbnail((EDGE, EDGE))
    made = _saved(small, "PNG")
    if len(made) < PICTURE_BYTES:
        return small, "PNG", made
    small = small.convert("RGB")
    while len(made := _saved(small, "JPEG", quality=90)) >= PICTURE_BYTES:
        width, height = (max(1, int(edge * _SMALLER)) for edge in small.size)
        small = small.resize((width, height))
    return small, "JPEG", made


def _saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def _sized(picture: Image.Image, data: bytes) -> str:
    pixels = f"{picture.width} x {picture.height} pixels"
    return f"{pixels}, {len(data) / 1e6:.1f} MB" if data else pixels
