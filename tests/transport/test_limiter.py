"""The limiter in one process: windows, turns, and 200,000 requests in virtual time."""

from __future__ import annotations

import asyncio
import contextlib
import random
import selectors
import subprocess
import sys
import threading
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from glmkit.config.endpoints import state_dir
from glmkit.transport.limiter import (
    Limiter,
    Places,
    Right,
    Slot,
    Slots,
    Window,
    folder,
    sharing_fault,
)
from glmkit.transport.retries import Retries, RetryBudget
from glmkit.types.errors import APIError
from glmkit.wire.error_codes import api_error
from tests.conftest import LIMIT_S, wait_for
from tests.support import no_locks


class _Clock(selectors.DefaultSelector):
    """Waits for nothing: where nothing is ready, time itself goes on."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "everybody waits for ever"
            self.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.clock = _Clock()
        super().__init__(self.clock)

    def time(self) -> float:
        return self.clock.now


def virtually(main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main)


def slots_of(right: int, known: bool = True) -> Slots:
    return Slots(Places(None), Right(right, known))


def busy(code: str = "1302") -> APIError:
    return api_error(429, code, "busy")


class Simulation:
    """Callers that ask without end, and a service with a limit that changes."""

    def __init__(self, slots: Slots, requests: int) -> None:
        self.slots = slots
        self.left = requests
        self.limit = 0
        self.active = 0
        self.most_over = 0
        self.refused = 0
        self.worked_s = 0.0
        self.ideal_s = 0.0

    async def run(self, callers: int, limits: Coroutine[Any, Any, None]) -> None:
        changing = asyncio.create_task(limits)
        await asyncio.gather(*(self.caller() for _ in range(callers)))
        changing.cancel()

    async def hold(self, limit: int, seconds: float) -> None:
        self.limit = limit
        until = asyncio.get_running_loop().time() + seconds
        while (rest := until - asyncio.get_running_loop().time()) > 1e-9:
            await asyncio.sleep(min(rest, 1.0))
            self.ideal_s += limit * min(rest, 1.0)

    async def caller(self) -> None:
        while self.left > 0:
            self.left -= 1
            async with Slot(self.slots):
                self.most_over = max(self.most_over, self.active + 1 - self.limit)
                await self.work()

    async def work(self) -> None:
        self.active += 1
        seconds = random.uniform(0.2, 1.8)
        await asyncio.sleep(seconds)
        self.active -= 1
        self.worked_s += seconds


@pytest.mark.parametrize(
    "requests", [40_000, pytest.param(200_000, marks=pytest.mark.slow)]
)
def test_no_request_starts_above_a_right_that_changes(requests: int) -> None:
    """The service is kept busy to nine tenths at least."""
    random.seed(1)
    slots = slots_of(50)
    simulation = Simulation(slots, requests)

    async def limits() -> None:
        while True:
            right = random.randint(1, 100)
            simulation.limit = max(simulation.limit, right)
            slots.ask(Right(right, known=True))
            await asyncio.sleep(0)  # turns that were given by the old right arrive
            await asyncio.sleep(0)
            await simulation.hold(right, random.uniform(5, 60))

    virtually(simulation.run(150, limits()))
    assert simulation.most_over <= 0
    assert simulation.worked_s >= 0.9 * simulation.ideal_s
    assert (slots.in_flight, slots.waiting) == (0, 0)


def test_simulation_sees_a_limiter_that_lets_one_too_many_in() -> None:
    class Lax(Slots):
        def ask(self, right: Right) -> None:
            super().ask(Right(right.most + 1, known=True))

    slots = Lax(Places(None), Right(50, known=True))
    simulation = Simulation(slots, 2_000)

    async def limits() -> None:
        slots.ask(Right(20, known=True))
        while True:
            await simulation.hold(20, 60)

    virtually(simulation.run(50, limits()))
    assert simulation.most_over > 0


class Refusing(Simulation):
    """The limit is the service's own, and told by refusals alone."""

    async def caller(self) -> None:
        while self.left > 0:
            self.left -= 1
            retries = Retries(RetryBudget(), 600, repeatable=False)
            while (wait := await self.attempt(retries)) is not None:
                await asyncio.sleep(wait)

    async def attempt(self, retries: Retries) -> float | None:
        try:
            async with Slot(self.slots):
                if self.active >= self.limit:
                    self.refused += 1
                    await asyncio.sleep(0.05)
                    raise busy()
                await self.work()
        except APIError as exc:
            verdict = retries.after(exc)
            assert verdict.wait_s is not None, "a call was given up"
            return verdict.wait_s
        return None


