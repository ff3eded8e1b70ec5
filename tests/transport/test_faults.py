"""The fault matrix: one fault at one moment, both faces, every shape of a call.

Each call ends as a whole answer or a typed error within its deadline, in one settled
row of the ledger, and leaves no socket, thread or task behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count, product
from pathlib import Path
from typing import Any

import httpx
import pytest

import glmkit
from glmkit.ledger.default import ledger
from glmkit.transport import background_loop, http as transport
from tests.conftest import LIMIT_S, ROOT, wait_for
from tests.support.wrong_answers import ARGUMENTS, MOMENTS, TEXT

#: Seconds of silence that a call puts up with where the fault is silence.
SHORT_S = 1.0
#: Seconds within which every call must have ended.
DEADLINE_S = 120.0
KEY = "faulty0123456789.canary0123456789"
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "The weather of a city",
            "parameters": {"type": "object", "properties": {}},
        },
    }
]
SHAPES = ("chat", "stream", "tools", "tools_stream")
LATER = MOMENTS[1:]
#: What there is to go wrong, and when it can.
FAULTS: dict[str, tuple[str, ...]] = {
    "none": MOMENTS,
    "cut": MOMENTS,
    "reset": MOMENTS,
    "stall": MOMENTS,
    "drip": MOMENTS[1:],
    "ping": MOMENTS[1:],
    "bad_chunk": LATER,
    "chunk_too_long": LATER,
    "length_short": LATER,
    "length_long": LATER,
    "length_long_and_open": LATER,
    "gzip_cut": LATER,
    "gzip_damaged": LATER,
    "gzip_whole": ("after_headers",),
    "unknown_encoding": ("after_headers",),
    "html": MOMENTS,
    "error_event": MOMENTS,
    "redirect": ("before_headers",),
    "elsewhere": ("before_headers",),
    "deep": MOMENTS,
    "header_flood": ("before_headers",),
    "long_header": ("before_headers",),
    "slow_headers": ("before_headers",),
    "informed": ("before_headers",),
    "garbage": ("before_headers",),
}
SILENT = {"stall", "ping", "length_long_and_open", "slow_headers", "informed"}
#: Faults that a right client gets over.
HARMLESS = {"none", "drip", "gzip_whole"}


@dataclass(frozen=True)
class Faulty:
    """An endpoint on the fault server, in a lane of its own."""

    origin: str
    tls: str
    lane: str

    def url(self, fault: str, at: str = "before_headers") -> str:
        return f"{self.origin}/lane={self.lane}/fault={fault}/at={at}/api/paas/v4"

    def seen(self, lane: str = "") -> dict[str, Any]:
        place = f"{self.origin}/lane={lane or self.lane}/state"
        with urllib.request.urlopen(place) as reply:
            seen: dict[str, Any] = json.load(reply)
        return seen


@pytest.fixture(scope="session")
def fault_server() -> Iterator[dict[str, str]]:
    """Run the fault server for this worker."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.faults"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        yield json.loads(child.stdout.readline())
        child.stdin.close()


_lanes = count(1)


@pytest.fixture
def faulty(fault_server: dict[str, str]) -> Faulty:
    lane = f"{os.getpid()}-{next(_lanes)}"
    return Faulty(fault_server["url"], fault_server["tls"], lane)


@dataclass
class Outcome:
    """How one call ended."""

    what: str
    text: str | None  # of an answer given as finished
    error: BaseException | None
    seconds: float

    def verdict(self) -> str:
        """Return "whole" or "error", or what is wrong with this end."""
        if self.seconds > DEADLINE_S:
            return f"took {self.seconds:.1f} s"
        if self.error is None:
            right = ARGUMENTS if "tools" in self.what else TEXT
            return "whole" if self.text == right else f"gave {self.text!r} as finished"
        if not isinstance(self.error, glmkit.GLMError):
            return f"raised {self.error!r}"
        part = getattr(self.error, "reply", None)
        if part is not None and not TEXT.startswith(part.text):
            return f"kept {part.text!r}"
        return "error"


def said(reply: glmkit.Reply) -> str:
    """Return the text or the tool's arguments; "" if the reply is not complete."""
    if not reply.complete:
        return f"incomplete: {reply.text}"
    return reply.tool_calls[0].arguments if reply.tool_calls else reply.text


def options(shape: str) -> dict[str, Any]:
    return {"tools": TOOLS} if "tools" in shape else {}


def called(client: glmkit.Client, shape: str) -> str:
    if "stream" not in shape:
        return said(client.chat("Hi", **options(shape)))
    with client.stream("Hi", **options(shape)) as stream:
        for _ in stream:
            pass
    return said(stream.reply)


async def awaited(client: glmkit.AsyncClient, shape: str) -> str:
    if "stream" not in shape:
        return said(await client.chat("Hi", **options(shape)))
    async with client.stream("Hi", **options(shape)) as stream:
        async for _ in stream:
            pass
    return said(stream.reply)


def outcome(what: str, call: Callable[[], str]) -> Outcome:
    began, text, error = time.monotonic(), None, None
    try:
        text = call()
    except Exception as exc:
        error = exc
    return Outcome(what, text, error, time.monotonic() - began)


