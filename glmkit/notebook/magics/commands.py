"""The words of `%glm`: a row for each, with its function, help and completion."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from glmkit.client.prompts import values as digests
from glmkit.notebook import choices, interpolation, namespace
from glmkit.notebook.magics import (
    conversations,
    last_reply,
    replay,
    setup,
    spending,
    widgets,
)
from glmkit.notebook.magics.cell_options import split
from glmkit.notebook.magics.command import Command, every, first
from glmkit.types.errors import ConfigError
from glmkit.types.options import OPTION
from glmkit.types.plain_text import say
from glmkit.types.translation import _

if TYPE_CHECKING:
    from glmkit.notebook.session import Session

#: What to begin with; the rest is `%glm help all`.
_FIRST = (
    ("ask", "%%glm [OPTIONS]", "ask a model: the cell is the prompt; see `%%glm -h`"),
    ("choose", "%glm controls", "model, temperature and more; see `%glm models`"),
    ("table", "df.glm.map(...)", "ask for every row; try it with `%glm promptlab`"),
    ("money", "%glm usage", "what was spent; see `%glm budget`, `%glm dashboard`"),
    ("replay", "%glm replay auto", "run the notebook again without a bill"),
    ("talk", "%glm talk", "a chat with files, variables and tools"),
    ("doctor", "%glm doctor", "what is wrong, what next; more: `%glm help all`"),
)

#: Words of other tools, and earlier ones → what to write here.
_OTHER_WORDS = {
    "lab": "The prompt lab opens with `%glm promptlab`.",
    "reset": "`%%glm --chat NAME --fresh` empties a conversation.",
    **dict.fromkeys(
        ("alias", "dealias", "register", "delete", "update"),
        "Models need no alias: `%glm config model NAME` sets the default.",
    ),
    "error": "`%glm fix` corrects the cell that failed, `%glm hint` explains it.",
}
#: Other names of a word.
_ALIASES = {"-h": "help", "--help": "help", "list": "models", "--version": "version"}


def run(session: Session, line: str) -> Any:
    """Do what the line says; ConfigError, with the nearest word, for anything else."""
    name, *rest = split(line) or ["status"]
    name = _ALIASES.get(name, name)
    command = COMMANDS.get(name)
    if command is None:
        raise ConfigError(
            _("`%glm` has no word {name!r}", name=name), hint=_suggestion(name)
        )
    if rest and len(inspect.signature(command.run).parameters) == 1:
        raise ConfigError(
            _("`%glm {name}` takes nothing after it, not {word!r}", name=name,
              word=rest[0]),
            hint=_("Write `%glm {name}` alone.", name=name),
        )  # fmt: skip
    return command.run(session, *_filled(session, rest))


def _filled(session: Session, words: list[str]) -> list[str]:
    """Return words with `{name}` filled in, as in the line of a cell."""
    if session.settings.literal or not any("{" in word for word in words):
        return words
    names = session.names(namespace.caller_of(session.shell))
    return [interpolation.fill(word, names, digests.tell).text for word in words]


def _suggestion(name: str) -> str:
    if name in _OTHER_WORDS:
        return _OTHER_WORDS[name]
    near = difflib.get_close_matches(name, COMMANDS, 1)
    return f"Did you mean `%glm {near[0]}`?" if near else "See `%glm help all`."


def help_(session: Session, *words: str) -> None:
    """Show what to begin with; with `all`, every word of `%glm`."""
    match words:
        case ():
            say(*(f"{what:8}{how:18}{why}" for what, how, why in _FIRST))
        case ("all",):
            written = {f"{n} {c.usage}".strip(): c.help for n, c in COMMANDS.items()}
            width = min(max(map(len, written)), 44)
            say(*(f"%glm {how:{width}}  {why}" for how, why in written.items()))
        case _:
            raise ConfigError(
                _("`%glm help` takes all, not {word!r}", word=words[0]),
                hint="Write `%glm help all`.",
            )


def _setting(session: Session, before: list[str], word: str) -> Iterable[str]:
    match before:
        case []:
            return [*session.settings.names(), "nest_asyncio"]
        case ["nest_asyncio"]:
            return ("on",)
        case [name] if name in OPTION:
            values = choices.of_option(OPTION[name])
            return ["default", *(values(session, word) if values else ())]
        case _:
            return ()


def _of_chat(session: Session, before: list[str], word: str) -> Iterable[str]:
    match before:
        case []:
            return session.chats
        case [_name]:
            return conversations.VERBS
        case _:
            return ()


def _rerun(session: Session, before: list[str], word: str) -> Iterable[str]:
    return choices.models(session, word) if before == ["-m"] else ("-m",)


_HELPED = ("--values", "--dry-run")

COMMANDS: dict[str, Command] = {
    "status": Command(
        setup.status, "Show endpoint, key, model, ledger and settings, as `%glm` does"
    ),
    "help": Command(help_, "Show what to begin with", "[all]", first("all")),
    "doctor": Command(setup.doctor, "Show what is set up, what is wrong, what next"),
    "config": Command(
        setup.config, "Show or set a default of this notebook", "[NAME [VALUE]]",
        _setting,
    ),
    "key": Command(
        setup.key, "Store a key in the keyring, or show which is used", "[ENDPOINT]",
        first(choices.endpoints),
    ),
    "models": Command(
        spending.models, "Show the catalogue as a table", "[WORDS] [--all]",
        first(choices.models),
    ),
    "usage": Command(
        spending.usage, "Show calls, or sums of them",
        "[by model day] [since 7d] [where tag=pilot]", every("by", "since", "where"),
    ),
    "budget": Command(
        spending.budget, "Show or cap what may be spent",
        "[5 CNY [SCOPE]] or off", every("off", "session", "notebook", "day"),
    ),
    **widgets.COMMANDS,
    "replay": Command(
        replay.replay, "Replay recorded answers",
        f"[{', '.join(replay.WORDS)}] [FILE]",
        first(*replay.WORDS),
    ),
    "chats": Command(conversations.chats, "List this notebook's conversations"),
    "chat": Command(
        conversations.chat, "Show or change a conversation",
        f"NAME [{', '.join(conversations.VERBS)}]", _of_chat,
    ),
    "fix": Command(
        last_reply.fix, "Ask for the corrected cell of the last error", "[--values]",
        every(*_HELPED),
    ),
    "hint": Command(
        last_reply.hint, "Ask why the last error came, without the solution",
        "[--values]", every(*_HELPED),
    ),
    "rerun": Command(
        last_reply.rerun, "Ask the last question again", "[-m MODEL]", _rerun
    ),
    "last": Command(last_reply.last, "Show the last reply, also one that was cut"),
    "code": Command(
        last_reply.code, "Write the code of the last reply into a new cell",
        "[--first, --last]", first("--first", "--last"),
    ),
    "version": Command(setup.version, "Show the version of glmkit"),
}  # fmt: skip
