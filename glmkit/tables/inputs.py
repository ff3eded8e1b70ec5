"""The table that a prompt is tried on: from pandas, Python, a CSV file or a paste."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from glmkit.client.prompts import files as texts
from glmkit.types.errors import ConfigError

_HINT = "Pass a DataFrame, a list of dicts, a dict of lists, or the path of a CSV file."
#: A field of a template: `{column}`. All other braces are the prompt's own.
_FIELD = re.compile(r"\{([^{}\n]{1,200})\}")
_NAME = re.compile(r"[^\W\d]\w*")
#: Characters that a table may have to be edited as text in the page.
_EDITABLE = 200_000


class Inputs(msgspec.Struct, frozen=True):
    """Named columns and rows of values; without columns there is one empty row."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ((),)


def inputs_of(source: Any) -> Inputs:
    """Return a table from whatever holds one. Raises ConfigError.

    >>> inputs_of({"city": ["Beijing", "Bonn"]}).rows
    (('Beijing',), ('Bonn',))
    """
    if source is None:
        return Inputs()
    if isinstance(source, Inputs):
        return source
    if isinstance(source, str | Path):
        return pasted(texts.read(source))
    if hasattr(source, "itertuples"):
        return _table(source.columns, source.itertuples(index=False, name=None))
    if isinstance(source, Mapping):
        return _columns(source)
    if isinstance(source, Sequence) and all(isinstance(r, Mapping) for r in source):
        names = dict.fromkeys(name for row in source for name in row)
        return _table(names, ([row.get(name) for name in names] for row in source))
    raise ConfigError(f"inputs can not be a {type(source).__name__}", hint=_HINT)


def _columns(source: Mapping[Any, Any]) -> Inputs:
    columns = [list(values) for values in source.values()]
    if len({len(column) for column in columns}) > 1:
        raise ConfigError("the columns are not of one length", hint=_HINT)
    return _table(source, zip(*columns, strict=True))


def _table(names: Iterable[Any], rows: Iterable[Iterable[Any]]) -> Inputs:
    columns = tuple(str(name).strip() for name in names)
    odd = [name for name in columns if not name or columns.count(name) > 1]
    if odd:
        raise ConfigError(
            f"a column has no name of its own: {odd[0]!r}",
            hint="Name each column once, in the first line.",
        )
    held = tuple(tuple(row) for row in rows)
    return Inputs(columns, held) if columns else Inputs()


def pasted(text: str) -> Inputs:
    """Return the table of a text: tabs as spreadsheets copy them, else commas.

    The first line names the columns. Raises ConfigError, with the line.

    >>> pasted("city\\tyear\\nBonn\\t1990").columns
    ('city', 'year')
    """
    head = text.lstrip("\ufeff").partition("\n")[0]
    lines = csv.reader(
        io.StringIO(text.lstrip("\ufeff"), newline=""),
        delimiter="\t" if "\t" in head else ",",
        strict=True,
    )
    try:
        table = [(lines.line_num, line) for line in lines if any(map(str.strip, line))]
    except csv.Error as exc:
        raise ConfigError(
            f"line {lines.line_num} of the table is no CSV: {exc}",
            hint='A value with commas, quotes or line breaks stands in "quotes".',
        ) from exc
    if not table:
        return Inputs()
    names = table[0][1]
    for number, line in table[1:]:
        if len(line) != len(names):
            raise ConfigError(
                f"line {number} has {len(line)} values for {len(names)} columns",
                hint="The first line names the columns; every other has a value each.",
            )
    return _table(names, (line for _, line in table[1:]))


def written(inputs: Inputs) -> str:
    """Return the table as CSV, to be edited. Raises ConfigError where it is large."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if inputs.columns:
        writer.writerow(inputs.columns)
        writer.writerows([worded(value) for value in row] for row in inputs.rows)
    if len(out.getvalue()) > _EDITABLE:
        raise ConfigError(
            f"the table is too large to be edited here: {len(inputs.rows):,} rows",
            hint="Change it in Python and assign it: lab.inputs = frame.",
        )
    return out.getvalue()


def worded(value: Any) -> str:
    """Return a value as it goes into a prompt; what is missing is empty."""
    missing = value is None or value != value  # NaN is not itself
    return "" if missing else str(value)


def fill(template: str, columns: Sequence[str], row: Sequence[Any]) -> str:
    """Return the template with its fields filled, once; other braces stay.

    >>> fill('{"of": "{city}"}', ["city"], ["Bonn"])
    '{"of": "Bonn"}'
    """
    values = dict(zip(columns, row, strict=True))

    def value(found: re.Match[str]) -> str:
        name = found[1].strip()
        return worded(values[name]) if name in values else found[0]

    return _FIELD.sub(value, template)


def slips(template: str, columns: Sequence[str]) -> list[str]:
    """Return what a person may have meant otherwise about the fields.

    >>> slips("Where is {town}?", ["city"])
    ['{town} is no column and stays as it stands', 'no column is used']
    """
    names = [found.strip() for found in _FIELD.findall(template)]
    odd = dict.fromkeys(n for n in names if _NAME.fullmatch(n) and n not in columns)
    told = [f"{{{name}}} is no column and stays as it stands" for name in odd]
    if columns and not set(names) & set(columns):
        told.append("no column is used")
    return told
