"""The ledger's costs are the service's bill, to the last unit."""

from __future__ import annotations

import asyncio
import itertools
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import glmkit
from glmkit.config import endpoints
from glmkit.config.endpoints import Endpoint
from glmkit.ledger.default import ledger as open_ledger
from glmkit.types.money import Money
from tests.conftest import Paced
from tests.support.bill import price_list, priced

#: All models that have a price are asked, retired ones too.
pytestmark = pytest.mark.filterwarnings("ignore::glmkit.errors.OptionWarning")


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


def honest() -> None:
    """Leave the ledger as it is."""


def bills(
    calls: int,
    paced: Callable[..., Paced],
    patch: pytest.MonkeyPatch,
    spoil: Callable[[], None] = honest,
) -> list[tuple[dict[str, int], dict[str, int]]]:
    """Return ledger and bill, by model, for each service.

    `spoil` is done to the ledger before it is read.
    """
    found = []
    for service, currency in (("bigmodel", "CNY"), ("zai", "USD")):
        server = paced(tokens=1, bill=currency)
        patch.setitem(
            endpoints.SERVICES, service, Endpoint(service, server.url, currency)
        )
        asyncio.run(ask(calls // 2, currency, service))
        spoil()
        frame = glmkit.usage(
            ("endpoint", "model"), where={"endpoint": service}
        ).set_index("model")
        if spoil is honest:
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


def test_a_wrong_price_is_found(
    paced: Callable[..., Paced], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wrong = priced("CNY")[0]
    card: dict[str, Any] = json.loads(json.dumps(price_list()[wrong]))
    for price in card["prices"]:
        for tier in price.get("tiers", ()):
            tier["input"] = f"{float(tier['input']) + 0.001:.3f}"
    file = tmp_path / "models.json"
    file.write_text(json.dumps([{"id": wrong, "prices": card["prices"]}]))
    monkeypatch.setenv("GLMKIT_MODELS_FILE", str(file))
    (ledger, bill), _ = bills(400, paced, monkeypatch)
    assert {model for model in bill if ledger[model] != bill[model]} == {wrong}


def test_a_call_left_out_is_found(
    paced: Callable[..., Paced], monkeypatch: pytest.MonkeyPatch
) -> None:
    def forget() -> None:
        with sqlite3.connect(open_ledger().path) as db:
            db.execute("DELETE FROM calls WHERE id = (SELECT max(id) FROM calls)")
        db.close()

    for ledger, bill in bills(400, paced, monkeypatch, forget):
        assert len([model for model in bill if ledger[model] != bill[model]]) == 1


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ledger_equals_the_bill_over_100000_calls(
    paced: Callable[..., Paced], monkeypatch: pytest.MonkeyPatch
) -> None:
    for ledger, bill in bills(100_000, paced, monkeypatch):
        assert ledger == bill
