"""The options of `%%glm`: a line of text to a Question."""

from __future__ import annotations

import difflib
import keyword
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from IPython.core.error import UsageError
from IPython.core.magic_arguments import (
    MagicArgumentParser,
    argument,
    magic_arguments,
)

from glmkit.client.prompts import values as digests
from glmkit.client.replay import mode_of
from glmkit.notebook import interpolation
from glmkit.notebook.settings import read as read_option
from glmkit.types.errors import ConfigError
from glmkit.types.options import CELL, CLIENT, OPTION, Option, client_options
from glmkit.types.translation import _

if TYPE_CHECKING:
    from glmkit.notebook.question import Question
    from glmkit.notebook.settings import GLM

F = TypeVar("F", bound=Callable[..., Any])


def _arguments(option: Option) -> list[Any]:
    """Return the arguments of the parser for an option: two for a toggle."""
    how: dict[str, Any] = {"dest": option.name, "help": _help(option)}
    match option.kind:
        case "flag":
            how |= {"action": "store_const", "const": True}
        case "toggle":
            how |= {"action": "store_const", "const": True}
            off = how | {"const": False, "help": f"the opposite of {option.flags[0]}"}
            return [
                argument(*_spelled(option.flags), **how),
                argument(*_spelled(option.off_flags), **off),
            ]
        case "many":
            how |= {"action": "append"}
        case _:
            pass
    if option.kind != "flag":
        how["metavar"] = option.metavar or option.name.upper()
    return [argument(*_spelled(option.flags), **how)]


def _spelled(flags: tuple[str, ...]) -> list[str]:
    """Return flags with their other spelling: `--top_p` for `--top-p`."""
    other = [f"--{flag[2:].replace('-', '_')}" for flag in flags if flag[:2] == "--"]
    return list(dict.fromkeys([*flags, *other]))


def _help(option: Option) -> str:
    takes = option.range if option.kind != "toggle" else ""
    return ": ".join(part for part in (option.help, takes) if part).replace("%", "%%")


_ARGUMENTS = [
    argument("-h", "--help", action="store_true", help="show this help"),
    *(made for option in CELL for made in _arguments(option)),
]

#: Options whose text names things of the notebook: they are looked up when it asks.
_LOOKED_UP = ("schema", "tools")


def options(method: F) -> F:
    """Give a magic the options of `%%glm`."""
    for decorate in reversed(_ARGUMENTS):
        method = decorate(method)
    decorated: F = magic_arguments("%glm")(method)  # the help puts another % before it
    parser(decorated).allow_abbrev = False
    return decorated


def parser(method: Any) -> MagicArgumentParser:
    """Return the parser of a magic with options."""
    found: MagicArgumentParser = method.parser
    return found


def names(of: MagicArgumentParser) -> list[str]:
    """Return the options as they are written."""
    return [name for action in of._actions for name in action.option_strings]


def read(
    of: MagicArgumentParser,
    line: str,
    cell: str,
    settings: GLM,
    scope: Mapping[str, Any],
) -> Question | None:
    """Return what a cell asks, None where it asks for help.

    ConfigError, with the nearest name, for a slip.
    """
    from glmkit.notebook.question import Question

    given = {n: v for n, v in _parsed(of, split(line)).items() if v is not None}
    if given.get("help"):
        return None
    literal = given.get("literal", settings.literal)
    sources: list[str] = []
    if not literal:
        given = {n: _filled(value, scope, sources) for n, value in given.items()}
    _check_empty(given)
    values: dict[str, Any] = {option.name: None for option in CELL}
    values |= {name: getattr(settings, name) for name in settings.names()}
    values |= {name: _read(name, given[name]) for name in given if name in OPTION}
    _check(values)
    tools = [name for names in values["tools"] or () for name in _listed(names)]
    later = dict.fromkeys(_LOOKED_UP)
    return Question(
        prompt=cell.removesuffix("\n"),
        options={**client_options(values | later), **_params(values["param"] or ())},
        out=_identifier(values["out"]),
        stream=values["stream"],
        quiet=values["quiet"] or False,
        format=values["format"],
        block="first" if values["first"] else "last" if values["last"] else "",
        chat=values["chat"],
        fresh=values["fresh"] or False,
        schema=values["schema"],
        tools=tuple(tools),
        images=tuple(values["image"] or ()),
        files=tuple(values["file"] or ()),
        tag=values["tag"] or "",
        dry_run=values["dry_run"] or False,
        replay=mode_of(values["replay"]) if values["replay"] else None,
        literal=literal,
        each=values["each"],
        to=values["to"],
        labels=values["labels"],
        all=values["all"] or False,
        document=values["document"],
        filled=tuple(sources),
    )


def _check_empty(given: Mapping[str, Any]) -> None:
    """Raise ConfigError for an option that would be left out: `--labels ''`."""
    for name in ("labels", "to", "each", "document"):
        if isinstance(given.get(name), str) and not given[name].strip():
            raise ConfigError(
                _("--{name} is empty", name=name),
                hint=_("Write what it takes, or leave it out: `%%glm?` lists them."),
            )


