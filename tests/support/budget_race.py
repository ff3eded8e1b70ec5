"""A process of sixteen threads that spend a budget until it refuses them.

Run as `python -m tests.support.budget_race LEDGER SEED [unreserved] NUMBER`. With
`unreserved`
a call looks at what is left and is then written without a reservation: the control
arm, which must overspend.
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


async def spend(ledger: Ledger, chance: random.Random, reserved: bool) -> None:
    """Make calls until there is no money for one, or a fair number is reached."""
    for _ in range(40):
        if not reserved and ledger.budgets()[0].left.parts < MOST.parts:
            return
        try:
            held = MOST if reserved else Money(0, "CNY")
            call = await ledger.open(pending(at=time.time()), held)
        except BudgetError:
            return
        await asyncio.sleep(chance.uniform(0, 0.004))  # the service answers
        owed = Money(chance.randint(1, MOST.parts), "CNY")
        await ledger.close(done(call, cost=owed))


def main(path: Path, seed: int, reserved: bool) -> None:
    ledger = Ledger(path)
    threads = [
        threading.Thread(
            target=lambda number=number: asyncio.run(
                spend(ledger, random.Random(seed * 1000 + number), reserved)
            )
        )
        for number in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore")  # that most of the budget is gone
    seed = int(sys.argv[2]) * 10 + int(sys.argv[-1])
    main(Path(sys.argv[1]), seed, "unreserved" not in sys.argv)
