"""Budgets: what a session, a notebook or a day may cost.

Each call has an amount reserved in its budgets: the most that it may cost while it is
open, then what is owed. Triggers keep a budget's sum in the very statement that writes
the call, and refuse a call that would exceed it: no process can spend between look and
write.
"""

from __future__ import annotations

import sqlite3
from typing import Literal

import msgspec

from glmkit.types.errors import BudgetError
from glmkit.types.money import Money
from glmkit.types.replies import Call
from glmkit.types.translation import _

Scope = Literal["session", "notebook", "day", "tag", "total", "run"]

#: Days that a day's budget is kept, for calls that settle late.
_DAYS = 7

_DAY = "date({c}.at, 'unixepoch', 'localtime')"
_FIRST_SCOPES = (
    f"CASE scope WHEN 'day' THEN {_DAY} WHEN 'notebook' THEN {{c}}.notebook "
    "WHEN 'session' THEN CAST({c}.owner AS TEXT)"
)
#: Whether a call counts in a budget: as the first ledgers had it, and today.
_OF_AT_FIRST = f"name = {_FIRST_SCOPES} ELSE name END AND {{c}}.id >= from_call"
_OF = (
    f"name = {_FIRST_SCOPES} WHEN 'tag' THEN {{c}}.tag "
    "WHEN 'run' THEN coalesce({c}.run, '') ELSE name END AND {c}.id >= from_call"
)


class Budget(msgspec.Struct, frozen=True):
    """A budget, and the part that is owed or reserved for calls under way.

    `scope` is "session", "notebook", "day", "tag", "total" or "run" (of a table),
    `name` which one: the session's number in the ledger, the notebook's path, the day,
    the tag, "everything", the run's id.
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
        """The part that is spent: 1 is all of it."""
        return self.spent.parts / self.amount.parts if self.amount else 1.0

    def __str__(self) -> str:
        part = f", {self.share:.0%}" if self.amount else ""
        of = "in total" if self.scope == "total" else f"a {self.scope}"
        return f"{self.spent} of {self.amount} {of} are gone{part}"


def create(db: sqlite3.Connection) -> None:
    """Make the table and the triggers that keep it.

    `held` (later `spent`) is what the calls hold of it, from the call `from_call` on.
    Each day has a row, made like the one of scope "daily".
    """
    db.execute("ALTER TABLE calls ADD COLUMN held INTEGER")
    db.execute("ALTER TABLE calls ADD COLUMN held_currency TEXT")
    db.execute("ALTER TABLE calls ADD COLUMN at_most INTEGER")
    db.execute(
        "CREATE TABLE budgets (id INTEGER PRIMARY KEY, scope TEXT NOT NULL, "
        "name TEXT NOT NULL, currency TEXT NOT NULL, amount INTEGER NOT NULL, "
        "from_call INTEGER NOT NULL, held INTEGER NOT NULL, "
        "warned INTEGER NOT NULL DEFAULT 0, UNIQUE (scope, name))"
    )
    for trigger in _triggers(_OF_AT_FIRST).values():
        db.execute(trigger)


def add_scopes(db: sqlite3.Connection) -> None:
    """Let budgets be of a tag, of a table's run, and of all calls together."""
    for name, trigger in _triggers(_OF).items():
        db.execute(f"DROP TRIGGER {name}")
        db.execute(trigger)


def rename(db: sqlite3.Connection) -> None:
    """Rename what a call may cost at most to `reserved`, and their sum to `spent`."""
    db.execute("ALTER TABLE calls RENAME COLUMN held TO reserved")
    db.execute("ALTER TABLE calls RENAME COLUMN held_currency TO reserved_currency")
    db.execute("ALTER TABLE budgets RENAME COLUMN held TO spent")


def put(
    db: sqlite3.Connection, scope: Scope, name: str, amount: Money, at: float
) -> None:
    """Set a budget. What the session or the day has cost so far counts.

    A notebook's, a tag's, a run's and the total count from their first setting on. In
    another currency a budget starts from nothing again.
    """
    if scope == "day":
        _put(db, "daily", "", amount, 0)
        (name,) = db.execute(f"SELECT {_TODAY}", {"at": at}).fetchone()
    (newest,) = db.execute("SELECT coalesce(max(id), 0) FROM calls").fetchone()
    whole = scope in {"session", "day"}
    _put(db, scope, name, amount, 0 if whole else newest + 1)


