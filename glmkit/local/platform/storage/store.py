"""Records of the accounts: files, tasks, batches, knowledge.

Records are JSON in SQLite, the contents of files lie in a folder beside it. An account
sees its own records only.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

_TABLES = """
create table if not exists records (
    account text not null,
    kind text not null,
    id text not null,
    created real not null,
    body blob not null,
    primary key (account, kind, id)
) without rowid;
"""
_KEPT_S = 30 * 86_400.0
#: Texts of requests are subclasses of `str`, which msgspec does not know.
_encode = msgspec.json.Encoder(enc_hook=str).encode


class Store:
    """The records and files in one folder; what is older than 30 days is dropped."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._files = folder / "files"
        self._files.mkdir(exist_ok=True)
        self._db = sqlite3.connect(
            folder / "store.db", isolation_level=None, check_same_thread=False
        )
        self._db.execute("pragma journal_mode = wal")
        # What is lost with the machine's power is a task of a stand-in.
        self._db.execute("pragma synchronous = off")
        self._db.executescript(_TABLES)
        self._forget_old()

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def put(self, account: str, kind: str, id: str, body: dict[str, Any]) -> None:
        """Keep a record, in place of an earlier one."""
        self._db.execute(
            "insert into records values (?, ?, ?, ?, ?)"
            " on conflict do update set body = excluded.body",
            (account, kind, id, time.time(), _encode(body)),
        )

    def get(self, account: str, kind: str, id: str) -> dict[str, Any] | None:
        """Return a record of this account, or None."""
        sql = "select body from records where account = ? and kind = ? and id = ?"
        row = self._db.execute(sql, (account, kind, id)).fetchone()
        return None if row is None else _record(row[0])

    def all(self, account: str, kind: str) -> list[dict[str, Any]]:
        """Return an account's records of a kind, the newest first."""
        sql = (
            "select body from records where account = ? and kind = ?"
            " order by created desc, id desc"
        )
        return [_record(row[0]) for row in self._db.execute(sql, (account, kind))]

    def every(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield every account's records of a kind."""
        sql = "select account, body from records where kind = ?"
        for account, body in self._db.execute(sql, (kind,)).fetchall():
            yield account, _record(body)

    def drop(self, account: str, kind: str, id: str) -> bool:
        """Delete a record and the content of its file; False where there was none."""
        sql = "delete from records where account = ? and kind = ? and id = ?"
        gone = self._db.execute(sql, (account, kind, id)).rowcount > 0
        if gone:
            self.content(id).unlink(missing_ok=True)
        return gone

    def content(self, id: str) -> Path:
        """Return the path of a file's content; the id is one made by the platform."""
        return self._files / id

    def _forget_old(self) -> None:
        sql = "select account, kind, id from records where created < ?"
        with closing(self._db.execute(sql, (time.time() - _KEPT_S,))) as rows:
            old = rows.fetchall()
        for account, kind, id in old:
            self.drop(account, kind, id)


def _record(body: bytes) -> dict[str, Any]:
    record: dict[str, Any] = msgspec.json.decode(body)
    return record


def page(
    records: list[dict[str, Any]], after: str | None, limit: int
) -> tuple[list[dict[str, Any]], bool]:
    """Return the records after an id, at most `limit`, and whether there are more."""
    if after:
        ids = [record["id"] for record in records]
        records = records[ids.index(after) + 1 :] if after in ids else []
    return records[:limit], len(records) > limit
