"""The widgets: another name for the package `glmkit_widgets`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import glmkit_widgets

if TYPE_CHECKING:
    from glmkit.ledger import Ledger
    from glmkit_widgets.dashboard.dashboard import Dashboard

__all__ = [*glmkit_widgets.__all__, "dashboard"]


def dashboard(ledger: Ledger | None = None) -> Dashboard:
    """Open the live dashboard of tokens and money; None: the user's ledger."""
    from glmkit_widgets.dashboard.dashboard import Dashboard

    return Dashboard(ledger)


def __getattr__(name: str) -> Any:
    return getattr(glmkit_widgets, name)


def __dir__() -> list[str]:
    return sorted(__all__)
