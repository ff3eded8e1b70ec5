"""The client of the engine: counts tokens, completes prompts, restarts after a crash.

Completions are always streamed: the engine notices only in a stream that its reader has
left. It also reports progress, so that it notices while it reads a prompt.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import asynccontextmanager
from math import inf
from pathlib import Path
from typing import Any

import httpx
import msgspec

from glmkit.local.engine.process import SLOTS, Process
from glmkit.types.errors import LocalError, StreamError
from glmkit.types.first_use import prepare
from glmkit.types.translation import _
from glmkit.wire.sse import Decoder

_TIMEOUT = httpx.Timeout(10, read=120)
#: Enough that a word that is not unthinkable is among them.
_LIKELY = 1000


class Timings(msgspec.Struct, frozen=True, gc=False):
    """Timings of the engine: `cache_n` tokens of the prompt were in its cache."""

    cache_n: int = 0


class EnginePiece(msgspec.Struct, frozen=True, gc=False):
    """A piece of a completion; the last one has `stop` and the counts."""

    content: str = ""
    stop: bool = False
    stop_type: str = ""
    tokens_predicted: int = 0
    tokens_evaluated: int = 0
    timings: Timings = Timings()


class Sampling(msgspec.Struct, frozen=True):
    """Sampling parameters; `n_predict` is the most tokens.

    Fields that are None are not sent; `grammar` and `json_schema` exclude each other.
    """

    n_predict: int
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = -1
    stop: tuple[str, ...] = ()
    grammar: str | None = None
    json_schema: dict[str, Any] | None = None

    @property
    def body(self) -> dict[str, Any]:
        """The fields of the engine's request."""
        fields = msgspec.structs.asdict(self)
        return {name: value for name, value in fields.items() if value is not None}


class _Prompt(msgspec.Struct):
    prompt: str


class _Tokens(msgspec.Struct):
    tokens: list[int]


class _Likely(msgspec.Struct):
    token: str
    logprob: float | None = None


class _Step(msgspec.Struct):
    top_logprobs: list[_Likely]


class _Steps(msgspec.Struct):
    completion_probabilities: list[_Step] = []


prepare(EnginePiece, _Prompt, _Tokens, _Steps)


class Engine:
    """The engine of one model file; it runs between `start` and `close`."""

    def __init__(self, weights: Path) -> None:
        self._weights = weights
        self._process: Process | None = None
        self._http: httpx.AsyncClient | None = None
        self._starting = asyncio.Lock()
        self._slots = asyncio.Semaphore(SLOTS)

    async def start(self) -> None:
        """Start the engine's process; LocalError when it does not come up."""
        await self._client()

    async def close(self) -> None:
        """End the engine's process."""
        http, process = self._http, self._process
        self._http = self._process = None
        if http:
            await http.aclose()
        if process:
            await asyncio.to_thread(process.stop)

    async def _client(self) -> httpx.AsyncClient:
        """Return the client of a running engine; restart one that died."""
        async with self._starting:
            if self._http and self._process and self._process.running:
                return self._http
            await self.close()
            self._process = await asyncio.to_thread(Process, self._weights)
            self._http = httpx.AsyncClient(
                base_url=self._process.url,
                headers={"Authorization": f"Bearer {self._process.key}"},
                timeout=_TIMEOUT,
                trust_env=False,
            )
            return self._http

    @asynccontextmanager
    async def _translated(self) -> AsyncIterator[httpx.AsyncClient]:
        """Turn what the transport raises into LocalError."""
        client = await self._client()
        try:
            yield client
        except (httpx.HTTPError, StreamError, msgspec.DecodeError) as exc:
            raise LocalError(
                _(
                    "the local engine broke off: {reason}",
                    reason=exc or type(exc).__name__,
                ),
                hint=_("Run it again: the engine restarts by itself."),
            ) from exc

    async def _ask(self, path: str, body: dict[str, Any]) -> bytes:
        async with self._translated() as client:
            response = await client.post(path, json=body)
            response.raise_for_status()
            return response.content

    async def tokens(
        self, text: str, *, start: bool = True, marks: bool = True
    ) -> list[int]:
        """Return the tokens of a text.

        `start`: it begins a prompt; `marks`: the template's marks in it are marks.
        """
        body = {"content": text, "add_special": start, "parse_special": marks}
        answer = await self._ask("/tokenize", body)
        return msgspec.json.decode(answer, type=_Tokens).tokens

    async def prompt(self, messages: Iterable[dict[str, str]]) -> str:
        """Return the prompt that the model's own template makes of the messages."""
        answer = await self._ask("/apply-template", {"messages": list(messages)})
        return msgspec.json.decode(answer, type=_Prompt).prompt

    async def likely(self, tokens: list[int]) -> dict[str, float]:
        """Return the log probabilities of the likeliest next tokens, by their text."""
        body = {"prompt": tokens, "n_predict": 1, "n_probs": _LIKELY, "temperature": 0}
        async with self._slots:
            answer = await self._ask("/completion", {**body, "cache_prompt": True})
        steps = msgspec.json.decode(answer, type=_Steps).completion_probabilities
        likely = steps[0].top_logprobs if steps else []
        return {one.token: -inf if (p := one.logprob) is None else p for one in likely}

    async def complete(
        self, tokens: list[int], sampling: Sampling
    ) -> AsyncGenerator[EnginePiece, None]:
        """Complete the prompt; the last piece has `stop`. Waits for a free slot.

        Close the iterator to stop the generation. Raises LocalError.
        """
        body = sampling.body | {
            "prompt": tokens,
            "stream": True,
            "return_progress": True,
            "cache_prompt": True,
        }
        async with (
            self._slots,
            self._translated() as client,
            client.stream("POST", "/completion", json=body) as response,
        ):
            response.raise_for_status()
            async for piece in _pieces(response):
                yield piece
                if piece.stop:
                    return
        raise LocalError(_("the local engine broke off before the end of its answer"))


async def _pieces(response: httpx.Response) -> AsyncIterator[EnginePiece]:
    decoder = Decoder()
    read = msgspec.json.Decoder(EnginePiece)
    async for chunk in response.aiter_raw():
        for event in decoder.feed(chunk):
            piece = read.decode(event.data)
            if piece.content or piece.stop:
                yield piece
