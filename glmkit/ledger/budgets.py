"""Budgets: what a session, a notebook or a day may cost.

Each call holds an amount of its budgets: its reservation while it is open, then what
is owed. Triggers keep a budget's sum in the very statement that writes the call, and
refuse a call that would pass its end: no process can spend between look and write.
"""

from __future__ import annotations

import sqlite3
from typing import Literal

import msgspec

from glmkit.calls import Call
from glmkit.errors import BudgetError
from glmkit.money import Money

Scope = Literal["session", "notebook", "day"]

_DAY = "date({c}.at, 'unixepoch', 'localtime')"
_PERIOD = f"CASE b.scope WHEN 'day' THEN {_DAY} ELSE '' END"
_OF = (
    "(b.scope = 'day' OR (b.scope = 'notebook' AND b.name = {c}.notebook) OR "
    "(b.scope = 'session' AND b.name = CAST({c}.owner AS TEXT))) "
    "AND {c}.id >= b.from_call"
)


class Budget(msgspec.Struct, frozen=True):
    """A budget and what of it is gone: owed, or reserved for calls that may be billed.

    `scope` is "session", "notebook" or "day", `name` which one: the session's number
    in the ledger, the notebook's path, the day.
    """

    scope: Scope
    name: str
    amount: Money
    spent: Money

    @property
    def left(self) -> Money:
        """What may still be spent, never below 0."""
        return Money(max(0, self.amount.parts - self.spent.parts), self.amount.currency)

    @property
    def share(self) -> float:
        """Which part is gone: 1 is all of it."""
        return self.spent.parts / self.amount.parts if self.amount else 1.0

    def __str__(self) -> str:
        part = f", {self.share:.0%}" if self.amount else ""
        return f"{self.spent} of {self.amount} a {self.scope} are gone{part}"


def create(db: sqlite3.Connection) -> None:
    """Make the tables and the triggers that keep them.

    A call counts from `from_call` on; `spending` has a row a day where that is the
    scope, else one whose period is "".
    """
    db.execute("ALTER TABLE calls ADD COLUMN held INTEGER")
    db.execute("ALTER TABLE calls ADD COLUMN held_currency TEXT")
    db.execute("ALTER TABLE calls ADD COLUMN at_most INTEGER")
    db.execute(
        "CREATE TABLE budgets (id INTEGER PRIMARY KEY, scope TEXT NOT NULL, "
        "name TEXT NOT NULL, currency TEXT NOT NULL, amount INTEGER NOT NULL, "
        "from_call INTEGER NOT NULL, UNIQUE (scope, name))"
    )
    db.execute(
        "CREATE TABLE spending (budget INTEGER REFERENCES budgets, period TEXT, "
        "held INTEGER NOT NULL, warned INTEGER NOT NULL DEFAULT 0, "
        "PRIMARY KEY (budget, period)) WITHOUT ROWID"
    )
    for trigger in (_RESERVED, _OWED, _GIVEN_UP):
        db.execute(trigger)


def put(
    db: sqlite3.Connection, scope: Scope, name: str, amount: Money, now: float
) -> None:
    """Set a budget. What the session or the day has cost so far counts.

    A notebook's counts from its first setting on. In another currency it begins anew.
    """
    there = db.execute(
        "SELECT id, currency FROM budgets WHERE scope = ? AND name = ?", (scope, name)
    ).fetchone()
    if there and there[1] == amount.currency:
        db.execute(
            "UPDATE budgets SET amount = ? WHERE id = ?", (amount.parts, there[0])
        )
        db.execute("UPDATE spending SET warned = 0 WHERE budget = ?", there[:1])
        return
    drop(db, scope, name)
    (newest,) = db.execute("SELECT coalesce(max(id), 0) FROM calls").fetchone()
    first = newest + 1 if scope == "notebook" else 0
    budget = db.execute(
        "INSERT INTO budgets (scope, name, currency, amount, from_call) "
        "VALUES (?, ?, ?, ?, ?)",
        (scope, name, amount.currency, amount.parts, first),
    ).lastrowid
    db.execute(
        f"""INSERT INTO spending (budget, period, held)
        SELECT b.id, CASE b.scope WHEN 'day'
            THEN date(:now, 'unixepoch', 'localtime') ELSE '' END AS now_period,
            (SELECT coalesce(sum(c.held), 0) FROM calls c
             WHERE {_OF.format(c="c")} AND {_PERIOD.format(c="c")} = CASE b.scope
             WHEN 'day' THEN date(:now, 'unixepoch', 'localtime') ELSE '' END
             AND c.held_currency = b.currency)
        FROM budgets b WHERE b.id = :budget""",
        {"now": now, "budget": budget},
    )


def drop(db: sqlite3.Connection, scope: Scope, name: str) -> bool:
    """Take a budget away; False where there was none."""
    found = db.execute(
        "DELETE FROM budgets WHERE scope = ? AND name = ? RETURNING id", (scope, name)
    ).fetchone()
    if found:
        db.execute("DELETE FROM spending WHERE budget = ?", found)
    return bool(found)


