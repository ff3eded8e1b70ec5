"""The engine: llama.cpp in a process of its own, and the client that talks to it."""

from __future__ import annotations

from importlib.util import find_spec

from glmkit.types.errors import LocalError
from glmkit.types.translation import _

_PARTS = ("xllamacpp", "starlette", "uvicorn")


def check_installed() -> None:
    """Raise LocalError where the parts of the `local` extra are missing."""
    missing = [part for part in _PARTS if find_spec(part) is None]
    if missing:
        raise LocalError(
            _(
                "the local platform needs {parts}, which is not installed",
                parts=", ".join(missing),
            ),
            hint=_(
                'Install the extra: pip install ".[local]". Where it has no '
                "wheel, set a GLM key, or name any OpenAI-compatible server "
                "as the endpoint."
            ),
        )
