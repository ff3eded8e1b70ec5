"""One call and what came of it: Call, the Reply that folds a group of calls, Where."""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any, Literal

import msgspec

from glmkit.events import (
    Event,
    Finish,
    Media,
    Repair,
    Review,
    Search,
    Source,
    Start,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Usage,
)
from glmkit.messages import Request
from glmkit.money import Money

#: `submitted`: the service took a task, whose answer was not fetched yet.
#: `uncertain`: the process ended while the request was under way; it is never sent
#: again unasked, because it may have been billed.
State = Literal["pending", "submitted", "done", "failed", "interrupted", "uncertain"]
Origin = Literal["service", "stand-in", "cassette", "illustration"]

#: Finish reasons of an answer that lacks nothing.
WHOLE = frozenset({"stop", "tool_calls"})


class Where(msgspec.Struct, frozen=True):
    """The place a call was made from: notebook, cell, and the person's own tag."""

    notebook: str = ""
    cell: str = ""
    tag: str = ""


#: Set by whoever knows the place (a magic, a widget, a table); read by the client.
where: ContextVar[Where] = ContextVar("where", default=Where())  # noqa: B039 - frozen


class Answer(msgspec.Struct, frozen=True):
    """What a model said, as far as it arrived."""

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
    content_filter: tuple[Review, ...] = ()
    media: tuple[Media, ...] = ()


class Fold:
    """Folds events into an Answer, in any batches.

    >>> fold = Fold()
    >>> fold.add([Text("Hel"), Text("lo"), Finish("stop")])
    >>> fold.answer().text
    'Hello'
    """

    def __init__(self) -> None:
        self._start = Start()
        self._text: list[str] = []
        self._thinking: list[str] = []
        self._calls: dict[int, list[ToolCall]] = {}
        self._sources: tuple[Source, ...] = ()
        self._usage: Usage | None = None
        self._finish = ""
        self._results: list[ToolResult] = []
        self._reviews: list[Review] = []
        self._media: dict[tuple[str, str, str], list[Media]] = {}

    def add(self, events: Iterable[Event]) -> None:
        """Take the next events, in the order they came."""
        for event in events:
            match event:
                case Text(text):
                    self._text.append(text)
                case Thinking(text):
                    self._thinking.append(text)
                case ToolCall(index):
                    self._calls.setdefault(index, []).append(event)
                case Start():
                    self._start = event
                case Usage():
                    self._usage = event
                case Search(results):
                    self._sources += results
                case Finish(reason):
                    self._finish = reason
                case Repair():
                    self._text.clear()
                case ToolResult():
                    self._results.append(event)
                case Review():
                    self._reviews.append(event)
                case Media(kind, medium_id, _, url):
                    self._media.setdefault((kind, medium_id, url), []).append(event)

    def answer(self) -> Answer:
        """Return what arrived so far."""
        return Answer(
            self._start.id,
            self._start.model,
            self._start.request_id,
            self._start.stand_in,
            "".join(self._text),
            "".join(self._thinking),
            tuple(_joined(parts) for parts in self._calls.values()),
            self._sources,
            self._usage,
            self._finish,
            tuple(self._results),
            tuple(self._reviews),
            tuple(_whole(pieces) for pieces in self._media.values()),
        )


