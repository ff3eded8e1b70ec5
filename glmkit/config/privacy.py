"""Privacy: whether texts of prompts and answers may be kept."""

from __future__ import annotations

import os

#: Values of GLMKIT_PRIVACY that leave it off.
_NO = {"", "0", "off", "no", "false"}


def private() -> bool:
    """Return whether GLMKIT_PRIVACY is set: then no text is kept, only its hash."""
    return os.environ.get("GLMKIT_PRIVACY", "") not in _NO
