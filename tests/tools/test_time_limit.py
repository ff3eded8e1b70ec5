"""A deadline ends what it bounds, and nothing else."""

import contextlib
import threading
import time
from collections.abc import Callable

import pytest

from glmkit.tools.time_limit import Overrun, bounded


def spin(seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


def on_a_thread(work: Callable[[], None]) -> list[BaseException]:
    """Run work on a thread of its own; return what it raised."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as exc:
            raised.append(exc)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()
    return raised


def overruns(work: Callable[[], None]) -> None:
    with pytest.raises(Overrun):
        bounded(work, 0.05)


@pytest.mark.parametrize("work", [lambda: spin(30), lambda: time.sleep(30)])
def test_main_thread_is_stopped_even_while_it_sleeps(work: Callable[[], None]) -> None:
    overruns(work)


def test_another_thread_is_stopped_between_two_steps() -> None:
    assert on_a_thread(lambda: overruns(lambda: spin(30))) == []


def test_what_ends_in_time_is_left_alone() -> None:
    assert bounded(lambda: "done", 30) == "done"


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, SystemExit])
def test_error_of_the_function_comes_through(error: type[BaseException]) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(error):
        bounded(fail, 30)


def test_function_that_swallows_the_stop_still_overruns() -> None:
    def swallow() -> None:
        with contextlib.suppress(KeyboardInterrupt):
            spin(30)

    overruns(swallow)


def hammered() -> None:
    """Let function and deadline end at the same moment, again and again."""
    for round_ in range(150):
        length = round_ % 25 * 0.0001
        with contextlib.suppress(Overrun):
            bounded(lambda length=length: spin(length), 0.001)  # type: ignore[misc]
        spin(0.002)  # a stop that comes late would hit here


def test_late_stop_never_hits_what_comes_after() -> None:
    hammered()


def test_late_stop_never_hits_what_comes_after_on_a_thread() -> None:
    assert on_a_thread(hammered) == []
