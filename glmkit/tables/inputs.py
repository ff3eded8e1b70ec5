"""A table of inputs for a prompt: from pandas, Python, a CSV file or pasted text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from glmkit.readers import files as texts
from glmkit.tables.template import missing
from glmkit.types.errors import ConfigError
from glmkit.types.translation import _

_HINT = "Pass a DataFrame, a list of dicts, a dict of lists, or the path of a CSV file."
#: A field of a template: `{column}`. All other braces belong to the prompt.
_FIELD = re.compile(r"\{([^{}\n]{1,200})\}")
_NAME = re.compile(r"[^\W\d]\w*")
#: Characters of a table that can be edited as text in the page.
_EDITABLE = 200_000


class Inputs(msgspec.Struct, frozen=True):
    """Named columns and rows of values; without columns there is one empty row."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ((),)

    def first(self, count: int) -> Inputs:
        """Return the first rows."""
        return Inputs(self.columns, self.rows[:count])


def inputs_of(source: Any) -> Inputs:
    """Return a table from a value that holds one. Raises ConfigError.

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
    raise ConfigError(
        _("inputs cannot be a {kind}", kind=type(source).__name__), hint=_HINT
    )


def _columns(source: Mapping[Any, Any]) -> Inputs:
    columns = [list(values) for values in source.values()]
    if len({len(column) for column in columns}) > 1:
        raise ConfigError(_("the columns differ in length"), hint=_HINT)
    return _table(source, zip(*columns, strict=True))


def _table(names: Iterable[Any], rows: Iterable[Iterable[Any]]) -> Inputs:
    columns = tuple(str(name).strip() for name in names)
    odd = [name for name in columns if not name or columns.count(name) > 1]
    if odd:
        raise ConfigError(
            _("the column name {name!r} is empty or not unique", name=odd[0]),
            hint=_("Give each column a name of its own, in the first line."),
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
            _("line {number} is not CSV: {reason}", number=lines.line_num, reason=exc),
            hint=_('Put a value with commas, quotes or line breaks in "quotes".'),
        ) from exc
    if not table:
        return Inputs()
    names = table[0][1]
    for number, line in table[1:]:
        if len(line) != len(names):
            raise ConfigError(
                _(
                    "line {number} has {values} values for {columns} columns",
                    number=number,
                    values=len(line),
                    columns=len(names),
                ),
                hint=_("Give every line one value for each column of the first line."),
            )
    return _table(names, (line for _, line in table[1:]))


def written(inputs: Inputs) -> str:
    """Return the table as CSV, for editing. Raises ConfigError for a large one."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if inputs.columns:
        writer.writerow(inputs.columns)
        writer.writerows([worded(value) for value in row] for row in inputs.rows)
    if len(out.getvalue()) > _EDITABLE:
        raise ConfigError(
            _("{count:,} rows are too many to edit here", count=len(inputs.rows)),
            hint=_("Change the table in Python: `lab.inputs = frame`."),
        )
    return out.getvalue()


def worded(value: Any) -> str:
    """Return a value as text for a prompt; a missing one is empty."""
    return "" if missing(value) else str(value)


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
    """Return notes on fields that may be mistakes.

    >>> slips("Where is {town}?", ["city"])
    ['{town} is not a column and is sent as it is', 'no column is used']
    """
    names = [found.strip() for found in _FIELD.findall(template)]
    odd = dict.fromkeys(n for n in names if _NAME.fullmatch(n) and n not in columns)
    notes = [
        _("{field} is not a column and is sent as it is", field=f"{{{name}}}")
        for name in odd
    ]
    if columns and not set(names) & set(columns):
        notes.append(_("no column is used"))
    return notes
