"""A client that asks until it is killed, and says which replies it got.

Run as `python -m tests.support.crash_client URL [late]`: prints the tag of each call
whose
reply came. With `late` the ledger is opened when the reply is there: the control arm
without a journal, which must lose calls that the server has served.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

import glmkit
from glmkit.config import endpoints
from glmkit.config.endpoints import Endpoint
from glmkit.ledger import Ledger, default
from glmkit.types.replies import Call, Where, where

WORKERS = 8


class LateLedger(Ledger):
    """Writes a call down only once its end is known."""

    async def open(self, call: Call, *_reserved: Any) -> Call:
        return call

    async def close(self, call: Call) -> None:
        opened = await super().open(call)
        await super().close(opened)


async def work(asker: glmkit.AsyncClient, first: int) -> None:
    number = first
    while True:
        where.set(Where(tag=str(number)))
        await asker.chat(f"number {number}", model="glm-4-plus")
        os.write(1, f"{number}\n".encode())
        number += WORKERS


async def main(url: str) -> None:
    endpoints.SERVICES["bigmodel"] = Endpoint("bigmodel", url, "CNY")
    async with glmkit.AsyncClient(
        "bigmodel", api_key="id.secret", in_flight=WORKERS
    ) as asker:
        await asyncio.gather(*(work(asker, first) for first in range(WORKERS)))


if __name__ == "__main__":
    if "late" in sys.argv:
        default._ledgers[os.environ["GLMKIT_DATA_DIR"]] = LateLedger()
    asyncio.run(main(sys.argv[1]))
