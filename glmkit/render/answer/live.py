"""Renders the events of one answer as the HTML and the text of an output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from glmkit import render
from glmkit.catalog import tokens
from glmkit.render import Badge, Blocks, Piece
from glmkit.render.answer.views import Shown
from glmkit.render.page import code, folded, sources
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
from glmkit.types.replies import Reply

#: Seconds for which a stream may collect events, and after which what was held back
#: is shown though nothing new came.
TICK_S = 0.1
#: Seconds between two updates at least, and more for each character to render again.
_UPDATE_S, _CHARACTER_S = 0.06, 1 / 60_000

#: Characters of a tool's arguments or result that are shown.
_LONGEST_NOTE = 10_000
#: Longer than a fence that a model is likely to close.
_FENCE = "~" * 12


class NewPieces(NamedTuple):
    """Finished pieces that were not taken before."""

    body: Sequence[Piece]
    thinking: Sequence[Piece]


class Section:
    """One text of an answer, its body or its reasoning, and its rendered pieces."""

    def __init__(self, before: str = "") -> None:
        self.blocks = Blocks()
        self.pieces: list[Piece] = []
        self.texts: list[str] = [before]
        self.read = 0
        self.taken = 0

    def add(self, text: str) -> None:
        """Keep the text; it is rendered when the pieces are needed."""
        self.texts.append(text)

    def catch_up(self) -> None:
        """Render what was added, and all again if an interrupt came into it."""
        if self.read < 0:
            self.blocks, self.pieces, self.read = Blocks(), [], 0
        unread = self.texts[self.read :]
        if unread:
            self.read = -1
            self.pieces += self.blocks.feed("".join(unread))
            self.read = len(self.texts)

    def take(self) -> Sequence[Piece]:
        """Return the pieces since the last time."""
        self.catch_up()
        new = self.pieces[self.taken :]
        self.taken = len(self.pieces)
        return new

    def html(self) -> str:
        """Return all of it, the open end included."""
        self.catch_up()
        return render.joined([*self.pieces, *self.blocks.tail()])

    def close(self) -> str:
        """Return all of it for good; it may be called again."""
        self.catch_up()
        self.pieces += self.blocks.close()
        return render.joined(self.pieces)


class Rendering:
    """Folds the events of one answer into rendered pieces.

    `fence` names the language of a code block round the answer, for an answer that is
    not Markdown.
    """

    def __init__(self, fence: str = "") -> None:
        self._before = f"{_FENCE}{fence}\n" if fence else ""
        self._body = Section(self._before)
        self._thinking = Section()
        self._calls: dict[int, list[ToolCall]] = {}
        self._results: list[ToolResult] = []
        self._sources: tuple[Source, ...] = ()
        self.size = 0
        self.restarted = False
        self.waiting = ""

    def add(self, events: Sequence[Event]) -> None:
        """Add the next events."""
        for event in events:
            self.waiting = ""
            match event:
                case Waiting():
                    self.waiting = str(event)
                case Text(text):
                    self._body.add(text)
                    self.size += len(text)
                case Thinking(text):
                    self._thinking.add(text)
                    self.size += len(text)
                case ToolCall(index):
                    self._calls.setdefault(index, []).append(event)
                case ToolResult():
                    self._results.append(event)
                case Search(results):
                    self._sources += results
                case Repair():
                    self._body = Section(self._before)
                    self._thinking.taken = 0
                    self.restarted = True
                case Start() | Usage() | Finish() | ContentReview() | Media():
                    pass

    @property
    def text(self) -> str:
        """The answer's text."""
        return "".join(self._body.texts[1:])

    @property
    def empty(self) -> bool:
        """Whether nothing has come that can be shown."""
        parts = (self.size, self._calls, self._results, self._sources)
        return not any(parts)

    @property
    def thinks(self) -> bool:
        """Whether reasoning has come, and no answer yet."""
        return len(self._thinking.texts) > 1 and not self.text

    def pause_s(self, *, whole: bool = False) -> float:
        """Return the seconds between updates of the open end, or of the `whole`."""
        if whole:
            return _UPDATE_S + self.size * _CHARACTER_S
        open_size = self._body.blocks.open_size + self._thinking.blocks.open_size
        return _UPDATE_S + open_size * _CHARACTER_S

    def take(self) -> NewPieces:
        """Return the finished pieces since the last time."""
        self.restarted = False
        return NewPieces(self._body.take(), self._thinking.take())

    def body_tail(self) -> Sequence[Piece]:
        """Return the open end of the answer."""
        return self._body.blocks.tail()

    def thinking_tail(self) -> Sequence[Piece]:
        """Return the open end of the reasoning."""
        return self._thinking.blocks.tail()

    def notes(self) -> str:
        """Return tools and sources as folds."""
        called = [_called(parts) for parts in self._calls.values()]
        results = [
            folded(f"Result of {result.name}", code(result.content[:_LONGEST_NOTE]))
            for result in self._results
        ]
        found = [sources(self._sources)] if self._sources else []
        waits = (
            [f'<p class="glmkit-badge">{render.escaped(self.waiting)}</p>']
            if self.waiting
            else []
        )
        return "".join([*called, *results, *found, *waits])

    def bundle(self) -> dict[str, str]:
        """Return the answer as it stands."""
        inside = render.page(
            self._body.html(), thinking=self._thinking.html(), notes=self.notes()
        )
        return {
            "text/html": render.static(inside),
            "text/plain": render.plain(self.text),
        }

    def final(
        self, badge: Badge | None, partial: str, shown: Shown | None = None
    ) -> dict[str, str]:
        """Return the output that stays; `shown` stands in the answer's place."""
        below = [line for line in (partial, badge.line() if badge else "") if line]
        text = self.text if shown is None or shown.text is None else shown.text
        text = "\n\n".join([text, *below]) if text else "\n".join(below)
        return {
            "text/html": render.static(self.inside(badge, partial, shown)),
            "text/plain": render.plain(text),
        }

    def inside(
        self, badge: Badge | None, partial: str, shown: Shown | None = None
    ) -> str:
        """Return the HTML of the output that stays, without its frame."""
        self.waiting = ""
        return render.page(
            self._body.close() if shown is None else shown.html,
            thinking=self._thinking.close(),
            thought=self._thought(badge),
            notes=self.notes(),
            badge=badge,
            partial=partial,
        )

    def _thought(self, badge: Badge | None) -> str:
        if badge is not None and badge.reasoning:
            return f" ({badge.reasoning:,} tokens)"
        about = tokens.estimate("".join(self._thinking.texts)).tokens
        return f" (about {about:,} tokens)" if about else ""


def rendering_of(reply: Reply) -> Rendering:
    """Return the rendering of a reply that is complete."""
    rendering = Rendering()
    rendering.add([Search(reply.web_search)] if reply.web_search else [])
    rendering.add([Thinking(reply.thinking), *reply.tool_calls, *reply.tool_results])
    rendering.add([Text(reply.text)])
    return rendering


def _called(parts: list[ToolCall]) -> str:
    name = next((part.name for part in parts if part.name), "tool")
    arguments = "".join(part.arguments for part in parts)
    return folded(f"Calls {name}", code(arguments[:_LONGEST_NOTE]))
