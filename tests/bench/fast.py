"""A server that costs next to nothing: every answer is bytes made beforehand.

`python -m tests.bench.fast` prints its origin and ends when stdin closes. How it
answers stands in the URL: `/wait=50/events=2000/api/paas/v4`, `wait` in milliseconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import os
import selectors
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_HEAD = {"id": "20261121", "created": 1791565692, "model": "glm-4-flash-250414"}
_USAGE = {"prompt_tokens": 7, "completion_tokens": 50, "total_tokens": 57}
_TEXT = "The air scatters the short waves of light most of all. " * 4


def options(path: str) -> tuple[float, int]:
    """Return seconds to wait and events to stream."""
    words = dict(part.split("=") for part in path.split("/") if "=" in part)
    return float(words.get("wait", 0)) / 1000, int(words.get("events", 20))


@functools.cache
def whole() -> bytes:
    """Return a reply that is not streamed."""
    choice = {
        "index": 0,
        "finish_reason": "stop",
        "message": {"role": "assistant", "content": _TEXT},
    }
    body = json.dumps({**_HEAD, "choices": [choice], "usage": _USAGE}).encode()
    head = "HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=UTF-8\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


@functools.cache
def streamed(events: int) -> bytes:
    """Return a streamed reply of so many pieces."""
    pieces = [
        _event({"delta": {"role": "assistant", "content": f" w{n % 97}"}})
        for n in range(events)
    ]
    last = {"delta": {"role": "assistant", "content": ""}, "finish_reason": "stop"}
    pieces += [_event(last, usage=_USAGE), b"data: [DONE]\n\n"]
    chunks = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces]
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
    return (
        head + b"transfer-encoding: chunked\r\n\r\n" + b"".join(chunks) + b"0\r\n\r\n"
    )


def _event(choice: dict[str, object], **more: object) -> bytes:
    body = {**_HEAD, "choices": [{"index": 0, **choice}], **more}
    return b"data: " + json.dumps(body, separators=(",", ":")).encode() + b"\n\n"


class Connection(asyncio.Protocol):
    """One client connection, without pipelining."""

    def __init__(self) -> None:
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return
        self._buffer = b""
        wait_s, events = options(head[: head.index(b"\r")].decode().split(" ")[1])
        stream = b'"stream":true' in body.replace(b": ", b":")
        answer = streamed(events) if stream else whole()
        if wait_s:
            loop = asyncio.get_running_loop()
            loop.call_later(wait_s, self._transport.write, answer)
        else:
            self._transport.write(answer)


def _length(head: bytes) -> int:
    lower = head.lower()
    at = lower.find(b"content-length:")
    return int(lower[at + 15 :].split(b"\r", 1)[0]) if at >= 0 else 0


async def serve() -> None:
    """Serve until stdin closes."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0, backlog=1024)
    host, port = server.sockets[0].getsockname()
    print(f"http://{host}:{port}", flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Run the server in a process of its own and give its origin."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.fast"],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        yield child.stdout.readline().strip()
        child.stdin.close()


def pin(place: int) -> None:
    """Keep this process on one core, so that client and server do not take turns."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[place]})


def _loop() -> asyncio.AbstractEventLoop:
    """Return a loop whose timers are on time: epoll is up to a millisecond late."""
    return asyncio.SelectorEventLoop(selectors.SelectSelector())


if __name__ == "__main__":
    pin(-1)
    with asyncio.Runner(loop_factory=_loop) as runner:
        runner.run(serve())
