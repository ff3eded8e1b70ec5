"""Retry policy: whether and when a request is sent again after a fault. No I/O.

A call is sent again only while nothing of its answer has been handed out, and only
where that cannot be billed twice, unless the caller asks for it. The clock and chance
are the caller's.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Literal, NamedTuple

from glmkit.transport.ends import may_be_done
from glmkit.types.errors import (
    APIError,
    GLMError,
    ServerError,
    StreamError,
    TransportError,
)
from glmkit.types.events import Waiting
from glmkit.types.translation import _

#: The longest wait that a service may ask for, in seconds; more is for the user.
ASKED_CAP_S = 120.0
#: The first wait and the longest, in seconds, before chance takes up to half of them.
FIRST_S, LONGEST_S = 0.5, 20.0

Kind = Literal["slot", "wait", "reset", "unsent", "stale", "broken", "stop"]

#: How often one call goes again for one kind of fault, and for all but "slot" together.
TRIES: dict[Kind, int] = {
    "slot": 11,  # the window shrinks meanwhile, and answers of others take their time
    "wait": 4,
    "reset": 1,
    "unsent": 2,  # mostly a wrong URL or no network: the user waits for the message
    "stale": 1,
    "broken": 2,
    "stop": 0,
}
ALL_TRIES = 4

#: Times in the service's messages that name no zone are Beijing's.
_BEIJING = timezone(timedelta(hours=8))


class RetryBudget:
    """Retry budget of a service: ten, and one more for each ten requests.

    Shared by all calls of a key there, so that an outage is not made worse.

    >>> budget = RetryBudget(start=1)
    >>> budget.take(), budget.take()
    (True, False)
    """

    def __init__(self, share: float = 0.1, start: int = 10) -> None:
        self._cost = round(1 / share)
        self._most = self._left = start * self._cost
        self._lock = threading.Lock()

    def request(self) -> None:
        """Count a request that is sent for the first time."""
        with self._lock:
            self._left = min(self._left + 1, self._most)

    def take(self) -> bool:
        """Whether one more may be sent again."""
        with self._lock:
            if self._left < self._cost:
                return False
            self._left -= self._cost
            return True


_budgets: dict[str, RetryBudget] = {}


def budget_of(owner: str) -> RetryBudget:
    """Return the budget of one key at one service."""
    return _budgets.setdefault(owner, RetryBudget())


class Decision(NamedTuple):
    """Send again after `wait_s` seconds; None: give up, and `note` may say why."""

    wait_s: float | None
    note: str = ""


class Retries:
    """The retries of one call: what follows from each of its faults.

    `patience_s` bounds all its waiting together; `repeatable` says that a request
    which may have been done is sent again: it changes nothing at the service, or the
    caller asked for it.
    """

    def __init__(
        self,
        budget: RetryBudget,
        patience_s: float,
        *,
        repeatable: bool,
        clock: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._budget = budget
        self._patience_s = patience_s
        self._repeatable = repeatable
        self._clock = clock
        self._chance = chance
        self._tries: Counter[Kind] = Counter()
        self._waited_s = 0.0

    def after(self, fault: GLMError, retry_after: str = "") -> Decision:
        """Decide what to do; `retry_after` is the header of the refusal."""
        kind = kind_of(fault, self._repeatable)
        if kind == "stop":
            return Decision(None, _not_sent_again(fault))
        wait = self._wait(kind, str(fault), retry_after)
        if isinstance(wait, str):
            return Decision(None, wait)
        if self._exhausted(kind) or self._waited_s + wait > self._patience_s:
            return Decision(None, self._history() if self._tries else "")
        if kind != "slot" and not self._budget.take():
            return Decision(None, _("So many calls fail now that it was not resent."))
        self._tries[kind] += 1
        self._waited_s += wait
        return Decision(wait)

    def _exhausted(self, kind: Kind) -> bool:
        if self._tries[kind] >= TRIES[kind]:
            return True
        rest = self._tries.total() - self._tries["slot"]
        return kind != "slot" and rest >= ALL_TRIES

    def _history(self) -> str:
        times, waited_s = self._tries.total() + 1, round(self._waited_s)
        return _(
            "It was sent {times} times, with {s} s of waiting.", times=times, s=waited_s
        )

    def _wait(self, kind: Kind, message: str, retry_after: str) -> float | str:
        """Return the seconds to wait, or why it is not worth it."""
        if kind == "stale":
            return 0.0
        asked = asked_s(retry_after, self._clock())
        if kind == "reset":
            return self._until_reset(message, asked)
        if asked is not None and asked > ASKED_CAP_S:
            return _("The service asks to wait {span}.", span=_span(asked))
        longest = min(LONGEST_S, FIRST_S * 2 ** self._tries[kind])
        wait: float = longest * (1 - self._chance() / 2)
        return max(wait, (asked or 0.0) * self._spread())

    def _until_reset(self, message: str, asked: float | None) -> float | str:
        now = self._clock()
        at = reset_time(message, now)
        if at is None and asked is not None:
            at = now + asked
        if at is None:
            return ""
        wait = max(at - now, 0.0) + 1 + self._chance()
        if at < now - 60:
            return ""  # a clock or a time zone is wrong
        if self._waited_s + wait > self._patience_s:
            when = datetime.fromtimestamp(at).strftime("%Y-%m-%d %H:%M")
            return _("It resets at {when}, in {span}.", when=when, span=_span(at - now))
        return wait

    def _spread(self) -> float:
        """Return a random factor, so that not all come back at the same moment."""
        return 1 + self._chance() / 10


def _not_sent_again(fault: GLMError) -> str:
    """Return why a request is not sent again, where waiting could have helped."""
    if isinstance(fault, APIError | StreamError | TransportError) and may_be_done(
        fault
    ):
        if isinstance(fault, ServerError) and fault.hint == ServerError.hint:
            fault.hint = ""  # not the advice to run it again in a moment
        return _(
            "The service may have done it, and may bill it, so it was not sent again."
        )
    return ""


def kind_of(fault: GLMError, repeatable: bool) -> Kind:
    """Return what kind of fault it is; "stop" where nothing is sent again.

    >>> lost = TransportError("closed")
    >>> kind_of(lost, False), kind_of(lost, True)
    ('stop', 'broken')
    """
    if may_be_done(fault) and not repeatable:
        return "stop"
    match fault:
        case APIError():
            return fault.action
        case TransportError(lasting=True):
            return "stop"
        case TransportError(sent=False):
            return "unsent"
        case TransportError(stale=True):
            return "stale"
        case TransportError() | StreamError():
            return "broken"
        case _:
            return "stop"


def asked_s(header: str, now: float) -> float | None:
    """Return the seconds of a Retry-After header, which holds a number or a date.

    >>> asked_s("7", 0.0), asked_s("Thu, 01 Jan 1970 00:01:00 GMT", 0.0)
    (7.0, 60.0)
    """
    header = header.strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", header):
        return float(header)
    try:
        at = parsedate_to_datetime(header)
        return max(at.timestamp() - now, 0.0)
    except (ValueError, OverflowError):
        return None


_DATE = re.compile(
    r"(\d{4})[-/年](\d{1,2})[-/月](\d{1,2})日?[T ]*(\d{1,2}):(\d{2})(?::(\d{2}))?"
    r"(?:\.\d+)?\s*(Z\b|UTC\b|GMT\b|[+-]\d{2}:?\d{2}\b)?"
)
_EPOCH = re.compile(r"\b(1\d{9})(\d{3})?\b")
_IN = re.compile(
    r"(?:\bin|\bafter|请在|请于)\s*(\d{1,6})\s*"
    r"(?:(s|sec|seconds?|秒)|(m|min|minutes?|分钟)|(h|hours?|小时))(?![a-z])",
    re.IGNORECASE,
)


def reset_time(message: str, now: float) -> float | None:
    """Return the time in a message at which a limit ends, in Unix seconds.

    >>> reset_time("您的限额将在 2026-08-25 07:41:44 重置。", 0.0)
    1787614904.0
    >>> reset_time("try again in 30 seconds", 100.0)
    130.0
    """
    if found := _DATE.search(message):
        return _moment(found)
    if found := _EPOCH.search(message):
        return float(found[1])
    if found := _IN.search(message):
        unit = 1 if found[2] else 60 if found[3] else 3600
        return now + int(found[1]) * unit
    return None


def _moment(found: re.Match[str]) -> float | None:
    year, month, day, hour, minute, second = (int(n or 0) for n in found.groups()[:6])
    try:
        at = datetime(year, month, day, hour, minute, second, tzinfo=_zone(found[7]))
        return at.timestamp()
    except (ValueError, OverflowError):
        return None


def _zone(name: str | None) -> timezone:
    if not name:
        return _BEIJING
    if name[0] not in "+-":
        return UTC
    offset = timedelta(hours=int(name[1:3]), minutes=int(name[-2:]))
    return timezone(offset if name[0] == "+" else -offset)


def _span(seconds: float) -> str:
    """Format a span of time.

    >>> _span(90), _span(7200)
    ('90 s', '2.0 h')
    """
    return f"{seconds:.0f} s" if seconds < 3600 else f"{seconds / 3600:.1f} h"


def waiting(fault: GLMError, seconds: float) -> Waiting:
    """Return the event that shows the wait after a fault."""
    return Waiting(
        str(fault), seconds, fault.code if isinstance(fault, APIError) else ""
    )
