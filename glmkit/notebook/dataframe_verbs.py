"""Adds `df.glm` to pandas while the user types; a cell that uses it waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glmkit.transport import background_loop

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

#: What a cell holds that uses the verbs.
_USED = ".glm"


class DataFrameVerbs:
    """The verbs of a shell: imported on the loop's thread, shown as tables."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._work: background_loop.Work[None] | None = None

    def add(self) -> None:
        """Begin to import them, and follow the shell's cells."""
        self._work = background_loop.submit(_import())
        self._shell.events.register("pre_run_cell", self._wait)
        self._formatter().for_type_by_name("glmkit.tables.plan", "Plan", _html)

    def leave(self) -> None:
        """Follow no more cells. The verbs stay: they belong to pandas."""
        self._shell.events.unregister("pre_run_cell", self._wait)
        self._formatter().pop("glmkit.tables.plan.Plan", None)

    def _wait(self, info: Any) -> None:
        if self._work is not None and _USED in (info.raw_cell or ""):
            self._work.result()
            self._work = None

    def _formatter(self) -> Any:
        formatter = self._shell.display_formatter
        assert formatter is not None  # every shell has one
        return formatter.formatters["text/html"]


async def _import() -> None:
    from glmkit.tables import accessor

    accessor.register()


def _html(plan: Any) -> str:
    """Return a plan as a table."""
    from glmkit.render.page import page, static, table

    return static(page(table(("plan", ""), plan.lines())))
