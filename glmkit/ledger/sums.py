"""Stored sums, so that a long ledger is read as fast as a short one.

Calls are folded into the sums in rounds, each in one transaction with the mark of how
far it got: every call is in the rows and, once, in the sums, or in the rows alone and
above the mark. A process that is killed in a round leaves the round undone. Whoever
reads the sums folds what is left first, so they never lack a call that has ended.
Written by the call's own transaction, the sums would cost as much as four plain inserts
more; folded, they cost less than one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from glmkit.ledger.measures import (
    CELL_KEYS,
    COUNTS,
    DAY_KEYS,
    DAY_TIME_KEYS,
    KEYS,
    MEASURES,
    OPEN,
    TIMINGS,
    TOLD,
    Bands,
    edges,
    sums_of_rows,
    sums_of_sums,
)
from glmkit.ledger.transactions import transaction

#: Calls of one round: it holds up other writers for some 0.1 s at most.
ROUND = 10_000


def create(db: sqlite3.Connection) -> None:
    """Make the tables: sums by place and day, sums by cell, histograms of times.

    `folds` is the mark: calls up to it are in the sums, but for those in `late`.
    """
    measures = ", ".join(f"{name} NUMERIC" for name in MEASURES)
    keys, cells = ", ".join(KEYS), ", ".join(CELL_KEYS)
    db.execute(
        f"CREATE TABLE sums (id INTEGER PRIMARY KEY, {keys}, {measures}, "
        f"UNIQUE ({keys}))"
    )
    db.execute(
        f"CREATE TABLE cell_sums ({cells}, {measures}, PRIMARY KEY ({cells})) "
        "WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE timings (kind TEXT, sum INTEGER REFERENCES sums, bin INTEGER, "
        "calls INTEGER NOT NULL, PRIMARY KEY (kind, sum, bin)) WITHOUT ROWID"
    )
    db.execute("CREATE TABLE edges (kind TEXT, tokens INTEGER, UNIQUE (kind, tokens))")
    db.execute("CREATE TABLE late (call INTEGER PRIMARY KEY)")
    db.execute("CREATE TABLE folds (upto INTEGER NOT NULL, pruned INTEGER NOT NULL)")
    db.execute("INSERT INTO folds VALUES (0, 0)")
    _keep_edges(db)
    db.execute(_REOPENED)
    db.execute(_REMOVED)


def create_days(db: sqlite3.Connection) -> None:
    """Make the light tables: sums by day and model, histograms by these and source.

    They say nothing that the others do not; a chart of a long log needs no more.
    """
    measures, keys = ", ".join(f"{name} NUMERIC" for name in MEASURES), ", ".join
    db.execute(
        f"CREATE TABLE day_sums ({keys(DAY_KEYS)}, {measures}, "
        f"PRIMARY KEY ({keys(DAY_KEYS)})) WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE day_timings (kind TEXT, model TEXT, source TEXT, bin INTEGER, "
        "day TEXT, calls INTEGER NOT NULL, "
        "PRIMARY KEY (kind, model, source, bin, day)) WITHOUT ROWID"
    )
    db.execute(
        f"INSERT INTO day_sums SELECT {keys(DAY_KEYS)}, {keys(sums_of_sums().values())}"
        f" FROM sums GROUP BY {keys(DAY_KEYS)}"
    )
    db.execute(
        "INSERT INTO day_timings SELECT kind, model, source, bin, day, sum(t.calls) "
        "FROM timings t JOIN sums ON sums.id = t.sum GROUP BY 1, 2, 3, 4, 5"
    )
    db.execute(_REOPENED_DAYS)


def fold(db: sqlite3.Connection, bands: Bands) -> None:
    """Add to the sums what has ended since the last time."""
    while _fold_round(db, bands):
        pass


_TABLES = ("sums", "cell_sums", "timings", "day_sums", "day_timings")


def rebuild(db: sqlite3.Connection, bands: Bands) -> bool:
    """Make the sums again, by today's tiers; False where calls have been pruned."""
    with transaction(db):
        if db.execute("SELECT pruned FROM folds").fetchone()[0]:
            return False
        for table in (*_TABLES, "late"):
            db.execute(f"DELETE FROM {table}")
        db.execute("UPDATE folds SET upto = 0")
        _keep_edges(db)
    fold(db, bands)
    return True


