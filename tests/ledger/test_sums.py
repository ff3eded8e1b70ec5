"""Kept sums equal the calls, whatever happens to these; what is pruned stays summed."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

import glmkit
from glmkit.catalog.cards import card
from glmkit.catalog.prices import cost
from glmkit.ledger import Ledger, queries, sums
from glmkit.ledger.views import frames
from glmkit.types.errors import ConfigError
from glmkit.types.events import Usage
from glmkit.types.money import Money
from glmkit.types.replies import Answer, Call, Where
from tests.ledger.test_store import dicts, done, one_call, pending, raw

MODELS = ("glm-4.6", "glm-4.7", "glm-4-plus", "mystery")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.db")


def priced(call: Call, usage: Usage, **fields: Any) -> Call:
    owed = cost(card(call.model), usage, "CNY")
    answer = Answer("id", call.model, text="Scattering.", usage=usage)
    return done(call, answer=answer, cost=owed, list_cost=owed, **fields)


async def some_calls(ledger: Ledger, count: int, seed: int = 1) -> None:
    """Make calls of every kind and end, in no order, some of them twice."""
    chance = random.Random(seed)
    open_calls: list[Call] = []
    for number in range(count):
        place = Where(f"n{number % 3}.ipynb", f"c{number % 5}", "")
        call = pending(
            number * 1000, where=place, endpoint="zai", model=chance.choice(MODELS)
        )
        open_calls.append(await ledger.open(call, Money(10**9, "CNY")))
        if chance.random() < 0.1:
            ledger.read(by=["model"])  # folds what has ended by now
        while open_calls and chance.random() < 0.6:
            ended = open_calls.pop(chance.randrange(len(open_calls)))
            usage = Usage(chance.randrange(70_000), chance.randrange(400), 1, 5)
            final = priced(ended, usage, first_token_s=chance.random() + 0.1)
            if chance.random() < 0.2:
                final = done(ended, state="failed", cost=None, answer=Answer())
            await ledger.close(final)
            if chance.random() < 0.3:  # told twice, or otherwise
                await ledger.close(msgspec.structs.replace(final, retries=3))


def from_rows(ledger: Ledger, monkeypatch: pytest.MonkeyPatch, **asked: Any) -> Any:
    """Read the same sums from the calls themselves."""
    with monkeypatch.context() as patch:
        patch.setattr(queries, "_kept", lambda _names, _since: "")
        return dicts(ledger, **asked)


@pytest.mark.parametrize("seed", range(8))
def test_sums_equal_the_calls(
    seed: int, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(some_calls(ledger, 60, seed))
    midnight = datetime.fromtimestamp(1.7e9 + 30_000).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    for asked in (
        {"by": ["model"]},
        {"by": ["day", "model"], "since": midnight.timestamp()},
        {"by": ["notebook", "tag", "source"], "where": {"model": ["glm-4.6", "x"]}},
        {"by": ["notebook", "cell"]},
        {"by": ["cell"], "where": {"notebook": "n1.ipynb"}},
    ):
        kept = dicts(ledger, **asked)
        fresh = from_rows(ledger, monkeypatch, **asked)
        for row in (*kept, *fresh):
            row["seconds"] = round(row["seconds"] or 0, 6)
            row["cached_tokens"] = row["cached_tokens"] or 0
        assert kept == fresh
    assert ledger.verify().sums
    for kind in ("seconds", "first_token_s", "tokens_per_s"):
        assert by_model(ledger, kind) == by_model(ledger, kind, "endpoint")


def by_model(ledger: Ledger, kind: str, *more: str) -> Counter[tuple[str, int]]:
    """Return calls by model and bin; what is asked for `more` is read elsewhere."""
    columns, rows = ledger.timings(kind, ("model", *more))
    found: Counter[tuple[str, int]] = Counter()
    for row in rows:
        entry = dict(zip(columns, row, strict=True))
        found[entry["model"], entry["bin"]] += entry["calls"]
    return +found


def test_older_ledger_gets_the_light_sums_of_calls_that_are_gone_too(
    ledger: Ledger,
) -> None:
    asyncio.run(some_calls(ledger, 40))
    glmkit.prune("2030-01-01", ledger=ledger)
    before = dicts(ledger, by=["day", "model"]), by_model(ledger, "seconds")
    ledger.disconnect()
    with contextlib.closing(sqlite3.connect(ledger.path)) as db:
        for thing in ("TRIGGER reopened_days", "TABLE day_sums", "TABLE day_timings"):
            db.execute(f"DROP {thing}")
        sums.create_days(db)
        db.commit()
    assert (dicts(ledger, by=["day", "model"]), by_model(ledger, "seconds")) == before


def test_verify_sees_a_sum_or_a_cost_that_is_wrong(ledger: Ledger) -> None:
    asyncio.run(some_calls(ledger, 30))
    assert ledger.verify().sums
    for table in ("sums", "cell_sums", "day_sums"):
        raw(ledger.path, f"UPDATE {table} SET calls = calls + 1")
        assert ledger.verify().sums is False
        raw(ledger.path, f"UPDATE {table} SET calls = calls - 1")
    assert ledger.verify().sums
    before = len(ledger.verify().differences)
    raw(
        ledger.path,
        "UPDATE calls SET cost = cost + 1 WHERE id = "
        "(SELECT id FROM calls WHERE cost > 0 LIMIT 1)",
    )
    assert len(ledger.verify().differences) == before + 1


def test_times_are_counted_in_bins(ledger: Ledger) -> None:
    async def work() -> None:
        for seconds in (0.9, 0.91, 4.0, None):
            call = await ledger.open(pending())
            await ledger.close(done(call, seconds=seconds))

    asyncio.run(work())
    frame = frames.timings("seconds", by="model", ledger=ledger)
    assert frame["calls"].tolist() == [2, 1]
    assert all(frame["low"] < frame["high"])
    assert frame["low"].iloc[0] <= 0.9 < frame["high"].iloc[0]
    speeds = frames.timings("tokens_per_s", ledger=ledger)
    assert speeds["calls"].sum() == 3
    with pytest.raises(ConfigError, match="not kept by 'cell'"):
        frames.timings(by="cell", ledger=ledger)


def test_log_is_repriced_without_its_rows(ledger: Ledger) -> None:
    usages = [Usage(1000, 199, 0, 7), Usage(40_000, 300), Usage(1000, 200)]

    async def work() -> None:
        for usage in usages:
            await ledger.close(priced(await ledger.open(pending()), usage))

    asyncio.run(work())
    ledger.prune(2e9)
    (row,) = glmkit.repriced("glm-4.7", ledger=ledger).to_dict("records")
    due = [cost(card("glm-4.7"), usage, "CNY") for usage in usages]
    assert row["due"] == sum((money.amount for money in due if money), Decimal(0))
    assert (row["model"], row["calls"]) == ("glm-4-plus", 3)


def test_calls_since_a_moment_are_repriced_by_their_rows(ledger: Ledger) -> None:
    usages = [Usage(1000, 199), Usage(40_000, 300)]

    async def work(used: list[Usage]) -> None:
        for usage in used:
            call = await ledger.open(pending(at=time.time()))
            await ledger.close(priced(call, usage))

    asyncio.run(work([Usage(7, 7)]))
    begun = datetime.now()
    asyncio.run(work(usages))
    other = Ledger(ledger.path)  # a process that has not read the bands yet
    since = {"since": begun, "ledger": other}
    (row,) = glmkit.repriced("glm-4.7", **since).to_dict("records")
    due = [cost(card("glm-4.7"), usage, "CNY") for usage in usages]
    assert row["due"] == sum((money.amount for money in due if money), Decimal(0))
    assert row["calls"] == 2
    here = {"session": [ledger.session, other.session]}
    assert list(glmkit.repriced("glm-4.7", where=here, ledger=other)["calls"]) == [3]


def test_pruned_calls_stay_in_the_sums(ledger: Ledger) -> None:
    asyncio.run(some_calls(ledger, 40))
    before = dicts(ledger, by=["model"])
    undecided = len(glmkit.uncertain(ledger=ledger))
    under_way = len(dicts(ledger, where={"state": "pending"}))
    assert undecided
    assert under_way
    assert glmkit.prune("2030-01-01", ledger=ledger) == 40 - undecided - under_way
    assert dicts(ledger, by=["model"]) == before
    assert ledger.verify().sums is None
    asyncio.run(one_call(ledger))
    after = Counter({row["model"]: row["calls"] for row in dicts(ledger, by=["model"])})
    assert after["glm-4-plus"] == 1 + sum(
        row["calls"] for row in before if row["model"] == "glm-4-plus"
    )


def test_words_alone_can_be_pruned(ledger: Ledger) -> None:
    asyncio.run(one_call(ledger))
    assert glmkit.prune("2030-01-01", words=True, ledger=ledger) == 1
    assert raw(ledger.path, "SELECT text, request FROM calls") == [
        (None, '{"messages":[]}')
    ]
    assert ledger.verify().sums


def test_number_given_again_is_summed_once(ledger: Ledger) -> None:
    asyncio.run(one_call(ledger))
    asyncio.run(ledger.open(pending(1)))
    ledger.read(by=["model"])
    raw(ledger.path, "DELETE FROM calls WHERE id = 2")  # given up before it was sent
    assert asyncio.run(one_call(ledger, 2)).id == 2
    (row,) = dicts(ledger, by=["model"])
    assert row["calls"] == 2


def test_clock_that_goes_back_loses_nothing(ledger: Ledger) -> None:
    for number in (100_000, 0, -1_000_000):
        asyncio.run(one_call(ledger, number))
    rows = dicts(ledger, by=["day"])
    assert [row["calls"] for row in rows] == [1, 1, 1]
    assert ledger.verify().sums


def test_private_ledger_keeps_hashes_alone(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLMKIT_PRIVACY", "1")
    asyncio.run(one_call(ledger))
    ((request, text, key),) = raw(ledger.path, "SELECT request, text, key FROM calls")
    assert msgspec.json.decode(request) == {
        "messages": [],
        "temperature": 0.3,
        "max_tokens": 50,
    }
    assert text.startswith("sha256:")
    assert len(key) == 64
    ledger.disconnect()
    stored = b"".join(p.read_bytes() for p in ledger.path.parent.glob("ledger.db*"))
    assert b"sky" not in stored
    assert b"Scattering" not in stored


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_calls_are_exported_exactly(
    ending: str, ledger: Ledger, tmp_path: Path
) -> None:
    asyncio.run(some_calls(ledger, 30))
    wanted = frames.usage(where={"state": "done"}, ledger=ledger)
    count, rows = exported(ledger, tmp_path / f"calls.{ending}")
    assert count == len(rows) == len(wanted)
    for row, due in zip(rows, wanted["cost"], strict=True):
        assert (Decimal(row["cost"]) if row["cost"] else None) == due
        assert row["text"] == "Scattering."
    when = datetime.fromisoformat(rows[0]["at"])
    assert when == wanted["at"].iloc[0].to_pydatetime()
    assert when.astimezone(UTC) == when


def exported(ledger: Ledger, path: Path) -> tuple[int, list[dict[str, Any]]]:
    """Export the finished calls, and read the file back."""
    if path.suffix == ".parquet":
        return exported_to_parquet(ledger.path, path)
    count = glmkit.export(path, where={"state": "done"}, words=True, ledger=ledger)
    if path.suffix == ".csv":
        return count, list(csv.DictReader(path.read_text("utf-8").splitlines()))
    lines = path.read_bytes().splitlines()
    return count, [msgspec.json.decode(line) for line in lines]


#: pyarrow stands beside the environment: with it, pandas keeps texts in another way.
_PARQUET = """
import json, sys
from pathlib import Path
import glmkit
import pyarrow.parquet as pq
from glmkit.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]))
where = {"state": "done"}
count = glmkit.export(sys.argv[2], where=where, words=True, ledger=ledger)
rows = pq.read_table(sys.argv[2]).to_pylist()
for row in rows:
    row["at"] = row["at"].isoformat()
