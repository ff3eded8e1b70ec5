"""Protocol of an operation: what a call sends, how it is read and priced."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Protocol

from glmkit.transport.http import Sent
from glmkit.types.events import Event, Usage
from glmkit.types.money import Money


class Operation(Protocol):
    """One kind of call: its request, and how its response is read."""

    method: str
    path: str
    content: bytes
    content_type: str

    @property
    def task(self) -> bool:
        """Whether the response is a task's id instead of an answer."""

    def price(
        self, model: str, usage: Usage | None, currency: str | None, day: date
    ) -> Money | None:
        """Return the card's price of what came; None where it is not known."""

    def max_cost(self, model: str, currency: str, day: date) -> Money | None:
        """Return the most that it may cost; None where that is not known."""

    def max_tokens(self, model: str) -> int | None:
        """Return the most tokens that it may take; None where grants do not pay it."""

    def read(self, reply: Sent) -> AsyncIterator[list[Event]]:
        """Yield the events of a reply that was not refused."""
