"""A server that answers wrongly: one fault at one moment of an otherwise right answer.

It runs as a process of its own: `python -m tests.support.faults` prints `{"url",
"tls"}` and
ends when its stdin closes. What goes wrong stands in the base URL:

    http://127.0.0.1:PORT/lane=a/fault=cut/at=middle/api/paas/v4

`GET /lane=a/state` tells how many connections of that lane are open and how many
requests came; `/elsewhere` is the lane that redirects lead to. The `tls` port takes
connections and never speaks TLS.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from tests.support.paced_answers import dumps
from tests.support.wrong_answers import Wrong, answer_of


@dataclass
class Lane:
    """What the server saw of one lane."""

    open: int = 0
    requests: int = 0
    bodies: list[object] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


LANES: dict[str, Lane] = {}


async def requests(
    reader: asyncio.StreamReader,
) -> AsyncIterator[tuple[str, dict[str, str], bytes]]:
    """Yield path, headers and body of each request on a connection."""
    while True:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return
        line, *lines = head.decode("latin-1").rstrip().split("\r\n")
        headers = {k.lower(): v for k, _, v in (h.partition(": ") for h in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        yield line.split(" ")[1], headers, body


class Connection:
    """One client connection, watched to its end."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.reader = reader
        self.writer = writer
        self.lane: Lane | None = None

    async def serve(self) -> None:
        try:
            async for path, headers, body in requests(self.reader):
                if path.endswith("/state"):
                    await self._state(path)
                elif not await self._answer(path, headers, body):
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            if self.lane is not None:
                self.lane.open -= 1
            self.writer.transport.abort() if self.writer.is_closing() else (
                self.writer.close()
            )

    async def _state(self, path: str) -> None:
        seen = dumps(vars(LANES.setdefault(lane_of(path), Lane())))
        self.writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(seen), seen)
        )
        await self.writer.drain()

    async def _answer(self, path: str, headers: dict[str, str], body: bytes) -> bool:
        """Answer wrongly; False where the connection ends with it."""
        lane = LANES.setdefault(lane_of(path), Lane())
        if self.lane is None:
            self.lane = lane
            lane.open += 1
        asked = json.loads(body or b"{}")
        lane.requests += 1
        lane.headers.append(headers)
        lane.bodies.append(asked)
        words = dict(part.split("=") for part in path.split("/") if "=" in part)
        wrong = Wrong(self.writer, path, words.get("at", ""), answer_of(asked))
        fault: Callable[[], Coroutine[Any, Any, None]] = getattr(
            wrong, words.get("fault", "none")
        )
        sending = asyncio.ensure_future(fault())
        leaving = asyncio.ensure_future(self._left())
        await asyncio.wait({sending, leaving}, return_when="FIRST_COMPLETED")
        stays = words.get("fault", "none") in ("none", "drip", "gzip_whole")
        leaving.cancel()
        if not sending.done():
            sending.cancel()
        await asyncio.gather(sending, leaving, return_exceptions=True)
        return stays

    async def _left(self) -> None:
        """Return once the client has closed its side."""
        while not self.reader.at_eof():
            await asyncio.sleep(0.02)


def lane_of(path: str) -> str:
    return next((p[5:] for p in path.split("/") if p.startswith("lane=")), "")


async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await Connection(reader, writer).serve()


async def no_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take a TLS greeting and answer in plain text, or close: in turns."""
    LANES.setdefault("tls", Lane()).requests += 1
    await reader.read(1)
    if LANES["tls"].requests % 2:
        writer.write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
    writer.close()


async def serve() -> None:
    server = await asyncio.start_server(connected, "127.0.0.1", 0, backlog=1024)
    tls = await asyncio.start_server(no_tls, "127.0.0.1", 0, backlog=1024)
    ports = [each.sockets[0].getsockname()[1] for each in (server, tls)]
    told = {
        "url": f"http://127.0.0.1:{ports[0]}",
        "tls": f"https://127.0.0.1:{ports[1]}",
    }
    print(json.dumps(told), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)


if __name__ == "__main__":
    asyncio.run(serve())
