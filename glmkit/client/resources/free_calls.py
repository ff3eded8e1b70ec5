"""Calls that cost nothing: sent again where that can do no harm."""

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
    """One request that makes no row and owes nothing; the answer has `cap` bytes."""

    service: Service
    method: str
    path: str
    body: Body | None
    cap: int

    async def read(self) -> bytes:
        """Return the bytes of the answer.

        A GET or DELETE goes again after a fault that may pass, out of the same budget
        as chats; a POST never. A local platform that has stopped is started anew,
        once.
        """
        budget = budget_of(self.service.owner)
        budget.request()
        retries = Retries(budget, self.service.timeout_s, repeatable=True)
        restarted = False
        while True:
            await self.service.locate()
            told: list[str] = []
            try:
                return await self._sent(told)
            except GLMError as exc:
                if self._restarts(exc) and not restarted:
                    restarted = True
                    self.service.forget()
                    continue
                if self.method not in _REPEATABLE:
                    raise
                verdict = retries.after(exc, "".join(told))
                if verdict.note:
                    exc.hint = f"{exc.hint} {verdict.note}"
                if verdict.wait_s is None:
                    raise
            await asyncio.sleep(verdict.wait_s)

    def _restarts(self, fault: GLMError) -> bool:
        gone = isinstance(fault, TransportError) and not fault.sent
        return gone and self.service.local

    async def _sent(self, told: list[str]) -> bytes:
        """Send once; a refusal's Retry-After is `told`."""
        url, headers = self.service.target(self.path)
        content = b"" if self.body is None else self.body.content
        if self.body is not None:
            headers["content-type"] = self.body.content_type
        async with transport.Sent(
            self.method, url, headers, content, self.service.timeout_s
        ) as reply:
            if not 200 <= reply.status < 300:
                told.append(reply.header("retry-after"))
                raise refusal(reply.status, await reply.read(REFUSAL_CAP), url)
            return await reply.read(self.cap)
