"""The prompts of a verb over rows: each once, prepared in portions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, Protocol

import msgspec

from glmkit.catalog import cards
from glmkit.catalog.tokens import estimate_request
from glmkit.client.clients import Client
from glmkit.client.replay import Rank
from glmkit.readers.paged_text import PagedText
from glmkit.tables.pseudonyms import Pseudonyms
from glmkit.tables.rows import portions
from glmkit.tables.template import Template
from glmkit.tables.verbs import Verb
from glmkit.types.errors import GLMError, told_of
from glmkit.types.messages import Message, Request, canonical_key
from glmkit.types.money import Money
from glmkit.types.translation import _

Status = Literal["done", "kept", "failed", "uncertain", "refused", "too long"]
STATUSES: tuple[Status, ...] = (
    "done", "kept", "failed", "uncertain", "refused", "too long"
)  # fmt: skip

#: Rows that are prepared at a time: the first of them are sent at once.
_PORTION = 500


class RowOutcome(msgspec.Struct):
    """What became of one prompt, for all rows that have it; `status` None: not asked.

    `values` are those of the verb's targets; `cost` is owed once for all its rows;
    `recorded` is the rank of the cassette's answer, where it is replayed.
    """

    status: Status | None = None
    values: tuple[Any, ...] | None = None
    error: str = ""
    tokens: int | None = None
    cost: Money | None = None
    model: str = ""
    at: float = 0.0
    request: Request | None = None
    recorded: Rank | None = None


class PageChoice(Protocol):
    """Chooses the pages that are sent of a text, or with `every` sends all."""

    @property
    def every(self) -> bool:
        """Whether all are sent."""

    def of(self, text: PagedText) -> PagedText:
        """Return the pages that are sent."""

    def learn(self, texts: Sequence[PagedText]) -> None:
        """Get what the choice takes, before the texts are sent."""

    def other(self) -> PageChoice:
        """Return the other way: all pages, or the chosen ones."""


class RowTask(msgspec.Struct, frozen=True):
    """A verb over the rows of a table, ready to be asked.

    `values` are the rows' values of the template's columns; `options` those of the
    client, the verb's instruction and form among them; `run` names what is asked, so
    that its calls are found in the ledger. `pages` chooses those that are sent of a
    text with pages; None sends all.
    """

    verb: Verb
    template: Template
    values: Sequence[Sequence[Any]]
    client: Client
    options: dict[str, Any]
    run: str
    pseudonyms: Pseudonyms = Pseudonyms()
    pages: PageChoice | None = None

    @property
    def model(self) -> str:
        """The model that is asked."""
        return str(self.options.get("model") or self.client.model)

    @property
    def window(self) -> int | None:
        """The tokens that a prompt may have, here and at GLM; None: not known."""
        return window_of(self.client, self.model)

    @property
    def texts(self) -> list[PagedText]:
        """The texts with pages in the rows."""
        values = (value for row in self.values for value in row)
        return [value for value in values if isinstance(value, PagedText)]

    @property
    def nothing(self) -> Money:
        """What a row costs that is not sent."""
        return Money(0, self.client.access.endpoint.currency or "CNY")

    def prompt(self, place: int) -> tuple[Any, dict[str, str]]:
        """Return a row's prompt as it leaves, and what its pseudonyms stand for."""
        prompt = self.template.fill([*map(self._shown, self.values[place])])
        names: dict[str, str] = {}
        if isinstance(prompt, list):
            return [self._text(part, names) for part in prompt], names
        return self._text(prompt, names), names

    def _shown(self, value: Any) -> Any:
        """Return a value as it goes into a prompt; pages are named to be cited by."""
        if not isinstance(value, PagedText):
            return value
        chosen = value if self.pages is None else self.pages.of(value)
        return chosen.marked if self.verb.evidence else str(chosen)

    def _text(self, part: Any, names: dict[str, str]) -> Any:
        if not isinstance(part, str):
            return part
        hidden = self.pseudonyms.hide(_encodable(part))
        names |= hidden.names
        return hidden.text

    def request(self, prompt: Any) -> Request:
        """Return the request of a prompt. Raises ConfigError."""
        request, _form = self.client.request(prompt, self.options)
        return request


