"""The `%glm` words that open widgets: one for each row of the widgets' registry."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from glmkit.notebook import choices
from glmkit.notebook.magics.command import Command
from glmkit.types.errors import ConfigError
from glmkit.types.translation import _
from glmkit_widgets.registry import WIDGETS, WidgetEntry

if TYPE_CHECKING:
    from glmkit.notebook.session import Session

_PROMPT = ("-p", "--prompt")


def _command(entry: WidgetEntry) -> Command:
    def run(session: Session, *words: str) -> Any:
        return _opened(session, entry, words)

    def complete(session: Session, before: list[str], word: str) -> Iterable[str]:
        if word.startswith("-"):
            parts = entry.usage.split()
            return [part.strip("[]") for part in parts if part.startswith("[-")]
        if "MODEL" in entry.usage:
            return choices.models(session, word)
        if entry.usage == "TABLE":
            return _tables(session)
        return session.chats if "NAME" in entry.usage else ()

    return Command(run, entry.help, entry.usage, complete)


#: The words, each with what opens its widget.
COMMANDS = {entry.word: _command(entry) for entry in WIDGETS if entry.word}


def _opened(session: Session, entry: WidgetEntry, words: tuple[str, ...]) -> Any:
    """Make a widget from the words after its `%glm` word, with the notebook's settings.

    It gets no client: it asks through the process's own, which follows a change of
    endpoint and key.
    """
    prompt, options = arguments(entry, words)
    made = entry.load()
    first: list[Any] = [*prompt]
    if "table" in options:
        first = [_variable(session, entry, options.pop("table"))]
    if name := options.pop("conversation", None):
        known = name in session.chats
        system = None if known else session.settings.system
        chat = session.chats.take(name, session.client(), system=system)
        options |= {"conversation": chat.talk, "title": name}
    takes = inspect.signature(made).parameters
    if "settings" in takes:
        options["settings"] = session.settings
    if "names" in takes:
        options["names"] = session.names()
    with session.here(session.settings.tag):
        return made(*first, **options)


def arguments(
    entry: WidgetEntry, words: tuple[str, ...]
) -> tuple[list[str], dict[str, Any]]:
    """Return the prompt, if there is one, and the named arguments of a widget's class.

    Raises ConfigError for words that the entry's usage does not list.

    >>> compare = next(entry for entry in WIDGETS if entry.word == "compare")
    >>> arguments(compare, ("--blind", "a,b", "-p", "Why", "so?"))
    (['Why so?'], {'blind': True, 'models': ['a', 'b']})
    """
    before, prompt = _parted(entry, words)
    options: dict[str, Any] = {}
    names: list[str] = []
    for word in before:
        if word.startswith("-"):
            _check_flag(entry, word)
            options[word.removeprefix("--")] = True
        else:
            names.append(word)
    if "[MODEL ...]" in entry.usage:
        models = [name for word in names for name in word.split(",") if name]
        return prompt, options | ({"models": models} if models else {})
    if entry.usage == "TABLE":
        return prompt, {"table": _one_table(entry, names)}
    if not names:
        return prompt, options
    if len(names) > 1 or not {"[MODEL]", "[NAME]"} & {*entry.usage.split(" ")}:
        raise _too_many(entry, names)
    kind = "model" if "[MODEL]" in entry.usage else "conversation"
    return prompt, options | {kind: names[0]}


def _parted(
    entry: WidgetEntry, words: tuple[str, ...]
) -> tuple[tuple[str, ...], list[str]]:
    """Split the words at `-p`: all that follows it is the prompt."""
    if "[-p PROMPT]" in entry.usage:
        for place, word in enumerate(words):
            if word in _PROMPT:
                return words[:place], [" ".join(words[place + 1 :])]
    return words, []


def _check_flag(entry: WidgetEntry, word: str) -> None:
    if f"[{word}]" not in entry.usage:
        raise ConfigError(
            _("`%glm {word}` has no option {option!r}", word=entry.word, option=word),
            hint=_hint(entry),
        )


def _one_table(entry: WidgetEntry, names: list[str]) -> str:
    if len(names) != 1:
        raise ConfigError(
            _("`%glm {word}` takes the name of one table", word=entry.word),
            hint=_("Write `%glm {word} out`.", word=entry.word),
        )
    return names[0]


def _variable(session: Session, entry: WidgetEntry, name: str) -> Any:
    """Return a variable of the notebook. Raises ConfigError where there is none."""
    names = session.names()
    if name not in names:
        raise ConfigError(
            _("there is no variable {name!r}", name=name),
            hint=_(
                "Name a table: `out = ...`, then `%glm {word} out`.", word=entry.word
            ),
        )
    return names[name]


def _tables(session: Session) -> list[str]:
    """Return the variables that hold a table."""
    names = session.names()
    return [name for name in names if type(names[name]).__name__ == "DataFrame"]


def _too_many(entry: WidgetEntry, names: list[str]) -> ConfigError:
    if "[NAME]" in entry.usage:
        return ConfigError(
            _("`%glm {word}` takes one conversation name", word=entry.word),
            hint=_(
                'Put a name with blanks in quotes: `%glm {word} "{name}"`.',
                word=entry.word,
                name=" ".join(names),
            ),
        )
    if "[MODEL]" in entry.usage:
        return ConfigError(
            _("`%glm {word}` takes one model, not {count}", word=entry.word,
              count=len(names)),
            hint=_hint(entry),
        )  # fmt: skip
    return ConfigError(
        _("`%glm {word}` takes nothing after it, not {name!r}", word=entry.word,
          name=names[0]),
        hint=_("Write `%glm {word}` alone.", word=entry.word),
    )  # fmt: skip


def _hint(entry: WidgetEntry) -> str:
    usage = f"%glm {entry.word} {entry.usage}".strip()
    return _("Write `{usage}`.", usage=usage)
