"""`%glm fix`, `hint`, `rerun`, `last`, `code`: on the last error and the last reply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glmkit.notebook import cell_errors
from glmkit.types.errors import ConfigError
from glmkit.types.translation import _

if TYPE_CHECKING:
    from glmkit.notebook.session import Session
    from glmkit.types.replies import Reply

_FIX = (
    "A cell of a Jupyter notebook failed. Answer with the whole corrected cell in one "
    "fenced block of Python, and nothing else. Change as little as possible."
)
_HINT = (
    "A cell of a Jupyter notebook failed. Explain in a few sentences why, and what to "
    "look at next. Do not write the corrected cell: the user wants to find it."
)


def fix(session: Session, *words: str) -> Reply | None:
    """Ask for the corrected cell of the last error: `%glm fix [--values]`."""
    return _help(session, _FIX, "code", words)


def hint(session: Session, *words: str) -> Reply | None:
    """Ask why the last error came, without the solution: `%glm hint [--values]`."""
    return _help(session, _HINT, "markdown", words)


def _help(
    session: Session, system: str, format: str, words: tuple[str, ...]
) -> Reply | None:
    """Tell the cell, the traceback and the shapes; values only where asked for."""
    options = {**session.settings.options(), "system": system}
    values = dry_run = False
    match words:
        case ():
            pass
        case _:
            unknown = set(words) - {"--values", "--dry-run"}
            if unknown:
                raise ConfigError(
                    f"this takes no {min(unknown)!r}",
                    hint="--values sends the values too; --dry-run only shows.",
                )
            values, dry_run = "--values" in words, "--dry-run" in words
    from glmkit.notebook.cell import ask
    from glmkit.notebook.question import Question

    text = cell_errors.question(session.mistakes.last, session.names(), values=values)
    question = Question(
        prompt=text,
        options=options,
        format=format,
        stream=session.settings.stream,
        tag=session.settings.tag or "",
        dry_run=dry_run,
        literal=True,
    )
    return ask(session, question, session.names())


def rerun(session: Session, *words: str) -> Any:
    """Ask the last question again: `%glm rerun -m glm-4-plus`."""
    from glmkit.notebook.cell import rerun as again

    match words:
        case ():
            model = None
        case (("-m" | "--model"), model):
            pass
        case _:
            raise ConfigError(
                "rerun takes a model", hint="For instance `%glm rerun -m glm-4-plus`."
            )
    return again(session, _last(), model)


def last(session: Session) -> Any:
    """Show the last reply, also one that was cut."""
    return _last()


def code(session: Session, *words: str) -> None:
    """Write the code of the last reply into a new cell: `%glm code [--first]`."""
    from glmkit.notebook.cell import write_cell
    from glmkit.render.answer.code_blocks import code_in

    match words:
        case ():
            found = code_in(_last().text)
        case ("--first" | "--last" as which,):
            found = code_in(_last().text, "first" if which == "--first" else "last")
        case _:
            raise ConfigError(
                _("`%glm code` takes --first or --last, not {word!r}", word=words[-1]),
                hint=_("Write `%glm code` alone for all blocks."),
            )
    write_cell(session, found)


def _last() -> Reply:
    from glmkit.client import default

    reply = default.last()
    if reply is None:
        raise ConfigError("nothing was asked yet", hint="Ask with `%%glm` first.")
    return reply