def test_hidden_limit_is_found_followed_and_used() -> None:
    random.seed(2)
    slots = slots_of(5, known=False)
    simulation = Refusing(slots, 50_000)

    async def limits() -> None:
        while True:
            for limit in (40, 60, 30, 45):
                await simulation.hold(limit, 200)

    virtually(simulation.run(120, limits()))
    assert simulation.worked_s >= 0.9 * simulation.ideal_s
    assert simulation.refused < 0.05 * 50_000


def test_unknown_right_doubles_with_each_full_round_until_it_is_refused() -> None:
    window = Window(Right())
    sizes = []
    for _ in range(5 + 10 + 20):
        window.succeeded()
        sizes.append(window.size)
    assert (sizes[4], sizes[14], sizes[34]) == (10, 20, 40)
    window.refused(ticket=36, latest=75)
    assert window.size == 20
    for _ in range(20):
        window.succeeded()
    assert window.size == 21


def test_overload_ends_the_search_and_takes_nothing() -> None:
    window = Window(Right())
    window.overloaded()
    for _ in range(5):
        window.succeeded()
    assert window.size == 6


def test_one_round_of_refusals_shrinks_once() -> None:
    window = Window(Right(100, known=True))
    for ticket in range(1, 31):
        window.refused(ticket, latest=100)
    assert window.size == 85
    window.refused(ticket=101, latest=180)
    assert window.size == 72


def test_known_right_is_never_exceeded_and_one_slot_is_left() -> None:
    window = Window(Right(3, known=True))
    for _ in range(100):
        window.succeeded()
    assert window.size == 3
    for ticket in range(1, 10):
        window.refused(ticket, latest=ticket)
    assert window.size == 1


def test_right_that_changes_is_taken_at_once_but_for_what_was_refused() -> None:
    window = Window(Right(10, known=True))
    window.ask(Right(50, known=True))
    assert window.size == 50
    window.refused(ticket=1, latest=1)
    window.ask(Right(100, known=True))
    assert window.size == 42
    window.ask(Right(20, known=True))
    assert window.size == 20


def test_only_news_of_a_learned_right_is_told_and_once() -> None:
    window = Window(Right(), learned=40)
    assert (window.size, window.news()) == (40, None)
    window.refused(ticket=1, latest=1)
    assert (window.size, window.news()) == (34, None)
    window.refused(ticket=2, latest=2)
    assert (window.news(), window.news()) == (28, None)
    known = Window(Right(40, known=True))
    known.refused(ticket=1, latest=1)
    assert known.news() is None


def test_a_window_that_is_not_full_does_not_grow() -> None:
    async def main() -> None:
        slots = slots_of(5, known=False)
        for _ in range(100):
            async with Slot(slots):
                pass
        assert slots.window.size == 5

    asyncio.run(main())


def test_first_come_first_served() -> None:
    async def main() -> None:
        slots, order = slots_of(1), []

        async def one(name: int) -> None:
            async with Slot(slots):
                order.append(name)
                await asyncio.sleep(0)

        await asyncio.gather(*(one(name) for name in range(50)))
        assert order == list(range(50))

    asyncio.run(main())


def test_cancelled_waiter_leaves_and_a_slot_given_in_that_moment_is_not_lost() -> None:
    async def hold(slots: Slots, released: asyncio.Event) -> None:
        async with Slot(slots):
            await released.wait()

    async def main() -> None:
        slots, released = slots_of(1), asyncio.Event()
        first, second, third = (
            asyncio.create_task(hold(slots, released)) for _ in range(3)
        )
        await asyncio.sleep(0)
        assert slots.waiting == 2
        released.set()
        await first  # its slot is on the way to the second
        second.cancel()
        await third
        assert (slots.in_flight, slots.waiting) == (0, 0)
        assert second.cancelled() or second.done()

    asyncio.run(main())


def test_random_cancelling_loses_no_slot() -> None:
    random.seed(3)

    async def work(slots: Slots) -> None:
        async with Slot(slots):
            await asyncio.sleep(random.random())

    async def main() -> None:
        slots = slots_of(7)
        tasks = []
        for _ in range(3_000):
            tasks.append(asyncio.create_task(work(slots)))
            await asyncio.sleep(random.random() / 10)
            random.choice(tasks[-20:]).cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (slots.in_flight, slots.waiting) == (0, 0)
        assert slots.window.size == 7

    virtually(main())


