"""The names that a prompt may use: the user's, and IPython's `In`, `Out`, `Err`."""

from __future__ import annotations

import builtins
import re
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

#: IPython's own variables that a prompt may look up: they are nobody's choice, so an
#: expression over them alone may do nothing but look up.
_LOOKED_UP = re.compile(r"In|Out|Err|_{1,3}|_i{1,3}|_i?\d+")
#: What Python puts into every module: `__name__`, `__builtins__`.
_PYTHONS = re.compile(r"__\w+__")
#: What IPython adds to the builtins.
_SHELL_NAMES = frozenset({"get_ipython", "exit", "quit", "display"})


class Scope(Mapping[str, Any]):
    """The names of the notebook; what IPython puts beside the user's is left out.

    `extra` names are seen where the user has none of the same name; `caller` holds the
    local variables of a function that asks, and comes before the rest.
    """

    def __init__(
        self,
        shell: InteractiveShell,
        extra: Mapping[str, Any],
        caller: Mapping[str, Any] | None = None,
    ) -> None:
        self.globals: dict[str, Any] = shell.user_ns
        self._hidden = shell.user_ns_hidden
        before: dict[str, Any] = {}
        history = shell.history_manager
        if history and self.globals.get("In") is history.input_hist_parsed:
            before["In"] = history.input_hist_raw  # as typed, not as it was run
        for name, value in extra.items():
            if name not in self.globals:
                before[name] = value
        self.locals = {**before, **(caller or {})}

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        return name in self.locals or (name in self.globals and self._seen(name))

    def __getitem__(self, name: str) -> Any:
        if name in self.locals:
            return self.locals[name]
        if name in self.globals and self._seen(name):
            return self.globals[name]
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (name for name in {**self.locals, **self.globals} if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _seen(self, name: str) -> bool:
        if _LOOKED_UP.fullmatch(name):
            return True
        if _PYTHONS.fullmatch(name):
            return False
        hidden = self._hidden.get(name, self)
        return hidden is self or hidden is not self.globals[name]


def of(names: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return globals and locals for `eval`."""
    if isinstance(names, Scope):
        return names.globals, names.locals
    return dict(names), {}


def is_own(name: str) -> bool:
    """Whether a name is not one of IPython's own variables."""
    return not _LOOKED_UP.fullmatch(name)


def is_builtin(name: str) -> bool:
    """Whether Python knows the name without anybody's doing."""
    return hasattr(builtins, name) and name not in _SHELL_NAMES


def caller_of(shell: InteractiveShell) -> dict[str, Any]:
    """Return the local variables of the function that runs the current magic.

    None are returned where the magic runs at the top of a cell, whose variables are
    the notebook's.
    """
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name in _RUNNERS and frame.f_locals.get("self") is shell:
            caller = frame.f_back
            if caller is None or caller.f_locals is caller.f_globals:
                return {}
            return {n: v for n, v in caller.f_locals.items() if n.isidentifier()}
        frame = frame.f_back  # type: ignore[assignment]
    return {}


_RUNNERS = ("run_cell_magic", "run_line_magic")