def _put(
    db: sqlite3.Connection, scope: str, name: str, amount: Money, first: int
) -> None:
    key = (scope, name)
    changed = db.execute(
        "UPDATE budgets SET amount = ?, warned = 0 "
        "WHERE scope = ? AND name = ? AND currency = ?",
        (amount.parts, *key, amount.currency),
    ).rowcount
    if changed:
        return
    db.execute("DELETE FROM budgets WHERE scope = ? AND name = ?", key)
    db.execute(
        "INSERT INTO budgets (scope, name, currency, amount, from_call, spent) "
        "VALUES (?, ?, ?, ?, ?, 0)",
        (*key, amount.currency, amount.parts, first),
    )
    db.execute(
        f"UPDATE budgets SET spent = {RESERVED} WHERE scope = ? AND name = ?", key
    )


def forget(db: sqlite3.Connection) -> None:
    """Delete the budgets of past days, and of sessions that have ended."""
    db.execute(
        "DELETE FROM budgets WHERE (scope = 'session' AND EXISTS ("
        "SELECT 1 FROM owners WHERE name = CAST(id AS TEXT) AND settled)) "
        f"OR (scope = 'day' AND name < date('now', 'localtime', '-{_DAYS} days'))"
    )


def drop(db: sqlite3.Connection, scope: Scope, name: str) -> None:
    """Delete a budget; that of a day for all days."""
    if scope == "day":
        db.execute("DELETE FROM budgets WHERE scope IN ('day', 'daily')")
    else:
        db.execute("DELETE FROM budgets WHERE scope = ? AND name = ?", (scope, name))


#: What the calls of a budget hold of it, from the calls themselves.
RESERVED = (
    "(SELECT coalesce(sum(c.reserved), 0) FROM calls c "
    f"WHERE c.reserved_currency = currency AND {_OF.format(c='c')})"
)
_ROW = "SELECT scope, name, amount, spent, currency FROM budgets WHERE "
_TODAY = "date(:at, 'unixepoch', 'localtime')"


def known(db: sqlite3.Connection, at: float) -> list[Budget]:
    """Return all budgets; of days', today's."""
    rows = db.execute(
        f"{_ROW} scope NOT IN ('day', 'daily') OR scope = 'day' AND name = {_TODAY} "
        "ORDER BY id",
        {"at": at},
    ).fetchall()
    if not any(row[0] == "day" for row in rows):
        rows += db.execute(
            f"SELECT 'day', {_TODAY}, amount, 0, currency FROM budgets "
            "WHERE scope = 'daily'",
            {"at": at},
        ).fetchall()
    return [_budget(row) for row in rows]


def begin_day(db: sqlite3.Connection, at: float) -> None:
    """Make the row of a day, where days have a budget."""
    db.execute(
        "INSERT OR IGNORE INTO budgets "
        "(scope, name, currency, amount, from_call, spent) "
        f"SELECT 'day', {_TODAY}, currency, amount, 0, 0 FROM budgets "
        "WHERE scope = 'daily'",
        {"at": at},
    )


def reserve_again(db: sqlite3.Connection, call: Call, max_cost: Money) -> None:
    """Add to what a call has reserved; BudgetError where that passes a budget."""
    db.execute(
        "UPDATE calls SET reserved = reserved + ? "
        "WHERE id = ? AND reserved_currency = ?",
        (max_cost.parts, call.id, max_cost.currency),
    )
    over = db.execute(
        "SELECT b.id FROM budgets b JOIN calls c ON c.id = ? "
        f"WHERE b.scope <> 'daily' AND b.spent > b.amount AND {_OF.format(c='c')}",
        (call.id,),
    ).fetchone()
    if max_cost and over:
        raise BudgetError(
            _("this call may be billed already, and the budget does not hold it twice"),
            hint=_hint(),
        )


def refusal(
    db: sqlite3.Connection, call: Call, owner: int, max_cost: Money | None
) -> BudgetError:
    """Return the error of a call that the budgets refuse."""
    where = call.where
    places = {
        "session": str(owner),
        "notebook": where.notebook,
        "tag": where.tag,
        "run": where.run,
    }
    for budget in known(db, call.at):
        if places.get(budget.scope, budget.name) != budget.name:
            continue
        if max_cost is None:
            return _unpriced(budget, call)
        if max_cost and max_cost.currency != budget.amount.currency:
            return _foreign(budget, max_cost)
        if budget.spent.parts + max_cost.parts > budget.amount.parts and max_cost:
            return _spent(budget, max_cost)
    return BudgetError(_("a budget does not let this call pass"), hint=_hint())


