"""Cost of a call: the most before it is sent, what is owed afterwards."""

from __future__ import annotations

from glmkit.catalog import cards, prices
from glmkit.client.call.destination import Service
from glmkit.client.call.operation import Operation
from glmkit.types.events import Usage
from glmkit.types.money import Money
from glmkit.types.replies import Answer, Call, CostBasis, Origin

_NOT_ASKED = "not asked"


class Bill:
    """Costs of one kind of call at one endpoint, in the endpoint's currency."""

    def __init__(self, service: Service, operation: Operation) -> None:
        self._service = service
        self._operation = operation
        self._own: str | None = _NOT_ASKED

    def nothing(self, call: Call) -> Money:
        """Return 0 in the currency of a call."""
        return Money(0, self._currency(call) or "CNY")

    def max_cost(self, call: Call) -> Money | None:
        """Return the most that a call may cost; None where that is not known."""
        if self._free:
            return self.nothing(call)
        currency = self._currency(call)
        if currency is None:
            return None
        return self._operation.max_cost(call.model, currency, prices.day_of(call.at))

    def max_tokens(self, call: Call) -> int | None:
        """Return the most tokens that a grant would pay; None where none is used."""
        if self._free:
            return None
        return self._operation.max_tokens(call.model)

    def granted(self, call: Call, owed: Money | None, answer: Answer) -> int | None:
        """Return what a call took of its grant: its most where that is not known."""
        if call.granted is None or owed is None:
            return call.granted
        usage = counted(answer)
        return usage.total_tokens if owed and usage else 0

    def granted_again(self, call: Call) -> int | None:
        """Return what a call takes of its grant where it is sent once more."""
        if call.granted is None:
            return None
        return call.granted + (self.max_tokens(call) or 0)

    def cost(
        self,
        call: Call,
        answer: Answer,
        *,
        source: Origin,
        failed: bool,
        may_be_done: bool,
    ) -> Money | None:
        """Return what is owed: 0 only where that is known, None where it is not.

        The service alone, as the `source`, takes money. `failed` is whether the call
        ended without its whole answer, `may_be_done` whether the service may have
        done it then. A try before it that may have been billed leaves nothing known.
        """
        if self._free or source != "service":
            return self.nothing(call)
        currency = self._currency(call)
        if currency is None or call.resent:
            return None
        usage = counted(answer)
        if failed and usage is None:
            return None if may_be_done else Money(0, currency)
        if failed and not _final(call, answer):
            return None
        return self._price(call, usage, currency)

    def list_cost(self, call: Call, answer: Answer, *, failed: bool) -> Money | None:
        """Return the card's price of what was used, whoever pays it."""
        usage = counted(answer)
        if failed and (usage is None or not _final(call, answer)):
            return None
        local, endpoint = self._service.local, self._service.endpoint
        return self._price(call, usage, None if local else endpoint.currency)

    def basis(self, call: Call) -> CostBasis:
        """Return what the cost is: what is owed, or the list price at a gateway."""
        priced = call.granted is not None or self._own_currency(call)
        return "owed" if priced or not self._service.endpoint.serves else "list"

    @property
    def _free(self) -> bool:
        """Whether no single call of this endpoint costs anything."""
        return self._service.local or bool(self._service.endpoint.plan)

    def _currency(self, call: Call) -> str | None:
        """Return the currency that is owed; at a custom URL that of the own price."""
        if not self._service.custom:
            return self._service.endpoint.currency
        return self._own_currency(call) or self._service.endpoint.currency

    def _own_currency(self, call: Call) -> str | None:
        """Return the currency of the user's own price, looked up once for a call."""
        if self._own is _NOT_ASKED:
            self._own = prices.own_currency(cards.card(call.model))
        return self._own

    def _price(
        self, call: Call, usage: Usage | None, currency: str | None
    ) -> Money | None:
        day = prices.day_of(call.at)
        return self._operation.price(call.model, usage, currency, day)


def _final(call: Call, answer: Answer) -> bool:
    """Whether a usage counts the whole answer: some servers count while they write."""
    return bool(answer.finish_reason) or call.operation == "batches"


def counted(answer: Answer) -> Usage | None:
    """Return the usage of an answer; None where its numbers say nothing.

    A prompt has tokens, and so has what was written: zeros do not count them.

    >>> counted(Answer(text="Yes", usage=Usage(0, 0, 0))) is None
    True
    """
    usage = answer.usage
    if usage is None or usage.prompt_tokens <= 0 or usage.completion_tokens < 0:
        return None
    written = answer.text or answer.thinking or answer.tool_calls
    return None if written and not usage.completion_tokens else usage
