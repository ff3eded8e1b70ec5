"""The ledger's costs are the service's bill, to the last unit."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable

import pytest

import glmkit
from glmkit import config
from glmkit.config import Endpoint
from glmkit.money import Money
from tests.bill import priced
from tests.conftest import Paced


async def ask(calls: int, currency: str, service: str) -> None:
    """Ask so many times, all models in turn, sixty-four at a time."""
    models = itertools.cycle(priced(currency))
    turns = iter(range(calls))
    async with glmkit.AsyncClient(service, api_key="id.secret", in_flight=64) as client:

        async def worker() -> None:
            for turn in turns:
                model = next(models)
                if turn % 4:
                    await client.chat("Hi", model=model)
                else:
                    async with client.stream("Hi", model=model) as stream:
                        async for _event in stream:
                            pass

        await asyncio.gather(*(worker() for _ in range(64)))


def bills(
    calls: int, paced: Callable[..., Paced], patch: pytest.MonkeyPatch
) -> list[tuple[dict[str, int], dict[str, int]]]:
    """Return ledger and bill, by model, for each service."""
    found = []
    for service, currency in (("bigmodel", "CNY"), ("zai", "USD")):
        server = paced(tokens=1, bill=currency)
        patch.setitem(config.SERVICES, service, Endpoint(service, server.url, currency))
        asyncio.run(ask(calls // 2, currency, service))
        frame = glmkit.usage(
            ("endpoint", "model"), where={"endpoint": service}
        ).set_index("model")
        assert frame["calls"].sum() == calls // 2
        costs = frame[f"cost_{currency.lower()}"]
        ledger = {
            model: Money.of(cost, currency).parts for model, cost in costs.items()
        }
        found.append((ledger, server.seen["bill"]))
    return found


def test_ledger_equals_the_bill(
    paced: Callable[..., Paced], monkeypatch: pytest.MonkeyPatch
) -> None:
    for ledger, bill in bills(2_000, paced, monkeypatch):
        assert ledger == bill
        assert sum(bill.values()) > 10**12
    checked = glmkit.verify()
    assert checked.ok
    assert checked.checked == 2_000


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ledger_equals_the_bill_over_100000_calls(
    paced: Callable[..., Paced], monkeypatch: pytest.MonkeyPatch
) -> None:
    for ledger, bill in bills(100_000, paced, monkeypatch):
        assert ledger == bill
