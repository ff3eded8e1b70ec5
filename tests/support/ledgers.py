"""Ledgers with calls in them, written by the ledger's own verbs."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import msgspec

from glmkit.ledger import Ledger
from glmkit.types.events import Usage
from glmkit.types.messages import Request
from glmkit.types.replies import Answer, Call


def write_calls(ledger: Ledger, count: int, model: str) -> None:
    """Write finished calls: 100 + 200 tokens, each later one 1 + 2 more."""
    with ThreadPoolExecutor(1) as thread:  # Playwright's loop runs in its tests' own
        thread.submit(asyncio.run, _write(ledger, count, model)).result()


async def _write(ledger: Ledger, count: int, model: str) -> None:
    for number in range(count):
        prompt, answer = 100 + number, 200 + 2 * number
        usage = Usage(prompt, answer, prompt + answer)
        request = Request(messages=(), model=model)
        call = Call(at=time.time(), endpoint="local", model=model, request=request)
        opened = await ledger.open(call)
        done = Answer(model=model, usage=usage, finish_reason="stop")
        await ledger.close(msgspec.structs.replace(opened, state="done", answer=done))