def test_loops_of_several_threads_share_the_slots() -> None:
    slots, peak, done = slots_of(3), 0, []

    async def one() -> None:
        nonlocal peak
        async with Slot(slots):
            peak = max(peak, slots.in_flight)
            await asyncio.sleep(0.001)
            done.append(1)

    async def many() -> None:
        await asyncio.gather(*(one() for _ in range(50)))

    threads = [threading.Thread(target=lambda: asyncio.run(many())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(done), peak, slots.in_flight) == (200, 3, 0)


def test_waiter_whose_loop_has_ended_does_not_hold_up_the_others() -> None:
    slots = slots_of(1)

    async def main() -> None:
        held = await slots.take()
        dead = asyncio.new_event_loop()
        slots._waiting[dead.create_future()] = dead
        dead.close()
        waiter = asyncio.create_task(slots.take())
        await asyncio.sleep(0)
        slots.give(held)
        slots.give(await waiter)

    asyncio.run(main())
    assert (slots.in_flight, slots.waiting) == (0, 0)


def test_look_for_another_processs_slot_goes_on_where_its_loop_ended(
    tmp_path: Path,
) -> None:
    """The first who waits leaves, and its loop with the look that was planned."""
    with held_elsewhere(tmp_path / "one") as child:
        slots = Slots(Places(tmp_path / "one"), Right(1, known=True))
        leave = threading.Event()
        first = threading.Thread(target=asyncio.run, args=(given_up(slots, leave),))
        first.start()
        wait_for(lambda: slots.waiting == 1)
        second = threading.Thread(target=asyncio.run, args=(slots.take(),))
        second.start()
        wait_for(lambda: slots.waiting == 2)
        leave.set()
        first.join()
        child.kill()
        second.join(LIMIT_S)
        assert not second.is_alive()
    assert (slots.in_flight, slots.waiting) == (1, 0)


async def given_up(slots: Slots, leave: threading.Event) -> None:
    """Wait for a slot until the word to leave."""
    taking = asyncio.create_task(slots.take())
    await asyncio.to_thread(leave.wait)
    taking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await taking


@contextlib.contextmanager
def held_elsewhere(path: Path) -> Iterator[subprocess.Popen[str]]:
    script = (
        "import sys; from pathlib import Path\n"
        "from glmkit.transport.limiter import Places\n"
        f"places = Places(Path({str(path)!r})); print(places.take(1), flush=True);"
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "0\n"
        yield child
        child.kill()


def test_models_and_keys_have_slots_of_their_own() -> None:
    limiter, right = Limiter(), Right(2, known=True)
    one = limiter.slots("key", "glm-4-plus", right)
    assert limiter.slots("key", "glm-4-plus", right) is one
    assert limiter.slots("key", "glm-4-long", right) is not one
    assert limiter.slots("other", "glm-4-plus", right) is not one
    assert limiter.known("key", "glm-4-plus")


def test_files_name_neither_key_nor_model_and_are_the_persons_own() -> None:
    async def main() -> None:
        slots = Limiter().slots("bigmodel digest", "glm-4-plus", Right(2, known=True))
        async with Slot(slots):
            pass

    asyncio.run(main())
    assert sharing_fault() == ""
    (file,) = (path for path in folder().iterdir() if path.name != "probe")
    assert folder().is_relative_to(state_dir())
    assert file.stat().st_mode & 0o077 == 0
    assert not any(word in file.name for word in ("bigmodel", "glm", "digest"))


def test_many_keys_do_not_keep_all_their_files_open() -> None:
    limiter = Limiter()

    async def main() -> None:
        for number in range(200):
            slots = limiter.slots(f"key {number}", "m", Right(1, known=True))
            async with Slot(slots):
                pass

    asyncio.run(main())
    opened = [slots._places._descriptor >= 0 for slots in limiter._slots.values()]
    assert (len(opened), sum(opened) <= 64) == (200, True)


def test_where_no_lock_can_be_had_the_slots_are_the_processs_own_and_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("GLMKIT_STATE_DIR", str(tmp_path / "file"))
    limiter = Limiter()
    slots = limiter.slots("key", "m", Right(2, known=True))

    async def main() -> None:
        held = [await slots.take(), await slots.take()]
        waiter = asyncio.create_task(slots.take())
        await asyncio.sleep(0)
        assert slots.waiting == 1
        slots.give(held.pop())
        for one in [await waiter, *held]:
            slots.give(one)

    asyncio.run(main())
    assert slots.in_flight == 0
    assert limiter.fault == sharing_fault() != ""


NO_LOCKS = """
import asyncio
from glmkit.transport import limiter
from tests.support import no_locks
no_locks.forbid()
print(limiter.sharing_fault())

async def main():
    mine = limiter.Limiter()
    slots = mine.slots("me", "glm-4-plus", limiter.Right(1, known=True))
    async with limiter.Slot(slots):
        print(slots.in_flight, mine.fault)

asyncio.run(main())
"""


@pytest.mark.skipif(not no_locks.possible(), reason="the filter is Linux's")
def test_file_system_without_locks_leaves_a_process_its_own_slots() -> None:
    done = subprocess.run(
        [sys.executable, "-c", NO_LOCKS], capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines() == ["No locks available", "1 No locks available"]
    assert done.stderr == ""
