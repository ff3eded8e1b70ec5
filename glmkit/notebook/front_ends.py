"""Which way of showing an answer was proven for the place where an output goes.

A front end that ignores updates of an output (a console, nbval, an Output widget, the
callback of a button) would show the first words of an answer for ever. So an output
grows only where the request came from a front end that is known to update it, and a
live view is opened only for one whose widgets have answered.
"""

from __future__ import annotations

import os
import sys
from typing import Any, Literal, NamedTuple

from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

#: `text`: written to a terminal. `final`: one output, when all is there. `updates`: an
#: output that is painted again. `live`: a widget, then a static output in its place.
#: `contained`: a widget that keeps the answer, in an Output widget.
Way = Literal["text", "final", "updates", "live", "contained"]


class Place(NamedTuple):
    """Where an output goes: the client's session and message that asked for it."""

    session: str
    message: str
    executes: bool
    cell: bool

    @property
    def updates(self) -> bool:
        """Whether the front end is known to update outputs of this request.

        JupyterLab, Notebook 7 and VS Code name the cell that they execute; consoles,
        nbclient, papermill and nbval do not.
        """
        return self.executes and (self.cell or "google.colab" in sys.modules)

    @property
    def widgets(self) -> bool:
        """Whether it makes sense to ask for a sign of life of a widget."""
        return bool(self.session) and (self.updates or not self.executes)


class FrontEnds:
    """The front ends of this kernel whose widgets have answered."""

    def __init__(self) -> None:
        self._answered: set[str] = set()
        self._probes: dict[str, Any] = {}

    def way(self, shell: InteractiveShell) -> Way:
        """Return how to show an answer, here and now."""
        if not hasattr(shell, "kernel"):
            return "text"
        if isinstance(shell.display_pub, CapturingDisplayPublisher):
            return "final"
        place = place_of(shell)
        proven = self._proven(place)
        if _contained(place):
            return "contained" if proven else "final"
        if not place.executes:
            return "final"
        if proven:
            return "live"
        return "updates" if place.updates else "final"

    def _proven(self, place: Place) -> bool:
        """Whether a widget has answered from where the request came.

        VS Code runs widgets beside the notebook, with a session of their own.
        """
        beside = place.updates and "VSCODE_PID" in os.environ
        return place.session in self._answered or (beside and bool(self._answered))

    def probe(self, shell: InteractiveShell, place: Place) -> None:
        """Ask the front end that sent a request whether its widgets work, once."""
        asked = place.session in self._answered or place.session in self._probes
        if asked or not place.widgets:
            return
        from glmkit_widgets.shared.probe import Probe

        self._probes[place.session] = None
        self._probes[place.session] = Probe(lambda: self.answered(shell))

    def answered(self, shell: InteractiveShell) -> None:
        """Note that a widget has spoken: the message being handled is its own."""
        place = place_of(shell)
        if place.session and not place.executes:
            self._answered.add(place.session)
            self._probes.pop(place.session, None)


front_ends = FrontEnds()


def place_of(shell: Any) -> Place:
    """Return the place of outputs of the message that is handled on this thread."""
    parent = (shell.get_parent() if hasattr(shell, "get_parent") else None) or {}
    header = parent.get("header") or {}
    return Place(
        session=str(header.get("session", "")),
        message=str(header.get("msg_id", "")),
        executes=header.get("msg_type") == "execute_request",
        cell=bool((parent.get("metadata") or {}).get("cellId")),
    )


def _contained(place: Place) -> bool:
    """Whether an Output widget takes what is displayed at this place."""
    if "ipywidgets" not in sys.modules:
        return False
    from glmkit_widgets.shared.probe import captures

    return captures(place.message)
