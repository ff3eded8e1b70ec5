"""The widgets of glmkit: one Python class, ES module and style sheet each."""

from __future__ import annotations

from importlib import import_module
from typing import Any

#: Loaded when first named: ipywidgets and plotly take their time.
_MODULES = {
    "Answer": "glmkit_widgets.shared.answer",
    "Chat": "glmkit_widgets.chat.chat",
    "Compare": "glmkit_widgets.compare.compare",
    "Controls": "glmkit_widgets.controls.controls",
    "Dashboard": "glmkit_widgets.dashboard.dashboard",
    "Filters": "glmkit_widgets.dashboard.filters",
    "PromptLab": "glmkit_widgets.lab.lab",
    "TemperatureTheatre": "glmkit_widgets.theatre.theatre",
    "TokenRuler": "glmkit_widgets.ruler.ruler",
}

__all__ = list(_MODULES)


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