def _joined(parts: list[ToolCall]) -> ToolCall:
    """Join the fragments of one call; the first that names something counts."""
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


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request, its transport retries included, as the ledger keeps it.

    `id` is the ledger's row (0: not written yet); `at` Unix seconds; `model` the
    model asked for; `operation` the kind of call: a chat has its `request`, every
    other kind its `payload`, a task that was submitted its `task_id`. `cost` is what
    is owed and `list_cost` the card's price (`None`: not known); `seconds` from
    sending to the end, `first_token_s` to the first piece of text or thinking.
    """

    id: int = 0
    group: int = 0
    at: float
    where: Where = Where()
    endpoint: str
    model: str
    operation: str = "chat"
    request: Request = Request(messages=())
    payload: dict[str, Any] | None = None
    task_id: str = ""
    stream: bool = False
    state: State = "pending"
    answer: Answer = Answer()
    source: Origin = "service"
    cost: Money | None = None
    list_cost: Money | None = None
    seconds: float | None = None
    first_token_s: float | None = None
    error: str = ""
    error_code: str = ""
    status: int | None = None
    retries: int = 0


class Reply(msgspec.Struct, frozen=True):
    """What came of one question: the fold of its calls, the last one's answer.

    A reply that was cut, interrupted or ran out of length has `.complete` False.
    `parsed` is the value of the asked `schema`, a Python type or a JSON Schema.
    """

    calls: tuple[Call, ...]
    parsed: Any = None
    schema: Any = None

    @property
    def _last(self) -> Call:
        return self.calls[-1]

    @property
    def text(self) -> str:
        """The answer's text."""
        return self._last.answer.text

    @property
    def thinking(self) -> str:
        """The model's reasoning, where it shows it."""
        return self._last.answer.thinking

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The calls that the model asks for."""
        return self._last.answer.tool_calls

    @property
    def web_search(self) -> tuple[Source, ...]:
        """The pages that the service searched."""
        return self._last.answer.web_search

    @property
    def tool_results(self) -> tuple[ToolResult, ...]:
        """What the tools that the service ran returned."""
        return self._last.answer.tool_results

    @property
    def content_filter(self) -> tuple[Review, ...]:
        """What content review found, where it found something."""
        return self._last.answer.content_filter

    @property
    def media(self) -> tuple[Media, ...]:
        """Sounds and videos of the answer."""
        return self._last.answer.media

    @property
    def usage(self) -> Usage | None:
        """Tokens of all calls together; None if a call did not tell."""
        usages = [call.answer.usage for call in self.calls]
        known = [usage for usage in usages if usage is not None]
        return _total(known) if len(known) == len(usages) else None

    @property
    def finish_reason(self) -> str:
        """Why the model stopped; "" if the answer broke off."""
        return self._last.answer.finish_reason

    @property
    def complete(self) -> bool:
        """Whether the whole answer came: it stopped by itself or calls a tool."""
        return self._last.state == "done" and self.finish_reason in WHOLE

    @property
    def cost(self) -> Money | None:
        """What is owed for all calls; None if one of them is not known."""
        return _sum([call.cost for call in self.calls])

    @property
    def list_cost(self) -> Money | None:
        """The card's price of this usage; None if it is not known."""
        return _sum([call.list_cost for call in self.calls])

    @property
    def source(self) -> Origin:
        """Who answered: "service", "stand-in", "cassette" or "illustration"."""
        return self._last.source

    @property
    def stand_in(self) -> str:
        """The small model that answered in GLM's place, or ""."""
        return self._last.answer.stand_in

    @property
    def model(self) -> str:
        """The model that answered, else the one asked for."""
        return self._last.answer.model or self._last.model

    @property
    def id(self) -> str:
        """The service's id of the answer."""
        return self._last.answer.id

    @property
    def seconds(self) -> float | None:
        """Seconds of all calls together."""
        taken = [call.seconds for call in self.calls if call.seconds is not None]
        return sum(taken) if taken else None

    @property
    def first_token_s(self) -> float | None:
        """Seconds to the first piece of the last call."""
        return self._last.first_token_s

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        text = self.text if len(self.text) <= 60 else self.text[:57] + "..."
        mark = "" if self.complete else f", finish_reason={self.finish_reason!r}"
        return f"Reply({text!r}, model={self.model!r}{mark})"


def _total(usages: list[Usage]) -> Usage:
    if len(usages) == 1:
        return usages[0]
    return Usage(
        sum(usage.prompt_tokens for usage in usages),
        sum(usage.completion_tokens for usage in usages),
        sum(usage.total_tokens for usage in usages),
        _optional([usage.cached_tokens for usage in usages]),
        _optional([usage.reasoning_tokens for usage in usages]),
    )


def _optional(counts: list[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _sum(amounts: list[Money | None]) -> Money | None:
    total = amounts[0]
    for amount in amounts[1:]:
        if total is None or amount is None:
            return None
        total = total + amount
    return total
