"""What the fault server says: right answers, and each way to spoil one."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
import zlib
from dataclasses import dataclass

from tests.support.paced_answers import Plan, dumps, event, usage_of

MOMENTS = ("before_headers", "after_headers", "first_event", "middle", "before_done")
WORDS = [f"word{n} " for n in range(12)]
TEXT = "".join(WORDS)
ARGUMENTS = '{"city": "Paris", "days": 3}'

_PLAN = Plan()
_STREAM = b"content-type: text/event-stream\r\n"
_JSON = b"content-type: application/json\r\n"
_HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>\n"
_MEGABYTE = b"a" * 2**20


@dataclass
class Answer:
    """A right answer: its type and its body in pieces, one for each event."""

    kind: bytes
    pieces: list[bytes]

    def split(self, at: str) -> tuple[bytes, bytes]:
        """Return what is sent before the moment, and what after it."""
        count = {"first_event": 1, "middle": len(self.pieces) // 2}.get(at, 0)
        if at == "before_done":
            count = len(self.pieces) - 1
        return b"".join(self.pieces[:count]), b"".join(self.pieces[count:])


def answer_of(body: dict[str, object]) -> Answer:
    """Return the answer: text, or a tool call where tools are offered."""
    said = _called if body.get("tools") else _spoken
    model = str(body.get("model"))
    if body.get("stream"):
        return Answer(_STREAM, [*said(model), b"data: [DONE]\n\n"])
    message: dict[str, object] = {"role": "assistant", "content": TEXT}
    if body.get("tools"):
        call = {"id": "c1", "index": 0, "type": "function"}
        function = {"name": "weather", "arguments": ARGUMENTS}
        message = {"role": "assistant", "tool_calls": [{**call, "function": function}]}
    reason = "tool_calls" if body.get("tools") else "stop"
    choice = {"index": 0, "finish_reason": reason, "message": message}
    head = {"id": "1", "model": model, "request_id": "1"}
    whole = dumps({**head, "choices": [choice], "usage": usage_of(_PLAN, 12)})
    step = len(whole) // 8 + 1
    return Answer(_JSON, [whole[n : n + step] for n in range(0, len(whole), step)])


def _spoken(model: str) -> list[bytes]:
    deltas: list[dict[str, object]] = [{"content": word} for word in WORDS]
    return _events(model, deltas, "stop")


def _called(model: str) -> list[bytes]:
    first = {"name": "weather", "arguments": ""}
    parts: list[dict[str, object]] = [{"index": 0, "id": "c1", "function": first}]
    for n in range(0, len(ARGUMENTS), 4):
        parts.append({"index": 0, "function": {"arguments": ARGUMENTS[n : n + 4]}})
    return _events(model, [{"tool_calls": [part]} for part in parts], "tool_calls")


def _events(model: str, deltas: list[dict[str, object]], reason: str) -> list[bytes]:
    events = [event(model, [{"index": 0, "delta": delta}]) for delta in deltas]
    last: object = {"index": 0, "delta": {"content": ""}, "finish_reason": reason}
    events.append(event(model, [last], usage=usage_of(_PLAN, 12)))
    return [data + b"\n\n" for data in events]


class Wrong:
    """One answer on one connection, with its fault."""

    def __init__(
        self, writer: asyncio.StreamWriter, path: str, at: str, answer: Answer
    ) -> None:
        self.writer = writer
        self.path = path
        self.at = at
        self.answer = answer
        self.before, self.rest = answer.split(at)

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def head(self, *fields: bytes, status: bytes = b"200 OK") -> None:
        """Send the status line and the headers."""
        await self.send(b"HTTP/1.1 " + status + b"\r\n" + b"".join(fields) + b"\r\n")

    async def start(self) -> None:
        """Send what comes before the moment, in chunks."""
        if self.at != "before_headers":
            await self.head(self.answer.kind, b"transfer-encoding: chunked\r\n")
            await self.chunk(self.before)

    async def chunk(self, data: bytes) -> None:
        if data:
            await self.send(b"%x\r\n%b\r\n" % (len(data), data))

    async def finish(self) -> None:
        """Send the rest and end the body in order."""
        await self.chunk(self.rest)
        await self.send(b"0\r\n\r\n")

    async def none(self) -> None:
        """No fault at all: what every judge must pass."""
        await self.head(self.answer.kind, b"transfer-encoding: chunked\r\n")
        await self.chunk(self.before)
        await self.finish()

    async def cut(self) -> None:
        await self.start()

    async def reset(self) -> None:
        await self.start()
        await asyncio.sleep(0.05)  # or the reset overtakes what was sent
        reset(self.writer)

    async def stall(self) -> None:
        await self.start()
        await asyncio.sleep(600)

    async def drip(self) -> None:
        """One byte in each packet, all of it right."""
        await self.start()
        chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(self.rest), self.rest)
        for byte in chunk:
            await self.send(bytes([byte]))
            await asyncio.sleep(0)

    async def ping(self) -> None:
        """Bytes without meaning, for ever."""
        await self.start()
        for _ in range(3000):
            await self.chunk(b": ping\n\n" if self.answer.kind == _STREAM else b" ")
            await asyncio.sleep(0.2)

    async def bad_chunk(self) -> None:
        await self.start()
        await asyncio.sleep(0.05)  # a read of its own
        await self.send(b"zz\r\nnot a chunk\r\n0\r\n\r\n")

    async def chunk_too_long(self) -> None:
        await self.start()
        await asyncio.sleep(0.05)
        await self.send(b"ffffffffffffffffffffffff\r\n" + self.rest)

    async def length_short(self) -> None:
        """The length says that the answer ends here; the rest comes all the same."""
        await self.head(self.answer.kind, b"content-length: %d\r\n" % len(self.before))
        await self.send(self.before)
        await asyncio.sleep(0.05)
        await self.send(self.rest)

    async def length_long(self) -> None:
        length = len(self.before + self.rest) + 1000
        await self.head(self.answer.kind, b"content-length: %d\r\n" % length)
        await self.send(self.before)
        if self.at == "before_done":
            await self.send(self.rest)

    async def length_long_and_open(self) -> None:
        await self.length_long()
        await asyncio.sleep(600)

    async def gzip_cut(self) -> None:
        """Compressed, ended in order, but the compressed data lack their end."""
        zipped = gzip.compress(self.before) if self.before else b""
        whole = gzip.compress(self.before + self.rest)
        await self._zipped((zipped or whole)[: max(12, len(zipped) - 12)])

    async def gzip_damaged(self) -> None:
        await self._zipped(gzip.compress(self.before)[:-8] + b"\xff" * 64)

    async def gzip_whole(self) -> None:
        """Compressed although nobody asked for it; otherwise right."""
        await self._zipped(gzip.compress(self.before + self.rest))

    async def _zipped(self, data: bytes) -> None:
        encoding = b"content-encoding: gzip\r\n"
        await self.head(self.answer.kind, encoding, b"transfer-encoding: chunked\r\n")
        await self.chunk(data)
        await self.send(b"0\r\n\r\n")

    async def unknown_encoding(self) -> None:
        await self.head(self.answer.kind, b"content-encoding: zstd\r\n")
        await self.send(self.before + self.rest)

    async def bomb(self) -> None:
        """A gigabyte of nothing in a megabyte."""
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        encoding = b"content-encoding: gzip\r\n"
        await self.head(self.answer.kind, encoding, b"transfer-encoding: chunked\r\n")
        await self.chunk(packer.compress(self.before))
        await self.chunk(packer.flush(zlib.Z_FULL_FLUSH))
        first = packer.compress(_MEGABYTE) + packer.flush(zlib.Z_FULL_FLUSH)
        again = packer.compress(_MEGABYTE) + packer.flush(zlib.Z_FULL_FLUSH)
        await self.chunk(first + again * 1023)
        await self.chunk(packer.flush())
        await self.send(b"0\r\n\r\n")

    async def html(self) -> None:
        if self.at == "before_headers":
            await self.head(b"content-type: text/html\r\nconnection: close\r\n")
            await self.send(_HTML)
        else:
            await self.start()
            self.rest = _HTML
            await self.finish()

    async def error_event(self) -> None:
        error = dumps({"error": {"code": "1301", "message": "review"}})
        if self.answer.kind == _STREAM:
            error = b"data: " + error + b"\n\n"
        if self.at == "before_headers":
            await self.head(self.answer.kind, b"transfer-encoding: chunked\r\n")
        else:
            await self.start()
        self.rest = error
        await self.finish()

    async def redirect(self) -> None:
        place = b"location: " + self.path.encode() + b"\r\n"
        cookie = b"set-cookie: session=1\r\n"
        await self.head(
            place, cookie, b"content-length: 0\r\n", status=b"307 Temporary Redirect"
        )

    async def elsewhere(self) -> None:
        host, port = self.writer.get_extra_info("sockname")[:2]
        place = f"location: http://localhost:{port}/lane=elsewhere{self.path}\r\n"
        await self.head(
            place.encode(), b"content-length: 0\r\n", status=b"308 Permanent Redirect"
        )
        assert host

    async def huge(self) -> None:
        """A hundred megabytes where an event or a value should end."""
        await self.start()
        if self.at == "before_headers":
            await self.head(self.answer.kind, b"transfer-encoding: chunked\r\n")
        await self.chunk(b"data: " if self.answer.kind == _STREAM else b'"')
        for _ in range(100):
            await self.chunk(_MEGABYTE)
        await self.finish()

    async def huge_events(self) -> None:
        """A hundred megabytes of events that are right, each of them."""
        await self.start()
        if self.at == "before_headers":
            await self.head(self.answer.kind, b"transfer-encoding: chunked\r\n")
        delta = {"index": 0, "delta": {"content": "a" * 2**16}}
        for _ in range(1600):
            await self.chunk(event("m", [delta]) + b"\n\n")
        await self.finish()

    async def deep(self) -> None:
        """JSON a hundred thousand levels deep."""
        nested = b'{"choices":' * 10**5 + b"1" + b"}" * 10**5
        await self.start()
        if self.at == "before_headers":
            await self.head(self.answer.kind, b"transfer-encoding: chunked\r\n")
        if self.answer.kind == _STREAM:
            nested = b"data: " + nested + b"\n\n"
        await self.chunk(nested)
        await self.finish()

    async def many(self) -> None:
        """A million events of one byte, and then the rest."""
        await self.start()
        if self.at == "before_headers":
            await self.head(self.answer.kind, b"transfer-encoding: chunked\r\n")
        one = b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'
        for _ in range(1000):
            await self.chunk(one * 1000)
        await self.finish()

    async def header_flood(self) -> None:
        self.writer.write(b"HTTP/1.1 200 OK\r\n" + self.answer.kind)
        for n in range(100):
            block = b"".join(b"x-%d-%d: flood\r\n" % (n, k) for k in range(10_000))
            await self.send(block)
        await self.send(b"\r\n")

    async def long_header(self) -> None:
        await self.send(b"HTTP/1.1 200 OK\r\nx: ")
        for _ in range(100):
            await self.send(_MEGABYTE)

    async def slow_headers(self) -> None:
        for byte in b"HTTP/1.1 200 OK\r\n" + b"x-slow: 1\r\n" * 1000:
            await self.send(bytes([byte]))
            await asyncio.sleep(0.2)

    async def informed(self) -> None:
        """Interim answers without end."""
        for _ in range(3000):
            await self.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            await asyncio.sleep(0.05)

    async def garbage(self) -> None:
        await self.send(b"\x00\xffEHLO nobody HTTP/9.9 twelve\r\n\r\n" * 20)

    async def two_answers(self) -> None:
        """An answer that nobody asked for behind the right one."""
        body = self.before + self.rest
        length = b"content-length: %d\r\n\r\n" % len(body)
        whole = b"HTTP/1.1 200 OK\r\n" + self.answer.kind + length + body
        await self.send(whole + whole.replace(b"word1 ", b"wrong "))
        await asyncio.sleep(600)


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with a reset in place of an orderly end."""
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, linger
    )
    writer.transport.abort()
