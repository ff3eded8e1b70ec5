"""Upkeep of a ledger: decide on calls, verify, prune."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import msgspec

from glmkit.catalog import cards, prices
from glmkit.ledger import budgets
from glmkit.ledger.measures import MEASURES, OPEN, UNDECIDED, sums_of_rows, sums_of_sums
from glmkit.ledger.transactions import transaction
from glmkit.types.events import Usage
from glmkit.types.money import Money

#: Operations that are billed by their usage alone.
_BY_TOKENS = {"chat", "embeddings", "rerank"}


class Difference(msgspec.Struct, frozen=True):
    """A call whose recorded price is not the one that its usage gives today."""

    id: int
    model: str
    recorded: Money
    due: Money | None


class Verification(msgspec.Struct, frozen=True):
    """Result of checking a ledger against itself.

    `checked` calls were priced again from their usage; `unchecked` ones have no price,
    or are not billed by their own tokens. `sums` and `budgets` tell whether these
    equal their calls (None: calls were pruned), `intact` what SQLite says of the file.
    """

    checked: int
    unchecked: int
    differences: tuple[Difference, ...]
    sums: bool | None
    budgets: bool
    intact: bool

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        sound = self.intact and self.budgets and self.sums is not False
        return sound and not self.differences


def decide(db: sqlite3.Connection, call: int, owed: Money | None) -> bool:
    """Settle an undecided call: `owed` None takes what was reserved, as an upper bound.

    False where there is no such call, or its reservation is not known either.
    """
    amount = "reserved, cost_currency = reserved_currency, at_most = 1"
    values: dict[str, Any] = {"call": call}
    if owed is not None:
        amount = ":parts, cost_currency = :currency, reserved = :parts, "
        amount += "reserved_currency = :currency, at_most = 0"
        values |= {"parts": owed.parts, "currency": owed.currency}
    known = "" if owed is not None else " AND reserved IS NOT NULL"
    return bool(
        db.execute(
            f"UPDATE calls SET cost = {amount}, "
            "error = CASE state WHEN 'done' THEN error ELSE 'decided' END, "
            "state = CASE state WHEN 'done' THEN state ELSE 'interrupted' END "
            f"WHERE id = :call AND {UNDECIDED}{known}",
            values,
        ).rowcount
    )


def prune(db: sqlite3.Connection, before: float, *, words: bool) -> int:
    """Delete calls from before a time, or only their texts; return how many.

    Sums and budgets keep them; what is undecided stays. The sums must be up to date.
    """
    old = f"at < :before AND state NOT IN {OPEN} AND NOT {UNDECIDED}"
    if words:
        bare = "request = '{\"messages\":[]}', text = NULL, thinking = NULL"
        return db.execute(
            f"UPDATE calls SET {bare}, tool_calls = NULL, sources = NULL WHERE {old} "
            "AND (text IS NOT NULL OR thinking IS NOT NULL)",
            {"before": before},
        ).rowcount
    with transaction(db):
        gone = db.execute(f"DELETE FROM calls WHERE {old}", {"before": before}).rowcount
        if gone:
            db.execute("UPDATE folds SET pruned = 1")
    return gone


def verify(db: sqlite3.Connection) -> Verification:
    """Price every call again from its usage; check sums and budgets against it."""
    checked = unchecked = 0
    differences: list[Difference] = []
    for row in db.execute(_PRICED):
        found = list(_differences(row))
        checked += bool(found)
        unchecked += not found
        differences += [difference for difference in found if difference is not None]
    (pruned,) = db.execute("SELECT pruned FROM folds").fetchone()
    return Verification(
        checked,
        unchecked,
        tuple(differences),
        None if pruned else _sums_hold(db),
        bool(pruned) or _budgets_hold(db),
        db.execute("PRAGMA integrity_check").fetchall() == [("ok",)],
    )


_PRICED = (
    "SELECT id, at, model, operation, request, sources, prompt_tokens, "
    "completion_tokens, total_tokens, cached_tokens, list_cost, list_currency, "
    "cost, cost_currency FROM calls WHERE prompt_tokens IS NOT NULL"
)


def _differences(row: tuple[Any, ...]) -> Iterator[Difference | None]:
    """Yield None for an amount that is right; nothing where none can be checked."""
    number, at, model, operation, request, sources, *counts = row
    *tokens, list_cost, list_currency, cost, cost_currency = counts
    if operation not in _BY_TOKENS:
        return
    usage, day = Usage(*tokens), prices.day_of(at)
    tools = msgspec.json.decode(request).get("tools") or () if sources else ()
    # What is owed is the list's price, or 0 where nobody bills.
    for parts, currency in ((list_cost, list_currency), (cost or None, cost_currency)):
        if parts is None:
            continue
        due = prices.cost(cards.card(model), usage, currency, day=day)
        due = prices.with_searches(due, tools, currency, day)
        right = due is not None and due.parts == parts
        recorded = Money(parts, currency)
        yield None if right else Difference(number, model, recorded, due)


def _sums_hold(db: sqlite3.Connection) -> bool:
    exact = [name for name in MEASURES if name not in {"seconds", "last_at"}]
    of_rows, of_sums = sums_of_rows(), sums_of_sums()
    rows = db.execute(
        f"SELECT {', '.join(of_rows[name] for name in exact)} FROM calls c "
        f"WHERE state NOT IN {OPEN}"
    ).fetchone()
    kept = ", ".join(of_sums[name] for name in exact)
    return all(
        [count or 0 for count in db.execute(f"SELECT {kept} FROM {table}").fetchone()]
        == [count or 0 for count in rows]
        for table in ("sums", "cell_sums", "day_sums")
    )


def _budgets_hold(db: sqlite3.Connection) -> bool:
    """Whether every budget and every grant holds what its calls hold."""
    wrong = db.execute(
        "SELECT 1 FROM budgets WHERE scope <> 'daily' "
        f"AND budgets.spent <> {budgets.RESERVED} "
        "UNION ALL SELECT 1 FROM grants WHERE used <> (SELECT coalesce("
        "sum(c.granted), 0) FROM calls c WHERE c.grant_id = grants.id)"
    ).fetchone()
    return wrong is None