def knows(db: sqlite3.Connection, wanted: Mapping[str, set[int]]) -> bool:
    """Whether the sums are kept apart at these lengths."""
    kept = set(db.execute("SELECT kind, tokens FROM edges"))
    return all((kind, at) in kept for kind, lengths in wanted.items() for at in lengths)


def _keep_edges(db: sqlite3.Connection) -> None:
    pairs = [(kind, tokens) for kind, found in edges().items() for tokens in found]
    db.executemany("INSERT OR IGNORE INTO edges VALUES (?, ?)", pairs)


def _fold_round(db: sqlite3.Connection, bands: Bands) -> bool:
    """Fold one round; whether there is more."""
    if not _due(db):
        return False
    with transaction(db):
        bands.refresh(db)
        (done,) = db.execute("SELECT upto FROM folds").fetchone()
        (newest,) = db.execute("SELECT coalesce(max(id), 0) FROM calls").fetchone()
        span = {"done": done, "upto": min(newest, done + ROUND)}
        for statement in _FOLD:
            db.execute(statement, span)
    return bool(span["upto"] < newest)


def _due(db: sqlite3.Connection) -> bool:
    """Whether there is a call to fold; looked at without holding the file."""
    return bool(
        db.execute(
            "SELECT (SELECT coalesce(max(id), 0) FROM calls) > upto OR EXISTS ("
            "SELECT 1 FROM late CROSS JOIN calls ON id = call "
            f"WHERE state NOT IN {OPEN}) FROM folds"
        ).fetchone()[0]
    )


def _staged() -> str:
    """Note the calls of this round, with what is reckoned of each but once."""
    reckoned = {**_RECKONED, **{kind: f"bin({v})" for kind, v in TIMINGS.items()}}
    values = ", ".join(f"{value} AS {name}" for name, value in reckoned.items())
    return f"""INSERT INTO temp.fresh SELECT c.id, {values} FROM (
        SELECT call FROM late UNION ALL
        SELECT id FROM calls WHERE id > :done AND id <= :upto
    ) CROSS JOIN calls c ON c.id = call WHERE c.state NOT IN {OPEN}"""


_RECKONED = {name: value for name, value in KEYS.items() if value != f"c.{name}"}


def _fresh(keys: Mapping[str, str]) -> dict[str, str]:
    return {n: f"f.{n}" if n in _RECKONED else value for n, value in keys.items()}


_KEPT = _fresh(KEYS)
_FRESH = "temp.fresh f CROSS JOIN calls c ON c.id = f.call"
_STAGES = (
    f"CREATE TEMP TABLE fresh (call, {', '.join((*_RECKONED, *TIMINGS))})",
    f"CREATE TEMP TABLE placed (sum, {', '.join(TIMINGS)})",
    "CREATE TEMP TABLE binned (kind, sum, bin, calls)",
)


def stage(db: sqlite3.Connection) -> None:
    """Make the tables of this connection that a round goes through."""
    for statement in _STAGES:
        db.execute(statement)


def _added(table: str, keys: Mapping[str, str]) -> str:
    columns = ", ".join((*keys, *MEASURES))
    values = ", ".join((*keys.values(), *sums_of_rows().values()))
    places = ", ".join(str(1 + place) for place in range(len(keys)))
    return (
        f"INSERT INTO {table} ({columns}) SELECT {values} FROM {_FRESH} WHERE true "
        f"GROUP BY {places} {_MERGED}"
    )


_MERGED = "ON CONFLICT DO UPDATE SET " + ", ".join(
    [f"{name} = {name} + excluded.{name}" for name in COUNTS]
    + [
        f"{name} = coalesce({name} + excluded.{name}, {name}, excluded.{name})"
        for name in TOLD
    ]
    + ["last_at = max(last_at, excluded.last_at)"]
)


def _same(keys: Mapping[str, str], stem: str = "") -> str:
    return " AND ".join(f"{stem}{name} = {value}" for name, value in keys.items())