def window_of(client: Client, model: str) -> int | None:
    """Return the tokens that a prompt to a model may have; None: not known."""
    card, stand_in = cards.card(model), client.service.stand_in()
    known = [card and card.context_window, stand_in and stand_in[1]]
    return min((window for window in known if window), default=None)


class Preparation:
    """The prompts of a task, each once, prepared in portions as they are needed."""

    def __init__(self, task: RowTask) -> None:
        self.task = task
        self.outcomes: list[RowOutcome] = []
        #: Position of a row → the place of its prompt in `outcomes`.
        self.prompt_of: list[int] = []
        #: Position of a row → what its pseudonyms stand for, where it has any.
        self.names: dict[int, dict[str, str]] = {}
        self._places: dict[str, int] = {}
        self._window = task.window
        self._base: Request | None = None

    def portions(self) -> Iterator[list[int]]:
        """Prepare the rows in portions; yield the places of new prompts and keys."""
        for positions in portions(len(self.task.values), _PORTION):
            fresh: list[int] = []
            for position in positions:
                before = len(self.outcomes)
                place = self._place(position)
                self.prompt_of.append(place)
                if place == before:
                    fresh.append(place)
            yield fresh

    def keys(self, places: Sequence[int]) -> dict[str, int]:
        """Return the key of each of these prompts that can be asked."""
        wanted = set(places)
        return {key: place for key, place in self._places.items() if place in wanted}

    def _place(self, position: int) -> int:
        try:
            request = self._request(position)
        except Exception as exc:  # also what a value of the user's raises
            self.outcomes.append(
                RowOutcome("failed", error=reason_of(exc), cost=self.task.nothing)
            )
            return len(self.outcomes) - 1
        key = canonical_key(request)
        if (known := self._places.get(key)) is not None:
            return known
        place = self._places[key] = len(self.outcomes)
        outcome = RowOutcome(request=request, recorded=self.task.client.recorded(key))
        if outcome.recorded:
            pass  # an answer that is there has fitted
        elif self._window and (count := self._too_long(request)):
            outcome = RowOutcome("too long", error=count, cost=self.task.nothing)
        self.outcomes.append(outcome)
        return place

    def _request(self, position: int) -> Request:
        """Return the request of a row; texts go into a copy of the first one."""
        prompt, names = self.task.prompt(position)
        if names:
            self.names[position] = names
        if not isinstance(prompt, str) or not prompt.strip() or self._base is None:
            request = self.task.request(prompt)
            if isinstance(prompt, str):
                self._base = request
            return request
        *head, last = self._base.messages
        message = msgspec.structs.replace(last, content=prompt)
        return msgspec.structs.replace(self._base, messages=(*head, message))

    def _too_long(self, request: Request) -> str:
        """Return why a prompt surely does not fit the window, "" if it may."""
        assert self._window is not None
        if sum(map(_size, request.messages)) <= self._window:
            return ""  # a byte is at most a token
        low = estimate_request(request).low
        if low <= self._window:
            return ""
        return _(
            "at least {low:,} tokens, and the window of {model} holds {window:,}",
            low=low,
            model=self.task.model,
            window=self._window,
        )


def reason_of(exc: Exception) -> str:
    """Return an error as one line: its kind, what happened, the next step."""
    told = told_of(exc) if isinstance(exc, GLMError) else (str(exc),)
    return " ".join(filter(None, (f"{type(exc).__name__}:", *told)))


def _size(message: Message) -> int:
    content = message.content
    return len(content.encode()) if isinstance(content, str) else 0


def _encodable(text: str) -> str:
    """Return a text that UTF-8 can hold: a half of a surrogate pair is replaced."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
