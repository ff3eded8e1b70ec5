"""The engine: who leaves stops the generation, and a crash is survived."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from glmkit.local import weights
from glmkit.local.engine.client import Engine, Sampling
from glmkit.local.engine.process import SLOTS, Process
from glmkit.local.platform import app
from glmkit.local.platform.server.settings import PlatformSettings
from glmkit.types.errors import LocalError
from tests.conftest import LIMIT_S, wait_for

KEY = "id.secret"
LONG = Sampling(n_predict=3000, temperature=1.0, top_p=1.0)
STORY = {"role": "user", "content": "Tell a very long story of a whale."}


@dataclass
class Served:
    """A platform in this process, so that the tests can look behind it."""

    url: str
    engine: Engine

    @property
    def process(self) -> Process:
        process = self.engine._process
        assert process is not None
        return process

    def busy(self) -> int:
        """Count the engine's slots that are at work."""
        headers = {"Authorization": f"Bearer {self.process.key}"}
        answer = httpx.get(
            f"{self.process.url}/slots", headers=headers, timeout=LIMIT_S
        )
        return sum(slot["is_processing"] for slot in answer.json())

    def stream(
        self, seconds: float = 30, faults: dict[str, str] | None = None, **fields: Any
    ) -> Any:
        body = {"model": "glm-4-flash", "messages": [STORY], "max_tokens": 3000}
        body["do_sample"] = False  # greedy, this story is known to be long
        return httpx.stream(
            "POST",
            f"{self.url}/chat/completions",
            headers={"Authorization": f"Bearer {KEY}", **(faults or {})},
            json={**body, "stream": True, **fields},
            timeout=seconds,
        )


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    listener = socket.create_server(("127.0.0.1", 0))
    file = weights.find()
    assert file is not None
    engine = Engine(file)
    site = app.Site(engine, PlatformSettings(weights=file, keys=(KEY,)), "test")
    config = uvicorn.Config(site.gate, log_level="error", lifespan="off")
    server = uvicorn.Server(config)

    async def run() -> None:
        await engine.start()
        await server.serve(sockets=[listener])
        await site.close()
        await engine.close()

    thread = threading.Thread(target=asyncio.run, args=[run()])
    thread.start()
    wait_for(lambda: server.started)
    port = listener.getsockname()[1]
    yield Served(f"http://127.0.0.1:{port}{app.API}", engine)
    server.should_exit = True
    thread.join()
    listener.close()


def idle(served: Served) -> None:
    wait_for(served.busy, lambda busy: busy == 0)


def test_a_stream_that_is_left_stops_the_generation(served: Served) -> None:
    with served.stream() as response:
        lines = response.iter_lines()
        assert next(lines).startswith("data: ")
        assert served.busy() == 1
    idle(served)


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Free only what nobody refers to: rings of references wait."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("code", ["", "1301"])
@pytest.mark.usefixtures("uncollected")
def test_streams_that_break_off_stop_the_generation(served: Served, code: str) -> None:
    faults = {"X-Glmkit-Cut": "2"} | ({"X-Glmkit-Cut-Code": code} if code else {})
    for _ in range(SLOTS + 1):
        with served.stream(10, faults) as response, suppress(httpx.RemoteProtocolError):
            response.read()
    idle(served)


def test_a_stream_that_is_left_while_its_prompt_is_read_stops(served: Served) -> None:
    prompt = " ".join(f"{number} whales" for number in range(400))
    messages = [{"role": "user", "content": prompt}]
    with pytest.raises(httpx.ReadTimeout), served.stream(0.3, messages=messages):
        pass
    idle(served)
    # The prompt was not read to its end behind our back: nothing was generated.
    with served.stream(messages=[STORY], max_tokens=1) as response:
        assert response.read()


def test_a_plain_request_that_is_left_stops_the_generation(served: Served) -> None:
    with pytest.raises(httpx.ReadTimeout), served.stream(0.5, stream=False):
        pass
    idle(served)


def test_a_waiting_request_that_is_left_frees_its_place(served: Served) -> None:
    with served.stream() as one, served.stream() as two:
        held = [one.iter_lines(), two.iter_lines()]
        assert all(next(lines) for lines in held)
        with pytest.raises(httpx.ReadTimeout), served.stream(0.3):
            pass
        assert served.busy() == 2
    idle(served)
    with served.stream(max_tokens=2) as response:
        assert response.read().endswith(b"data: [DONE]\n\n")


def test_a_crash_ends_the_stream_with_a_typed_error(served: Served) -> None:
    with served.stream() as response:
        lines = response.iter_lines()
        next(lines)
        first = served.process.pid
        os.kill(first, signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
        *_, last = (line for line in lines if line)
    error = json.loads(last.removeprefix("data: "))["error"]
    assert error["code"] == "1234"
    with served.stream(max_tokens=2) as response:
        assert response.status_code == 200
        assert response.read().endswith(b"data: [DONE]\n\n")
    assert served.process.pid != first


def test_a_crash_before_the_headers_is_a_server_error(served: Served) -> None:
    answers: list[httpx.Response] = []

    def ask() -> None:
        with served.stream(60, stream=False) as response:
            response.read()
            answers.append(response)

    thread = threading.Thread(target=ask)
    thread.start()
    wait_for(served.busy)
    os.kill(served.process.pid, signal.SIGTERM)
    thread.join()
    (answer,) = answers
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "1234"


def started(weights_file: Path, use: Callable[[Engine], Any]) -> Any:
    async def run() -> Any:
        engine = Engine(weights_file)
        try:
            return await use(engine)
        finally:
            await engine.close()

    return asyncio.run(run())


def test_closing_the_iterator_frees_the_slot(served: Served) -> None:
    async def use(engine: Engine) -> list[bool]:
        tokens = await engine.tokens("Once upon a time")
        async with aclosing(engine.complete(tokens, LONG)) as pieces:
            await anext(pieces)
        end = time.monotonic() + 10
        while any(busy := await slots(engine)) and time.monotonic() < end:
            await asyncio.sleep(0.01)
        return busy

    async def slots(engine: Engine) -> list[bool]:
        client = await engine._client()
        answer = await client.get("/slots")
        return [slot["is_processing"] for slot in answer.json()]

    assert not any(started(served.engine._weights, use))


def test_the_engine_serves_only_its_own_key(served: Served) -> None:
    with served.stream(max_tokens=1) as response:  # it may have crashed before
        response.read()
    answer = httpx.post(f"{served.process.url}/completion", json={"prompt": "x"})
    assert answer.status_code == 401


def test_an_unreadable_model_file_is_a_typed_error(tmp_path: Path) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(b"GGUF\x03\0\0\0" + b"\xff" * 5000)
    with pytest.raises(LocalError, match="did not start") as caught:
        Process(path)
    assert "another GGUF file" in caught.value.hint
    assert "gguf_init" in str(caught.value)


def test_a_truncated_model_file_is_a_typed_error(
    tmp_path: Path, served: Served
) -> None:
    path = tmp_path / "half.gguf"
    path.write_bytes(served.engine._weights.read_bytes()[:50_000_000])
    with pytest.raises(LocalError, match=r"did not start: .*file bounds"):
        Process(path)


def test_stopping_twice_is_harmless(served: Served) -> None:
    process = Process(served.engine._weights)
    assert process.running
    process.stop()
    process.stop()
    assert not process.running
