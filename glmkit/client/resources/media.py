"""Images, videos and sounds of the service, and their files."""

from __future__ import annotations

import base64
import mimetypes
from pathlib import Path
from typing import ClassVar, TypeVar
from urllib.parse import urlsplit

import msgspec

from glmkit.client.replay.atomic_write import write_whole
from glmkit.client.resources.requester import download
from glmkit.client.resources.sync_async import wait
from glmkit.client.resources.types import Record
from glmkit.types.errors import ConfigError, ServerError
from glmkit.types.money import Money
from glmkit.types.plain_text import one_line

M = TypeVar("M", bound="MediaFile")

#: First bytes, and where they stand → type.
_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1a\x45\xdf\xa3", "video/webm"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
)


class MediaFile(Record, frozen=True):
    """A file of the service: a `url`, its bytes in `data`, or both.

    `data` is empty until someone asks: `save` and `client.download` fetch it from
    the URL, without the API key.
    """

    kind: ClassVar[str] = "application/octet-stream"
    #: The most bytes that are fetched.
    cap: ClassVar[int] = 512 * 2**20

    url: str = ""
    data: bytes = b""
    type: str = ""

    @property
    def mime(self) -> str:
        """The MIME type: by the first bytes, else by the header, else the URL."""
        for place, magic, kind in _MAGIC:
            if self.data[place:].startswith(magic):
                return kind
        if self.type and self.type != "application/octet-stream":
            return self.type
        return mimetypes.guess_type(urlsplit(self.url).path)[0] or self.kind

    def save(self, path: str | Path) -> Path:
        """Write the file atomically and return its path.

        Fetches the URL first where the bytes are not here (on an event loop:
        `await client.download(it)` before). Raises ConfigError, TransportError.
        """
        target = Path(path).expanduser()
        data = self.data or wait(fetched(self)).data
        _write(target, data)
        return target

    def __repr__(self) -> str:
        size = f"{len(self.data)} bytes" if self.data else self.url or "empty"
        return one_line(f"{type(self).__name__}({self.mime}, {size})")


class Image(MediaFile, frozen=True):
    """A generated image; its link is valid for 30 days."""

    kind: ClassVar[str] = "image/png"
    cap: ClassVar[int] = 32 * 2**20

    cost: Money | None = None
    list_cost: Money | None = None


class Drawn(Record, frozen=True):
    """An image as it comes: by its URL, as a data URL, or in base64."""

    url: str = ""
    b64_json: str = ""

    @property
    def image(self) -> Image:
        """The image. ServerError where there is neither a URL nor readable bytes."""
        data = self.b64_json or (self.url if self.url.startswith("data:") else "")
        if data.startswith("data:"):
            data = data.partition(",")[2]
        if not data:
            if self.url:
                return Image(url=self.url)
            raise ServerError("the service sent no image")
        try:
            return Image(data=base64.b64decode(data, validate=True))
        except ValueError as exc:
            raise ServerError("the image that came is not base64") from exc


class Video(MediaFile, frozen=True):
    """A video and its cover image; some links hold for one day only."""

    kind: ClassVar[str] = "video/mp4"

    cover_image_url: str = ""

    @property
    def cover(self) -> Image:
        """The cover image."""
        return Image(url=self.cover_image_url)


class SoundFile(MediaFile, frozen=True):
    """A sound: a WAV file, or bare PCM samples."""

    kind: ClassVar[str] = "audio/wav"

    cost: Money | None = None
    list_cost: Money | None = None


async def fetched(media: M) -> M:
    """Return a copy with its bytes downloaded."""
    if media.data:
        return media
    if not media.url:
        raise ConfigError(
            "there is neither a file nor a URL", hint="Ask the service for it again."
        )
    data, kind = await download(media.url, media.cap)
    return msgspec.structs.replace(
        media, data=data, type=kind.partition(";")[0].strip()
    )


def _write(target: Path, data: bytes) -> None:
    """Write the file whole; ConfigError where it cannot be written."""
    try:
        write_whole(target, lambda file: file.write(data))
    except OSError as exc:
        raise ConfigError(
            f"{target} cannot be written: {exc.strerror or exc}",
            hint="Check the folder and the space on the disk.",
        ) from exc
