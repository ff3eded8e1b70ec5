"""Replay in a notebook: where its cassette lies, and when a cell begins to run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from glmkit.client import replay
from glmkit.notebook import notebook_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell

    from glmkit.types.replies import Where


class Replay:
    """Counts the runs of cells for the cassette, from `watch` to `leave`."""

    def __init__(self, shell: InteractiveShell, place: Callable[[], Where]) -> None:
        self._shell = shell
        self._place = place
        self._mode: replay.Mode | None = None
        self._named: Path | None = None

    def watch(self) -> None:
        """Put the cassette beside the notebook, and note each cell that begins."""
        replay.settle_at(self.path)
        replay.switch(self._mode)
        self._shell.events.register("pre_run_cell", self._begin)

    def leave(self) -> None:
        """Leave replay as it was before `watch`, which puts the mode back."""
        self._mode = None if replay.forced() else replay.switched()
        self._shell.events.unregister("pre_run_cell", self._begin)
        replay.settle_at(None)
        replay.switch(None)

    def _begin(self, info: Any) -> None:
        replay.begin_run(self._place().cell)

    def use(self, name: str) -> None:
        """Take a file as the cassette: absolute, or from the notebook's folder."""
        self._named = self._folder / Path(name).expanduser()
        replay.settle_at(self._named)

    @property
    def path(self) -> Path:
        """The file that `use` named, else the notebook's stem with `.glm.jsonl`.

        It lies in the notebook's folder, or in the working directory where that is
        not known.
        """
        path = notebook_file.path_of(self._shell)
        stem = f"{path.stem}.glm.jsonl" if path else replay.FILE
        return self._named or self._folder / stem

    @property
    def _folder(self) -> Path:
        path = notebook_file.path_of(self._shell)
        folder = path.parent if path and path.is_absolute() else Path()
        return (folder if folder.is_dir() else Path()).absolute()
