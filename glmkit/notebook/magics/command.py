"""One word of `%glm`: what it does, what follows it, and how that is completed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from glmkit.notebook.choices import Choices
    from glmkit.notebook.session import Session

#: Words that may follow others: a function of the session, those words, and the word
#: so far.
Completes = Callable[["Session", list[str], str], Iterable[str]]


def nothing(session: Session, before: list[str], word: str) -> Iterable[str]:
    """Offer nothing."""
    return ()


class Command(NamedTuple):
    """A word of `%glm`; `run` takes the session and the words that follow.

    `usage` is what may follow, as help shows it.
    """

    run: Callable[..., Any]
    help: str
    usage: str = ""
    completes: Completes = nothing


def first(*offers: str | Choices) -> Completes:
    """Complete the first word after a command: by words, or by a function."""

    def complete(session: Session, before: list[str], word: str) -> Iterable[str]:
        if before:
            return
        for offer in offers:
            yield from [offer] if isinstance(offer, str) else offer(session, word)

    return complete


def every(*words: str) -> Completes:
    """Complete each word after a command that does not stand there yet."""

    def complete(session: Session, before: list[str], word: str) -> Iterable[str]:
        return [choice for choice in words if choice not in before]

    return complete
