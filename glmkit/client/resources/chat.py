"""Chat completions, streamed and whole."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

from glmkit.catalog import cards, prices
from glmkit.client.call.cost_bounds import chat_max_cost, chat_max_tokens
from glmkit.client.call.destination import Service
from glmkit.transport.http import Sent
from glmkit.types.errors import StreamError, TransportError
from glmkit.types.events import Event, Search, Usage
from glmkit.types.messages import Request
from glmkit.types.money import Money
from glmkit.wire import StreamReader, broken_off, chat_body, read_body

#: The largest reply that is read whole, in bytes.
BODY_CAP = 16 * 2**20


class ChatOperation:
    """One chat request, as an operation of an exchange."""

    method = "POST"
    path = "/chat/completions"
    content_type = "application/json"
    task = False

    def __init__(
        self, request: Request, model: str, service: Service, *, stream: bool
    ) -> None:
        self._request = request
        self._searched = False
        self.content = chat_body(
            request,
            model,
            stream=stream,
            native=service.native,
            constrained=service.constrained,
        )

    def price(
        self, model: str, usage: Usage | None, currency: str | None, day: date
    ) -> Money | None:
        """Return the price of a usage and of a search; None where it is not known."""
        if usage is None:
            return None
        amount = prices.cost(cards.card(model), usage, currency, day=day)
        searched = self._request.tools or () if self._searched else ()
        return prices.with_searches(amount, searched, currency, day)

    def max_cost(self, model: str, currency: str, day: date) -> Money | None:
        """Return the most that it may cost; None where that is not known."""
        return chat_max_cost(self._request, self.content)(model, currency, day)

    def max_tokens(self, model: str) -> int | None:
        """Return the most tokens of prompt and answer; None where a search adds."""
        return chat_max_tokens(self._request, self.content, model)

    async def read(self, reply: Sent) -> AsyncIterator[list[Event]]:
        """Yield the events; StreamError where a stream ends before its finish."""
        if not reply.content_type.startswith("text/event-stream"):
            events = self._noted(read_body(await reply.read(BODY_CAP)))
            yield events
            if (broken := broken_off(events)) is not None:
                raise broken
            return
        reader = StreamReader()
        try:
            async for chunk in reply.chunks():
                if batch := reader.read(chunk):
                    yield self._noted(batch)
                if reader.heard:
                    reply.renew()
                reader.check()
                if reader.done:
                    break
        except TransportError as exc:
            raise StreamError(str(exc)) from exc
        rest = self._noted(reader.rest())
        yield rest
        if (fault := broken_off(rest, streamed=True)) is not None:
            raise fault
        await reply.finish()

    def _noted(self, batch: list[Event]) -> list[Event]:
        """Take note of a search, which is billed beside the tokens."""
        if self._request.tools and not self._searched:
            self._searched = any(isinstance(event, Search) for event in batch)
        return batch