def _check(values: Mapping[str, Any]) -> None:
    """Raise ConfigError for options that do not go together."""
    if values["fresh"] and not (values["chat"] or values["each"]):
        raise ConfigError("--fresh empties a chat", hint="Name it: --chat NAME --fresh")
    if (values["first"] or values["last"]) and values["format"] != "code":
        raise ConfigError(
            _("--first and --last choose a block of code"),
            hint=_("Write them with -f code."),
        )
    table = [name for name in ("to", "labels", "all") if values[name]]
    if table and not values["each"]:
        raise ConfigError(
            _("--{name} goes with a table", name=table[0]),
            hint=_("Name it: --each TABLE."),
        )
    cell = [name for name in ("chat", "tools", "image", "file") if values[name]]
    alone = [*cell, *(name for name in ("schema", "each") if values[name])]
    if alone and values["document"]:
        raise ConfigError(
            _("--{name} does not go with --document", name=alone[0]),
            hint=_("Ask about one document, with its name alone."),
        )
    if cell and values["each"]:
        raise ConfigError(
            _("--{name} does not go with --each", name=cell[0]),
            hint=_("Put files and images into a column of the table."),
        )


def _filled(given: Any, scope: Mapping[str, Any], sources: list[str]) -> Any:
    """Fill the fields of a value, or of each one where an option repeats."""
    match given:
        case str() if "{" in given:
            filled = interpolation.fill(given, scope, digests.tell)
            sources += filled.sources
            return filled.text
        case list():
            return [_filled(one, scope, sources) for one in given]
        case _:
            return given


def _read(name: str, given: Any) -> Any:
    option = OPTION[name]
    return read_option(option, given) if isinstance(given, str) else given


#: How alike a slip and what was meant are: "topp" is, `top_k` of other servers is not.
_SLIP = 0.85


def _params(words: Sequence[str]) -> dict[str, Any]:
    """Return what `--param NAME=VALUE` sets, by the names of `Client.chat`.

    A name that is close to none here goes out as it is written: services have
    parameters that are newer than glmkit.
    """
    options: dict[str, Any] = {}
    newer: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not (equals and name.isidentifier()):
            raise ConfigError(
                _("--param {word!r} does not parse", word=word),
                hint="Write NAME=VALUE, as in --param top_p=0.9.",
            )
        known = CLIENT.get(name) or OPTION.get(name)
        if known is not None and known.name in _LOOKED_UP:
            raise ConfigError(
                _("{name} names things of this notebook", name=name),
                hint=_("Write {flag} NAME instead.", flag=known.flags[0]),
            )
        if known is not None and known.client:
            options[known.client] = read_option(known, text)
        elif near := difflib.get_close_matches(name, CLIENT, 1, _SLIP):
            raise ConfigError(
                _("{name!r} is not a parameter", name=name),
                hint=_("Did you mean --param {near}=...?", near=near[0]),
            )
        else:
            newer[name] = read_option(OPTION["extra_body"], text)
    if newer:
        options["extra_body"] = {**options.get("extra_body", {}), **newer}
    return options


def split(line: str) -> list[str]:
    """Split a line at its blanks; quotes hold together, backslashes are themselves."""
    words = shlex.shlex(line, posix=True)
    words.whitespace_split, words.commenters, words.escape = True, "", ""
    try:
        return list(words)
    except ValueError as exc:
        raise ConfigError(
            f"the line does not parse: {exc}", hint="Close the quotes."
        ) from exc


def _parsed(of: MagicArgumentParser, words: list[str]) -> dict[str, Any]:
    try:
        given, unknown = of.parse_known_args(words)
    except UsageError as exc:
        raise ConfigError(
            str(exc), hint="`%%glm?` shows what each option takes."
        ) from exc
    if unknown:
        raise _unknown(unknown[0], of)
    return dict(vars(given))


def _unknown(word: str, of: MagicArgumentParser) -> ConfigError:
    name = word.partition("=")[0]
    known = names(of)
    near = [option for option in known if len(name) > 3 and option.startswith(name)]
    near = near or difflib.get_close_matches(name, known, 1, 0.5)
    if not word.startswith("-"):
        return ConfigError(
            _("{word!r} stands in the line of `%%glm`", word=word),
            hint=_("Options begin with a dash, as in `-m {word}`; the prompt goes "
                   "below the line.", word=word),
        )  # fmt: skip
    hint = f"Did you mean {near[0]}?" if near else "`%%glm?` lists the options."
    return ConfigError(f"%%glm has no option {name!r}", hint=hint)


def _identifier(name: str | None) -> str | None:
    if name is None or (name.isidentifier() and not keyword.iskeyword(name)):
        return name
    raise ConfigError(
        _("{name!r} is not a name for a variable", name=name),
        hint="For instance -o answer.",
    )


def _listed(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]
