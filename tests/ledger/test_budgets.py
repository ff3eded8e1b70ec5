"""No process can spend more than a budget holds; nothing is released unasked."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import glmkit
from glmkit.catalog.cards import cards
from glmkit.catalog.prices import cost, max_cost
from glmkit.ledger import Ledger
from glmkit.types.errors import BudgetError, BudgetWarning, ConfigError, LedgerError
from glmkit.types.events import Usage
from glmkit.types.money import Money
from glmkit.types.replies import Call, Where, where
from tests.ledger.test_store import done, pending, raw
from tests.support.budget_race import spent

#: Most tests come to four fifths of a budget; one of them looks at the warning.
pytestmark = pytest.mark.filterwarnings("ignore::glmkit.errors.BudgetWarning")

TOMORROW = 86400.0


def yuan(amount: str) -> Money:
    return Money.of(amount, "CNY")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.db")


def opened(ledger: Ledger, most: str | None, **fields: Any) -> Call:
    held = None if most is None else yuan(most)
    return asyncio.run(ledger.open(pending(**fields), held))


def closed(ledger: Ledger, call: Call, cost: str | None, **fields: Any) -> None:
    owed = None if cost is None else yuan(cost)
    asyncio.run(ledger.close(done(call, cost=owed, **fields)))


def gone(ledger: Ledger) -> list[str]:
    return [str(budget.spent) for budget in ledger.budgets()]


def test_call_is_refused_once_the_reservations_fill_the_budget(ledger: Ledger) -> None:
    glmkit.budget("1", "CNY", ledger=ledger)
    opened(ledger, "0.6")
    with pytest.raises(BudgetError, match=r"¥0.4 are left of ¥1.*up to ¥0.5") as caught:
        opened(ledger, "0.5")
    assert "max_tokens" in caught.value.hint
    assert len(ledger.read().rows) == 1
    opened(ledger, "0.4")


def test_cost_takes_the_place_of_the_reservation(ledger: Ledger) -> None:
    glmkit.budget(1, "CNY", ledger=ledger)
    call = opened(ledger, "0.9")
    assert gone(ledger) == ["¥0.9"]
    closed(ledger, call, "0.2")
    closed(ledger, call, "0.2")
    assert gone(ledger) == ["¥0.2"]
    assert ledger.verify().budgets


def test_reservation_stays_spent_where_no_usage_came_back(ledger: Ledger) -> None:
    glmkit.budget(1, "CNY", ledger=ledger)
    call = opened(ledger, "0.9")
    closed(ledger, call, None, state="interrupted")
    assert gone(ledger) == ["¥0.9"]
    (row,) = glmkit.uncertain(ledger=ledger).to_dict("records")
    assert (row["id"], str(row["reserved"]), row["state"]) == (1, "0.9", "interrupted")


@pytest.mark.parametrize(
    ("owed", "left"), [("0", "¥0"), ("0.25", "¥0.25"), (None, "¥0.9")]
)
def test_person_decides_what_an_undecided_call_cost(
    owed: str | None, left: str, ledger: Ledger
) -> None:
    glmkit.budget(1, "CNY", ledger=ledger)
    closed(ledger, opened(ledger, "0.9"), None, state="interrupted")
    glmkit.decide(1, owed, ledger=ledger)
    assert gone(ledger) == [left]
    assert glmkit.uncertain(ledger=ledger).empty
    frame = glmkit.usage("model", ledger=ledger)
    assert frame["mark"].tolist() == ["at most" if owed is None else ""]
    with pytest.raises(LedgerError, match="not one to decide on"):
        glmkit.decide(1, "0", ledger=ledger)
    assert ledger.verify().sums


def test_answer_without_a_count_can_be_decided_and_stays_done(ledger: Ledger) -> None:
    glmkit.budget(1, "CNY", ledger=ledger)
    closed(ledger, opened(ledger, "0.9"), None)
    closed(ledger, opened(ledger, "0"), None)  # of a free model: nothing to decide
    assert glmkit.uncertain(ledger=ledger)["id"].tolist() == [1]
    glmkit.decide(1, "0.3", ledger=ledger)
    assert gone(ledger) == ["¥0.3"]
    states = glmkit.usage(ledger=ledger)[["state", "error_code"]].to_dict("records")
    assert [row["state"] for row in states] == ["done", "done"]
    assert glmkit.uncertain(ledger=ledger).empty
    assert ledger.verify().sums


def test_second_try_of_a_call_reserves_again(ledger: Ledger) -> None:
    glmkit.budget(1, "CNY", ledger=ledger)
    call = opened(ledger, "0.4")
    asyncio.run(ledger.reserve_again(call, yuan("0.4")))
    assert gone(ledger) == ["¥0.8"]
    with pytest.raises(BudgetError, match="does not hold it twice"):
        asyncio.run(ledger.reserve_again(call, yuan("0.4")))
    assert gone(ledger) == ["¥0.8"]


def test_reservation_of_a_dead_process_stays_spent(ledger: Ledger) -> None:
    code = """
