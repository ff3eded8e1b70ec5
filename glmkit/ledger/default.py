"""This user's ledger: one for each data folder, opened once in a process."""

from __future__ import annotations

import os
import threading

from glmkit.config.endpoints import data_dir
from glmkit.ledger import Ledger

_ledgers: dict[str | None, Ledger] = {}


_lock = threading.Lock()


def ledger() -> Ledger:
    """Return this user's ledger, opened once in a process for each data folder."""
    folder = os.environ.get("GLMKIT_DATA_DIR")
    with _lock:
        if folder not in _ledgers:
            _ledgers[folder] = Ledger(data_dir() / "ledger.db")
        return _ledgers[folder]
