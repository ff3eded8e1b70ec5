"""A conversation shown in a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.display import display as _display

from glmkit import render
from glmkit.render.answer import transcript

if TYPE_CHECKING:
    from glmkit.notebook.conversations import Chat

display: Any = _display


def show(chat: Chat) -> None:
    """Show a conversation in the cell."""
    shown = {
        "text/html": render.static(render.page(transcript.html(chat.messages))),
        "text/plain": render.plain(transcript.text(chat.messages)),
    }
    display(shown, raw=True)
