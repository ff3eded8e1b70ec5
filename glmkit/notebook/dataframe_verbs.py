"""Adds `df.glm` to pandas while the user types; a cell that uses it waits for it."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

#: What a cell holds that uses the verbs.
_USED = ".glm"


class DataFrameVerbs:
    """The verbs of a shell: imported on the loop's thread, shown as tables."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._importing = Lock()

    def add(self) -> None:
        """Follow the shell's cells; `ready` imports the verbs."""
        self._shell.events.register("pre_run_cell", self._wait)
        self._formatter().for_type_by_name("glmkit.tables.plan", "Plan", html_of)

    def ready(self) -> None:
        """Import them, or wait for the thread that does."""
        with self._importing:
            from glmkit.tables import accessor

            accessor.register()

    def leave(self) -> None:
        """Follow no more cells. The verbs stay: they belong to pandas."""
        self._shell.events.unregister("pre_run_cell", self._wait)
        self._formatter().pop("glmkit.tables.plan.Plan", None)

    def _wait(self, info: Any) -> None:
        if _USED in (info.raw_cell or ""):
            self.ready()

    def _formatter(self) -> Any:
        formatter = self._shell.display_formatter
        assert formatter is not None  # every shell has one
        return formatter.formatters["text/html"]


def html_of(plan: Any) -> str:
    """Return a plan as a table."""
    from glmkit.render.page import page, static, table

    return static(page(table(("plan", ""), plan.lines())))