import asyncio, os, sys
from collections.abc import Iterator
from pathlib import Path
import glmkit
from glmkit.ledger import Ledger
from glmkit.types.money import Money
from tests.ledger.test_store import pending
ledger = Ledger(Path(sys.argv[1]))
glmkit.budget(1, "CNY", "day", ledger=ledger)
import time
asyncio.run(ledger.open(pending(at=time.time()), Money.of("0.9", "CNY")))
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", code, ledger.path], check=False)
    assert gone(ledger) == ["¥0.9"]
    (row,) = glmkit.uncertain(ledger=ledger).to_dict("records")
    assert row["state"] == "uncertain"
    glmkit.decide(row["id"], 0, ledger=ledger)
    assert gone(ledger) == ["¥0"]


def test_call_of_unknown_or_foreign_price_is_refused_under_a_budget(
    ledger: Ledger,
) -> None:
    opened(ledger, None)
    glmkit.budget(1, "CNY", ledger=ledger)
    with pytest.raises(BudgetError, match="what glm-4-plus may cost on local is not"):
        opened(ledger, None)
    with pytest.raises(BudgetError, match="is in CNY, and this call is billed in USD"):
        asyncio.run(ledger.open(pending(), Money(1, "USD")))
    asyncio.run(ledger.open(pending(), Money(0, "USD")))  # free in any currency


def test_free_call_passes_a_spent_budget(ledger: Ledger) -> None:
    glmkit.budget(0, "CNY", ledger=ledger)
    opened(ledger, "0")
    with pytest.raises(BudgetError):
        opened(ledger, "0.000000000001")


def test_session_and_day_count_what_was_spent_before(ledger: Ledger) -> None:
    closed(ledger, opened(ledger, "1"), "0.5")
    under_way = opened(ledger, "0.25")
    budget = glmkit.budget(2, "CNY", ledger=ledger)
    assert budget is not None
    assert (str(budget.spent), str(budget.left)) == ("¥0.75", "¥1.25")
    closed(ledger, under_way, "0.1")
    assert gone(ledger) == ["¥0.6"]


def test_notebook_counts_from_its_budget_on(ledger: Ledger) -> None:
    early = opened(ledger, "0.5")
    with in_notebook("n.ipynb"):
        glmkit.budget(1, "CNY", "notebook", ledger=ledger)
    opened(ledger, "0.9")
    opened(ledger, "5", where=Where("other.ipynb"))
    closed(ledger, early, "0.5")
    assert gone(ledger) == ["¥0.9"]
    with pytest.raises(BudgetError, match="a notebook"):
        opened(ledger, "0.2")


@contextlib.contextmanager
def in_notebook(name: str) -> Iterator[None]:
    token = where.set(Where(name))
    yield
    where.reset(token)


def test_each_day_has_a_budget_of_its_own(ledger: Ledger) -> None:
    glmkit.budget(1, "CNY", "day", ledger=ledger)
    at = 1.7e9
    first = opened(ledger, "0.9", at=at)
    opened(ledger, "0.9", at=at + TOMORROW)
    for day in (at, at + TOMORROW):
        with pytest.raises(BudgetError, match="a day"):
            opened(ledger, "0.9", at=day)
    closed(ledger, first, "0.1")
    opened(ledger, "0.9", at=at)  # a clock that goes back finds its own day
    assert ledger.verify().budgets


