"""Answer: what a model wrote; and Fold, which builds it from events."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from glmkit.types.events import (
    ContentReview,
    Event,
    Finish,
    Media,
    Repair,
    Search,
    Source,
    Start,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Usage,
    Waiting,
)

#: Finish reasons of an answer that is whole.
WHOLE = frozenset({"stop", "tool_calls"})

#: Pieces of a text, and fragments of a call, that are kept before they are joined.
_JOINED, _FRAGMENTS = 1024, 4096


class Answer(msgspec.Struct, frozen=True):
    """What a model wrote, as far as it arrived."""

    id: str = ""
    model: str = ""
    request_id: str = ""
    stand_in: str = ""
    text: str = ""
    thinking: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    web_search: tuple[Source, ...] = ()
    usage: Usage | None = None
    finish_reason: str = ""
    tool_results: tuple[ToolResult, ...] = ()
    content_filter: tuple[ContentReview, ...] = ()
    media: tuple[Media, ...] = ()

    @property
    def empty(self) -> str:
        """Why the answer holds nothing; "" where it holds text, calls or media."""
        if self.text.strip() or self.tool_calls or self.media:
            return ""
        if self.finish_reason == "tool_calls":
            return "the model asked for a tool and named none"
        if self.thinking.strip():
            return "the model wrote reasoning and no answer"
        return "the model wrote nothing"


class _Pieces:
    """Pieces of one text, joined a thousand at a time: each alone takes 60 bytes."""

    __slots__ = ("_joined", "new")

    def __init__(self) -> None:
        self._joined: list[str] = []
        self.new: list[str] = []

    def join(self) -> None:
        """Join the new pieces, if there are many."""
        if len(self.new) >= _JOINED:
            self._joined.append("".join(self.new))
            self.new.clear()

    def __str__(self) -> str:
        return "".join([*self._joined, *self.new])


class Fold:
    """Folds events into an Answer, in any batches.

    >>> fold = Fold()
    >>> fold.add([Text("Hel"), Text("lo"), Finish("stop")])
    >>> fold.answer().text
    'Hello'
    """

    def __init__(self) -> None:
        self._start = Start()
        self._text = _Pieces()
        self._thinking = _Pieces()
        self._calls: dict[int, list[ToolCall]] = {}
        self._sources: tuple[Source, ...] = ()
        self._usage: Usage | None = None
        self._finish = ""
        self._results: list[ToolResult] = []
        self._reviews: list[ContentReview] = []
        self._media: dict[tuple[str, str, str], list[Media]] = {}

    def add(self, events: Iterable[Event]) -> None:
        """Add the next events, in the order they came."""
        said, thought = self._text.new, self._thinking.new
        for event in events:
            match event:
                case Text(text):
                    said.append(text)
                case Thinking(text):
                    thought.append(text)
                case ToolCall(index):
                    self._calls.setdefault(index, []).append(event)
                case Start():
                    self._start = event
                case Usage():
                    self._usage = event
                case Finish(reason):
                    self._finish = reason
                case Repair():
                    self._text = _Pieces()
                    said = self._text.new
                case ToolResult() | Search() | ContentReview() | Media():
                    self._beside(event)
                case Waiting():
                    pass
        self._text.join()
        self._thinking.join()
        for parts in self._calls.values():
            if len(parts) >= _FRAGMENTS:
                parts[:] = [_joined(parts)]

    def _beside(self, event: ToolResult | Search | ContentReview | Media) -> None:
        """Add an event that comes whole, beside the text."""
        match event:
            case ToolResult():
                self._results.append(event)
            case Search(results):
                self._sources += results
            case ContentReview():
                self._reviews.append(event)
            case Media(kind, medium_id, _, url):
                self._media.setdefault((kind, medium_id, url), []).append(event)

    def answer(self) -> Answer:
        """Return the answer as far as it arrived."""
        return Answer(
            self._start.id,
            self._start.model,
            self._start.request_id,
            self._start.stand_in,
            str(self._text),
            str(self._thinking),
            tuple(_joined(parts) for parts in self._calls.values()),
            self._sources,
            self._usage,
            self._finish,
            tuple(self._results),
            tuple(self._reviews),
            tuple(_whole(pieces) for pieces in self._media.values()),
        )


def _joined(parts: list[ToolCall]) -> ToolCall:
    """Join the fragments of one call; its first id and name count."""
    first = parts[0]
    return ToolCall(
        first.index,
        next((part.id for part in parts if part.id), ""),
        next((part.name for part in parts if part.name), ""),
        "".join(part.arguments for part in parts),
        first.type,
        first.server,
    )


def _whole(pieces: list[Media]) -> Media:
    """Join the pieces of one sound."""
    data = "".join(piece.data for piece in pieces)
    return msgspec.structs.replace(pieces[-1], data=data)
