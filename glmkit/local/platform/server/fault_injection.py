"""Fault injection for teaching and tests: latency, failures, cuts, overload.

They hold for the whole platform (`glmkit serve --fail 0.1`, or a POST of JSON to
`/glmkit/switches` with the key) or for one request, by a header with the same name:
`X-Glmkit-Fail: 0.1`, `X-Glmkit-Null-Finish: true`.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from typing import Annotated, Any

import msgspec
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from glmkit.local.platform.server.errors import Refusal
from glmkit.types.first_use import prepare

PATH = "/glmkit/switches"
_HEADER = "x-glmkit-"
_OVERLOADS = {
    "1302": "too many requests are in flight",
    "1303": "requests come too often",
    "1305": "the model is overloaded now, try again later",
    "1312": "the model is too busy, try another one",
}


class Switches(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The faults to inject, all off by default.

    `latency_s` before an answer; `fail`, the share of requests that end in a 500;
    `overload`, a code (1302, 1303, 1305, 1312) that answers all; `retry_after_s` goes
    with these; `cut` breaks a stream off after so many events, `cut_code` with an event
    of this error instead; `null_finish` and `usage_apart` write streams as other
    servers do.
    """

    latency_s: float = 0.0
    fail: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    overload: str = ""
    retry_after_s: float | None = None
    cut: int | None = None
    cut_code: str = ""
    null_finish: bool = False
    usage_apart: bool = False


prepare(Switches)


FIELDS = Switches.__struct_fields__


def read(fields: dict[str, Any]) -> Switches:
    """Return the switches of fields whose values may be text; Refusal (1210)."""
    try:
        switches = msgspec.convert(fields, Switches, strict=False)
    except msgspec.ValidationError as exc:
        raise Refusal(400, "1210", f"switches: {exc}") from exc
    if switches.overload and switches.overload not in _OVERLOADS:
        known = ", ".join(_OVERLOADS)
        raise Refusal(400, "1210", f"switches: overload is one of {known}")
    return switches


def of(request: Request) -> Switches:
    """Return the switches that hold for a request."""
    found: Switches = getattr(request.state, "switches", Switches())
    return found


class Board:
    """ASGI middleware that injects the faults that are switched on."""

    def __init__(self, app: ASGIApp, switches: Switches) -> None:
        self._app = app
        self.switches = switches

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request of the API, with its faults."""
        if not scope["path"].startswith("/api/"):
            await self._app(scope, receive, send)
            return
        switches = self._of(Headers(scope=scope))
        scope.setdefault("state", {})["switches"] = switches
        await asyncio.sleep(switches.latency_s)
        if (refusal := _refusal(switches)) is not None:
            await refusal.response(scope, receive, _patient(send, switches))
            return
        # The server closes the connection of an answer that was not ended.
        with suppress(CutError):
            await self._app(scope, receive, _cutting(send, switches))

    def _of(self, headers: Headers) -> Switches:
        names = {name: _HEADER + name.replace("_", "-") for name in FIELDS}
        asked = {n: headers[header] for n, header in names.items() if header in headers}
        if not asked:
            return self.switches
        return read({**msgspec.structs.asdict(self.switches), **asked})


def _refusal(switches: Switches) -> Refusal | None:
    if switches.overload:
        return Refusal(429, switches.overload, _OVERLOADS[switches.overload])
    if random.random() < switches.fail:
        return Refusal(500, "500", "internal error: switched on")
    return None


def _patient(send: Send, switches: Switches) -> Send:
    """Add `Retry-After` where it is switched on; the service is not seen to send it."""

    async def wrapped(message: Message) -> None:
        if (
            message["type"] == "http.response.start"
            and switches.retry_after_s is not None
        ):
            headers = MutableHeaders(scope=message)
            headers["retry-after"] = f"{switches.retry_after_s:g}"
        await send(message)

    return wrapped


class CutError(Exception):
    """Ends a connection in the middle of an answer."""


def _cutting(send: Send, switches: Switches) -> Send:
    """Break an event stream off, where that is switched on."""
    if switches.cut is None:
        return send
    streams, events, most = False, 0, switches.cut

    async def wrapped(message: Message) -> None:
        nonlocal streams, events
        if message["type"] == "http.response.start":
            kind = MutableHeaders(scope=message).get("content-type", "")
            streams = kind.startswith("text/event-stream")
        elif streams and message["type"] == "http.response.body":
            events += message.get("body", b"").count(b"\n\n")
            if events > most:
                if switches.cut_code:
                    refusal = Refusal(200, switches.cut_code, "switched on")
                    event = b"data: " + msgspec.json.encode(refusal.body) + b"\n\n"
                    await send({"type": "http.response.body", "body": event})
                raise CutError
        await send(message)

    return wrapped
