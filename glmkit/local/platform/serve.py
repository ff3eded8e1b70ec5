"""Running the platform in this process, until it is told to end or nobody calls."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Callable
from types import FrameType

import uvicorn

from glmkit.local import weights
from glmkit.local.engine.client import Engine
from glmkit.local.platform import app
from glmkit.local.platform.server.access import Gate
from glmkit.local.platform.server.settings import Plan
from glmkit.types.errors import LocalError

_GRACE_S = 1
#: Longer than clients keep an idle connection, so that none dies under a request.
_KEEP_ALIVE_S = 90
_LOOK_S = 1


def run(plan: Plan, ready: Callable[[str], None]) -> None:
    """Serve until a signal or idleness ends it; `ready` is told the base URL.

    Raises LocalError for a port in use, bad weights, or an engine that does not start.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    weights.check(plan.weights)
    with _listen(plan.port) as listener:
        asyncio.run(_serve(plan, listener, ready))


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


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
            f"port {port} can not be used: {exc}",
            hint="Choose another one with --port, or leave it out for any free port.",
        ) from exc
    return listener


async def _serve(
    plan: Plan, listener: socket.socket, ready: Callable[[str], None]
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
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


async def _stop_when_idle(
    server: uvicorn.Server, gate: Gate, idle_s: float | None
) -> None:
    while idle_s is not None:
        await asyncio.sleep(min(_LOOK_S, idle_s))
        if gate.idle_s > idle_s:
            server.should_exit = True
