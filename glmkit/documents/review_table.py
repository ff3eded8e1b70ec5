"""The values of a table that are to be reviewed, each with its quote and its page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import msgspec

from glmkit.documents.cell_values import (
    Kind,
    kind_of,
    plain_value,
    text_of,
)
from glmkit.readers.paged_text import PagedText, paged
from glmkit.tables.template import missing
from glmkit.types.errors import ConfigError
from glmkit.types.translation import _

if TYPE_CHECKING:
    import pandas as pd

#: The columns beside that of a field, by the end of their names.
_BESIDE = ("_quote", "_page", "_found")
#: Rows in which the column of the documents is looked for.
_SOME = 50


class ReviewField(msgspec.Struct, frozen=True):
    """A field of the schema: its column's values with their quotes and pages."""

    name: str
    kind: Kind
    values: list[Any]
    quotes: list[str]
    pages: list[int | None]
    found: list[str]


class ReviewItem(msgspec.Struct, frozen=True):
    """A value to review; `row` is the row's position, from 0.

    `page` is None and `found` "not found" where the quote is not in the document;
    `found` is "" where there is no value.
    """

    number: int
    row: int
    field: str
    value: Any
    quote: str
    page: int | None
    found: str


class ReviewTable:
    """A frame of extracted values, cut into items: row by row, field by field.

    A field is a column NAME beside which NAME_quote, NAME_page and NAME_found stand.
    Rows are known by position, so an index may repeat. Raises ConfigError.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        columns = getattr(frame, "columns", None)
        if columns is None or not hasattr(frame, "iloc"):
            raise ConfigError(
                _(
                    "a review needs a DataFrame, not a {kind}",
                    kind=type(frame).__name__,
                ),
                hint=_HINT,
            )
        names = [*columns]
        fields = [name for name in names if _is_field(name, names)]
        if not fields:
            raise ConfigError(
                _("the table has no column with a quote, a page and a found-state"),
                hint=_HINT,
            )
        self.frame = frame.copy()
        self.fields = tuple(_field(self.frame, name) for name in fields)
        self.rows = len(frame)
        self._columns = {field.name: n for n, field in enumerate(self.fields)}

    def __len__(self) -> int:
        return self.rows * len(self.fields)

    def __getitem__(self, number: int) -> ReviewItem:
        row, place = divmod(number, len(self.fields))
        field = self.fields[place]
        return ReviewItem(
            number, row, field.name, field.values[row], field.quotes[row],
            field.pages[row], field.found[row],
        )  # fmt: skip

    def __iter__(self) -> Iterator[ReviewItem]:
        return (self[number] for number in range(len(self)))

    def number(self, row: int, field: str) -> int | None:
        """Return an item's number; None where the table has no such item."""
        place = self._columns.get(field)
        if place is None or not 0 <= row < self.rows:
            return None
        return row * len(self.fields) + place

    def field(self, name: str) -> ReviewField:
        """Return a field by its name."""
        return self.fields[self._columns[name]]

    @cached_property
    def digest(self) -> str:
        """What tells this table from others: a hash of its values and quotes."""
        hashed = blake2b(digest_size=8)
        for field in self.fields:
            _add(hashed, field.name)
            for value, quote in zip(field.values, field.quotes, strict=True):
                _add(hashed, text_of(value))
                _add(hashed, quote)
        return hashed.hexdigest()

    @cached_property
    def source(self) -> str | None:
        """The column that holds the documents; None where there is none."""
        own = {f"{field.name}{end}" for field in self.fields for end in ("", *_BESIDE)}
        names = [*self.frame.columns]
        texts = [
            name
            for name in names
            if isinstance(name, str) and names.count(name) == 1 and name not in own
        ]
        some = {name: _texts(self.frame[name].iloc[:_SOME]) for name in texts}
        for name, values in some.items():
            if any(isinstance(value, PagedText) for value in values):
                return name
        if any(some.get("document", ())):
            return "document"
        held = {name: self._quoted(values) for name, values in some.items()}
        best = max(held, key=held.__getitem__, default=None)
        return best if best is not None and held[best] else None

    def document(self, row: int) -> PagedText | None:
        """Return the text of a row's document, with its pages."""
        if self.source is None:
            return None
        held = self.frame[self.source].iloc[row]
        return paged(held) if isinstance(held, str) else None

    def _quoted(self, values: Sequence[str]) -> int:
        return sum(
            bool(field.quotes[row]) and field.quotes[row] in text
            for field in self.fields
            for row, text in enumerate(values)
        )


_HINT = _(
    'Pass the result of `docs.glm.extract("{document}", schema=..., evidence=True)`.'
)


def _is_field(name: Any, names: list[Any]) -> bool:
    if not isinstance(name, str):
        return False
    return all(names.count(f"{name}{end}") == 1 for end in ("", *_BESIDE))


def _field(frame: pd.DataFrame, name: str) -> ReviewField:
    values = [plain_value(value) for value in frame[name]]
    pages = [_whole(value) for value in frame[f"{name}_page"]]
    found = _texts(frame[f"{name}_found"])
    quotes = _texts(frame[f"{name}_quote"])
    return ReviewField(name, kind_of(values), values, quotes, pages, found)


def _texts(column: Any) -> list[str]:
    return [value if isinstance(value, str) else "" for value in column]


def _whole(value: Any) -> int | None:
    return None if missing(value) else int(value)


def _add(hashed: Any, text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    hashed.update(len(data).to_bytes(8, "big"))
    hashed.update(data)
