"""Runs a verb over rows: one call for equal prompts, finished rows from the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from threading import Lock
from typing import Any

import msgspec

from glmkit.client.call.multi_step import AsyncSeries
from glmkit.client.replay import Rank
from glmkit.ledger.default import ledger
from glmkit.ledger.runs import Earlier
from glmkit.tables.grid import CellResult
from glmkit.tables.preparation import Preparation, RowOutcome, Status, reason_of
from glmkit.tables.runner import CallRunner, PendingCall
from glmkit.tools.loops import repairs
from glmkit.tools.schema import Misfit
from glmkit.types.errors import (
    BudgetError,
    ConfigError,
    ContextLengthError,
    ServerError,
    StreamError,
    TransportError,
)
from glmkit.types.money import Money
from glmkit.types.replies import WHOLE, Reply, where
from glmkit.types.translation import _

#: Questions that wait for a slot at one time, beside those that have one.
_WAITING = 32
#: The most questions under way, whatever the right.
_WIDEST = 640


class TableRun:
    """One run of a task: what is known from earlier is taken over, the rest is asked.

    `fresh` asks everything; `retry` "uncertain" asks again what may have been billed.
    """

    def __init__(
        self,
        preparation: Preparation,
        *,
        fresh: bool = False,
        retry: str | None = None,
    ) -> None:
        self.preparation = preparation
        self.task = preparation.task
        self.finished = 0
        self.spent: dict[str, int] = {}
        self.unpriced = 0
        self._fresh = fresh
        self._retry = retry
        self._lock = Lock()
        self._runner = CallRunner(self._ask, self._report, self._width, patient=True)

    @property
    def outcomes(self) -> list[RowOutcome]:
        """What became of each prompt so far."""
        return self.preparation.outcomes

    @property
    def error(self) -> Exception | None:
        """What ended the run before its time: a rejected key, a full disk."""
        return self._runner.error

    @property
    def rows(self) -> int:
        """How many rows have an outcome."""
        return sum(
            self.outcomes[p].status is not None for p in self.preparation.prompt_of
        )

    def start(self) -> None:
        """Begin to ask."""
        place = msgspec.structs.replace(where.get(), run=self.task.run)
        self._runner.start([self.places()], place)

    def wait(self, seconds: float) -> bool:
        """Wait for the end; return whether it has come."""
        return self._runner.ended.wait(seconds)

    def finish(self) -> None:
        """Ask no more rows; those in flight go on to their end."""
        self._runner.finish()

    def stop(self) -> None:
        """Give up the rows in flight."""
        self._runner.stop()

    @property
    def _width(self) -> int:
        right = self.task.client.service.right(self.task.model)
        return min(_WIDEST, right.most + _WAITING if right.known else _WIDEST)

    def places(self) -> Iterator[int]:
        """Prepare the prompts; yield those that have to be asked, as they come."""
        for fresh in self.preparation.portions():
            self._take_over(fresh)
            for place in fresh:
                if self.outcomes[place].status is None:
                    yield place
                else:
                    self.finished += 1

    def _take_over(self, places: list[int]) -> None:
        """Take what earlier runs have answered; mark what they may have been billed."""
        if self._fresh or not places:
            return
        keys = self.preparation.keys(places)
        endpoint = self.task.client.access.endpoint.name
        for found in ledger().earlier(list(keys), endpoint, self.task.model):
            outcome = self.outcomes[keys[found.key]]
            if outcome.status in {None, "uncertain"}:
                self._remember(outcome, found)

    def _remember(self, outcome: RowOutcome, found: Earlier) -> None:
        if found.state == "done" and found.source in self._sources:
            values = self._values(found.text, found.finish_reason)
            if values is not None:
                outcome.status, outcome.values, outcome.error = "kept", values, ""
                outcome.cost, outcome.at = self.task.nothing, found.at
                outcome.model = found.answered or self.task.model
                outcome.recorded = None  # the ledger has a better one
        elif self._retry != "uncertain" and _may_be_billed(found):
            outcome.status, outcome.at = "uncertain", found.at
            outcome.error = found.error or _("the process ended while it was under way")

    @property
    def _sources(self) -> set[str]:
        """Who may have answered: the stand-in only where it answers still."""
        return (
            {"service", "stand-in"} if self.task.client.service.local else {"service"}
        )

    def _values(self, text: str, finish_reason: str) -> tuple[Any, ...] | None:
        """Return the values of an earlier answer; None where they are not whole."""
        whole = finish_reason in WHOLE and text.strip()
        if not whole or text.startswith("sha256:"):
            return None
        try:
            return self.task.verb.read(text)
        except (Misfit, AttributeError, TypeError, ValueError):
            return None  # an answer to another form of the question

    def _ask(self, place: int) -> PendingCall:
        request = self.outcomes[place].request
        if request is None:
            raise ConfigError(_("this row has no prompt"))
        client, form = self.task.client, self.task.verb.form
        if form is None:
            return client.exchange(request, stream=False)
        steps = repairs(request, form)
        return AsyncSeries(steps, client.exchange, schema=form.kind, stream=False)

    def _report(self, place: int, result: CellResult) -> None:
        if place < 0 or result.state == "running":
            return
        outcome = self.outcomes[place]
        outcome.request = None
        reply = result.reply
        if reply is not None:
            usage = reply.usage
            outcome.tokens = None if usage is None else usage.total_tokens
            outcome.cost = reply.cost
            outcome.model = reply.model
            outcome.at = reply.calls[-1].at
            outcome.recorded = _recorded(reply)
            if outcome.recorded == "illustration":
                outcome.model = "illustration"
        else:
            outcome.cost = self.task.nothing  # it was not sent
        self._count(outcome.cost, asked=reply is not None)
        outcome.status, outcome.error = self._ended(outcome, result)
        self.finished += outcome.status is not None

    def _ended(
        self, outcome: RowOutcome, result: CellResult
    ) -> tuple[Status | None, str]:
        match result:
            case CellResult(state="done", reply=Reply() as reply):
                return self._answered(outcome, reply)
            case CellResult(state="stopped", reply=None):
                return None, ""  # it was not sent: the next run asks it
            case CellResult(state="stopped"):
                return "uncertain", _("interrupted while it was under way")
            case CellResult(error=BudgetError() as exc):
                return "refused", reason_of(exc)
            case CellResult(error=ContextLengthError() as exc):
                return "too long", reason_of(exc)
            case CellResult(error=Exception() as exc):
                unknown = outcome.cost is None or _is_granted(result.reply)
                lost = unknown and isinstance(exc, _UNCERTAIN)
                return "uncertain" if lost and self._priced else "failed", reason_of(
                    exc
                )
            case _:
                return "failed", ""

    def _answered(self, outcome: RowOutcome, reply: Reply) -> tuple[Status, str]:
        if not reply.complete:
            reason = reply.empty or reply.finish_reason or _("it broke off")
            return "failed", _("the answer is not whole: {reason}", reason=reason)
        if self.task.verb.form is None:
            outcome.values = self.task.verb.values(reply.text)
        else:
            outcome.values = self.task.verb.values(reply.parsed)
        return ("kept" if outcome.recorded else "done"), ""

    @property
    def _priced(self) -> bool:
        """Whether a call of this service costs money."""
        endpoint = self.task.client.access.endpoint
        return not (self.task.client.service.local or endpoint.plan)

    def _count(self, cost: Money | None, *, asked: bool) -> None:
        with self._lock:
            if cost is not None:
                before = self.spent.get(cost.currency, 0)
                self.spent[cost.currency] = before + cost.parts
            elif asked:
                self.unpriced += 1


#: Ends after which the service may have done the work.
_UNCERTAIN = (ServerError, StreamError, TransportError)
_UNCERTAIN_NAMES = {kind.__name__ for kind in _UNCERTAIN}


def _may_be_billed(found: Earlier) -> bool:
    """Whether a request may have been billed without an answer that is there."""
    if found.reserved == 0 and not found.granted:
        return False  # the call is free
    if found.cost is not None and not found.granted:
        return False
    if found.state in {"uncertain", "interrupted"}:
        return True
    return found.state == "failed" and found.error in _UNCERTAIN_NAMES


def _is_granted(reply: Reply | None) -> bool:
    """Whether a call that failed may have taken tokens off a grant."""
    return reply is not None and bool(reply.calls[-1].granted)


def _recorded(reply: Reply) -> Rank | None:
    """Return the rank of a replayed answer; None where it was sent for."""
    match reply.source:
        case "illustration":
            return "illustration"
        case "cassette":
            return "stand-in" if reply.stand_in else "service"
        case _:
            return None


def replayed_line(outcomes: Sequence[RowOutcome]) -> str:
    """Return one line on what the cassette has answered, "" for nothing."""
    ranks = [one.recorded for one in outcomes if one.recorded and one.values]
    if not ranks:
        return ""
    told = _("Replayed from the cassette: {count:,}", count=len(ranks))
    if drawn := ranks.count("illustration"):
        told += _("; illustrations that no model gave: {n:,}", n=drawn)
    return f"{told}."


def kept_line(outcomes: Sequence[RowOutcome]) -> str:
    """Return one line on what was taken over from earlier runs, "" for nothing."""
    kept = [
        one.at
        for one in outcomes
        if one.status == "kept" and one.at and not one.recorded
    ]
    if not kept:
        return ""
    first, last = (
        datetime.fromtimestamp(at, UTC).date() for at in (min(kept), max(kept))
    )
    days = str(first) if first == last else f"{first} to {last}"
    return _(
        "{count:,} prompts were answered before ({days}); fresh=True asks them again.",
        count=len(kept),
        days=days,
    )


def _day(at: float) -> date:
    return datetime.fromtimestamp(at, UTC).date()