def test_budget_is_changed_and_lifted(ledger: Ledger) -> None:
    glmkit.budget(1, "CNY", ledger=ledger)
    opened(ledger, "0.9")
    assert str(glmkit.budget("2.50", "CNY", ledger=ledger)) == (
        "¥0.9 of ¥2.5 a session are gone, 36%"
    )
    opened(ledger, "0.9")
    (row,) = glmkit.balance(ledger=ledger).to_dict("records")
    assert (str(row["spent"]), str(row["left"])) == ("1.8", "0.7")
    assert glmkit.budget(None, ledger=ledger) is None
    opened(ledger, None)


def test_warning_comes_once_at_four_fifths(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glmkit.ledger.store._GLANCE_S", -1.0)
    glmkit.budget(1, "CNY", ledger=ledger)
    closed(ledger, opened(ledger, "0.7"), "0.7")
    call = opened(ledger, "0.1")
    with pytest.warns(BudgetWarning, match="¥0.8 of ¥1 a session are gone, 80%"):
        closed(ledger, call, "0.1")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        closed(ledger, opened(ledger, "0.1"), "0.1")


@pytest.mark.parametrize(
    ("amount", "currency", "scope"),
    [
        ("five", "CNY", "session"),
        (-1, "CNY", "session"),
        (5, "EUR", "session"),
        (5, "CNY", "week"),
        (5, "CNY", "notebook"),  # no notebook is known here
        (float("nan"), "CNY", "session"),
        (10**9, "CNY", "session"),
    ],
)
def test_budget_that_makes_no_sense_is_refused(
    amount: Any, currency: str, scope: Any, ledger: Ledger
) -> None:
    with pytest.raises(ConfigError):
        glmkit.budget(amount, currency, scope, ledger=ledger)


def test_call_given_up_before_it_was_sent_gives_its_reservation_back(
    ledger: Ledger,
) -> None:
    glmkit.budget(1, "CNY", ledger=ledger)
    opened(ledger, "0.9")
    raw(ledger.path, "DELETE FROM calls")
    assert gone(ledger) == ["¥0"]


def race(path: Path, seed: int, *arms: str) -> None:
    """Let four processes of sixteen threads spend what is left."""
    command = [
        sys.executable,
        "-m",
        "tests.support.budget_race",
        str(path),
        str(seed),
        *arms,
    ]
    children = [subprocess.Popen([*command, str(n)]) for n in range(4)]
    assert [child.wait() for child in children] == [0, 0, 0, 0]


def overspend(folder: Path, seeds: range, *arms: str) -> list[int]:
    """Return how much more than the budget was spent, for each seed."""
    found = []
    for seed in seeds:
        path = folder / f"{seed}.db"
        book = Ledger(path)
        glmkit.budget("0.01", "CNY", "day", ledger=book)
        race(path, seed, *arms)
        found.append(max(0, spent(path) - Money.of("0.01", "CNY").parts))
        assert arms or book.verify().budgets
        assert spent(path) > 0
        book.disconnect()
    return found


def test_four_processes_do_not_overspend(tmp_path: Path) -> None:
    assert overspend(tmp_path, range(1)) == [0]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_no_seed_of_fifty_overspends(tmp_path: Path) -> None:
    assert overspend(tmp_path, range(50)) == [0] * 50


def test_race_without_reservations_overspends_as_this_test_can_see(
    tmp_path: Path,
) -> None:
    assert overspend(tmp_path, range(1), "unreserved")[0] > 0


def test_price_of_a_call_never_passes_what_was_reserved() -> None:
    for card in cards():
        for currency in ("CNY", "USD"):
            for prompt, output in ((1, 1), (32767, 199), (32768, 200), (90000, 4000)):
                most = max_cost(card, prompt, output, currency)
                if most is None:
                    continue
                for p, o, cached in (
                    (prompt, output, 0),
                    (prompt // 2, output // 2, 1),
                ):
                    owed = cost(card, Usage(p, o, p + o, cached), currency)
                    assert owed is not None
                    assert owed.parts <= most.parts
