"""Real processes on one key: they share one right, and the system tidies up."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import LIMIT_S, ROOT, Paced

Factory = Callable[..., Paced]
Start = Callable[..., "subprocess.Popen[str]"]

_TABLE = """
    import asyncio, sys, glmkit
    async def main():
        client = glmkit.AsyncClient(in_flight={right}, timeout_s=600)
        print("begins", flush=True)
        await asyncio.gather(*(client.chat("Hi") for _ in range({calls})))
        from glmkit.client.call import execution
        print("shared" if not execution._limiter.fault else execution._limiter.fault)
    asyncio.run(main())
"""
#: Two hundred who call without end.
_CROWD = """
    import asyncio, glmkit
    async def call(client):
        while True:
            await client.chat("Hi")
    async def main():
        client = glmkit.AsyncClient(in_flight={right}, timeout_s=600)
        await asyncio.gather(*(call(client) for _ in range(200)))
    asyncio.run(main())
"""
_STREAMS = """
    import asyncio, glmkit
    async def hold(client):
        async with client.stream("Hi") as stream:
            async for event in stream:
                print("got", flush=True)
                await asyncio.sleep(600)
    async def main():
        client = glmkit.AsyncClient(in_flight={right})
        await asyncio.gather(*(hold(client) for _ in range({calls})))
    asyncio.run(main())
"""


@pytest.fixture
def start() -> Iterator[Start]:
    """Return a starter of scripts on an endpoint; what still runs is killed."""
    children: list[subprocess.Popen[str]] = []

    def popen(text: str, place: Paced, **environment: Any) -> subprocess.Popen[str]:
        key = {"GLMKIT_ENDPOINT": place.url, "GLMKIT_API_KEY": place.key}
        child = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(text)],
            env={**os.environ, **key, **environment},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        children.append(child)
        return child

    yield popen
    for child in children:
        child.kill()
        child.communicate()


def begin(children: list[subprocess.Popen[str]]) -> None:
    """Wait until each of these is about to make its calls."""
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "begins\n"


def ends(children: list[subprocess.Popen[str]]) -> list[str]:
    """Wait for the ends and return the last words."""
    return [child.communicate(timeout=LIMIT_S)[0].split()[-1] for child in children]


def test_four_processes_keep_to_one_right_together(
    paced: Factory, start: Start
) -> None:
    place = paced(gate=0, tokens=1)
    table = _TABLE.format(right=6, calls=40)
    children = [start(table, place) for _ in range(4)]
    begin(children)
    place.until(lambda seen: seen["active"] == 6)
    place.release()
    assert ends(children) == ["shared"] * 4
    seen = place.seen
    assert seen["requests"] == 160
    assert seen["peak"] == 6


def test_without_the_shared_file_they_exceed_it_and_say_why(
    paced: Factory, start: Start, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    place = paced(gate=0, tokens=1)
    table = _TABLE.format(right=6, calls=40)
    nowhere = {"GLMKIT_STATE_DIR": str(tmp_path / "file")}
    children = [start(table, place, **nowhere) for _ in range(4)]
    place.until(lambda seen: seen["active"] > 6)
    place.release()
    assert "shared" not in ends(children)
    assert place.seen["peak"] > 6


def test_killed_process_frees_its_slots_at_once(paced: Factory, start: Start) -> None:
    place = paced(tokens=10_000, rate=20)
    holder = start(_STREAMS.format(right=3, calls=3), place)
    place.until(lambda seen: seen["active"] == 3)
    waiting = start(_STREAMS.format(right=3, calls=3), place)
    for _ in range(3):
        assert holder.stdout is not None
        assert holder.stdout.readline() == "got\n"
    assert place.seen["requests"] == 3
    holder.kill()
    place.until(lambda seen: seen["requests"] == 6)
    assert waiting.stdout is not None
    assert waiting.stdout.readline() == "got\n"


def test_busy_process_lets_another_in(paced: Factory, start: Start) -> None:
    """One with two hundred calls at a time does not keep out one with a single call."""
    place = paced(wait_s=0.05, tokens=1)
    crowd = start(_CROWD.format(right=2), place)
    place.until(lambda seen: seen["requests"] >= 4)
    assert ends([start(_TABLE.format(right=2, calls=1), place)]) == ["shared"]
    assert crowd.poll() is None
    assert place.seen["peak"] == 2


def test_a_loop_of_single_calls_lets_another_in(paced: Factory, start: Start) -> None:
    place = paced(wait_s=0.02, tokens=1)
    table = start(
        """
        import glmkit
        client = glmkit.Client(in_flight=1)
        while True:
            client.chat("Hi")
        """,
        place,
    )
    place.until(lambda seen: seen["requests"] >= 4)
    assert ends([start(_TABLE.format(right=1, calls=3), place)]) == ["shared"]
    assert place.seen["peak"] == 1
    assert table.poll() is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_forked_child_holds_nothing_of_its_parents_and_shares_the_right(
    paced: Factory, start: Start
) -> None:
    child = start(
        """
        import asyncio, os
        from glmkit.transport.limiter import Limiter, Right, Slot
        limiter, right = Limiter(), Right(2, known=True)

        async def free(limit):
            taken = []
            slots = limiter.slots("key", "m", right)
            try:
                async with asyncio.timeout(2):
                    for _ in range(limit):
                        taken.append(await slots.take())
            except TimeoutError:
                pass
            for held in taken:
                slots.give(held)
            return len(taken)

        slot = Slot(limiter.slots("key", "m", right))
        asyncio.run(slot.__aenter__())
        read, write = os.pipe()
        pid = os.fork()
        if not pid:
            assert asyncio.run(free(2)) == 1, "one is the parent's"
            asyncio.run(slot.__aexit__(None, None, None))
            assert asyncio.run(free(2)) == 1, "and a child cannot give it back"
            os.write(write, b"x")
            os._exit(0)
        assert os.read(read, 1) == b"x"
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert asyncio.run(free(1)) == 1
        asyncio.run(slot.__aexit__(None, None, None))
        assert asyncio.run(free(2)) == 2
        print("both")
        """,
        paced(),
    )
    assert ends([child]) == ["both"]
