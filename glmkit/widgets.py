"""The widgets: another name for the package `glmkit_widgets`."""

from __future__ import annotations

from typing import Any

import glmkit_widgets

__all__ = glmkit_widgets.__all__


def __getattr__(name: str) -> Any:
    return getattr(glmkit_widgets, name)


def __dir__() -> list[str]:
    return sorted(__all__)
