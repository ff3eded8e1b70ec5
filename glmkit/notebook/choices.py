"""What the Tab key offers in place of a word: models, chats, variables, files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from glmkit.types.options import CLIENT, Option

if TYPE_CHECKING:
    from glmkit.notebook.session import Session

#: What may stand in a place: a function of the session and the word so far.
Choices = Callable[["Session", str], Iterable[str]]


def models(session: Session, word: str) -> Iterable[str]:
    """Return the ids of the models that write."""
    from glmkit.catalog import cards

    return [card.id for card in cards.cards() if "text" in card.output_modalities]


def endpoints(session: Session, word: str) -> Iterable[str]:
    """Return the endpoints that have a name."""
    from glmkit.config.endpoints import SERVICES

    return ["local", *SERVICES]


def chats(session: Session, word: str) -> Iterable[str]:
    """Return the notebook's conversations."""
    return session.chats


def variables(session: Session, word: str) -> Iterable[str]:
    """Return the notebook's variables."""
    return [name for name in session.names() if not name.startswith("_")]


def names(session: Session, word: str) -> Iterable[str]:
    """Return variables for the last place of a list: `a,b`."""
    head = word[: word.rfind(",") + 1]
    return [head + name for name in variables(session, word)]


def files(session: Session, word: str) -> Iterable[str]:
    """Return the files and folders that a path may go on with."""
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


def images(session: Session, word: str) -> Iterable[str]:
    """Return variables and files."""
    return [*variables(session, word), *files(session, word)]


def params(session: Session, word: str) -> Iterable[str]:
    """Return the parameters of a call, ready for their value."""
    return [f"{name}=" for name in CLIENT]


_KINDS: Mapping[str, Choices] = {
    "models": models, "endpoints": endpoints, "chats": chats, "variables": variables,
    "names": names, "files": files, "images": images, "params": params,
}  # fmt: skip


def of_option(option: Option) -> Choices | None:
    """Return what may be the value of an option, None where anything may."""
    if option.completes:
        return _KINDS[option.completes]
    fixed = ("on", "off") if option.kind == "toggle" else option.choices
    return (lambda session, word: fixed) if fixed else None
