"""A paced wire server: answers of any length, speed and fault, in GLM's shape.

It runs as a process of its own, so that it does not share the client's CPU:
`python -m tests.support.paced` prints `{"url", "pid"}` and ends when its stdin
closes. How it
answers stands in the base URL, so that any client can be pointed at it:

    http://127.0.0.1:PORT/lane=a/tokens=10000/rate=200/api/paas/v4

`GET /lane=a/state` returns what the server saw in that lane; `GET /lane=a/release`
lets answers go on that wait at the plan's `gate`, and lifts the `rate` of all.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field, replace
from itertools import islice
from os import getpid

from tests.support.bill import billed
from tests.support.paced_answers import (
    Plan,
    dumps,
    plan_of,
    recorded,
    refusal,
    script,
    scripted_body,
    scripted_events,
    weather,
    whole,
)

BURST = 256  # events in one write where no rate is asked for


@dataclass
class Lane:
    """What the server saw; times are those of CLOCK_MONOTONIC."""

    requests: int = 0
    connections: int = 0  # that asked here, ever
    open: int = 0  # of these, still open
    active: int = 0  # responses in flight
    peak: int = 0
    left: int = 0  # responses that the client left before their end
    left_at: float = 0.0
    sent: int = 0  # events of the latest response
    sent_at: float = 0.0
    bill: dict[str, int] = field(default_factory=dict)  # model: 10⁻¹² units
    bodies: deque[object] = field(default_factory=lambda: deque(maxlen=64))
    headers: deque[dict[str, str]] = field(default_factory=lambda: deque(maxlen=64))


LANES: dict[str, Lane] = {}
GATES: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)


def prompt_of(body: object) -> str:
    """Return the text of the last message."""
    messages = body.get("messages") if isinstance(body, dict) else None
    said = messages[-1].get("content") if messages else ""
    if isinstance(said, list):
        return "".join(part.get("text", "") for part in said)
    return said or ""


class Connection(asyncio.Protocol):
    """One client connection; requests are answered one after another."""

    def __init__(self) -> None:
        self.buffer = b""
        self.answered: Counter[str] = Counter()
        self.lanes: set[str] = set()
        self.answer: asyncio.Task[None] | None = None
        self.writable = asyncio.Event()
        self.writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        self._next()

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    def connection_lost(self, exc: Exception | None) -> None:
        for lane in self.lanes:
            LANES[lane].open -= 1
        if self.answer:
            self.answer.cancel()

    def _next(self) -> None:
        """Answer the next request, once it is whole."""
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        if not found or (self.answer and not self.answer.done()):
            return
        line, *lines = head.decode("latin-1").split("\r\n")
        headers = {k.lower(): v for k, _, v in (h.partition(": ") for h in lines)}
        length = int(headers.get("content-length", 0))
        if headers.get("transfer-encoding") == "chunked":
            if not rest.endswith(b"0\r\n\r\n"):
                return
            body, self.buffer = joined(rest), b""
        elif len(rest) < length:
            return
        else:
            body, self.buffer = rest[:length], rest[length:]
        path = line.split(" ")[1]
        self.answer = asyncio.create_task(self._respond(path, headers, body))

    async def _respond(self, path: str, headers: dict[str, str], body: bytes) -> None:
        plan = plan_of(path)
        lane = LANES.setdefault(plan.lane, Lane())
        if path.endswith("/state"):
            self._send(
                200,
                dumps(
                    vars(lane)
                    | {"bodies": list(lane.bodies), "headers": list(lane.headers)}
                ),
            )
        elif path.endswith("/release"):
            GATES[plan.lane].set()
            self._send(200, b"{}")
        else:
            self._note(plan, lane, headers, body)
            if self.answered[plan.lane] == plan.drop:
                lane.active -= 1
                self.transport.close()
                return
            self.answered[plan.lane] += 1
            try:
                await self._chat(plan, lane, json.loads(body or b"{}"))
            except asyncio.CancelledError:
                lane.left += 1
                lane.left_at = time.monotonic()
                raise
            finally:
                lane.active -= 1
            if not plan.keep_alive:
                self.transport.close()
        if headers.get("connection") == "close":
            self.transport.close()
        asyncio.get_running_loop().call_soon(self._next)

    def _note(
        self, plan: Plan, lane: Lane, headers: dict[str, str], body: bytes
    ) -> None:
        if plan.lane not in self.lanes:
            self.lanes.add(plan.lane)
            lane.connections += 1
            lane.open += 1
        lane.requests += 1
        lane.active += 1
        lane.peak = max(lane.peak, lane.active)
        lane.sent = 0
        lane.headers.append(headers)
        lane.bodies.append(json.loads(body or b"null"))

    def _send(
        self, status: int, body: bytes, cut: bool = False, after: str = ""
    ) -> None:
        head = f"HTTP/1.1 {status} -\r\ncontent-type: application/json; charset=UTF-8"
        if after:
            head += f"\r\nretry-after: {after}"
        size = f"\r\ncontent-length: {len(body)}\r\n\r\n"
        half = len(body) // 2 if cut else len(body)
        self.transport.write((head + size).encode() + body[:half])
        if cut:
            self.transport.close()

    async def _chat(self, plan: Plan, lane: Lane, body: dict[str, object]) -> None:
        model, prompt = str(body.get("model")), prompt_of(body)
        number = lane.requests  # others may come while this one waits
        if plan.bill:
            plan = billed(plan, number, model, lane.bill)
        plan, fault = weather(plan, number)
        if plan.right and lane.active > plan.right:
            self._send(429, refusal("1302"))
            return
        await asyncio.sleep(plan.wait_s)
        if plan.gate == 0:
            await GATES[plan.lane].wait()
        if fault == "cut":
            self._send(200, whole(plan, model, prompt), cut=True)
            return
        if fault:
            bare = b"<html>failed</html>"
            self._send(500, refusal(fault) if len(fault) == 4 else bare)
            return
        faulty = plan.fails < 0 or number <= plan.fails
        if plan.status != 200 and faulty:
            self._send(plan.status, refusal(plan.code, plan.said), after=plan.after)
        elif plan.inside and faulty:
            self._send(200, refusal(plan.code, plan.said))
        elif plan.sse and body.get("stream"):
            await self._stream(plan, lane, recorded(plan.sse), False)
        elif reply := plan.reply(number):
            await self._scripted(plan, lane, body, reply)
        elif body.get("stream"):
            told = plan if faulty else replace(plan, error=-1, cut=-1)
            await self._stream(plan, lane, *script(told, model, prompt))
        else:
            self._send(200, whole(plan, model, prompt), cut=faulty and plan.cut >= 0)

    async def _scripted(
        self,
        plan: Plan,
        lane: Lane,
        body: dict[str, object],
        reply: dict[str, object],
    ) -> None:
        model = str(body.get("model"))
        if body.get("stream"):
            events = scripted_events(plan, model, reply)
            cut = plan.cut >= 0
            await self._stream(plan, lane, events[: plan.cut if cut else None], cut)
        else:
            self._send(200, scripted_body(plan, model, reply))

    async def _stream(
        self, plan: Plan, lane: Lane, events: list[bytes], breaks: bool
    ) -> None:
        self.transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
            b"transfer-encoding: chunked\r\n\r\n"
        )
        start = time.monotonic() + plan.first_s
        await asyncio.sleep(plan.first_s)
        rest, sent = iter(events), 0  # each stream has its own pace
        while batch := list(islice(rest, await self._due(plan, sent, start))):
            data = b"".join(batch)
            self.transport.write(b"%x\r\n%b\r\n" % (len(data), data))
            lane.sent = sent = sent + len(batch)
            lane.sent_at = time.monotonic()
            await self.writable.wait()
        if breaks:
            self.transport.close()
        else:
            self.transport.write(b"0\r\n\r\n")

    async def _due(self, plan: Plan, sent: int, start: float) -> int:
        """Return how many events are due, once one is: by the clock, so no drift."""
        if sent == plan.gate:
            await GATES[plan.lane].wait()
        before_gate = plan.gate - sent if sent < plan.gate else BURST
        if not plan.rate or GATES[plan.lane].is_set():
            await asyncio.sleep(0)
            return min(BURST, before_gate)
        delay = start + sent / plan.rate - time.monotonic()
        await asyncio.sleep(max(delay, 0))
        due = int((time.monotonic() - start) * plan.rate) + 1 - sent
        return max(1, min(due, before_gate))


def joined(body: bytes) -> bytes:
    """Return the content of a chunked body."""
    parts = []
    while body:
        size, _, rest = body.partition(b"\r\n")
        parts.append(rest[: int(size, 16)])
        body = rest[int(size, 16) + 2 :]
    return b"".join(parts)


async def serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", port, backlog=1024)
    host, port = server.sockets[0].getsockname()
    print(json.dumps({"url": f"http://{host}:{port}", "pid": getpid()}), flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)
    server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    asyncio.run(serve(parser.parse_args().port))
