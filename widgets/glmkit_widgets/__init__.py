"""The widgets of glmkit: one folder each with a class, an ES module, a style sheet."""

from __future__ import annotations

from typing import Any

from glmkit_widgets.registry import WIDGETS

_ENTRIES = {entry.name: entry for entry in WIDGETS}

__all__ = sorted(_ENTRIES)


def __getattr__(name: str) -> Any:
    # Loaded when first named: ipywidgets and plotly are slow to import.
    if name not in _ENTRIES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _ENTRIES[name].load()


def __dir__() -> list[str]:
    return __all__
