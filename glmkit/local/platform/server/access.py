"""Request checks: loopback Host and Origin, API key, body size."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from starlette.datastructures import FormData, Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from glmkit.local.platform.server import auth, fault_injection
from glmkit.local.platform.server.errors import Refusal

#: The largest body of JSON, and the largest one with files in it.
BODY_CAP = 16 * 2**20
UPLOAD_CAP = 101 * 2**20
STAND_IN_HEADER = "x-glmkit-stand-in"

_NAMES = ("127.0.0.1", "localhost")


def account_of(request: Request) -> str:
    """Return the account of a request: the id in its key."""
    account: str = request.state.account
    return account


@asynccontextmanager
async def form_of(request: Request) -> AsyncIterator[FormData]:
    """Read a multipart body, its files spooled to disk; Refusal for other bodies."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise Refusal(400, "1210", "this API takes multipart/form-data")
    received, receive = 0, request.receive

    async def counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > UPLOAD_CAP:
            raise Refusal(435, "1210", "a file has at most 100 MB")
        return message

    request._receive = counted
    try:
        form = await request.form(max_files=20, max_part_size=BODY_CAP)
    except HTTPException as exc:
        raise Refusal(400, "1210", f"the form cannot be read: {exc.detail}") from exc
    try:
        yield form
    finally:
        await form.close()


async def body_of(request: Request) -> bytes:
    """Read a request's body; Refusal (413) above the cap, without keeping it."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_CAP:
            raise Refusal(413, "1210", f"a request has at most {BODY_CAP} bytes")
    return bytes(body)


class Gate:
    """Checks each request before anything reads it, and names the stand-in.

    `busy` counts the requests in progress, `idle_s` the seconds since the last one;
    `at_work` returns whether a job runs in the background.
    """

    def __init__(
        self,
        app: ASGIApp,
        keys: Sequence[str],
        stand_in: str,
        at_work: Callable[[], bool],
    ) -> None:
        self._app = app
        self._keys = tuple(keys)
        self._stand_in = stand_in
        self._at_work = at_work
        self._last = time.monotonic()
        self.busy = 0

    @property
    def idle_s(self) -> float:
        """Seconds without a request; 0 while there is work."""
        if self.busy or self._at_work():
            self._last = time.monotonic()
        return time.monotonic() - self._last

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with a refusal."""
        if scope["type"] != "http":
            return

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers[STAND_IN_HEADER] = self._stand_in
                headers["cache-control"] = "no-store"
                headers["x-content-type-options"] = "nosniff"
            await send(message)

        self.busy += 1
        try:
            scope.setdefault("state", {})["account"] = self._account(scope)
            await self._app(scope, receive, named)
        except Refusal as refusal:
            await refusal.response(scope, receive, named)
        finally:
            self.busy -= 1
            self._last = time.monotonic()

    def _account(self, scope: Scope) -> str:
        headers = Headers(scope=scope)
        own = {f"{name}:{scope['server'][1]}" for name in _NAMES}
        if headers.get("host", "").lower() not in own:
            raise Refusal(403, "1220", "this server answers to loopback names only")
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() not in own:
            raise Refusal(403, "1220", "pages of other sites may not use this server")
        if scope["path"].startswith(("/api/", fault_injection.PATH)):
            return auth.check(headers.get("authorization"), self._keys)
        return ""