_ALL = """SELECT b.scope, CASE b.scope WHEN 'day' THEN {day} ELSE b.name END,
    b.amount, coalesce(s.held, 0), b.currency
FROM budgets b LEFT JOIN spending s ON s.budget = b.id
    AND s.period = CASE b.scope WHEN 'day' THEN {day} ELSE '' END"""
_TODAY = "date(:at, 'unixepoch', 'localtime')"


def known(db: sqlite3.Connection, now: float) -> list[Budget]:
    """Return all budgets; of a day's, today's."""
    found = db.execute(_ALL.format(day=_TODAY) + " ORDER BY b.id", {"at": now})
    return [_budget(row) for row in found]


def refusal(
    db: sqlite3.Connection, call: Call, owner: int, held: Money | None
) -> BudgetError:
    """Return why the budgets do not let a call pass."""
    places = {"session": str(owner), "notebook": call.where.notebook}
    for budget in known(db, call.at):
        if places.get(budget.scope, budget.name) != budget.name:
            continue
        if held is None:
            return _unpriced(budget, call)
        if held and held.currency != budget.amount.currency:
            return _foreign(budget, held)
        if budget.spent.parts + held.parts > budget.amount.parts and held:
            return _spent(budget, held)
    return BudgetError("a budget does not let this call pass", hint=_HINT)


_HINT = "`glmkit.balance()` shows the budgets; `glmkit.budget(...)` changes one."


def _unpriced(budget: Budget, call: Call) -> BudgetError:
    return BudgetError(
        f"a budget a {budget.scope} is set, and what {call.model} may cost on "
        f"{call.endpoint} is not known",
        hint="Give max_tokens and a priced model, name the price in the file of "
        "GLMKIT_MODELS_FILE, or lift the budget: glmkit.budget(None).",
    )


def _foreign(budget: Budget, held: Money) -> BudgetError:
    return BudgetError(
        f"the budget a {budget.scope} is in {budget.amount.currency}, and this call "
        f"is billed in {held.currency}",
        hint=f"Set the budget in {held.currency}, or use another endpoint.",
    )


def _spent(budget: Budget, held: Money) -> BudgetError:
    return BudgetError(
        f"the budget a {budget.scope} does not hold this call: {budget.left} are left "
        f"of {budget.amount}, and it may cost up to {held}",
        hint="A smaller max_tokens reserves less; glmkit.budget(...) raises the "
        "budget; glmkit.uncertain() shows what is reserved for calls that broke off.",
    )


_CROSSED = (
    _ALL.format(day=_TODAY)
    + " WHERE s.held >= b.amount * 8 / 10 AND NOT s.warned AND b.amount > 0"
)


def crossed(db: sqlite3.Connection, at: float) -> list[Budget]:
    """Return the budgets that have come to their warning mark, each once."""
    found = db.execute(_CROSSED, {"at": at}).fetchall()
    if found:
        db.execute(
            "UPDATE spending SET warned = 1 WHERE (budget, period) IN ("
            "SELECT s.budget, s.period FROM spending s JOIN budgets b "
            "ON b.id = s.budget WHERE s.held >= b.amount * 8 / 10)"
        )
    return [_budget(row) for row in found]


def _budget(row: tuple[Scope, str, int, int, str]) -> Budget:
    scope, name, amount, held, currency = row
    return Budget(scope, name, Money(amount, currency), Money(held, currency))


def _mine(c: str, more: str = "") -> str:
    """Name the spending of the budgets that a call belongs to."""
    return (
        f"(budget, period) IN (SELECT b.id, {_PERIOD.format(c=c)} FROM budgets b "
        f"WHERE {_OF.format(c=c)} {more})"
    )


_RESERVED = f"""CREATE TRIGGER reserved AFTER INSERT ON calls
WHEN EXISTS (SELECT 1 FROM budgets) BEGIN
    INSERT OR IGNORE INTO spending (budget, period, held)
    SELECT b.id, {_DAY.format(c="NEW")}, 0 FROM budgets b WHERE b.scope = 'day';
    UPDATE spending SET held = held + NEW.held WHERE NEW.held > 0 AND {_mine("NEW")};
    SELECT RAISE(ABORT, 'budget') FROM budgets b JOIN spending s ON s.budget = b.id
    AND s.period = {_PERIOD.format(c="NEW")} WHERE {_OF.format(c="NEW")} AND (
        NEW.held IS NULL OR (NEW.held > 0 AND (
            NEW.held_currency <> b.currency OR s.held > b.amount)));
END"""
_OWED = f"""CREATE TRIGGER owed AFTER UPDATE OF held ON calls
WHEN NEW.held IS NOT OLD.held AND EXISTS (SELECT 1 FROM budgets) BEGIN
    UPDATE spending SET held = held + coalesce(NEW.held, 0) - coalesce(OLD.held, 0)
    WHERE {_mine("NEW", "AND b.currency = NEW.held_currency")};
END"""
_GIVEN_UP = f"""CREATE TRIGGER given_up AFTER DELETE ON calls
WHEN OLD.state = 'pending' AND OLD.held > 0 BEGIN
    UPDATE spending SET held = held - OLD.held
    WHERE {_mine("OLD", "AND b.currency = OLD.held_currency")};
END"""