#: Which sum each call of the round is in: looked up once.
_PLACED = (
    f"INSERT INTO temp.placed SELECT s.id, {', '.join(f'f.{k}' for k in TIMINGS)} "
    f"FROM {_FRESH} CROSS JOIN sums s ON {_same(_KEPT, 's.')}"
)


def _binned(kind: str) -> str:
    return (
        f"INSERT INTO temp.binned SELECT '{kind}', sum, {kind}, count(*) "
        f"FROM temp.placed WHERE {kind} IS NOT NULL GROUP BY 2, 3"
    )


_MORE = "ON CONFLICT DO UPDATE SET calls = calls + excluded.calls"
_TIMED = f"INSERT INTO timings SELECT * FROM temp.binned WHERE true {_MORE}"
_TIMED_BY_DAY = (
    "INSERT INTO day_timings SELECT kind, model, source, bin, day, sum(b.calls) "
    "FROM temp.binned b CROSS JOIN sums ON sums.id = b.sum WHERE true "
    f"GROUP BY 1, 2, 3, 4, 5 {_MORE}"
)


_FOLD = (
    _staged(),
    _added("sums", _KEPT),
    _added("cell_sums", CELL_KEYS),
    _added("day_sums", _fresh(DAY_KEYS)),
    _PLACED,
    *map(_binned, TIMINGS),
    _TIMED,
    _TIMED_BY_DAY,
    *(f"DELETE FROM temp.{table}" for table in ("fresh", "placed", "binned")),
    f"DELETE FROM late WHERE (SELECT state FROM calls WHERE id = call) NOT IN {OPEN}",
    f"INSERT INTO late SELECT id FROM calls WHERE id > :done AND id <= :upto "
    f"AND state IN {OPEN}",
    "UPDATE folds SET upto = :upto",
)


def _taken_out(table: str, keys: Mapping[str, str]) -> str:
    """Subtract a changed call's old values from the sums that hold it."""
    less = ", ".join(
        [f"{name} = {name} - ({value})" for name, value in COUNTS.items()]
        + [f"{name} = {name} - coalesce({value}, 0)" for name, value in TOLD.items()]
    )
    return f"UPDATE {table} SET {less} WHERE {_same(keys)} AND {_FOLDED};".replace(
        "c.", "OLD."
    )


_FOLDED = "OLD.id <= (SELECT upto FROM folds) AND OLD.id NOT IN (SELECT call FROM late)"


def _times_out(table: str, place: str) -> str:
    """Subtract a changed call's old times from the histograms that hold them."""
    return "".join(
        f"UPDATE {table} SET calls = calls - 1 WHERE {_FOLDED} AND kind = '{kind}' "
        f"AND bin = bin({value}) AND {place};".replace("c.", "OLD.")
        for kind, value in TIMINGS.items()
    )


_WHOLE = f"sum = (SELECT s.id FROM sums s WHERE {_same(KEYS, 's.')})"
#: A call that changes after its end is folded again: seldom, so a trigger does it.
_REOPENED = f"""CREATE TRIGGER reopened AFTER UPDATE OF state ON calls
WHEN OLD.state NOT IN {OPEN} BEGIN
    {_times_out("timings", _WHOLE)}
    {_taken_out("cell_sums", CELL_KEYS)}
    {_taken_out("sums", KEYS)}
    INSERT OR IGNORE INTO late SELECT OLD.id FROM folds WHERE OLD.id <= upto;
END"""
#: Before the other, which notes that the call is not folded any more.
_REOPENED_DAYS = f"""CREATE TRIGGER reopened_days BEFORE UPDATE OF state ON calls
WHEN OLD.state NOT IN {OPEN} BEGIN
    {_times_out("day_timings", _same(DAY_TIME_KEYS))}
    {_taken_out("day_sums", DAY_KEYS)}
END"""
#: The number of a removed call may be given again, when it was the last.
_REMOVED = """CREATE TRIGGER removed AFTER DELETE ON calls BEGIN
    DELETE FROM late WHERE call = OLD.id;
    UPDATE folds SET upto = (SELECT coalesce(max(id), 0) FROM calls)
    WHERE upto > (SELECT coalesce(max(id), 0) FROM calls);
END"""
