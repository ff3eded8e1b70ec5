"""The file of the notebook that runs here, as far as the front end names it.

Jupyter's servers name it in the environment of the kernel, VS Code in a variable. A
program that a kernel starts inherits the environment: a notebook that papermill or
nbconvert runs there is not the one that is named.
"""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

#: Where Jupyter's servers name the notebook, and the launcher of a kernel itself.
_NAME, _LAUNCHER = "JPY_SESSION_NAME", "JPY_PARENT_PID"
_VS_CODE = "__vsc_ipynb_file__"


def path_of(shell: Any) -> Path | None:
    """Return the path of the notebook's file, None where no front end names it."""
    named = os.environ.get(_NAME, "")
    if not named.endswith(".ipynb") or _inherited(named, _launcher(shell)):
        named = str(shell.user_ns.get(_VS_CODE, ""))
    return Path(named) if named.endswith(".ipynb") else None


def _launcher(shell: Any) -> int:
    """Return the process that started the kernel, or this program."""
    named = os.environ.get(_LAUNCHER, "") if hasattr(shell, "kernel") else ""
    return int(named) if named.isdecimal() else os.getppid()


@lru_cache(maxsize=16)
def _inherited(named: str, launcher: int) -> bool:
    """Whether the launcher runs under this name itself, and passed it on."""
    return _environment(launcher).get(_NAME) == named


def _environment(pid: int) -> dict[str, str]:
    """Return the environment of a process, empty where it cannot be read."""
    try:
        if sys.platform != "linux":
            import psutil

            return dict(psutil.Process(pid).environ())
        text = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace")
    except Exception:  # another user's process, or one that has ended
        return {}
    pairs = (entry.partition("=") for entry in text.split("\0"))
    return {name: value for name, _, value in pairs}
