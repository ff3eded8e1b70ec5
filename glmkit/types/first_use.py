"""Types that JSON is decoded into, made ready before threads share them.

msgspec analyses a type at its first use, and two threads that use one for the first
time at the same moment can crash the process. A module prepares its own types while
it is imported; a type of the user is prepared where it arrives.
"""

from __future__ import annotations

from threading import Lock
from typing import Any

import msgspec

_one_at_a_time = Lock()


def prepare(*kinds: Any) -> None:
    """Analyse types now, with all types that they are made of."""
    with _one_at_a_time:
        for kind in kinds:
            msgspec.json.Decoder(kind)
