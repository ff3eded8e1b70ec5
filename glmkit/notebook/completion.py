"""Tab completion of `%glm` and `%%glm`: options, models, chats, variables, files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from glmkit.notebook.session import Session

#: What may follow an option: a function of the session and the word so far.
_Choices = Callable[["Session", str], Iterable[str]]


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
    before, word = words[:-1], words[-1]
    if magic == "%%glm":
        choices: Iterable[str] = _after(session, before, word)
    else:
        choices = _of_line(session, before, word)
    begun = len(word) - len(symbol) if word.endswith(symbol) else 0
    return sorted({choice[begun:] for choice in choices if choice.startswith(word)})


def _after(session: Session, before: list[str], word: str) -> Iterable[str]:
    """Complete an option of a cell, or its value."""
    from glmkit.notebook.magics import cell_options
    from glmkit.notebook.magics.glm import GLMMagics

    asked = next((name for name in reversed(before) if name), "")
    if asked in _VALUES and (not word.startswith("-") or word == "-"):
        return _VALUES[asked](session, word)
    return (
        cell_options.names(cell_options.parser(GLMMagics.ask))
        if word[:1] in ("-", "")
        else []
    )


def _of_line(session: Session, before: list[str], word: str) -> Iterable[str]:
    """Complete a command of `%glm`, or what it takes."""
    from glmkit.notebook.magics import commands, conversations, replay, widgets

    match [name for name in before if name]:
        case []:
            return commands.COMMANDS
        case ["models"] | [*_, "-m"] | ["config", "model"]:
            return _models(session, word)
        case ["config"]:
            return session.settings.names()
        case ["replay"]:
            return replay.WORDS
        case ["chat"]:
            return session.chats
        case ["chat", _]:
            return conversations.VERBS
        case [str(name)] if name in widgets.COMMANDS:
            return _of_widget(session, widgets.usage(name), word)
        case ["key"] | ["config", "endpoint"]:
            return _endpoints(session, word)
        case ["config", str(name)]:
            return _setting(session, name)
        case _:
            return ()


def _of_widget(session: Session, usage: str, word: str) -> Iterable[str]:
    """Complete what the usage of a widget's word lists: flags, models or chats."""
    if word.startswith("-"):
        return [part.strip("[]") for part in usage.split() if part.startswith("[-")]
    if "MODEL" in usage:
        return _models(session, word)
    return session.chats if "NAME" in usage else ()


def _models(session: Session, word: str) -> Iterable[str]:
    from glmkit.catalog import cards

    return [card.id for card in cards.cards() if "text" in card.output_modalities]


def _endpoints(session: Session, word: str) -> Iterable[str]:
    from glmkit.config.endpoints import SERVICES

    return ["local", *SERVICES]


def _setting(session: Session, name: str) -> Iterable[str]:
    trait = session.settings.traits(config=True).get(name)
    return getattr(trait, "values", None) or ("default",)


def _variables(session: Session, word: str) -> Iterable[str]:
    return [name for name in session.names() if not name.startswith("_")]


def _tools(session: Session, word: str) -> Iterable[str]:
    """Complete the last of several names."""
    head = word[: word.rfind(",") + 1]
    return [head + name for name in _variables(session, word)]


def _files(session: Session, word: str) -> Iterable[str]:
    head = word[: word.rfind("/") + 1]
    folder = Path(head).expanduser()
    try:
        return [
            f"{head}{path.name}{'/' if path.is_dir() else ''}"
            for path in folder.iterdir()
            if not path.name.startswith(".")
        ]
    except OSError:
        return ()


def _pictures(session: Session, word: str) -> Iterable[str]:
    return [*_variables(session, word), *_files(session, word)]


def _chats(session: Session, word: str) -> Iterable[str]:
    return session.chats


def _modes(session: Session, word: str) -> Iterable[str]:
    from glmkit.client.replay import MODES

    return MODES


def _of(name: str) -> _Choices:
    return lambda session, word: _setting(session, name)


_VALUES: dict[str, _Choices] = {
    "-m": _models,
    "--model": _models,
    "--chat": _chats,
    "--schema": _variables,
    "--tools": _tools,
    "--image": _pictures,
    "--file": _files,
    "-f": _of("format"),
    "--format": _of("format"),
    "--think": _of("think"),
    "--replay": _modes,
}
