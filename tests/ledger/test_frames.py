"""The ledger and the catalogue as DataFrames: exact, typed, with all columns."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from glmkit.figures import tables
from glmkit.ledger import Ledger
from glmkit.ledger.views import export, frames
from glmkit.types.answers import Answer
from glmkit.types.errors import ConfigError
from glmkit.types.money import Money
from tests.ledger.test_store import done, pending


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """A ledger with a priced, a dear, a foreign, an unpriced and a failed call."""
    ledger = Ledger(tmp_path / "ledger.db")
    costs = [Money(1, "CNY"), Money(7 * 10**18 + 1, "CNY"), Money(5, "USD"), None]

    async def work() -> None:
        for number, cost in enumerate(costs):
            call = await ledger.open(pending(number))
            await ledger.close(done(call, cost=cost, list_cost=Money(10**12, "CNY")))
        await ledger.close(done(await ledger.open(pending(9)), state="failed"))

    asyncio.run(work())
    return ledger


def test_costs_are_exact_decimals_beside_their_currency(ledger: Ledger) -> None:
    frame = frames.usage(ledger=ledger)
    assert frame["cost"].tolist()[:4] == [
        Decimal("0.000000000001"),
        Decimal("7000000.000000000001"),
        Decimal("0.000000000005"),
        None,
    ]
    assert frame["currency"].tolist()[:4] == ["CNY", "CNY", "USD", None]
    assert str(frame["list_cost"].iloc[0]) == "1"


def test_times_know_their_zone_and_counts_are_whole(ledger: Ledger) -> None:
    frame = frames.usage(ledger=ledger)
    assert frame["at"].iloc[0] == datetime.fromtimestamp(1.7e9, UTC)
    assert frame["prompt_tokens"].dtype == "Int64"
    assert frame["reasoning_tokens"].isna().all()
    assert frame["seconds"].iloc[0] == 1.5


def test_sums_keep_currencies_apart(ledger: Ledger) -> None:
    frame = frames.usage("model", ledger=ledger)
    (row,) = frame.to_dict("records")
    assert row["model"] == "glm-4-plus"
    assert row["cost_cny"] == Decimal("7000000.000000000002")
    assert row["cost_usd"] == Decimal("0.000000000005")
    assert (row["calls"], row["failed"], row["unpriced"]) == (5, 1, 1)
    assert row["list_cost_cny"] == 4


def test_columns_are_the_same_in_an_empty_ledger(
    ledger: Ledger, tmp_path: Path
) -> None:
    empty = Ledger(tmp_path / "empty.db")
    for by in (None, "model", ["day", "tag"]):
        full, none = frames.usage(by, ledger=ledger), frames.usage(by, ledger=empty)
        assert none.empty
        assert none.columns.tolist() == full.columns.tolist()
        assert none.dtypes.equals(full.dtypes)


def test_frame_reads_this_users_ledger_by_itself() -> None:
    assert frames.usage().empty


@pytest.mark.parametrize(
    ("since", "left"),
    [
        (datetime.fromtimestamp(1.7e9 + 2, UTC), 3),
        (datetime.fromtimestamp(1.7e9 + 2), 3),
        (date(2023, 11, 1), 5),
        ("2023-11-01 08:00", 5),
        ("2024-01-01", 0),
        (timedelta(days=1), 0),
    ],
)
def test_since_takes_days_times_and_spans(
    since: frames.Since, left: int, ledger: Ledger
) -> None:
    assert len(frames.usage(since=since, ledger=ledger)) == left


def test_what_is_no_time_is_refused(ledger: Ledger) -> None:
    with pytest.raises(ConfigError, match="not a date or time"):
        frames.usage(since="the other day", ledger=ledger)


def test_where_keeps_the_calls_that_are_asked_for(ledger: Ledger) -> None:
    frame = frames.usage(
        where={"tag": ["0", "2"], "model": "glm-4-plus"}, ledger=ledger
    )
    assert frame["tag"].tolist() == ["0", "2"]


def test_newest_calls_alone_can_be_read(ledger: Ledger) -> None:
    last = frames.usage(where={"state": "done"}, newest=2, ledger=ledger)
    assert last["tag"].tolist() == ["2", "3"]
    assert frames.usage("model", newest=2, ledger=ledger)["calls"].tolist() == [2]


def test_what_is_not_known_is_missing_in_calls_and_sums(tmp_path: Path) -> None:
    book = Ledger(tmp_path / "l.db")

    async def work() -> None:
        for number, state in enumerate(("done", "failed")):
            call = msgspec.structs.replace(pending(number), model="unknown")
            call = await book.open(call)
            await book.close(
                msgspec.structs.replace(call, state=state, answer=Answer())
            )

    asyncio.run(work())
    calls = frames.usage(ledger=book)
    assert calls["cost"].tolist() == calls["currency"].tolist() == [None, None]
    names = ["prompt_tokens", "completion_tokens", "total_tokens"]
    assert calls[names].isna().all(axis=None)
    for newest in (None, 9):
        sums = frames.usage("model", newest=newest, ledger=book)
        assert sums[names].isna().all(axis=None)
        assert sums["cost_cny"].tolist() == [None]
        assert sums["mark"].tolist() == ["at least"]
    html, text = tables.models(frames.usage("model", ledger=book), "CNY")
    assert "unknown tokens (unknown + unknown)" in text
    assert "unknown" in html
    assert frames.repriced("glm-4-plus", ledger=book).empty


def test_small_amounts_are_written_without_an_exponent(tmp_path: Path) -> None:
    book = Ledger(tmp_path / "l.db")

    async def work() -> None:
        call = await book.open(pending(0))
        await book.close(done(call, cost=Money(250_000, "CNY")))

    asyncio.run(work())
    frame = frames.usage(ledger=book)
    assert frame["cost"].tolist() == [Decimal("0.00000025")]
    for shown in (
        str(frame["cost"]),
        frame[["cost"]].to_csv(),
        str(frames.usage("model", ledger=book)["cost_cny"]),
        f"{Money(250_000, 'CNY').amount} {Money(250_000, 'CNY')!r}",
    ):
        assert "0.00000025" in shown
        assert "E-" not in shown
    for name in ("c.csv", "c.jsonl"):
        export.export(tmp_path / name, ledger=book)
        assert "0.00000025" in (tmp_path / name).read_text()