print(json.dumps([count, rows], default=str))
"""


def exported_to_parquet(ledger: Path, path: Path) -> tuple[int, list[dict[str, Any]]]:
    places = (str(Path(sys.prefix) / "pyarrow"), os.environ["PYTHONPATH"])
    told = subprocess.check_output(
        [sys.executable, "-c", _PARQUET, str(ledger), str(path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(places)},
    )
    count, rows = json.loads(told)
    return count, rows


def test_export_that_can_not_be_written_leaves_nothing(
    ledger: Ledger, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"cannot be written as '\.xlsx'"):
        glmkit.export(tmp_path / "calls.xlsx", ledger=ledger)
    with pytest.raises(ConfigError, match="cannot be written"):
        glmkit.export(tmp_path / "no" / "calls.csv", ledger=ledger)
    assert not list(tmp_path.glob("*calls*"))


def test_marks_say_how_sure_a_sum_is(ledger: Ledger) -> None:
    async def work() -> None:
        for model, owed in (
            ("glm-4-plus", Money(5, "CNY", at_most=True)),
            ("mystery", None),
            ("glm-4.6", Money(5, "CNY")),
        ):
            call = await ledger.open(pending(model=model))
            await ledger.close(done(call, cost=owed))

    asyncio.run(work())
    marks = frames.usage("model", ledger=ledger).set_index("model")["mark"]
    assert marks.to_dict() == {
        "glm-4-plus": "at most",
        "mystery": "at least",
        "glm-4.6": "",
    }
    assert frames.usage("endpoint", ledger=ledger)["mark"].tolist() == ["about"]


_DIES = """
import os, signal, sys
from contextlib import nullcontext
from pathlib import Path
from glmkit.ledger import Ledger, sums
path, place, arm = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
if arm == "no transaction":
    sums.transaction = nullcontext
sums._FOLD = (*sums._FOLD[:place], "SELECT die()", *sums._FOLD[place:])
ledger = Ledger(path)
die = lambda: os.kill(os.getpid(), signal.SIGKILL)
ledger._connection.persist(lambda db: db.create_function("die", 0, die))
ledger.read(("model",))
"""


def folded_after_a_kill(ledger: Ledger, place: int, arm: str) -> bool:
    """Kill a process in the middle of its fold; whether the sums hold afterwards."""
    command = [sys.executable, "-c", _DIES, ledger.path, str(place), arm]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    return bool(ledger.verify().sums)


@pytest.mark.parametrize("place", [1, 4, 9, len(sums._FOLD)])
def test_fold_that_is_killed_counts_no_call_twice(ledger: Ledger, place: int) -> None:
    asyncio.run(some_calls(ledger, 40))
    assert folded_after_a_kill(ledger, place, "")


def test_fold_without_its_transaction_would(ledger: Ledger) -> None:
    asyncio.run(some_calls(ledger, 40))
    assert not folded_after_a_kill(ledger, 4, "no transaction")
