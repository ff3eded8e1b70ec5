"""Attempts of one call: whether it is sent again, and what is reserved for that."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from glmkit.client.call.bill import Bill
from glmkit.client.call.destination import Service
from glmkit.client.call.operation import Operation
from glmkit.ledger import Ledger
from glmkit.transport.ends import may_be_done
from glmkit.transport.retries import Retries, budget_of
from glmkit.types.errors import BudgetError, GLMError, TransportError
from glmkit.types.replies import Call
from glmkit.types.translation import _


class Attempt(NamedTuple):
    """The next attempt of a call: the call that counts it, and the wait before it."""

    call: Call
    wait_s: float


class Attempts:
    """The attempts of one call, none of which has brought a part of its answer."""

    def __init__(
        self, service: Service, ledger: Ledger, operation: Operation, bill: Bill
    ) -> None:
        self._service = service
        self._ledger = ledger
        self._bill = bill
        self._budget = budget_of(service.owner)
        self._retries = Retries(
            self._budget,
            service.timeout_s,
            repeatable=service.retry_uncertain or operation.method == "GET",
        )

    def begin(self) -> None:
        """Count the first attempt in the retry budget of the service."""
        self._budget.request()

    async def after(
        self, call: Call, fault: GLMError, retry_after: str
    ) -> Attempt | None:
        """Return the next attempt after a fault; None, and a hint, if there is none.

        `retry_after` is the header of a refusal.
        """
        counted = msgspec.structs.replace(call, retries=call.retries + 1)
        if self._restarts(call, fault):
            self._service.forget()
            return Attempt(counted, 0.0)
        wait_s, note = self._retries.after(fault, retry_after)
        if note:
            fault.hint = f"{fault.hint} {note}".strip()
        if wait_s is None:
            most = self._bill.max_cost(call)
            if may_be_done(fault) and (most is None or most):
                fault.hint += " " + _("`glmkit.uncertain()` lists it.")
            return None
        if may_be_done(fault):
            counted = msgspec.structs.replace(
                counted, resent=call.resent + 1, granted=self._bill.granted_again(call)
            )
            if not await self._reserved_again(counted, fault):
                return None
        return Attempt(counted, wait_s)

    async def _reserved_again(self, call: Call, fault: GLMError) -> bool:
        """Reserve for one more attempt; False where the budgets do not hold it."""
        try:
            await self._ledger.reserve_again(call, self._bill.max_cost(call))
        except BudgetError as exc:
            fault.hint = f"{fault.hint} {exc}"
            return False
        return True

    def _restarts(self, call: Call, fault: GLMError) -> bool:
        """Whether the local platform has stopped: it is restarted once."""
        gone = isinstance(fault, TransportError) and not fault.sent
        return gone and self._service.local and not call.retries
