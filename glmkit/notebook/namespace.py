"""The names that a prompt may use: the person's, and IPython's `In`, `Out`, `Err`."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

#: IPython sets them itself, and people mean them.
_KEPT = re.compile(r"In|Out|_{1,3}|_i{0,3}\d*")


class Scope(Mapping[str, Any]):
    """The person's names: what IPython puts beside them is left out.

    `extra` names are seen where the person has none of the same name.
    """

    def __init__(self, shell: InteractiveShell, extra: Mapping[str, Any]) -> None:
        self.globals: dict[str, Any] = shell.user_ns
        self.extra = dict(extra)
        self._hidden = shell.user_ns_hidden

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        return name in self.extra or (name in self.globals and self._own(name))

    def __getitem__(self, name: str) -> Any:
        if name in self.globals and self._own(name):
            return self.globals[name]
        return self.extra[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name in {**self.extra, **self.globals} if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _own(self, name: str) -> bool:
        if _KEPT.fullmatch(name):
            return True
        hidden = self._hidden.get(name, self)
        return hidden is self or hidden is not self.globals[name]


def of(names: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return globals and locals for `eval`."""
    if isinstance(names, Scope):
        added = {n: v for n, v in names.extra.items() if n not in names.globals}
        return names.globals, added
    return dict(names), {}


def is_builtin(name: str) -> bool:
    """Whether Python knows the name without anybody's doing."""
    return hasattr(builtins, name)
