"""`%glm chats`, `chat NAME ...`: the named conversations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from glmkit.types.errors import ConfigError
from glmkit.types.plain_text import say

if TYPE_CHECKING:
    from glmkit.notebook.conversations import NamedChat
    from glmkit.notebook.session import Session

VERBS = ("show", "fork", "undo", "export", "drop")


def chats(session: Session) -> None:
    """List the conversations of this notebook."""
    if not session.chats:
        say("No chat has begun: `%%glm --chat NAME` begins one.")
    for chat in session.chats.values():
        say(_line(session, chat))


def chat(session: Session, *words: str) -> None:
    """Look after a conversation: `%glm chat NAME [show, fork, undo, export, drop]`."""
    match words:
        case (name,) | (name, "show"):
            show(session.chats[name])
        case (name, "fork", other):
            say(_line(session, session.chats.fork(name, other)))
        case (name, "undo"):
            session.chats[name].talk.undo()
            say(_line(session, session.chats[name]))
        case (name, "export"):
            _export(session.chats[name], f"{name}.md")
        case (name, "export", path):
            _export(session.chats[name], path)
        case (name, "drop"):
            session.chats.drop(name)
            say(f"chat {name} is forgotten")
        case _:
            raise ConfigError(
                "a chat takes show, fork NEW, undo, export [FILE] or drop",
                hint="For instance `%glm chat NAME export talk.ipynb`.",
            )


def show(chat: NamedChat) -> None:
    """Show a conversation in the cell."""
    from glmkit import render
    from glmkit.notebook import surfaces
    from glmkit.render.answer import transcript

    shown = {
        "text/html": render.static(render.page(transcript.html(chat.messages))),
        "text/plain": render.plain(transcript.text(chat.messages)),
    }
    surfaces.show(shown)


def _line(session: Session, chat: NamedChat) -> str:
    from glmkit.catalog import cards, tokens
    from glmkit.types.messages import Request

    turns = f"{chat.turns} turn" + ("s" if chat.turns != 1 else "")
    said = f"{chat.name}: {turns}"
    about = tokens.estimate_request(Request(messages=chat.messages)).tokens
    card = cards.card(session.settings.model or session.client().model)
    if card is not None and card.context_window:
        said += f", about {about:,} tokens"
        said += f", {about / card.context_window:.1%} of the window of {card.id}"
    return said


def _export(chat: NamedChat, path: str) -> None:
    from glmkit.render.answer import transcript

    file = Path(path).expanduser()
    transcript.write(chat.name, chat.messages, file)
    say(f"chat {chat.name} is in {file}")
