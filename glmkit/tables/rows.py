"""The rows of a DataFrame or Series as plain values, whatever its index and columns."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from glmkit.tables.template import Template, name_of, template_of, worded
from glmkit.types.errors import ConfigError
from glmkit.types.translation import _

#: The name by which a template knows the values of a Series.
VALUE = "value"


class Rows:
    """The rows of a table, by position: index and columns may hold duplicates.

    `frame` is the table as it was when this was made: what happens to the user's table
    afterwards does not move a row away from its answer. `changed` looks at the table.
    """

    def __init__(self, table: pd.DataFrame | pd.Series[Any]) -> None:
        self._table = table
        self._series = isinstance(table, pd.Series)
        self.frame: pd.DataFrame = (
            table.to_frame(_heading(table))
            if isinstance(table, pd.Series)
            else table.copy(deep=False)
        )
        self.names: list[Any] = list(self.frame.columns)

    def __len__(self) -> int:
        return len(self.frame)

    def at(self, places: Sequence[int]) -> Rows:
        """Return the rows at these positions."""
        chosen = Rows(self.frame.iloc[list(places)])
        chosen._series = self._series
        return chosen

    def template(self, text: str | None) -> Template:
        """Return a template over these columns; None is the value of a Series."""
        if text is None and not self._series:
            raise ConfigError(
                _("there is no template"),
                hint=_('Write the prompt over columns: "Translate: {column}".'),
            )
        names = [VALUE] if self._series else self.names
        return template_of("{value}" if text is None else text, names)

    def values(self, template: Template) -> list[Sequence[Any]]:
        """Return the values of the columns that a template uses, a tuple a row."""
        columns = [self.frame.iloc[:, place].tolist() for place in template.columns]
        return list(zip(*columns, strict=True))

    def columns(self) -> dict[str, Any]:
        """Return the columns by the names that templates know."""
        names = [VALUE] if self._series else [name_of(name) for name in self.names]
        return {name: self.frame.iloc[:, at].tolist() for at, name in enumerate(names)}

    def digest(self, template: Template) -> str:
        """Return a hash of the columns' names and of what a template makes of the rows.

        They are those of the user's table, as it is now.
        """
        found = hashlib.sha256(template.text.encode("utf-8", "surrogatepass"))
        now = Rows(self._table)
        found.update(repr(now.names).encode("utf-8", "surrogatepass"))
        if now.names == self.names:
            for row in now.values(template):
                for value in row:
                    found.update(_fingerprint(value) + b"\0")
        return found.hexdigest()

    def groups(self, by: Any) -> tuple[pd.Index[Any] | None, list[list[int]]]:
        """Return the keys as an index, and the positions of each group's rows.

        `by` is what `DataFrame.groupby` takes; None is one group without a key. Groups
        stand in the order in which they first appear. Raises ConfigError.
        """
        if by is None:
            return None, [list(range(len(self)))]
        try:
            grouped = self.frame.groupby(by, sort=False, dropna=False)
            numbers, keys = grouped.ngroup().tolist(), grouped.size().index
        except (KeyError, ValueError, TypeError, AttributeError) as exc:
            raise ConfigError(
                _("the rows cannot be grouped by {by!r}", by=by),
                hint=_("Name a column, or a list of columns."),
            ) from exc
        places: dict[int, list[int]] = {}
        for place, number in enumerate(numbers):
            places.setdefault(number, []).append(place)
        return keys, [places[number] for number in sorted(places)]

    def with_columns(self, columns: dict[str, Any]) -> pd.DataFrame:
        """Return a new frame: the old columns, then these, by position."""
        levels = self.frame.columns.nlevels
        new = pd.DataFrame(columns, index=self.frame.index)
        if levels > 1:
            blank = [""] * (levels - 1)
            tuples = [(name, *blank) for name in new.columns]
            new.columns = pd.MultiIndex.from_tuples(tuples)
        whole: pd.DataFrame = pd.concat([self.frame, new], axis=1)
        whole.columns.names = self.frame.columns.names
        whole.attrs = dict(self.frame.attrs)
        return whole


def _fingerprint(value: Any) -> bytes:
    """Return what tells a value from another; nothing of it is shown."""
    try:
        text = repr(value) if isinstance(value, bytes) else worded(value)
    except Exception:  # an object that cannot be written: its row fails by itself
        text = f"{type(value).__qualname__} {id(value)}"
    return text.encode("utf-8", "surrogatepass")


def _heading(series: pd.Series[Any]) -> Any:
    """Return the name of a Series as a column; one without a name is called "value"."""
    return VALUE if series.name is None else series.name


def portions(count: int, size: int) -> Iterator[range]:
    """Cut the positions of rows into portions."""
    for start in range(0, count, size):
        yield range(start, min(start + size, count))
