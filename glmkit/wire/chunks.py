"""Structs of the service's chunks and bodies, and the events in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from glmkit.types.events import ContentReview, Event, Media, Search, Source, Start
from glmkit.wire.tool_calls import CalledTool

#: How the id of an answer of the local platform ends.
_STAND_IN = re.compile(r"-stand-in-([\w.-]+)$")


class SoundPiece(msgspec.Struct, gc=False):
    """A sound, or a piece of one, in base64."""

    id: str | None = None
    data: str | None = None
    expires_at: int | None = None


class Delta(msgspec.Struct, gc=False):
    """What a message holds, or a piece of it."""

    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    tool_calls: list[CalledTool] | None = None
    audio: SoundPiece | None = None


class AnswerChoice(msgspec.Struct, gc=False):
    """One answer; the service sends only one.

    Some servers put the usage of a stream here.
    """

    delta: Delta | None = None
    message: Delta | None = None
    finish_reason: str | None = None
    usage: dict[str, Any] | None = None


class PageFound(msgspec.Struct, gc=False):
    """A page of a web search."""

    title: str | None = None
    link: str | None = None
    content: str | None = None
    media: str | None = None
    icon: str | None = None
    refer: str | None = None
    publish_date: str | None = None


class PartReviewed(msgspec.Struct, gc=False):
    """The content review of one part."""

    role: str | None = None
    level: int | None = None


class VideoMade(msgspec.Struct, gc=False):
    """A video of the answer."""

    url: str | None = None
    cover_image_url: str | None = None


class Chunk(msgspec.Struct, gc=False):
    """A chunk of a stream, or a whole reply, of the documented types."""

    id: str | None = None
    model: str | None = None
    choices: list[AnswerChoice] | None = None
    usage: dict[str, Any] | None = None
    web_search: list[PageFound] | None = None
    content_filter: list[PartReviewed] | None = None
    video_result: list[VideoMade] | None = None
    request_id: str | None = None
    stand_in: str | None = None
    status: str | None = None
    error: Any = None


def start(chunk: Chunk) -> Start:
    """Return who answers.

    Proxies that write the chunks of a stream again drop the stand-in's field, but keep
    the id, which names it too.
    """
    stand_in = chunk.stand_in or ""
    if not stand_in and chunk.id and (mark := _STAND_IN.search(chunk.id)):
        stand_in = mark[1]
    return Start(chunk.id or "", chunk.model or "", chunk.request_id or "", stand_in)


def search(pages: Iterable[PageFound]) -> Search:
    """Return the pages that were searched."""
    return Search(
        tuple(
            Source(*(getattr(page, name) or "" for name in Source.__struct_fields__))
            for page in pages
        )
    )


def sound(audio: SoundPiece) -> Media:
    """Return a sound of the answer."""
    return Media("audio", audio.id or "", audio.data or "", expires_at=audio.expires_at)


def beside(chunk: Chunk) -> Iterator[Event]:
    """Yield what stands beside the choices, except the usage."""
    if chunk.web_search:
        yield search(chunk.web_search)
    for found in chunk.content_filter or ():
        yield ContentReview(found.role or "", 3 if found.level is None else found.level)
    for video in chunk.video_result or ():
        yield Media("video", url=video.url or "", cover=video.cover_image_url or "")
