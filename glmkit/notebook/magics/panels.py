"""`%glm controls`, `dashboard`: the widgets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glmkit.notebook.session import Session


def controls(session: Session) -> Any:
    """Open the controls of this notebook's defaults."""
    from glmkit_widgets import Controls

    return Controls(session.settings)


def dashboard(session: Session) -> Any:
    """Open the dashboard of where the tokens went."""
    from glmkit_widgets import Dashboard

    return Dashboard()
