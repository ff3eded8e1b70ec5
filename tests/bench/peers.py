"""The same call made through glmkit and through other clients.

`python -m tests.bench.peers KIND PEER ORIGIN COUNT` measures one of them in a process
of its own and prints one line of JSON.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.bench import fast

KEY = "0123456789abcdef0123456789abcdef.0123456789abcdef"
MODEL = "glm-4-flash-250414"
MESSAGES: Any = [{"role": "user", "content": "Why is the sky blue?"}]
BODY = {"model": MODEL, "messages": MESSAGES}
HEADERS = {"authorization": f"Bearer {KEY}"}


class Glmkit:
    """Ours, with its limiter and a ledger in a folder of its own."""

    def __init__(self, base: str, in_flight: int = 5) -> None:
        import glmkit

        self.client = glmkit.Client(base, KEY, MODEL, in_flight=in_flight)

    def call(self) -> str:
        return self.client.chat("Why is the sky blue?").text

    def stream(self) -> Iterator[str]:
        from glmkit import Text

        with self.client.stream("Why is the sky blue?") as stream:
            for event in stream:
                if type(event) is Text:
                    yield event.text


class AsyncGlmkit:
    """Ours on the caller's loop."""

    def __init__(self, base: str, in_flight: int = 5) -> None:
        import glmkit

        self.client = glmkit.AsyncClient(base, KEY, MODEL, in_flight=in_flight)

    async def call(self) -> str:
        return (await self.client.chat("Why is the sky blue?")).text

    async def stream(self) -> AsyncIterator[str]:
        from glmkit import Text

        async with self.client.stream("Why is the sky blue?") as stream:
            async for event in stream:
                if type(event) is Text:
                    yield event.text


class Httpx:
    """httpx by hand: lines and json, as people write it."""

    def __init__(self, base: str, in_flight: int = 5) -> None:
        import httpx

        self.url = base + "/chat/completions"
        limits = httpx.Limits(
            max_connections=in_flight, max_keepalive_connections=in_flight
        )
        self.client = httpx.Client(headers=HEADERS, timeout=60, limits=limits)

    def call(self) -> str:
        reply = self.client.post(self.url, json=BODY).raise_for_status().json()
        text: str = reply["choices"][0]["message"]["content"]
        return text

    def stream(self) -> Iterator[str]:
        body = {**BODY, "stream": True}
        with self.client.stream("POST", self.url, json=body) as reply:
            for line in reply.iter_lines():
                if line.startswith("data: {"):
                    yield json.loads(line[6:])["choices"][0]["delta"]["content"]


class AsyncHttpx:
    """httpx by hand, with its own pool."""

    def __init__(self, base: str, in_flight: int = 5) -> None:
        import httpx

        self.url = base + "/chat/completions"
        limits = httpx.Limits(
            max_connections=in_flight, max_keepalive_connections=in_flight
        )
        self.client = httpx.AsyncClient(headers=HEADERS, timeout=60, limits=limits)

    async def call(self) -> str:
        reply = await self.client.post(self.url, json=BODY)
        text: str = reply.json()["choices"][0]["message"]["content"]
        return text

    async def stream(self) -> AsyncIterator[str]:
        body = {**BODY, "stream": True}
        async with self.client.stream("POST", self.url, json=body) as reply:
            async for line in reply.aiter_lines():
                if line.startswith("data: {"):
                    yield json.loads(line[6:])["choices"][0]["delta"]["content"]


class Zai:
    """The service's own client."""

    def __init__(self, base: str, in_flight: int = 5) -> None:
        import httpx
        from zai import ZhipuAiClient

        limits = httpx.Limits(
            max_connections=in_flight, max_keepalive_connections=in_flight
        )
        http = httpx.Client(limits=limits, timeout=60)
        self.client = ZhipuAiClient(api_key=KEY, base_url=base, http_client=http)

    def call(self) -> str:
        reply: Any = self.client.chat.completions.create(model=MODEL, messages=MESSAGES)
        text: str = reply.choices[0].message.content
        return text

    def stream(self) -> Iterator[str]:
        chunks: Any = self.client.chat.completions.create(
            model=MODEL, messages=MESSAGES, stream=True
        )
        for chunk in chunks:
            yield chunk.choices[0].delta.content or ""


