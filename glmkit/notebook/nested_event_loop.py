"""nest-asyncio, for those who want `asyncio.run(...)` inside a cell.

Our own code never needs it, and keeps working with it on.
"""

from __future__ import annotations

import subprocess
import sys

from glmkit.types.errors import ConfigError

#: Run in a process of its own, so that a Python where it fails is left untouched.
_PROBE = """
import asyncio, nest_asyncio
async def inner(): await asyncio.sleep(0); return 7
async def outer(): nest_asyncio.apply(); return asyncio.run(inner())
assert asyncio.new_event_loop().run_until_complete(outer()) == 7
"""


def switch_on() -> str:
    """Let loops nest in this process; ConfigError where they can not."""
    probe = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _PROBE],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if probe.returncode:
        cause = (probe.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ConfigError(
            f"nest-asyncio does not work on this Python: {cause}",
            hint="Nothing was changed; `await` works in cells without it.",
        )
    import nest_asyncio

    nest_asyncio.apply()
    return "asyncio.run(...) works inside cells now, until the kernel restarts."
