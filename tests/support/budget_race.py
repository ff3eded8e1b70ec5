"""A process of sixteen threads that spend a budget until it refuses them.

Run as `python -m tests.support.budget_race LEDGER SEED [unreserved] NUMBER`. With
`unreserved` all threads look at what is left before one of them writes a call, without
a reservation: the control arm, which must overspend.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import sys
import threading
import time
from pathlib import Path

from glmkit.ledger import Ledger
from glmkit.types.errors import BudgetError
from glmkit.types.money import Money
from tests.ledger.test_store import done, pending

THREADS = 16
MOST = Money.of("0.0004", "CNY")


def spent(path: Path) -> int:
    """Return what all calls really cost, in 10⁻¹² yuan."""
    db = sqlite3.connect(path)
    try:
        found: int = db.execute("SELECT coalesce(sum(cost), 0) FROM calls").fetchone()[
            0
        ]
    finally:
        db.close()
    return found


async def spend(ledger: Ledger, chance: random.Random) -> None:
    """Make calls until there is no money for one, or a fair number is reached."""
    for _ in range(40):
        try:
            call = await ledger.open(pending(at=time.time()), MOST)
        except BudgetError:
            return
        await asyncio.sleep(chance.uniform(0, 0.004))  # the service answers
        owed = Money(chance.randint(1, MOST.parts), "CNY")
        await ledger.close(done(call, cost=owed))


class Careless:
    """Threads that look at what is left together, and then all spend the most."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._enough = False
        self._all_have_come = threading.Barrier(THREADS, self._look)

    def _look(self) -> None:
        self._enough = self._ledger.budgets()[0].left.parts >= MOST.parts

    async def spend(self) -> None:
        while True:
            self._all_have_come.wait()
            if not self._enough:
                return
            call = await self._ledger.open(pending(at=time.time()), Money(0, "CNY"))
            await self._ledger.close(done(call, cost=MOST))


def main(path: Path, seed: int, reserved: bool) -> None:
    ledger = Ledger(path)
    careless = Careless(ledger)

    def work(number: int) -> None:
        chance = random.Random(seed * 1000 + number)
        asyncio.run(spend(ledger, chance) if reserved else careless.spend())

    threads = [threading.Thread(target=work, args=(n,)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore")  # that most of the budget is gone
    seed = int(sys.argv[2]) * 10 + int(sys.argv[-1])
    main(Path(sys.argv[1]), seed, "unreserved" not in sys.argv)
