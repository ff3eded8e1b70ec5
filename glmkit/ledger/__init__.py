"""The ledger: one row a call, in SQLite, written before a byte leaves."""

from glmkit.ledger.budgets import Budget, Scope
from glmkit.ledger.grants import Grant
from glmkit.ledger.measures import bin_start
from glmkit.ledger.queries import Table
from glmkit.ledger.store import Ledger
from glmkit.ledger.upkeep import Difference, Verification

__all__ = [
    "Budget",
    "Difference",
    "Grant",
    "Ledger",
    "Scope",
    "Table",
    "Verification",
    "bin_start",
]
