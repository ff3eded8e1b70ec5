"""When to go again after a fault: decisions without I/O.

A call goes again only while nothing of its answer has been handed out, and only where
that can not be billed twice. The clock and chance are the caller's.
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

from glmkit.types.errors import APIError, GLMError, StreamError, TransportError
from glmkit.types.events import Waiting

#: The longest wait that a service may ask for, in seconds; more is the person's matter.
ASKED_CAP_S = 120.0
#: The first wait and the longest, in seconds, before chance takes up to half of them.
FIRST_S, LONGEST_S = 0.5, 20.0

Kind = Literal["slot", "wait", "reset", "unsent", "stale", "broken", "stop"]

#: How often one call goes again for one kind of fault, and for all but "slot" together.
TRIES: dict[Kind, int] = {
    "slot": 11,  # the window shrinks meanwhile, and answers of others take their time
    "wait": 4,
    "reset": 1,
    "unsent": 2,  # mostly a wrong URL or no network: a person waits for the message
    "stale": 1,
    "broken": 2,
    "stop": 0,
}
ALL_TRIES = 4

#: Times in the service's messages that name no zone are Beijing's.
_BEIJING = timezone(timedelta(hours=8))


class Budget:
    """How much may be sent again: a tenth of the requests, and ten to begin with.

    One for each service, whatever the calls: an outage is not made worse.

    >>> budget = Budget(start=1)
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


_budgets: dict[str, Budget] = {}


def budget_of(owner: str) -> Budget:
    """Return the budget of one key at one service."""
    return _budgets.setdefault(owner, Budget())


class Verdict(NamedTuple):
    """Go again after `wait_s` seconds; None: give up, and `note` may say why."""

    wait_s: float | None
    note: str = ""


class Retries:
    """The faults of one call, and what follows from each.

    `patience_s` bounds all its waiting together; `repeatable` says that the service
    tells a repetition from a new request, or that it changes nothing there.
    """

    def __init__(
        self,
        budget: Budget,
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

    def after(self, fault: GLMError, retry_after: str = "") -> Verdict:
        """Decide what to do; `retry_after` is the header of the refusal."""
        kind = kind_of(fault, self._repeatable)
        wait = self._wait(kind, str(fault), retry_after)
        if isinstance(wait, str):
            return Verdict(None, wait)
        if self._exhausted(kind) or self._waited_s + wait > self._patience_s:
            return Verdict(None, self._told() if self._tries else "")
        if kind != "slot" and not self._budget.take():
            return Verdict(None, "So many calls fail now that it was not sent again.")
        self._tries[kind] += 1
        self._waited_s += wait
        return Verdict(wait)

    def _exhausted(self, kind: Kind) -> bool:
        if self._tries[kind] >= TRIES[kind]:
            return True
        rest = self._tries.total() - self._tries["slot"]
        return kind != "slot" and rest >= ALL_TRIES

    def _told(self) -> str:
        times = self._tries.total() + 1
        return f"It was sent {times} times, and waited {self._waited_s:.0f} s."

    def _wait(self, kind: Kind, message: str, retry_after: str) -> float | str:
        """Return the seconds to wait, or why it is not worth it."""
        if kind in ("stop", "stale"):
            return "" if kind == "stop" else 0.0
        asked = asked_s(retry_after, self._clock())
        if kind == "reset":
            return self._until_reset(message, asked)
        if asked is not None and asked > ASKED_CAP_S:
            return f"The service asks to wait {_span(asked)}."
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
            return ""  # a clock or a zone is wrong: nothing can be built on it
        if self._waited_s + wait > self._patience_s:
            when = datetime.fromtimestamp(at).strftime("%Y-%m-%d %H:%M")
            return f"It resets at {when}, in {_span(at - now)}."
        return wait

    def _spread(self) -> float:
        """Those who were told the same do not come back at the same moment."""
        return 1 + self._chance() / 10


def kind_of(fault: GLMError, repeatable: bool) -> Kind:
    """Return what kind of fault it is.

    >>> lost = TransportError("closed")
    >>> kind_of(lost, False), kind_of(lost, True)
    ('stop', 'broken')
    """
    match fault:
        case APIError():
            return fault.action
        case TransportError(lasting=True):
            return "stop"
        case TransportError(sent=False):
            return "unsent"
        case TransportError(stale=True):
            return "stale"
        case TransportError() | StreamError() if repeatable:
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
    """Say a span of time.

    >>> _span(90), _span(7200)
    ('90 s', '2.0 h')
    """
    return f"{seconds:.0f} s" if seconds < 3600 else f"{seconds / 3600:.1f} h"


def waiting(fault: GLMError, seconds: float) -> Waiting:
    """Return what the person is told of the wait after a fault."""
    return Waiting(
        str(fault), seconds, fault.code if isinstance(fault, APIError) else ""
    )


def never_served(exc: BaseException | None) -> bool:
    """Whether the service refused at the door, or was never reached: nothing owed."""
    match exc:
        case TransportError():
            return exc.stale or not exc.sent
        case APIError(status=int(status)):
            return status >= 400
        case _:
            return False


def unserved(fault: GLMError) -> bool:
    """Whether a try that ended before its first event can have cost nothing."""
    return isinstance(fault, APIError) or never_served(fault)
