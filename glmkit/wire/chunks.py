"""The service's chunks and bodies as they are, and the events that they hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from glmkit.types.events import Event, Media, Review, Search, Source, Start, Usage
from glmkit.wire.tool_calls import Called


class Audio(msgspec.Struct, gc=False):
    """A sound, or a piece of one, in base64."""

    id: str | None = None
    data: str | None = None
    expires_at: int | None = None


class Delta(msgspec.Struct, gc=False):
    """What a message says, or a piece of it."""

    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[Called] | None = None
    audio: Audio | None = None


class Choice(msgspec.Struct, gc=False):
    """One answer; the service sends only one."""

    delta: Delta | None = None
    message: Delta | None = None
    finish_reason: str | None = None
    index: int = 0


class _Cached(msgspec.Struct, gc=False):
    cached_tokens: int | None = None


class _Reasoned(msgspec.Struct, gc=False):
    reasoning_tokens: int | None = None


class _Usage(msgspec.Struct, gc=False):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    prompt_tokens_details: _Cached | None = None
    completion_tokens_details: _Reasoned | None = None


class _Page(msgspec.Struct, gc=False):
    title: str | None = None
    link: str | None = None
    content: str | None = None
    media: str | None = None
    icon: str | None = None
    refer: str | None = None
    publish_date: str | None = None


class _Reviewed(msgspec.Struct, gc=False):
    role: str | None = None
    level: int | None = None


class _Video(msgspec.Struct, gc=False):
    url: str | None = None
    cover_image_url: str | None = None


class Fault(msgspec.Struct, gc=False):
    """An error where an answer would be."""

    code: str | int | None = None
    message: str | None = None
    msg: str | None = None


class Chunk(msgspec.Struct, gc=False):
    """A chunk of a stream, or a whole reply."""

    id: str | None = None
    model: str | None = None
    choices: list[Choice] | None = None
    usage: _Usage | None = None
    web_search: list[_Page] | None = None
    content_filter: list[_Reviewed] | None = None
    video_result: list[_Video] | None = None
    request_id: str | None = None
    stand_in: str | None = None
    status: str | None = None
    error: Fault | str | None = None
    code: str | int | None = None
    message: str | None = None
    msg: str | None = None


def start(chunk: Chunk) -> Start:
    """Return who answers."""
    return Start(
        chunk.id or "", chunk.model or "", chunk.request_id or "", chunk.stand_in or ""
    )


def search(pages: Iterable[_Page]) -> Search:
    """Return the pages that were searched."""
    return Search(
        tuple(
            Source(*(getattr(page, name) or "" for name in Source.__struct_fields__))
            for page in pages
        )
    )


def usage(told: _Usage) -> Usage:
    """Return the tokens of a call."""
    prompt, completion = told.prompt_tokens or 0, told.completion_tokens or 0
    before, after = told.prompt_tokens_details, told.completion_tokens_details
    return Usage(
        prompt,
        completion,
        told.total_tokens or prompt + completion,
        before.cached_tokens if before else None,
        after.reasoning_tokens if after else None,
    )


def sound(audio: Audio) -> Media:
    """Return a sound of the answer."""
    return Media("audio", audio.id or "", audio.data or "", expires_at=audio.expires_at)


def beside(chunk: Chunk) -> Iterator[Event]:
    """Yield what stands beside the choices, but for the usage."""
    if chunk.web_search:
        yield search(chunk.web_search)
    for found in chunk.content_filter or ():
        yield Review(found.role or "", 3 if found.level is None else found.level)
    for video in chunk.video_result or ():
        yield Media("video", url=video.url or "", cover=video.cover_image_url or "")
