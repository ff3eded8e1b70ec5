"""nest-asyncio, for those who want `asyncio.run(...)` inside a cell.

Our own code never needs it, and keeps working with it on.
"""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
from typing import Any

from glmkit.types.errors import ConfigError

#: Run in a process of its own, so that a Python where it fails is left untouched.
_PROBE = """
import asyncio, nest_asyncio
async def inner(): await asyncio.sleep(0); return 7
async def outer(): nest_asyncio.apply(); return asyncio.run(inner())
if asyncio.new_event_loop().run_until_complete(outer()) != 7: raise SystemExit(1)
"""


def switch_on() -> str:
    """Let event loops nest in this process; ConfigError where they cannot."""
    probe = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _PROBE],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if probe.returncode:
        cause = (probe.stderr.strip().splitlines() or ["no reason named"])[-1]
        raise ConfigError(
            f"nest-asyncio does not work on this Python: {cause}",
            hint="Nothing was changed; `await` works in cells without it.",
        )
    import nest_asyncio

    nest_asyncio.apply()
    _accept_loop_factory(nest_asyncio)
    return "asyncio.run(...) works inside cells now, until the kernel restarts."


def _accept_loop_factory(nest_asyncio: Any) -> None:
    """Let `asyncio.run` take a `loop_factory`, as Python's own does since 3.12."""
    nested: Any = asyncio.run
    if "loop_factory" in inspect.signature(nested).parameters:
        return

    def run(main: Any, *, debug: bool | None = None, loop_factory: Any = None) -> Any:
        if loop_factory is None:
            return nested(main, debug=bool(debug))
        loop = loop_factory()
        nest_asyncio.apply(loop)
        try:
            if debug is not None:
                loop.set_debug(debug)
            return loop.run_until_complete(main)
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    asyncio.run = run
