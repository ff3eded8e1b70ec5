"""What leaves, when, and by which way."""

from __future__ import annotations

import asyncio
import selectors
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, nullcontext

import pytest

from glmkit.transport.http import Sent
from glmkit.types.errors import TransportError
from tests.conftest import LIMIT_S

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"


class Peer:
    """A server of one connection that answers when it is told to."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._connection: socket.socket | None = None
        host, port = self._listening.getsockname()
        self.origin = f"http://{host}:{port}"

    def heard(self, seconds: float = 0) -> bytes:
        """Return what came within so many seconds, without letting any loop run."""
        if self._connection is None:
            self._connection, _ = self._listening.accept()
        return (
            self._connection.recv(2**20) if readable(self._connection, seconds) else b""
        )

    def left(self, seconds: float) -> bool:
        """Whether the connection is given up within so many seconds."""
        assert self._connection is not None
        return readable(self._connection, seconds) and not self.heard()

    def answer(self, answer: bytes = ANSWER) -> None:
        assert self._connection is not None
        self._connection.sendall(answer)

    def hang_up(self) -> None:
        """Close the connection in order, as a server does with idle ones."""
        assert self._connection is not None
        self._connection.close()
        self._connection = None

    def close(self) -> None:
        self._listening.close()
        if self._connection is not None:
            self._connection.close()


def readable(connection: socket.socket, seconds: float) -> bool:
    """Wait until there is something to read, or its end, and say whether there is."""
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        return bool(selector.select(seconds))


@pytest.fixture
def peer() -> Iterator[Peer]:
    made = Peer()
    yield made
    made.close()


async def ask(url: str, body: bytes = b"{}") -> bytes:
    async with Sent("POST", url, {}, body, timeout_s=LIMIT_S) as reply:
        return await reply.read(100)


async def served(peer: Peer, asked: asyncio.Task[bytes]) -> bytes:
    """Answer a request from a thread and return what was heard of it."""
    heard = await asyncio.to_thread(peer.heard, LIMIT_S)
    peer.answer()
    assert await asked == b"hi"
    return heard


def test_a_request_leaves_in_its_own_turn_of_the_loop(peer: Peer) -> None:
    async def main() -> bytes:
        await served(peer, asyncio.create_task(ask(peer.origin)))
        again = asyncio.create_task(ask(peer.origin, b"once more"))
        await asyncio.sleep(0)  # its first step, and not a second
        heard = peer.heard()
        peer.answer()
        await again
        return heard

    assert asyncio.run(main()).endswith(b"\r\n\r\nonce more")


async def broken(peer: Peer, *, reads: bool) -> TransportError:
    """Return the error of a kept connection that the peer closes.

    `reads`: it has the request by then; else it closes before the request comes, and
    the loop that sends it cannot know.
    """
    await served(peer, asyncio.create_task(ask(peer.origin)))
    if not reads:
        peer.hang_up()
    asked = asyncio.create_task(ask(peer.origin, b"once more"))
    if reads:
        assert await asyncio.to_thread(peer.heard, 10)
        peer.hang_up()
    with pytest.raises(TransportError) as caught:
        await asked
    return caught.value


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts what arrived")
def test_kept_connection_that_was_closed_before_the_request_is_stale(
    peer: Peer,
) -> None:
    assert asyncio.run(broken(peer, reads=False)).stale


def test_kept_connection_that_is_closed_on_the_request_is_not_stale(
    peer: Peer,
) -> None:
    error = asyncio.run(broken(peer, reads=True))
    assert error.sent
    assert not error.stale


def test_an_answer_that_can_not_be_read_lets_go_of_its_connection(peer: Peer) -> None:
    async def main() -> None:
        asked = asyncio.create_task(ask(peer.origin))
        await asyncio.to_thread(peer.heard, LIMIT_S)
        peer.answer(ANSWER.replace(b"content-length", b"content-encoding: br\r\na"))
        with pytest.raises(TransportError, match="unasked encoding") as caught:
            await asked
        # The error holds all frames alive: nothing is let go by their end.
        assert await asyncio.to_thread(peer.left, LIMIT_S)
        assert caught.value is not None

    asyncio.run(main())


def test_a_proxy_of_the_environment_is_asked(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", peer.origin.replace("//", "//user:word@"))
    monkeypatch.setenv("no_proxy", "other.invalid")

    async def main() -> bytes:
        asked = asyncio.create_task(ask("http://model.invalid/api/paas/v4"))
        return await served(peer, asked)

    heard = asyncio.run(main()).lower()
    assert heard.startswith(b"post http://model.invalid/api/paas/v4 http/1.1")
    assert heard.count(b"proxy-authorization: basic dxnlcjp3b3jk") == 1


def test_a_proxy_of_https_hears_the_place_alone(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", peer.origin.replace("//", "//user:word@"))

    async def main() -> bytes:
        asked = asyncio.create_task(ask("https://model.invalid/api", b"secret"))
        heard = await asyncio.to_thread(peer.heard, LIMIT_S)
        peer.answer(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")
        await asyncio.gather(asked, return_exceptions=True)
        return heard

    heard = asyncio.run(main()).lower()
    assert heard.startswith(b"connect model.invalid:443 http/1.1")
    assert b"proxy-authorization: basic dxnlcjp3b3jk" in heard
    assert b"secret" not in heard


@asynccontextmanager
async def begun(
    peer: Peer, answer: bytes
) -> AsyncIterator[tuple[Sent, bytes, AsyncIterator[bytes]]]:
    """Ask, and have the beginning of an answer read; the other chunks come last."""

    def serve() -> None:
        peer.heard(LIMIT_S)
        peer.answer(answer)

    serving = asyncio.create_task(asyncio.to_thread(serve))
    async with Sent("POST", peer.origin, {}, b"{}", timeout_s=LIMIT_S) as reply:
        await serving
        chunks = reply.chunks()
        yield reply, await anext(chunks), chunks


OPEN = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\na"


@pytest.mark.parametrize("held", [True, False])
def test_what_comes_while_it_is_held_is_read_at_once_afterwards(
    peer: Peer, held: bool
) -> None:
    async def main() -> tuple[int, list[bytes]]:
        async with begun(peer, OPEN) as (reply, first, chunks):
            with reply.held() if held else nullcontext():
                for byte in b"bcd":
                    peer.answer(bytes([byte]))
                    await asyncio.sleep(0.02)
                read = reply._response.content.total_bytes
            peer.answer(b"ef")
            return read, [first, *[chunk async for chunk in chunks]]

    read, (first, *others) = asyncio.run(main())
    assert read == (1 if held else 4)
    assert (first, b"".join(others)) == (b"a", b"bcdef")


def test_an_answer_that_breaks_off_while_it_is_held_is_told(peer: Peer) -> None:
    async def main() -> None:
        async with begun(peer, OPEN) as (reply, _, chunks):
            with reply.held():
                peer.close()
                await asyncio.sleep(0.02)
            with pytest.raises(TransportError, match="broke off"):
                await anext(chunks)

    asyncio.run(main())


def test_an_answer_that_has_all_come_can_be_held(peer: Peer) -> None:
    async def main() -> bytes:
        async with begun(peer, ANSWER) as (reply, first, _):
            with reply.held():
                await asyncio.sleep(0)
            return first

    assert asyncio.run(main()) == b"hi"
