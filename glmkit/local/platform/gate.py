"""Who may come in: loopback's own names, no foreign page, the key, bounded bodies."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from glmkit.local.platform import auth
from glmkit.local.platform.refusals import Refusal

#: The largest request; images and files are no business of the stand-in.
BODY_CAP = 16 * 2**20
STAND_IN_HEADER = "x-glmkit-stand-in"

_NAMES = ("127.0.0.1", "localhost")


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

    `busy` requests are inside; `idle_s` seconds have passed since the last one.
    """

    def __init__(self, app: ASGIApp, key: str, stand_in: str) -> None:
        self._app = app
        self._key = key
        self._stand_in = stand_in
        self._last = time.monotonic()
        self.busy = 0

    @property
    def idle_s(self) -> float:
        """Seconds without a request; 0 while one is inside."""
        return 0.0 if self.busy else time.monotonic() - self._last

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it with a refusal."""
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
            self._check(scope)
            await self._app(scope, receive, named)
        except Refusal as refusal:
            await refusal.response(scope, receive, named)
        finally:
            self.busy -= 1
            self._last = time.monotonic()

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        own = {f"{name}:{scope['server'][1]}" for name in _NAMES}
        if headers.get("host", "").lower() not in own:
            raise Refusal(403, "1220", "this server answers to loopback names only")
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() not in own:
            raise Refusal(403, "1220", "pages of other sites may not use this server")
        if scope["path"].startswith("/api/"):
            auth.check(headers.get("authorization"), self._key)
