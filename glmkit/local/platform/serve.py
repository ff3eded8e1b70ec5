"""Runs the platform in this process until a signal or idleness ends it."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable
from types import FrameType

import uvicorn

from glmkit.local import weights
from glmkit.local.engine.client import Engine
from glmkit.local.platform import app, ending
from glmkit.local.platform.server.access import Gate
from glmkit.local.platform.server.settings import PlatformSettings
from glmkit.types.errors import LocalError
from glmkit.types.translation import _

_GRACE_S = 1
#: Longer than clients keep an idle connection, so that none dies under a request.
_KEEP_ALIVE_S = 90
_LOOK_S = 1


def run(plan: PlatformSettings, ready: Callable[[str], None]) -> None:
    """Serve until a signal or idleness ends it; call `ready` with the base URL.

    Raises LocalError for a port in use or an engine that does not start.
    """
    with _listen(plan.port) as listener:
        asyncio.run(_serve(plan, listener, ready))


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    if sys.platform == "win32":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        # A second server may bind as long as nobody listens, so that comes at once.
        listener.listen(2048)
    except (OSError, OverflowError) as exc:
        listener.close()
        raise LocalError(
            _("port {port} cannot be used: {reason}", port=port, reason=exc),
            hint=_("Choose another with --port, or leave it out for any free port."),
        ) from exc
    return listener


async def _serve(
    plan: PlatformSettings, listener: socket.socket, ready: Callable[[str], None]
) -> None:
    engine = Engine(plan.weights)
    site = app.Site(engine, plan, weights.name_of(plan.weights))
    config = uvicorn.Config(
        site.gate,
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
    )
    url = f"http://127.0.0.1:{listener.getsockname()[1]}{app.API}"
    server = _Server(config, lambda: ready(url))
    watch = asyncio.create_task(_stop_when_idle(server, site.gate, plan.idle_s))
    try:
        await engine.start()
        await server.serve(sockets=[listener])
    finally:
        watch.cancel()
        await site.close()
        await engine.close()


class _Server(uvicorn.Server):
    """A server that calls `ready` once it listens, and ends in a bounded time."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        ending.soon()
        super().handle_exit(sig, frame)


async def _stop_when_idle(
    server: uvicorn.Server, gate: Gate, idle_s: float | None
) -> None:
    while idle_s is not None:
        await asyncio.sleep(min(_LOOK_S, idle_s))
        if gate.idle_s > idle_s:
            server.should_exit = True
