"""Grants: what holds a call at its most pays it, and no token is spent twice."""

from __future__ import annotations

import asyncio
import datetime
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import glmkit
from glmkit.figures.budgets import burn_down
from glmkit.ledger import Grant, Ledger
from glmkit.ledger.default import ledger as own
from glmkit.notebook import doctor
from glmkit.render.answer.badge import badge_of
from glmkit.types.errors import BudgetError, ConfigError, GLMError
from glmkit.types.money import Money
from glmkit.types.replies import Call
from tests.conftest import Paced
from tests.ledger.test_store import done, pending

YUAN = Money.of("1", "CNY")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = Ledger(tmp_path / "ledger.db")
    yield made
    made.disconnect()


def opened(ledger: Ledger, most: int | None = 100, **fields: Any) -> Call:
    call = pending(**{"endpoint": "bigmodel", **fields})
    return asyncio.run(ledger.open(call, YUAN, lambda _: most))


def closed(ledger: Ledger, call: Call, granted: int | None) -> None:
    nothing = Money(0, "CNY")
    asyncio.run(ledger.close(done(call, cost=nothing, granted=granted)))


def used(ledger: Ledger) -> list[int]:
    return [grant.used for grant in ledger.grants()]


def test_most_tokens_are_set_aside_and_give_way_to_those_of_the_call(
    ledger: Ledger,
) -> None:
    glmkit.grant(1_000, ledger=ledger)
    call = opened(ledger, 100)
    assert (call.granted, used(ledger)) == (100, [100])
    closed(ledger, call, 30)
    closed(ledger, call, 30)
    assert used(ledger) == [30]
    assert ledger.verify().ok


def test_call_that_the_grant_may_not_hold_is_paid_in_money(ledger: Ledger) -> None:
    glmkit.grant(150, ledger=ledger)
    glmkit.budget("0.5", ledger=ledger)
    assert opened(ledger, 100).granted == 100
    with pytest.raises(BudgetError, match="up to ¥1"):
        opened(ledger, 100)
    assert used(ledger) == [100]


@pytest.mark.parametrize(
    "fields",
    [{"endpoint": "zai"}, {"model": "glm-4.6"}, {"at": 4e9}, {"most": None}],
    ids=["endpoint", "model", "day", "not billed by tokens"],
)
def test_grant_pays_what_it_is_for(ledger: Ledger, fields: dict[str, Any]) -> None:
    glmkit.grant("1M", ["glm-4-*", "glm-4.5"], until="2090-12-31", ledger=ledger)
    assert opened(ledger, **fields).granted is None
    assert opened(ledger, model="glm-4-plus", at=3e9).granted == 100


def test_grant_that_ends_first_is_used_first(ledger: Ledger) -> None:
    for until in (None, "2090-01-02", datetime.date(2090, 1, 1)):
        glmkit.grant(100, until=until, ledger=ledger)
    assert [opened(ledger, 60).granted for _ in range(4)] == [60, 60, 60, None]
    assert [grant.until is None for grant in ledger.grants()] == [False, False, True]


def test_call_that_was_cancelled_before_it_left_takes_nothing(ledger: Ledger) -> None:
    glmkit.grant(1_000, ledger=ledger)
    opened(ledger)
    with closing(sqlite3.connect(ledger.path, isolation_level=None)) as db:
        db.execute("DELETE FROM calls")
    assert used(ledger) == [0]


def test_call_of_a_process_that_died_keeps_its_most(ledger: Ledger) -> None:
    glmkit.grant(1_000, ledger=ledger)
    script = (
        "import asyncio, os, sys\n"
        "from pathlib import Path\n"
        "from tests.ledger.test_grants import Ledger, opened\n"
        "opened(Ledger(Path(sys.argv[1])), 400)\n"
        "os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", script, str(ledger.path)], check=False)
    assert used(ledger) == [400]
    assert glmkit.uncertain(ledger=ledger)["paid_by"].tolist() == ["grant"]