async def async_outcome(what: str, call: Awaitable[str]) -> Outcome:
    began, text, error = time.monotonic(), None, None
    try:
        text = await asyncio.wait_for(call, 3 * DEADLINE_S)
    except Exception as exc:
        error = exc
    return Outcome(what, text, error, time.monotonic() - began)


def all_sync(faulty: Faulty, fault: str) -> list[Outcome]:
    """Make every call of a fault from threads, all at one time."""
    cases = list(product(FAULTS[fault], SHAPES))

    def one(case: tuple[str, str]) -> Outcome:
        at, shape = case
        client = glmkit.Client(faulty.url(fault, at), KEY, **client_options(fault))
        return outcome(f"sync {fault} {at} {shape}", lambda: called(client, shape))

    with ThreadPoolExecutor(len(cases)) as pool:
        return list(pool.map(one, cases))


def all_async(faulty: Faulty, fault: str) -> list[Outcome]:
    """Make every call of a fault on one loop, all at one time."""

    async def main() -> list[Outcome]:
        calls = []
        for at, shape in product(FAULTS[fault], SHAPES):
            url = faulty.url(fault, at)
            client = glmkit.AsyncClient(url, KEY, **client_options(fault))
            what = f"async {fault} {at} {shape}"
            calls.append(async_outcome(what, awaited(client, shape)))
        ends = await asyncio.gather(*calls)
        # The loop closes what a fault left half-read.
        async with asyncio.timeout(LIMIT_S):
            while asyncio.all_tasks() != {asyncio.current_task()}:
                await asyncio.sleep(0)
        return list(ends)

    return asyncio.run(main())


def client_options(fault: str) -> dict[str, Any]:
    return {
        "timeout_s": SHORT_S if fault in SILENT else 10 * DEADLINE_S,
        "in_flight": 200,
    }


def sockets() -> int:
    """Count the open sockets of this process."""
    found = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            found += str(descriptor.readlink()).startswith("socket:")
    return found


def rows() -> list[tuple[str, str]]:
    db = sqlite3.connect(ledger().path)
    found = db.execute("SELECT state, error FROM calls").fetchall()
    db.close()
    return found


async def others() -> int:
    """Count the tasks that the background loop still has."""
    return len(asyncio.all_tasks()) - 1


@contextlib.contextmanager
def nothing_left(faulty: Faulty) -> Iterator[None]:
    """Hold that what runs inside leaves no socket, thread, task or connection."""
    background_loop.run(transport.close())
    gc.collect()
    before = sockets(), threading.active_count()
    yield
    background_loop.run(transport.close())
    wait_for(lambda: background_loop.run(others()), lambda n: n == 0)
    wait_for(lambda: faulty.seen()["open"], lambda n: n == 0)
    wait_for(lambda: (sockets(), threading.active_count()), lambda now: now <= before)


linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@linux
@pytest.mark.parametrize("fault", FAULTS)
def test_every_call_ends_whole_or_in_a_typed_error(faulty: Faulty, fault: str) -> None:
    with nothing_left(faulty):
        ends = all_async(faulty, fault) + all_sync(faulty, fault)
    verdicts = {end.what: end.verdict() for end in ends}
    wrong = {k: v for k, v in verdicts.items() if v not in ("whole", "error")}
    assert wrong == {}
    if fault in HARMLESS:
        assert set(verdicts.values()) == {"whole"}
    states = [state for state, _ in rows()]
    assert len(states) == len(ends)
    assert states.count("done") == list(verdicts.values()).count("whole")
    assert states.count("failed") == list(verdicts.values()).count("error")


def naive(url: str, timeout_s: float = LIMIT_S) -> str:
    """Read a stream as people write it by hand."""
    text = ""
    body = {"model": "m", "messages": [], "stream": True}
    with (
        httpx.Client(timeout=timeout_s) as client,
        client.stream("POST", url + "/chat/completions", json=body) as reply,
    ):
        for line in reply.iter_lines():
            if line.startswith("data: {"):
                for choice in json.loads(line[6:]).get("choices", []):
                    text += choice["delta"].get("content") or ""
    return text


@pytest.mark.parametrize(
    ("fault", "at"),
    [
        ("length_short", "middle"),
        ("error_event", "middle"),
        ("html", "middle"),
        ("cut", "middle"),
        ("deep", "first_event"),
    ],
)
def test_the_judge_finds_a_naive_reader_out(
    faulty: Faulty, fault: str, at: str
) -> None:
    end = outcome("naive", lambda: naive(faulty.url(fault, at)))
    assert end.verdict() not in ("whole", "error")


def test_pings_keep_a_naive_reader_waiting_but_not_a_call(faulty: Faulty) -> None:
    """A time-out of single reads is no bound: the naive reader outlives our call."""
    url = faulty.url("ping", "middle")
    line = f"from tests.transport.test_faults import naive; naive({url!r}, 2.5)"
    with subprocess.Popen([sys.executable, "-c", line], cwd=ROOT) as child:
        wait_for(lambda: faulty.seen()["requests"], lambda n: n == 1)
        client = glmkit.Client(url, KEY, timeout_s=3 * SHORT_S)
        with pytest.raises(glmkit.StreamError, match="silent for 3 s") as caught:
            called(client, "stream")
        assert caught.value.reply is not None
        assert TEXT.startswith(caught.value.reply.text or "nothing")
        assert child.poll() is None
        child.kill()
