"""PlatformSettings of the platform."""

from __future__ import annotations

from pathlib import Path

import msgspec

from glmkit.local.platform.server.fault_injection import Switches


class PlatformSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What to serve: `port` 0 is any free one, `idle_s` None is for ever.

    `keys` are the accounts; `store` the folder of what they keep, None for one that
    goes with the platform; `documents` the folder that is searched.
    """

    weights: Path
    keys: tuple[str, ...]
    tier: str = "V0"
    port: int = 0
    idle_s: float | None = None
    store: Path | None = None
    documents: Path | None = None
    switches: Switches = Switches()
