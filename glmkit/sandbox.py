"""Run a model's Python code in a sandbox: no files, no network.

>>> import glmkit
>>> glmkit.sandbox.python("sum(range(10))").output
'45'
"""

from __future__ import annotations

from glmkit.tools.sandbox import (
    Backend as Backend,
    Result as Result,
    python as python,
    ready as ready,
    tool as tool,
)

__all__ = ["Backend", "Result", "python", "ready", "tool"]
