"""The retry policy in virtual time: what a fault means, and how much it may cost."""

import heapq
import random
from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from glmkit.transport.retries import (
    ASKED_CAP_S,
    LONGEST_S,
    TRIES,
    Retries,
    RetryBudget,
    asked_s,
    kind_of,
    reset_time,
)
from glmkit.types.errors import (
    APIError,
    GLMError,
    LedgerError,
    LocalError,
    StreamError,
    TransportError,
)
from glmkit.wire.error_codes import RULES, api_error, rule_for

NOW = 1_787_610_000.0  # 2026-08-25 06:20:00 in Beijing


def retries_of(
    budget: RetryBudget | None = None,
    patience_s: float = 300,
    *,
    repeatable: bool = False,
) -> Retries:
    return Retries(
        budget or RetryBudget(),
        patience_s,
        repeatable=repeatable,
        clock=lambda: NOW,
        chance=lambda: 0.0,
    )


def refused(code: str, message: str = "no") -> APIError:
    return api_error(429, code, message)


def lost(**marks: bool) -> TransportError:
    error = TransportError("lost")
    for name, value in marks.items():
        setattr(error, name, value)
    return error


def waits(fault: GLMError, **options: bool) -> list[float]:
    """Return every wait until the call gives up."""
    retries, found = retries_of(**options), []
    while (wait := retries.after(fault).wait_s) is not None:
        found.append(wait)
    return found


@pytest.mark.parametrize("code", [c for c, r in RULES.items() if r.action == "stop"])
def test_stop_codes_stop(code: str) -> None:
    asked = retries_of(repeatable=True).after(refused(code), "1")
    assert asked.wait_s is None


def test_waits_grow_and_end() -> None:
    assert waits(refused("1305")) == [0.5, 1, 2, 4]
    slot = waits(refused("1302"))
    assert slot[:7] == [0.5, 1, 2, 4, 8, 16, LONGEST_S]
    assert len(slot) == TRIES["slot"]


def test_chance_takes_up_to_half_of_a_wait() -> None:
    late = Retries(RetryBudget(), 300, repeatable=False, chance=lambda: 1.0)
    assert late.after(refused("1305")).wait_s == 0.25


def test_waiting_never_exceeds_the_patience() -> None:
    retries, waited = retries_of(patience_s=10), 0.0
    while (wait := retries.after(refused("1302")).wait_s) is not None:
        waited += wait
    assert 7 < waited <= 10


@pytest.mark.parametrize(
    ("fault", "bare", "named"),
    [
        (lost(sent=False), 2, 2),
        (lost(sent=False, lasting=True), 0, 0),
        (lost(stale=True), 1, 1),
        (lost(), 0, 2),
        (StreamError("cut"), 0, 2),
        (LedgerError("full"), 0, 0),
        (LocalError("gone"), 0, 0),
    ],
    ids=lambda value: type(value).__name__,
)
def test_lost_requests_go_again_only_where_they_can_not_be_billed_twice(
    fault: GLMError, bare: int, named: int
) -> None:
    assert len(waits(fault)) == bare
    assert len(waits(fault, repeatable=True)) == named


def test_closed_kept_connection_is_replaced_at_once() -> None:
    assert waits(lost(stale=True)) == [0.0]


