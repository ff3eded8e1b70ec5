"""A progress bar as a line of text in an output, without a widget."""

from __future__ import annotations

from typing import Any

from IPython import display as ipython
from tqdm import tqdm

from glmkit.types.plain_text import one_line

#: Characters of a bar with its words.
_WIDTH = 76


class OutputBar(tqdm):  # type: ignore[misc]
    """A bar whose output is empty once it is closed, or keeps its last line.

    A widget would be saved as what it showed at first, 0 %, and a reopened notebook
    would wait for it for ever.
    """

    def __init__(self, *args: Any, **how: Any) -> None:
        self._handle: Any = None
        super().__init__(*args, **{**how, "gui": True, "ncols": _WIDTH})
        if not self.disable and self.delay <= 0:
            self.display()

    def display(self, msg: str | None = None, pos: int | None = None) -> bool:
        """Show a message, or the state, in the bar's output."""
        bundle = {"text/plain": one_line(str(self) if msg is None else msg)}
        if self._handle is None:
            show: Any = ipython.display
            self._handle = show(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)
        return True

    def close(self) -> None:
        """Leave the last line, or nothing, as `leave` says."""
        if not self.disable:
            super().close()
            if self._handle is not None:
                self.display(None if self.leave else "")

    def clear(self, *_args: Any, **_how: Any) -> None:
        """Do nothing: other outputs do not write over this one."""


def disabled(**how: Any) -> Any:
    """Return a bar that shows nothing."""
    return tqdm(**how, disable=True)


def automatic(**how: Any) -> Any:
    """Return the bar that tqdm chooses."""
    from tqdm.auto import tqdm as auto

    return auto(**how)
