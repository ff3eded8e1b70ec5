"""Export the ledger's calls as CSV, JSON lines or Parquet."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import msgspec

from glmkit.ledger import Ledger, Table
from glmkit.ledger.default import ledger as own
from glmkit.ledger.views import frames
from glmkit.types.errors import ConfigError
from glmkit.types.money import Money
from glmkit.types.translation import _


def export(
    path: str | Path,
    since: frames.Since | None = None,
    where: Mapping[str, str | Sequence[str]] | None = None,
    *,
    words: bool = False,
    ledger: Ledger | None = None,
) -> int:
    """Write the calls to a `.csv`, `.jsonl` or `.parquet` file; return how many.

    `since` and `where` choose as in `glmkit.usage`; `words` adds what was asked and
    answered. Money is exact, times are in UTC. Raises ConfigError.
    """
    target = Path(path)
    kind = target.suffix or target.name
    write = _WRITERS.get(target.suffix.lower())
    if write is None:
        raise ConfigError(
            _("calls cannot be written as {kind}", kind=repr(kind)),
            hint=_("Use a name that ends in {endings}.", endings=", ".join(_WRITERS)),
        )
    start = None if since is None else frames.moment(since)
    portions = (ledger or own()).rows(start, where, words=words)
    half = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with half.open("wb") as file:
            count = write(file, portions)
        half.replace(target)
    except OSError as exc:
        raise ConfigError(
            _("{file} cannot be written: {why}", file=target, why=exc.strerror or exc),
            hint=_("Name a file in a folder that exists and is writable."),
        ) from exc
    finally:
        half.unlink(missing_ok=True)
    return count


def _values(names: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    """Return a call's columns: exact amounts, and times with their zone."""
    values = dict(zip(names, row, strict=True))
    for name in ("cost", "list_cost", "reserved"):
        if values[name] is not None:
            values[name] = frames.plain(Money(values[name], ""))
    values["at"] = datetime.fromtimestamp(values["at"], UTC)
    for name in ("stream", "at_most"):
        values[name] = bool(values[name])
    return values


def _csv(file: IO[bytes], portions: Iterator[Table]) -> int:
    count = 0
    for names, rows in portions:
        lines: list[str] = []
        writer = csv.writer(_Lines(lines))
        if not count and not rows:
            writer.writerow(names)
        writer.writerows(
            [value.isoformat() if isinstance(value, datetime) else value
             for value in _values(names, row).values()]
            for row in rows
        )  # fmt: skip
        file.write("".join(lines).encode())
        count += len(rows)
    return count


class _Lines:
    """The part of a file that `csv` needs."""

    def __init__(self, lines: list[str]) -> None:
        self.write = lines.append


def _jsonl(file: IO[bytes], portions: Iterator[Table]) -> int:
    encoder = msgspec.json.Encoder(enc_hook=str)  # amounts become texts, exactly
    count = 0
    for names, rows in portions:
        file.write(encoder.encode_lines([_values(names, row) for row in rows]))
        count += len(rows)
    return count


def _parquet(file: IO[bytes], portions: Iterator[Table]) -> int:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as exc:
        raise ConfigError(
            _("Parquet files need the package pyarrow"),
            hint=_("`pip install pyarrow`, or write a .csv or .jsonl file."),
        ) from exc
    count = 0
    names = next(portions)[0]
    schema = pa.schema([(name, _arrow(pa, name)) for name in names])
    with pq.ParquetWriter(file, schema) as writer:
        for _names, rows in portions:
            entries = [
                {name: Decimal(value) if isinstance(value, Decimal) else value
                 for name, value in _values(names, row).items()}
                for row in rows
            ]  # fmt: skip
            writer.write_table(pa.Table.from_pylist(entries, schema))
            count += len(rows)
    return count


def _arrow(pa: Any, name: str) -> Any:
    """Return a column's type in Parquet."""
    if name in {"cost", "list_cost", "reserved"}:
        return pa.decimal128(38, 12)
    if name == "at":
        return pa.timestamp("us", tz="UTC")
    if name in {"stream", "at_most"}:
        return pa.bool_()
    if frames.fractional(name):
        return pa.float64()
    return pa.int64() if frames.whole(name) else pa.string()


_WRITERS: dict[str, Callable[[IO[bytes], Iterator[Table]], int]] = {
    ".csv": _csv,
    ".jsonl": _jsonl,
    ".parquet": _parquet,
}
