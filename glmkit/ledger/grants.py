"""Grants: tokens from a service, paid in advance or for nothing, and what is left.

A call is paid by a grant where what is left holds the most that the call may take. The
most is set aside in the statement that writes the call, and gives way to its tokens
once they are known, so that no two processes spend the same tokens.
"""

from __future__ import annotations

import fnmatch
import sqlite3
import time
from datetime import datetime

import msgspec

from glmkit.types.replies import Call
from glmkit.types.translation import _

#: Seconds from one look for grants to the next.
_GLANCE_S = 0.1


class Grant(msgspec.Struct, frozen=True):
    """A grant of tokens; `used` counts those of calls under way at their most.

    `models` are shell patterns, all if empty; `until` is Unix seconds, None for ever.
    """

    endpoint: str
    tokens: int
    used: int = 0
    models: tuple[str, ...] = ()
    until: float | None = None

    @property
    def left(self) -> int:
        """The tokens that are left."""
        return max(0, self.tokens - self.used)

    def __str__(self) -> str:
        models = ", ".join(self.models) or _("all models")
        name = f"{self.endpoint}: {models}"
        if self.until is None:
            return name
        last = datetime.fromtimestamp(self.until - 1).date()
        return _("{name}, until {day}", name=name, day=last)


def create(db: sqlite3.Connection) -> None:
    """Make the table of grants, and what calls take of them.

    `granted` counts the tokens that a call takes of `grant_id`: the most while it is
    under way, and where its usage is not known.
    """
    db.execute(
        "CREATE TABLE grants (id INTEGER PRIMARY KEY AUTOINCREMENT, "
        "endpoint TEXT NOT NULL, models TEXT NOT NULL, tokens INTEGER NOT NULL, "
        "used INTEGER NOT NULL, until REAL)"
    )
    db.execute("ALTER TABLE calls ADD COLUMN grant_id INTEGER")
    db.execute("ALTER TABLE calls ADD COLUMN granted INTEGER")
    db.execute(
        "CREATE TRIGGER granted AFTER UPDATE OF granted ON calls "
        "WHEN NEW.grant_id IS NOT NULL BEGIN UPDATE grants "
        "SET used = used + NEW.granted - coalesce(OLD.granted, 0) "
        "WHERE id = NEW.grant_id; END"
    )
    db.execute(
        "CREATE TRIGGER granted_delete AFTER DELETE ON calls "
        "WHEN OLD.grant_id IS NOT NULL AND OLD.state = 'pending' BEGIN "
        "UPDATE grants SET used = used - OLD.granted WHERE id = OLD.grant_id; END"
    )


def put(db: sqlite3.Connection, grant: Grant) -> None:
    """Add a grant."""
    db.execute(
        "INSERT INTO grants (endpoint, models, tokens, used, until) "
        "VALUES (?, ?, ?, ?, ?)",
        (grant.endpoint, " ".join(grant.models), grant.tokens, 0, grant.until),
    )


def drop(db: sqlite3.Connection, endpoint: str) -> int:
    """Delete the grants of an endpoint; calls keep what they took. Return how many."""
    return db.execute("DELETE FROM grants WHERE endpoint = ?", (endpoint,)).rowcount


def known(db: sqlite3.Connection) -> list[Grant]:
    """Return all grants; those that end first stand first."""
    return [grant for _, grant in _rows(db)]


class Glance:
    """Whether there is a grant at all: asked before each call, looked up now and then.

    A grant that another process has named is seen a moment later.
    """

    def __init__(self) -> None:
        self._there = False
        self._looked = -_GLANCE_S

    def forget(self) -> None:
        """Look again before the next call."""
        self._looked = -_GLANCE_S

    def there(self, db: sqlite3.Connection) -> bool:
        """Return whether there is a grant."""
        now = time.monotonic()
        if now - self._looked > _GLANCE_S:
            found = db.execute("SELECT 1 FROM grants LIMIT 1").fetchone()
            self._there, self._looked = found is not None, now
        return self._there


def paying(db: sqlite3.Connection, call: Call, most: int) -> int | None:
    """Return the id of the grant that holds so many tokens of a call; None: none."""
    for number, grant in _rows(db):
        if (
            grant.endpoint == call.endpoint
            and grant.left >= most
            and (grant.until is None or call.at < grant.until)
            and _covers(grant, call.model)
        ):
            return number
    return None


def _covers(grant: Grant, model: str) -> bool:
    return not grant.models or any(
        fnmatch.fnmatchcase(model.lower(), pattern) for pattern in grant.models
    )


def _rows(db: sqlite3.Connection) -> list[tuple[int, Grant]]:
    found = db.execute(
        "SELECT id, endpoint, tokens, used, models, until FROM grants "
        "ORDER BY until IS NULL, until, id"
    )
    return [
        (number, Grant(endpoint, tokens, used, tuple(models.split()), until))
        for number, endpoint, tokens, used, models, until in found
    ]