def test_what_came_is_taken_for_its_status_where_the_code_is_unknown() -> None:
    waiting = {408, 409, 425, 429, 500, 502, 503, 504, 529}
    stopping = {400, 401, 403, 404, 405, 413, 418, 422, 434, 435, 451, 501, 505}
    assert {s for s in waiting | stopping if rule_for(s, "").action == "wait"} == (
        waiting
    )
    assert rule_for(None, "503").action == "wait"  # in an event of another server
    assert rule_for(200, "400").action == "stop"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30.0),
        (" 1.5 ", 1.5),
        ("Mon, 24 Aug 2026 22:20:30 GMT", 30.0),
        ("Mon, 24 Aug 2026 22:19:30 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("nan", None),
        ("1e9", None),
        ("٣", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(header: str, seconds: float | None) -> None:
    assert asked_s(header, NOW) == seconds


@given(st.text(max_size=60))
def test_any_header_and_any_message_can_be_read(text: str) -> None:
    asked_s(text, NOW)
    reset_time(text, NOW)


def test_retry_after_is_honoured_up_to_its_cap() -> None:
    assert retries_of().after(refused("1305"), "30").wait_s == 30.0
    assert retries_of().after(refused("1302"), str(ASKED_CAP_S)).wait_s == ASKED_CAP_S
    verdict = retries_of().after(refused("1305"), "121")
    assert verdict.wait_s is None
    assert "121 s" in verdict.note
    assert retries_of().after(refused("1305"), "0.1").wait_s == 0.5


@pytest.mark.parametrize(
    "message",
    [
        "已达到 5 小时的使用上限。您的限额将在 2026-08-25 06:21:00 重置。",
        "Your limit will reset at 2026-08-25 06:21:00",
        "resets at 2026-08-24T22:21:00Z",
        "resets at 2026-08-25T00:21:00.123+02:00",
        "2026年8月25日 06:21 重置",
        "next_flush_time 1787610060000",
        "next_flush_time 1787610060",
        "try again in 60 seconds",
        "Please retry after 1 minute.",
        "请在60秒后重试",
    ],
)
def test_time_of_a_reset_is_found_in_the_message(message: str) -> None:
    assert reset_time(message, NOW) == NOW + 60
    assert retries_of().after(refused("1308", message)).wait_s == 61.0


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("resets at 2026-08-25 08:20:00", "in 2.0 h"),
        ("resets at 2026-13-45 99:99:99", ""),
        ("resets at 2026-08-24 06:20:00", ""),
        ("the daily limit", ""),
    ],
)
def test_far_or_unknown_reset_stops_and_tells_when(message: str, told: str) -> None:
    verdict = retries_of().after(refused("1308", message))
    assert verdict.wait_s is None
    assert told in verdict.note
    assert bool(told) == bool(verdict.note)


def test_reset_is_waited_for_once() -> None:
    assert len(waits(refused("1308", "try again in 10 seconds"))) == 1


def test_every_kind_has_its_number_of_tries() -> None:
    faults = [refused("1302"), refused("1305"), refused("1308"), refused("1000")]
    faults_lost = [lost(sent=False), lost(stale=True), lost()]
    kinds = {kind_of(fault, True) for fault in [*faults, *faults_lost]}
    assert kinds == TRIES.keys()


def outage(budget: Callable[[], RetryBudget], code: str = "500") -> tuple[int, int]:
    """Ten virtual minutes in which every request fails; return calls and requests.

    Two hundred callers each ask again and again, a new call after a failed one.
    """
    random.seed(7)
    shared, now, order = budget(), 0.0, 0
    calls = requests = 0
    queue: list[tuple[float, int, Retries | None]] = [
        (random.random(), place, None) for place in range(200)
    ]
    order = len(queue)
    while queue:
        now, _, retries = heapq.heappop(queue)
        if now > 600:
            break
        if retries is None:
            retries = Retries(shared, 300, repeatable=False, clock=lambda: NOW)
            shared.request()
            calls += 1
        requests += 1
        wait = retries.after(refused(code)).wait_s
        order += 1
        if wait is None:
            heapq.heappush(queue, (now + 5 + random.random(), order, None))
        else:
            heapq.heappush(queue, (now + wait + 0.05, order, retries))
    return calls, requests


def test_outage_of_ten_minutes_is_not_made_worse() -> None:
    calls, requests = outage(RetryBudget)
    assert calls > 10_000
    assert requests <= 1.1 * calls + 10


def test_saved_up_credit_does_not_outgrow_the_start() -> None:
    budget = RetryBudget()
    for _ in range(10_000):
        budget.request()
    assert sum(budget.take() for _ in range(100)) == 10


def test_policy_without_a_budget_makes_an_outage_worse() -> None:
    class Boundless(RetryBudget):
        def take(self) -> bool:
            return True

    calls, requests = outage(Boundless)
    assert requests > 2 * calls


def test_refusals_of_ones_own_right_are_not_in_the_budget() -> None:
    calls, requests = outage(RetryBudget, "1302")
    assert requests > 2 * calls
    empty = RetryBudget(start=0)
    assert retries_of(empty).after(refused("1302")).wait_s is not None
    assert retries_of(empty).after(refused("1305")).wait_s is None
