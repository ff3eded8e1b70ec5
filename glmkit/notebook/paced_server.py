"""A server on loopback that answers chats at a steady pace: for load tests.

It speaks enough of GLM's protocol for that: an answer takes `--answer-s` seconds, and
above `--right` requests in flight it refuses with 429 and the code 1302, as the service
does. `python -m glmkit.notebook.paced_server` prints its URL, and ends when its stdin
closes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys

import msgspec

from glmkit.types.plain_text import say

_PATH = "/api/paas/v4"
_STATE = b"/state"


class PacedServer:
    """The server's state: how many requests are in flight, were answered, refused."""

    def __init__(self, right: int, answer_s: float) -> None:
        self.right, self.answer_s = right, answer_s
        self.in_flight = self.peak = self.answered = self.refused = 0

    async def connection(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer the requests of one connection, one after another."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                body = await reader.readexactly(_length(head))
                status, answer = await self._answer(head, body)
                writer.write(_head(status, len(answer)) + answer)
                await writer.drain()
        writer.close()

    async def _answer(self, head: bytes, body: bytes) -> tuple[int, bytes]:
        if head.split(b" ", 2)[1] == _STATE:
            return 200, msgspec.json.encode(vars(self))
        if self.in_flight >= self.right:
            self.refused += 1
            return 429, msgspec.json.encode(_REFUSAL)
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        try:
            await asyncio.sleep(self.answer_s)
        finally:
            self.in_flight -= 1
        self.answered += 1
        return 200, msgspec.json.encode(_chat(msgspec.json.decode(body)))


_REFUSAL = {"error": {"code": "1302", "message": "too many requests in flight"}}


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _colon, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0


def _head(status: int, length: int) -> bytes:
    lines = (
        f"HTTP/1.1 {status} -",
        "content-type: application/json",
        f"content-length: {length}",
    )
    return "\r\n".join([*lines, "", ""]).encode()


def _chat(request: dict[str, object]) -> dict[str, object]:
    text = "This is the paced server, not a model."
    choice = {
        "index": 0,
        "finish_reason": "stop",
        "message": {"role": "assistant", "content": text},
    }
    usage = {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20}
    named = {"id": "paced", "created": 0, "model": request.get("model")}
    return {**named, "choices": [choice], "usage": usage}


async def serve(right: int, answer_s: float) -> None:
    """Serve until stdin closes."""
    state = PacedServer(right, answer_s)
    server = await asyncio.start_server(state.connection, "127.0.0.1", 0, backlog=1024)
    port = server.sockets[0].getsockname()[1]
    say(f"http://127.0.0.1:{port}{_PATH}")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
    server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--right", type=int, required=True)
    parser.add_argument("--answer-s", type=float, required=True)
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.right, arguments.answer_s))
