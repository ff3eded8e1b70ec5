"""The levels of an account, by which the service counts requests in flight."""

from __future__ import annotations

import os

from glmkit.types.errors import ConfigError
from glmkit.types.translation import _

#: V4 to V8 are named for some models only.
TIERS = tuple(f"V{level}" for level in range(9))
VARIABLE = "GLMKIT_TIER"


def checked(tier: str) -> str:
    """Return a level as the service writes it; ConfigError for one that is none.

    >>> checked("v2")
    'V2'
    """
    found = tier.strip().upper()
    if found not in TIERS:
        raise ConfigError(
            _("there is no tier {tier!r}", tier=tier),
            hint=_(
                "Use one of {first} to {last}, by {variable} or `glmkit serve --tier`.",
                first=TIERS[0],
                last=TIERS[-1],
                variable=VARIABLE,
            ),
        )
    return found


def current() -> str:
    """Return the level that GLMKIT_TIER names, V0 by default; ConfigError."""
    return checked(os.environ.get(VARIABLE) or TIERS[0])