class OpenAI:
    """The other SDK that people point at GLM."""

    def __init__(self, base: str, in_flight: int = 5) -> None:
        from openai import OpenAI

        self.client = OpenAI(api_key=KEY, base_url=base)

    def call(self) -> str:
        reply = self.client.chat.completions.create(model=MODEL, messages=MESSAGES)
        return reply.choices[0].message.content or ""

    def stream(self) -> Iterator[str]:
        chunks = self.client.chat.completions.create(
            model=MODEL, messages=MESSAGES, stream=True
        )
        for chunk in chunks:
            yield chunk.choices[0].delta.content or ""


class AsyncOpenAI:
    """The same on the caller's loop, over httpx's pool."""

    def __init__(self, base: str, in_flight: int = 5) -> None:
        from openai import AsyncOpenAI

        self.client = AsyncOpenAI(api_key=KEY, base_url=base)

    async def call(self) -> str:
        reply = await self.client.chat.completions.create(
            model=MODEL, messages=MESSAGES
        )
        return reply.choices[0].message.content or ""

    async def stream(self) -> AsyncIterator[str]:
        chunks = await self.client.chat.completions.create(
            model=MODEL, messages=MESSAGES, stream=True
        )
        async for chunk in chunks:
            yield chunk.choices[0].delta.content or ""


PEERS: dict[str, Any] = {
    "glmkit": Glmkit,
    "glmkit-async": AsyncGlmkit,
    "httpx": Httpx,
    "httpx-async": AsyncHttpx,
    "zai-sdk": Zai,
    "openai": OpenAI,
    "openai-async": AsyncOpenAI,
}


def cpu() -> float:
    """Return the CPU seconds of this process, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _sync(peer: Any, kind: str, count: int) -> float:
    def once() -> None:
        if kind == "calls":
            assert peer.call()
        else:
            assert sum(1 for _ in peer.stream()) >= 1

    for _ in range(50 if kind == "calls" else 2):
        once()
    gc.collect()
    began = cpu()
    for _ in range(count):
        once()
    return cpu() - began


async def _asynchronous(peer: Any, kind: str, count: int) -> float:
    async def once() -> None:
        if kind == "calls":
            assert await peer.call()
        else:
            assert sum([1 async for _ in peer.stream()]) >= 1

    for _ in range(50 if kind == "calls" else 2):
        await once()
    gc.collect()
    began = cpu()
    for _ in range(count):
        await once()
    return cpu() - began


async def _in_flight(call: Callable[[], Awaitable[str]], many: int, each: int) -> float:
    """Return the seconds that `many` workers take for `each` calls, once warm."""

    async def worker(turns: int) -> None:
        for _ in range(turns):
            assert await call()

    await asyncio.gather(*(worker(1) for _ in range(many)))
    gc.collect()
    began = time.perf_counter()
    await asyncio.gather(*(worker(each) for _ in range(many)))
    return time.perf_counter() - began


def _in_threads(call: Callable[[], str], many: int, each: int) -> float:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(many) as pool:
        list(pool.map(lambda _: call(), range(many)))
        gc.collect()
        began = time.perf_counter()
        list(pool.map(lambda _: call(), range(many * each)))
        return time.perf_counter() - began


def measured(kind: str, name: str, base: str, count: int, many: int) -> float:
    """Return CPU seconds of `count` calls or streams, or the seconds in flight."""
    asynchronous = name.endswith("-async")
    peer = PEERS[name](base, in_flight=many or 5)
    if kind == "in_flight" and asynchronous:

        async def main() -> float:
            return await _in_flight(peer.call, many, count)

        return asyncio.run(main())
    if kind == "in_flight":
        return _in_threads(peer.call, many, count)
    if asynchronous:
        return asyncio.run(_asynchronous(peer, kind, count))
    return _sync(peer, kind, count)


Figures = dict[str, list[float]]


def in_turns(
    kind: str, names: Sequence[str], base: str, count: int, rounds: int, many: int = 0
) -> Figures:
    """Measure each peer once a round, each time in a new process, in seconds."""
    figures: Figures = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            words = (kind, name, base, str(count), str(many))
            done = subprocess.run(
                [sys.executable, "-m", "tests.bench.peers", *words],
                cwd=Path(__file__).parents[2],
                stdout=subprocess.PIPE,
                check=True,
            )
            figures[name].append(json.loads(done.stdout))
    return figures


def ratio(figures: Figures, ours: str, theirs: str) -> float:
    """Return the median of the ratios within one round."""
    pairs = zip(figures[ours], figures[theirs], strict=True)
    return statistics.median(one / other for one, other in pairs)


if __name__ == "__main__":
    fast.pin(0)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GLMKIT_DATA_DIR"] = folder
        kind, name, base, count, many = sys.argv[1:]
        print(json.dumps(measured(kind, name, base, int(count), int(many))), flush=True)
