"""Call (one request with its outcome), Reply (the calls of one question), Where."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from glmkit.types.answers import WHOLE as WHOLE, Answer as Answer, Fold as Fold
from glmkit.types.events import (
    ContentReview,
    Media,
    Source,
    ToolCall,
    ToolResult,
    Usage,
)
from glmkit.types.messages import Request, canonical_key
from glmkit.types.money import Money
from glmkit.types.options import CITED
from glmkit.types.plain_text import one_line

#: `submitted`: the service accepted a task whose answer was not fetched yet.
#: `uncertain`: the process ended during the request, which may have been billed and is
#: never sent again unasked.
State = Literal["pending", "submitted", "done", "failed", "interrupted", "uncertain"]
Origin = Literal["service", "stand-in", "cassette", "illustration"]
#: What a cost is: the money that is owed, or the list price of the service that a
#: gateway speaks for, whose own price is not known.
CostBasis = Literal["owed", "list"]
Payer = Literal["money", "grant"]


class Where(msgspec.Struct, frozen=True):
    """The place a call was made from: notebook, cell, and the user's own tag.

    `run` is the id of the run of a table that it belongs to, "" outside of one.
    """

    notebook: str = ""
    cell: str = ""
    tag: str = ""
    run: str = ""


#: Set by what knows the place (a magic, a widget, a table), and read by the client.
where: ContextVar[Where] = ContextVar("where", default=Where())  # noqa: B039 - frozen


@contextmanager
def tag(name: str) -> Iterator[None]:
    """Tag the calls that are made in a `with` block, for filters and sums by tag.

    An inner block's tag replaces the outer one's; `%%glm --tag` overrides both. Tasks
    that are started inside have the tag, threads do not.

    >>> with tag("week 3"):
    ...     where.get().tag
    'week 3'
    >>> where.get().tag
    ''
    """
    token = where.set(msgspec.structs.replace(where.get(), tag=name))
    try:
        yield
    finally:
        where.reset(token)


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request with its retries, as the ledger keeps it.

    `id` is the ledger's row (0: not written yet); `at` Unix seconds; `model` the
    model asked for; `operation` the kind of call: a chat has its `request`, every
    other kind its `payload`, a task that was submitted its `task_id`. `cost` is what
    is owed and `list_cost` the card's price (`None`: not known); `cost_basis` is
    "list" where the cost is a list price too. `resent` counts the retries after tries
    that may have been billed. `seconds` to the end and `first_token_s` to the first
    piece are those of the recording, where a cassette answers, and `recorded` says
    when and where it was made; `changed` names what differs from that of the same
    cell; `superseded` is the rank ("stand-in", "illustration") of a recorded answer
    that was asked for again, of a better answerer. `granted` counts the tokens that
    came off a grant, at most so many where the usage is not known; None: none did.
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
    cost_basis: CostBasis = "owed"
    seconds: float | None = None
    first_token_s: float | None = None
    error: str = ""
    error_code: str = ""
    status: int | None = None
    retries: int = 0
    resent: int = 0
    granted: int | None = None
    recorded: str = ""
    changed: tuple[str, ...] = ()
    superseded: str = ""


class Reply(msgspec.Struct, frozen=True):
    """The answer to one question, with all calls that it took.

    A reply that was cut, interrupted, ran out of length or holds nothing has
    `.complete` False. `parsed` is the value of the `schema` that was passed, a Python
    type or a JSON Schema.
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
        """The model's reasoning; "" if it shows none."""
        return self._last.answer.thinking

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tools that the model asks for."""
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
    def content_filter(self) -> tuple[ContentReview, ...]:
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
        """Whether the whole answer came: the model stopped by itself or calls a tool.

        An answer that holds nothing is not whole: `empty` says why.
        """
        whole = self._last.state == "done" and self.finish_reason in WHOLE
        return whole and not self._last.answer.empty

    @property
    def empty(self) -> str:
        """Why a finished answer holds nothing; "" where it holds something."""
        return self._last.answer.empty if self.finish_reason else ""

    @property
    def cost(self) -> Money | None:
        """What is owed for all calls; None if one of them is not known."""
        return _sum([call.cost for call in self.calls])

    @property
    def cost_basis(self) -> CostBasis:
        """What the cost is: "owed", or "list" where a gateway's price is not known."""
        return "list" if any(c.cost_basis == "list" for c in self.calls) else "owed"

    @property
    def paid_by(self) -> Payer:
        """What paid: "grant" where all calls came off grants, else "money"."""
        granted = all(call.granted is not None for call in self.calls)
        return "grant" if granted else "money"

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
        """Seconds to the first piece of the last call; None if it came whole."""
        return self._last.first_token_s

    def cite(self) -> str:
        """Return one line for a paper: model, date, endpoint, parameters, prompt.

        The hash is that of the whole first request; equal hashes, equal requests.
        """
        first = self.calls[0]
        asked = "" if self.model == first.model else f" (asked as {first.model})"
        day = datetime.fromtimestamp(first.at, UTC).date()
        given = msgspec.to_builtins(first.request)
        shown = [f"{n}={given[n]}" for n in CITED if given.get(n) is not None]
        who = f", answered by the stand-in {self.stand_in}" if self.stand_in else ""
        place = first.recorded or f"{day}, {first.endpoint}"
        said = ", ".join([f"{self.model}{asked}", place, *shown])
        line = f"{said}{who}, request sha256:{canonical_key(first.request)}"
        return one_line(line)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        text = self.text if len(self.text) <= 60 else self.text[:57] + "..."
        mark = "" if self.complete else f", finish_reason={self.finish_reason!r}"
        mark += f", empty={self.empty!r}" if self.empty else ""
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
