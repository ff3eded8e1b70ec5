"""Base types of the typed answers."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from glmkit.types.events import Usage
from glmkit.types.money import Money

T = TypeVar("T")


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of the service; a field that was not sent has its default."""


class Billed(Record, frozen=True):
    """Answer with usage and cost.

    `cost` is what is owed and `list_cost` the card's price; None: not known.
    """

    id: str = ""
    request_id: str = ""
    model: str = ""
    stand_in: str = ""
    usage: Usage | None = None
    cost: Money | None = None
    list_cost: Money | None = None


class Deleted(Record, frozen=True):
    """Result of a deletion."""

    id: str = ""
    deleted: bool = True


class Envelope(Record, Generic[T], frozen=True):
    """Envelope of the knowledge and assistant APIs."""

    data: T


class Page(Record, Generic[T], frozen=True):
    """One page of a list."""

    data: tuple[T, ...] = ()
    has_more: bool = False
