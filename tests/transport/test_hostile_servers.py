"""Servers that mean harm: memory, the key, other people's answers."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap

import pytest

import glmkit
from glmkit.transport import background_loop, http as transport
from tests.conftest import ROOT, wait_for
from tests.support.wrong_answers import TEXT
from tests.transport.test_faults import (
    KEY,
    Faulty,
    awaited,
    called,
    fault_server,
    faulty,
)

__all__ = ["fault_server", "faulty"]  # fixtures

#: What a call may need beside the process's own, however much a server sends.
ROOM = 80 * 2**20
FACES = ("sync", "async")

_ALONE = """
    import asyncio, sys, time
    import glmkit
    from pathlib import Path
    from tests.transport import test_faults as matrix

    def peak():
        line = Path("/proc/self/status").read_text().split("VmHWM:")[1]
        return int(line.split()[0]) * 1024

    face, shape, origin = sys.argv[1:]
    make = glmkit.Client if face == "sync" else glmkit.AsyncClient
    for at in ("none", "{fault}"):
        client = make(origin.replace("FAULT", at), matrix.KEY)
        before, began = peak(), time.monotonic()
        try:
            if face == "sync":
                text = matrix.called(client, shape)
            else:
                text = asyncio.run(matrix.awaited(client, shape))
            end = "whole " + str(len(text))
        except glmkit.GLMError as error:
            end = type(error).__name__
        print(end, peak() - before, time.monotonic() - began)
"""


def alone(face: str, shape: str, faulty: Faulty, fault: str) -> tuple[str, int, float]:
    """Make one call in a process of its own: how it ended, bytes, seconds."""
    code = textwrap.dedent(_ALONE).replace("{fault}", fault)
    child = subprocess.run(
        [sys.executable, "-c", code, face, shape, faulty.url("FAULT", "middle")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    first, last = child.stdout.splitlines()
    assert first.startswith("whole")
    end, grown, seconds = last.rsplit(" ", 2)
    return end, int(grown), float(seconds)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(
    ("fault", "shape", "ends"),
    [
        ("huge", "chat", {"TransportError"}),
        ("huge", "stream", {"StreamError"}),
        ("huge_events", "stream", {"StreamError"}),
        ("bomb", "chat", {"TransportError"}),
        ("bomb", "stream", {"StreamError"}),
        ("many", "stream", {f"whole {10**6 + len(TEXT)}"}),
    ],
)
def test_what_a_server_sends_does_not_fill_the_memory(
    faulty: Faulty, fault: str, shape: str, ends: set[str], face: str
) -> None:
    end, grown, _ = alone(face, shape, faulty, fault)
    assert end in ends
    assert grown < ROOM, f"{grown / 2**20:.0f} MiB"


@pytest.mark.parametrize("shape", ["chat", "stream"])
@pytest.mark.parametrize("fault", ["redirect", "elsewhere"])
def test_a_redirect_is_not_followed_and_takes_no_key(
    faulty: Faulty, fault: str, shape: str
) -> None:
    client = glmkit.Client(faulty.url(fault), KEY)
    with pytest.raises(glmkit.InvalidRequestError) as caught:
        called(client, shape)
    assert caught.value.status in (307, 308)
    assert faulty.seen()["requests"] == 1
    assert faulty.seen("elsewhere")["requests"] == 0


def test_cookies_are_not_kept(faulty: Faulty) -> None:
    client = glmkit.Client(faulty.url("redirect"), KEY)
    for _ in range(2):
        with pytest.raises(glmkit.APIError):
            client.chat("Hi")
    assert all("cookie" not in headers for headers in faulty.seen()["headers"])


def test_a_second_answer_on_the_line_is_nobodys(faulty: Faulty) -> None:
    """The connection with more bytes than were asked for is not used again."""
    client = glmkit.Client(faulty.url("two_answers"), KEY)
    assert [client.chat("Hi").text for _ in range(3)] == [TEXT] * 3
    background_loop.run(transport.close())
    wait_for(lambda: faulty.seen()["open"], lambda n: n == 0)


def test_a_port_that_speaks_no_tls_gets_neither_request_nor_key(
    faulty: Faulty,
) -> None:
    """In turns it answers in plain text and closes."""
    for _ in range(2):
        with pytest.raises(glmkit.TransportError) as caught:
            glmkit.Client(faulty.tls + "/api/paas/v4", KEY).chat("Hi")
        assert caught.value.sent is False
        assert KEY not in str(caught.value)

        async def main() -> None:
            client = glmkit.AsyncClient(faulty.tls + "/api/paas/v4", KEY)
            with pytest.raises(glmkit.TransportError):
                await awaited(client, "stream")

        asyncio.run(main())


def test_a_key_is_in_no_error(faulty: Faulty) -> None:
    for fault in ("garbage", "html", "error_event", "cut", "redirect"):
        with pytest.raises(glmkit.GLMError) as caught:
            called(glmkit.Client(faulty.url(fault), KEY), "stream")
        shown = f"{caught.value!r} {caught.value} {caught.value.hint}"
        assert "canary" not in shown


def test_a_slow_reader_is_not_taken_for_a_silent_server(faulty: Faulty) -> None:
    """The time that the caller takes between two events is not the server's."""

    async def main() -> str:
        client = glmkit.AsyncClient(faulty.url("drip", "middle"), KEY, timeout_s=2)
        async with client.stream("Hi") as stream:
            async for event in stream:
                if isinstance(event, glmkit.Text) and event.text == "word3 ":
                    await asyncio.sleep(2.5)
        return stream.reply.text

    assert asyncio.run(main()) == TEXT


def test_a_large_prompt_leaves_in_pieces_and_arrives_whole(faulty: Faulty) -> None:
    prompt = "long " * 2**20
    client = glmkit.Client(faulty.url("none"), KEY)
    assert client.chat(prompt).text == TEXT
    (seen,) = faulty.seen()["bodies"]
    assert seen["messages"][-1]["content"] == prompt