def test_threads_spend_no_token_twice(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    first = Ledger(path)
    glmkit.grant(1_000, ledger=first)
    granted: list[int | None] = []

    def ask() -> None:
        mine = Ledger(path)
        granted.extend(opened(mine, 70).granted for _ in range(10))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert granted.count(70) == 1_000 // 70
    assert used(first) == [1_000 // 70 * 70]
    first.disconnect()


@pytest.mark.parametrize("tokens", ["20M", "20_000_000", " 20,000,000 ", "2000万"])
def test_tokens_are_read_as_people_write_them(ledger: Ledger, tokens: str) -> None:
    assert glmkit.grant(tokens, ledger=ledger) == Grant("bigmodel", 20_000_000)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"tokens": "many"}, "'many' is not a number of tokens"),
        ({"tokens": 0}, "0 is not a number of tokens"),
        ({"tokens": -5}, "-5 is not a number"),
        ({"tokens": 1, "until": "soon"}, "'soon' is not a day"),
        ({"tokens": 1, "endpoint": "local"}, "local bills no tokens"),
        ({"tokens": 1, "endpoint": "zai-coding"}, "zai-coding bills no tokens"),
        ({"tokens": 1, "endpoint": "bigmodle"}, "unknown endpoint 'bigmodle'"),
    ],
)
def test_what_names_no_grant_is_told(
    ledger: Ledger, wrong: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        glmkit.grant(**wrong, ledger=ledger)
    assert ledger.grants() == []


def test_balance_dashboard_and_doctor_show_what_is_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GLMKIT_DATA_DIR", str(tmp_path))
    glmkit.grant("20M", "glm-4.5*", until="2090-12-31")
    opened(Ledger(), 5_000_000, model="glm-4.5-air")
    (row,) = glmkit.balance().to_dict("records")
    name = "bigmodel: glm-4.5*, until 2090-12-31"
    assert (row["scope"], row["name"], row["currency"]) == ("grant", name, "tokens")
    assert (row["spent"], row["left"], row["share"]) == (5e6, 15e6, 0.25)
    (line,) = burn_down(glmkit.balance(), glmkit.usage()).rows
    assert (line.label, line.value, line.share) == (
        f"grant {name}", "5.0M of 20.0M tokens used", 0.25,
    )  # fmt: skip
    (found,) = [each for each in doctor.examine() if each.name == "grants"]
    assert found.state == f"15.0M of 20.0M tokens left ({name})"
    assert glmkit.grant(None) is None
    assert len(glmkit.balance()) == 0


# Through the client


@pytest.fixture
def client(place: Paced) -> Iterator[glmkit.Client]:
    with glmkit.Client(place.url, place.key, serves="bigmodel") as made:
        yield made


def test_answer_off_a_grant_costs_nothing_and_keeps_its_list_price(
    client: glmkit.Client, place: Paced
) -> None:
    ledger = own()
    glmkit.grant("1M", endpoint=place.url)
    glmkit.budget(0)
    reply = client.chat("Why?", model="glm-4-plus", max_tokens=50)
    assert reply.usage
    assert (reply.cost, reply.paid_by) == (Money(0, "CNY"), "grant")
    assert reply.list_cost
    assert used(ledger) == [reply.usage.total_tokens]
    assert "¥0, off a grant" in badge_of(reply).cost
    row = glmkit.usage().iloc[-1]
    assert (row["cost"], row["paid_by"]) == (0, "grant")
    assert row["list_cost"] > 0
    assert ledger.verify().ok


def test_free_model_takes_nothing_off_a_grant(
    client: glmkit.Client, place: Paced
) -> None:
    glmkit.grant("1M", endpoint=place.url)
    reply = client.chat("Why?", model="glm-4-flash-250414", max_tokens=50)
    assert (reply.paid_by, used(own())) == ("money", [0])


def test_refused_call_takes_nothing_and_an_unsure_one_its_most(
    paced: Callable[..., Paced],
) -> None:
    ledger = own()
    for fault, is_unsure in ((({"status": 400}), False), ({"cut": 1}, True)):
        place = paced(**fault)
        glmkit.grant(100_000, endpoint=place.url)
        with (
            glmkit.Client(place.url, place.key, serves="bigmodel") as client,
            pytest.raises(GLMError) as caught,
        ):
            client.chat("Why?", model="glm-4-plus", max_tokens=50)
        (call,) = caught.value.reply.calls
        assert call.cost == Money(0, "CNY")
        grant = ledger.grants()[-1]
        assert grant.used == call.granted
        assert (grant.used > 50) is is_unsure
    assert ledger.verify().ok


def test_try_after_one_that_may_have_been_done_takes_its_most_as_well(
    paced: Callable[..., Paced],
) -> None:
    taken = []
    for fails, again in ((-1, False), (1, True)):
        place = paced(cut=1, fails=fails)
        glmkit.grant(100_000, endpoint=place.url)
        with glmkit.Client(
            place.url, place.key, serves="bigmodel", retry_uncertain=again
        ) as client:
            try:
                reply = client.chat("Why?", model="glm-4-plus", max_tokens=50)
            except GLMError as exc:
                reply = exc.reply
        assert place.seen["requests"] == 1 + again
        assert reply.cost == Money(0, "CNY")
        taken.append(own().grants()[-1].used)
        assert reply.calls[0].granted == taken[-1]
    assert taken[1] == 2 * taken[0] > 0
    assert own().verify().ok
