"""What a call may cost before it is sent, and what is owed for it afterwards."""

from __future__ import annotations

from glmkit.catalog import cards, prices
from glmkit.client.call.destination import Service
from glmkit.client.call.operation import Operation
from glmkit.transport.retries import never_served
from glmkit.types.events import Usage
from glmkit.types.money import Money
from glmkit.types.replies import Call, Origin


class Bill:
    """What one place takes for one kind of call, in that place's currency."""

    def __init__(self, service: Service, operation: Operation) -> None:
        self._service = service
        self._operation = operation

    def nothing(self, call: Call) -> Money:
        """Return the bill of a call that costs nothing."""
        return Money(0, self._currency(call) or "CNY")

    def most(self, call: Call) -> Money | None:
        """Return the most that a call may cost; None where that is not known."""
        if self._free:
            return self.nothing(call)
        currency = self._currency(call)
        if currency is None:
            return None
        return self._operation.worst(call.model, currency, prices.day_of(call.at))

    def due(
        self,
        call: Call,
        usage: Usage | None,
        exc: BaseException | None,
        *,
        source: Origin,
        lost: bool,
    ) -> Money | None:
        """Return what is owed: None where bytes left and no usage came back.

        The service alone, as the `source`, takes money; `lost` says that an earlier
        try may have been served.
        """
        free = self._free or source != "service"
        if free or (never_served(exc) and not lost):
            return self.nothing(call)
        currency = self._currency(call)
        if currency is None or lost:
            return None
        return self._price(call, usage, currency, exc)

    def listed(
        self, call: Call, usage: Usage | None, exc: BaseException | None
    ) -> Money | None:
        """Return the card's price of what was used, whoever pays it."""
        local, endpoint = self._service.local, self._service.endpoint
        return self._price(call, usage, None if local else endpoint.currency, exc)

    @property
    def _free(self) -> bool:
        """Whether no single call of this place costs anything."""
        return self._service.local or bool(self._service.endpoint.plan)

    def _currency(self, call: Call) -> str | None:
        """Return the currency that is owed; on a custom URL that of the own price."""
        told = self._service.endpoint.currency
        return told or prices.own_currency(cards.card(call.model))

    def _price(
        self,
        call: Call,
        usage: Usage | None,
        currency: str | None,
        exc: BaseException | None,
    ) -> Money | None:
        if exc is not None and usage is None:
            return None
        day = prices.day_of(call.at)
        return self._operation.price(call.model, usage, currency, day)
