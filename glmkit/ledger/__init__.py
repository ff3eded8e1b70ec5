"""The ledger: one row a call, in SQLite, written before a byte leaves."""

from glmkit.ledger.store import Ledger

__all__ = ["Ledger"]
