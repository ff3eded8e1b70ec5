"""Tab completion of `%glm` and `%%glm`: words, options and their values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from glmkit.notebook import choices
from glmkit.notebook.magics import cell_options, commands
from glmkit.notebook.magics.glm import GLMMagics
from glmkit.types.options import CELL

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from glmkit.notebook.session import Session

#: Flag → its option, of those that take a value.
_VALUED = {
    flag: option
    for option in CELL
    if option.kind not in ("flag", "toggle")
    for flag in option.flags
}


def register(shell: InteractiveShell, session: Session) -> None:
    """Answer the Tab key on lines that begin with `%glm` or `%%glm`."""

    def complete(_: Any, event: Any) -> list[str]:
        return completions(session, event.text_until_cursor, event.symbol)

    for magic in ("%glm", "%%glm"):
        # The last of several sessions in one process answers.
        shell.set_hook("complete_command", complete, str_key=magic)


def completions(session: Session, line: str, symbol: str) -> list[str]:
    """Return what may stand in place of `symbol`, the end of the line's last word."""
    magic, *words = line.split(" ")
    if not words:
        return []
    before, word = [name for name in words[:-1] if name], words[-1]
    found = _of_cell if magic == "%%glm" else _of_line
    begun = len(word) - len(symbol) if word.endswith(symbol) else 0
    offered = found(session, before, word)
    return sorted({choice[begun:] for choice in offered if choice.startswith(word)})


def _of_cell(session: Session, before: list[str], word: str) -> Iterable[str]:
    """Complete an option of a cell, or its value."""
    option = _VALUED.get(before[-1]) if before else None
    values = choices.of_option(option) if option else None
    if values is not None and (not word.startswith("-") or word == "-"):
        return values(session, word)
    if word[:1] not in ("-", ""):
        return []
    return cell_options.names(cell_options.parser(GLMMagics.ask))


def _of_line(session: Session, before: list[str], word: str) -> Iterable[str]:
    """Complete a word of `%glm`, or what follows it."""
    match before:
        case []:
            return commands.COMMANDS
        case [name, *more] if name in commands.COMMANDS:
            return commands.COMMANDS[name].completes(session, more, word)
        case _:
            return ()