def _hint() -> str:
    return _("`glmkit.balance()` shows the budgets; `glmkit.budget(...)` changes one.")


def _unpriced(budget: Budget, call: Call) -> BudgetError:
    return BudgetError(
        _(
            "a budget a {scope} is set, and what {model} may cost on {endpoint} is not "
            "known",
            scope=budget.scope,
            model=call.model,
            endpoint=call.endpoint,
        ),
        hint=_(
            "Pass max_tokens and a priced model, name the price in the file of "
            "GLMKIT_MODELS_FILE, or lift the budget: glmkit.budget(None)."
        ),
    )


def _foreign(budget: Budget, max_cost: Money) -> BudgetError:
    return BudgetError(
        _(
            "the budget a {scope} is in {currency}, and this call is billed in {other}",
            scope=budget.scope,
            currency=budget.amount.currency,
            other=max_cost.currency,
        ),
        hint=_(
            "Set the budget in {other}, or use another endpoint.",
            other=max_cost.currency,
        ),
    )


def _spent(budget: Budget, max_cost: Money) -> BudgetError:
    return BudgetError(
        _(
            "the budget a {scope} does not hold this call: {left} are left of "
            "{amount}, and it may cost up to {max_cost}",
            scope=budget.scope,
            left=budget.left,
            amount=budget.amount,
            max_cost=max_cost,
        ),
        hint=_(
            "A smaller max_tokens reserves less; glmkit.budget(...) raises the budget; "
            "glmkit.uncertain() shows what is reserved for calls that broke off."
        ),
    )


def crossed(db: sqlite3.Connection) -> list[Budget]:
    """Return the budgets that have reached 80 %, each once."""
    at_mark = "NOT warned AND amount > 0 AND spent >= amount * 8 / 10"
    found = db.execute(_ROW + at_mark).fetchall()
    if found:
        db.execute(f"UPDATE budgets SET warned = 1 WHERE {at_mark}")
    return [_budget(row) for row in found]


def _budget(row: tuple[Scope, str, int, int, str]) -> Budget:
    scope, name, amount, spent, currency = row
    return Budget(scope, name, Money(amount, currency), Money(spent, currency))


def _triggers(of: str) -> dict[str, str]:
    """Return the triggers by name; `of` says whether a call counts in a budget.

    Where a day has no row yet the first refuses as well: `begin_day` makes it, once a
    day. The names of columns are those at first: `rename` changes them in the triggers.
    """
    reserved = f"""CREATE TRIGGER reserved AFTER INSERT ON calls
WHEN NEW.held IS NOT 0 AND EXISTS (SELECT 1 FROM budgets) BEGIN
    UPDATE budgets SET held = CASE
        WHEN scope = 'daily' THEN CASE WHEN EXISTS (SELECT 1 FROM budgets d
            WHERE d.scope = 'day' AND d.name = {_DAY.format(c="NEW")})
            THEN 0 ELSE RAISE(ABORT, 'day') END
        WHEN NEW.held IS NULL OR NEW.held_currency <> currency
            OR held + NEW.held > amount THEN RAISE(ABORT, 'budget')
        ELSE held + NEW.held END
    WHERE {of.format(c="NEW")};
END"""
    owed = f"""CREATE TRIGGER owed AFTER UPDATE OF held ON calls
WHEN NEW.held IS NOT OLD.held AND EXISTS (SELECT 1 FROM budgets) BEGIN
    UPDATE budgets SET held = held + coalesce(NEW.held, 0) - coalesce(OLD.held, 0)
    WHERE {of.format(c="NEW")} AND currency = NEW.held_currency AND scope <> 'daily';
END"""
    given_up = f"""CREATE TRIGGER given_up AFTER DELETE ON calls
WHEN OLD.state = 'pending' AND OLD.held > 0 BEGIN
    UPDATE budgets SET held = held - OLD.held
    WHERE {of.format(c="OLD")} AND currency = OLD.held_currency AND scope <> 'daily';
END"""
    return {"reserved": reserved, "owed": owed, "given_up": given_up}
