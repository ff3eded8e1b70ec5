"""The options of `%%glm`: a line of text to a Question."""

from __future__ import annotations

import difflib
import keyword
import shlex
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from IPython.core.error import UsageError
from IPython.core.magic_arguments import (
    MagicArgumentParser,
    argument,
    magic_arguments,
)

from glmkit.client.prompts import values as digests
from glmkit.client.replay import MODES, mode_of
from glmkit.notebook import interpolation
from glmkit.notebook.settings import EFFORTS, FORMATS, options_of
from glmkit.types.errors import ConfigError

if TYPE_CHECKING:
    from glmkit.notebook.question import Question
    from glmkit.notebook.settings import GLM

F = TypeVar("F", bound=Callable[..., Any])


def _many(*names: str, **more: Any) -> Any:
    return argument(*names, action="append", default=[], **more)


def _switch(*names: str, **more: Any) -> Any:
    return argument(*names, action="store_true", **more)


_ARGUMENTS = [
    argument("-m", "--model", help="model that answers"),
    argument("-t", "--temperature", help="0 to 1"),
    argument("--top-p", "--top_p", help="0.01 to 1"),
    argument("--max-tokens", "--max_tokens", help="most tokens of the answer"),
    argument("-s", "--system", help="system prompt, in quotes"),
    argument("-f", "--format", help=f"how to show it: {', '.join(FORMATS)}"),
    argument("-o", "--out", metavar="NAME", help="variable that keeps the Reply"),
    _switch("--no-stream", "--no_stream", help="wait for the whole answer"),
    argument("--think", help=f"what the model takes of: {', '.join(EFFORTS)}"),
    argument("--chat", metavar="NAME", help="conversation to go on with, or to begin"),
    _switch("--fresh", help="empty that conversation first"),
    argument(
        "--schema",
        help='type of this notebook, or fields: "name, age int", "[name, age int]"',
    ),
    _many("--tools", metavar="A,B", help="functions the model may call"),
    _many("--image", metavar="VAR", help="picture: a variable or a path; repeatable"),
    _many("--file", metavar="PATH", help="text, pdf, docx, html, ipynb; repeatable"),
    _switch("--web", help="let the service search the web"),
    _switch("--dry-run", "--dry_run", help="show what would be sent, and send nothing"),
    argument("--tag", help="word that the ledger keeps with the call"),
    argument("--replay", metavar="MODE", help=f"this cell's: {', '.join(MODES)}"),
    _switch("-q", "--quiet", help="show nothing, only keep"),
]

#: Options that are settings too: their text is read in the same way.
_SETTINGS = ("model", "temperature", "top_p", "max_tokens", "system", "think")


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
    """Return the options as a person writes them."""
    return [name for action in of._actions for name in action.option_strings]


def read(
    of: MagicArgumentParser,
    line: str,
    cell: str,
    settings: GLM,
    scope: Mapping[str, Any],
) -> Question:
    """Return what a cell asks; ConfigError, with the nearest name, for a slip."""
    from glmkit.notebook.question import Question

    given = _parsed(of, [_filled(word, scope) for word in split(line)])
    chosen = {
        name: settings.read(name, given[name])
        for name in _SETTINGS
        if given[name] is not None
    }
    if given["fresh"] and not given["chat"]:
        raise ConfigError("--fresh empties a chat", hint="Name it: --chat NAME --fresh")
    return Question(
        prompt=cell.removesuffix("\n"),
        options={**settings.options(), **options_of(chosen)},
        out=_identifier(given["out"]),
        stream=settings.stream and not given["no_stream"],
        quiet=given["quiet"],
        format=settings.read("format", given["format"] or settings.format),
        chat=given["chat"],
        fresh=given["fresh"],
        schema=given["schema"],
        tools=tuple(name for names in given["tools"] for name in _listed(names)),
        images=tuple(given["image"]),
        files=tuple(given["file"]),
        web=given["web"],
        tag=given["tag"] or settings.tag or "",
        dry_run=given["dry_run"],
        replay=mode_of(given["replay"]) if given["replay"] else None,
    )


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


def _filled(word: str, scope: Mapping[str, Any]) -> str:
    if "{" not in word:
        return word
    return interpolation.fill(word, scope, digests.tell).text


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
        hint = f"Options begin with a dash: -m {word}? The prompt goes below the line."
    elif near:
        hint = f"Did you mean {near[0]}?"
    else:
        hint = "`%%glm?` lists the options."
    return ConfigError(f"%%glm has no option {name!r}", hint=hint)


def _identifier(name: str | None) -> str | None:
    if name is None or (name.isidentifier() and not keyword.iskeyword(name)):
        return name
    raise ConfigError(f"-o {name}: that is no name", hint="For instance -o answer.")


def _listed(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]
