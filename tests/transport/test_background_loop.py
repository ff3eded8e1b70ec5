"""The background loop: what is cancelled settles, however early."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from glmkit.transport import background_loop


def test_work_that_is_cancelled_before_it_has_begun_settles() -> None:
    ended: list[str] = []
    held = threading.Event()

    async def hold() -> None:
        held.set()
        time.sleep(0.2)  # what is handed over meanwhile begins in one go

    async def job() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("settled")

    holding = background_loop.submit(hold())
    held.wait()
    work = background_loop.submit(job())
    work.cancel()
    assert work.done
    assert ended == ["settled"]
    with pytest.raises(asyncio.CancelledError):
        work.result()
    holding.result()
