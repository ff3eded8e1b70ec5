"""A process that makes calls until it is killed, and says what it has made sure of.

Run as `python crash_writer.py LEDGER [late] [hold]`: prints `open NUMBER` once a call
could be sent and `done NUMBER` once its end is recorded. With `late` it writes each row
at the end of the call only: the control arm, which must lose calls. With `hold` no call
from number HELD on ends.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import msgspec

from glmkit.ledger import Ledger
from glmkit.types.replies import Answer, Call, Where
from glmkit.types.requests import request_of

HELD = 40
REQUEST = request_of("Why is the sky blue?", {})


def say(word: str, number: int) -> None:
    os.write(1, f"{word} {number}\n".encode())


async def call(ledger: Ledger, number: int, late: bool) -> None:
    """Make one call; the number is kept as its tag."""
    asked = Call(
        at=1.7e9 + number,
        where=Where(tag=str(number)),
        endpoint="local",
        model="glm-4-plus",
        request=REQUEST,
    )
    row = asked if late else await ledger.open(asked)
    say("open", number)
    held = "hold" in sys.argv and number >= HELD
    await asyncio.sleep(3600 if held else 0.001 * (number % 7))
    row = await ledger.open(asked) if late else row
    answer = Answer(text="Scattering. " * (number % 50), finish_reason="stop")
    await ledger.close(msgspec.structs.replace(row, state="done", answer=answer))
    say("done", number)


async def work(ledger: Ledger, first: int, late: bool) -> None:
    number = first
    while True:
        await call(ledger, number, late)
        number += 8


async def main(path: Path, late: bool) -> None:
    ledger = Ledger(path)
    await asyncio.gather(*(work(ledger, first, late) for first in range(8)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), "late" in sys.argv))
