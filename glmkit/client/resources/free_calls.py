"""Free calls: requests that cost nothing and make no row in the ledger."""

from __future__ import annotations

import asyncio

import msgspec

from glmkit.client.call.destination import Service
from glmkit.client.call.execution import REFUSAL_CAP
from glmkit.transport import http as transport
from glmkit.transport.retries import Retries, budget_of
from glmkit.types.errors import GLMError, TransportError
from glmkit.wire import refusal
from glmkit.wire.forms import Body

#: A second one of these changes nothing that the first has not changed.
_REPEATABLE = frozenset({"GET", "DELETE"})


class Unbilled(msgspec.Struct, frozen=True):
    """One request without a row or a cost; its response has at most `cap` bytes."""

    service: Service
    method: str
    path: str
    body: Body | None
    cap: int

    async def read(self) -> bytes:
        """Return the bytes of the answer.

        A request is sent again after a fault that may pass, from the same retry
        budget as chats; a POST only where nothing can have been done. A local
        platform that has stopped is restarted once.
        """
        budget = budget_of(self.service.owner)
        budget.request()
        repeatable = self.method in _REPEATABLE or self.service.retry_uncertain
        retries = Retries(budget, self.service.timeout_s, repeatable=repeatable)
        restarted = False
        while True:
            await self.service.locate()
            retry_after: list[str] = []
            try:
                return await self._sent(retry_after)
            except GLMError as exc:
                self.service.explain(exc, self.path, None)
                if self._restarts(exc) and not restarted:
                    restarted = True
                    self.service.forget()
                    continue
                decision = retries.after(exc, "".join(retry_after))
                if decision.note:
                    exc.hint = f"{exc.hint} {decision.note}"
                if decision.wait_s is None:
                    raise
            await asyncio.sleep(decision.wait_s)

    def _restarts(self, fault: GLMError) -> bool:
        gone = isinstance(fault, TransportError) and not fault.sent
        return gone and self.service.local

    async def _sent(self, retry_after: list[str]) -> bytes:
        """Send once; a refusal's Retry-After is put into the list."""
        url, headers = self.service.target(self.path)
        content = b"" if self.body is None else self.body.content
        if self.body is not None:
            headers["content-type"] = self.body.content_type
        async with transport.Sent(
            self.method, url, headers, content, self.service.timeout_s
        ) as reply:
            if not 200 <= reply.status < 300:
                retry_after.append(reply.header("retry-after"))
                raise refusal(reply.status, await reply.read(REFUSAL_CAP), url)
            return await reply.read(self.cap)
