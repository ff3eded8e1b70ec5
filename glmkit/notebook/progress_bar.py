"""Chooses the progress bars of a notebook by its front end."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from glmkit.client import progress_bar
from glmkit.notebook.front_ends import front_ends

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def watch(shell: InteractiveShell) -> None:
    """Make the bars of this process for the front end of the shell's kernel."""
    if hasattr(shell, "kernel"):
        progress_bar.use(partial(_bar, shell))


def leave() -> None:
    """Leave the bars to tqdm again."""
    progress_bar.use(None)


def _bar(shell: InteractiveShell, **how: Any) -> Any:
    from glmkit.notebook import output_bar

    match front_ends.way(shell):
        case "live" | "updates":
            return output_bar.OutputBar(**how)
        case "final":  # what is shown there cannot be taken away again
            return output_bar.disabled(**how)
        case _:
            return output_bar.automatic(**how)
