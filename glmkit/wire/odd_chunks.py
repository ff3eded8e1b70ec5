"""Chunks of other types than the documented ones: what can be read of them is read.

Numbers stand for texts, one object for a list of one, a list of typed parts for a
text. What is not the answer itself and cannot be read is left out; where a piece of
the answer cannot be read, the chunk is refused, so that no answer lacks a piece unseen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from glmkit.types.first_use import prepare
from glmkit.wire.chunks import (
    AnswerChoice,
    Chunk,
    Delta,
    PageFound,
    PartReviewed,
    SoundPiece,
    VideoMade,
)
from glmkit.wire.json_text import count_of, mended_all, text_of
from glmkit.wire.tool_calls import CalledTool, NamedFunction

prepare(CalledTool)

#: The latest time that is a time, in seconds.
_LATEST = 2**53
_TEXTS = ("id", "model", "request_id", "stand_in", "status")
#: Types of parts that hold reasoning, and the fields in which it stands.
_THOUGHTS = ("thinking", "reasoning", "summary")


def chunk_of(found: Any) -> Chunk:
    """Return a chunk; ValueError where a piece of the answer cannot be read."""
    if not isinstance(found, Mapping):
        raise ValueError("it is not an object")
    usage = found.get("usage")
    pages = _items(found.get("web_search"), _page)
    return Chunk(
        **{name: text_of(found.get(name)) for name in _TEXTS},
        choices=_choices(found.get("choices")),
        usage=dict(usage) if isinstance(usage, Mapping) else None,
        # A search is billed, so one whose pages cannot be read is a search too.
        web_search=pages or ([PageFound()] if found.get("web_search") else None),
        content_filter=_items(found.get("content_filter"), _review),
        video_result=_items(found.get("video_result"), _video),
        error=found.get("error"),
    )


def _choices(value: Any) -> list[AnswerChoice] | None:
    if value is None:
        return None
    if not isinstance(value, list):
        raise ValueError("its choices are not a list")
    return [_choice(item) for item in value if item is not None]


def _choice(value: Any) -> AnswerChoice:
    if not isinstance(value, Mapping):
        raise ValueError("a choice is not an object")
    return AnswerChoice(
        _delta(value.get("delta")),
        _delta(value.get("message")),
        text_of(value.get("finish_reason")),
        usage if isinstance(usage := value.get("usage"), dict) else None,
    )


def _delta(value: Any) -> Delta | None:
    if value is None:
        return None
    if not value and not isinstance(value, bool | int | float):
        return Delta()  # an empty list or text for an empty object
    if not isinstance(value, Mapping):
        raise ValueError("a message is not an object")
    parts = _Parts()
    parts.add(value.get("content"))
    thought = _plain(value.get("reasoning_content")) + _plain(value.get("reasoning"))
    return Delta(
        content="".join(parts.texts) or None,
        reasoning_content=thought + "".join(parts.thoughts) or None,
        refusal=_plain(value.get("refusal")) + "".join(parts.refusals) or None,
        tool_calls=_called(value.get("tool_calls")),
        audio=_sound(value.get("audio")),
    )


class _Parts:
    """Sorts a message's content into texts, thoughts and refusals."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.thoughts: list[str] = []
        self.refusals: list[str] = []

    def add(self, content: Any) -> None:
        """Take a text, a number, a part, or a list of these."""
        match content:
            case None:
                pass
            case str():
                self.texts.append(content)
            case Mapping() if not content:
                pass
            case list():
                for part in content:
                    self.add(part)
            case Mapping():
                self._part(content)
            case _ if (number := text_of(content)) is not None:
                self.texts.append(number)
            case _:
                raise ValueError("its content cannot be read")

    def _part(self, part: Mapping[str, Any]) -> None:
        thought = next((name for name in _THOUGHTS if name in part), "")
        kind = part.get("type")
        if thought or (isinstance(kind, str) and kind in _THOUGHTS):
            self.thoughts.append(_plain(part.get(thought or "text")))
        elif "refusal" in part:
            self.refusals.append(_plain(part["refusal"]))
        elif "text" in part:
            text = part["text"]
            if isinstance(text, Mapping):  # with annotations beside its value
                text = text.get("value")
            if not isinstance(text, str | int | float) or isinstance(text, bool):
                raise ValueError("a text of its content cannot be read")
            self.add(text)
        elif not isinstance(kind, str) or kind == "text":
            raise ValueError("a part of its content cannot be read")


def _plain(value: Any) -> str:
    """Return all text in a value that is not the answer's own."""
    match value:
        case str():
            return value
        case list():
            return "".join(_plain(part) for part in value)
        case Mapping():
            return _plain(
                next((value[n] for n in ("text", *_THOUGHTS) if n in value), "")
            )
        case _:
            return text_of(value) or ""


def _called(value: Any) -> list[CalledTool] | None:
    if value is None:
        return None
    items = [value] if isinstance(value, Mapping) else value
    if not isinstance(items, list):
        raise ValueError("its tool calls are not a list")
    return [_call(item) for item in items if item is not None]


def _call(value: Any) -> CalledTool:
    if not isinstance(value, Mapping):
        raise ValueError("a tool call is not an object")
    function = value.get("function")
    if function is not None and not isinstance(function, Mapping):
        raise ValueError("the function of a tool call is not an object")
    rest = {name: part for name, part in value.items() if name not in _OWN}
    call = msgspec.convert(mended_all(rest), CalledTool, strict=False)
    call.index = count_of(value.get("index"))
    call.id, call.type = text_of(value.get("id")), text_of(value.get("type"))
    if function is not None:
        name = text_of(function.get("name"))
        arguments = function.get("arguments")
        if not isinstance(arguments, str):  # halves of a text are joined later
            arguments = mended_all(arguments)
        call.function = NamedFunction(name, arguments)
    return call


_OWN = ("index", "id", "type", "function")


def _sound(value: Any) -> SoundPiece | None:
    if not value:
        return None
    if not isinstance(value, Mapping):
        raise ValueError("its sound is not an object")
    data = value.get("data")
    if data is not None and not isinstance(data, str):
        raise ValueError("its sound is not a text")
    at = count_of(value.get("expires_at"), _LATEST)
    return SoundPiece(text_of(value.get("id")), data, at)


def _items(value: Any, read: Any) -> list[Any] | None:
    """Return what stands beside the answer: the objects among a list, or one alone."""
    if isinstance(value, Mapping):
        value = [value]
    if not isinstance(value, list):
        return None
    return [read(item) for item in value if isinstance(item, Mapping)]


def _page(item: Mapping[str, Any]) -> PageFound:
    return PageFound(
        **{name: text_of(item.get(name)) for name in PageFound.__struct_fields__}
    )


def _review(item: Mapping[str, Any]) -> PartReviewed:
    return PartReviewed(text_of(item.get("role")), count_of(item.get("level")))


def _video(item: Mapping[str, Any]) -> VideoMade:
    return VideoMade(text_of(item.get("url")), text_of(item.get("cover_image_url")))
