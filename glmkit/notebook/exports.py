"""A conversation shown in a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.display import display as _display

from glmkit import render
from glmkit.telling import talks

if TYPE_CHECKING:
    from glmkit.notebook.chats import Chat

display: Any = _display


def show(chat: Chat) -> None:
    """Show a conversation in the cell."""
    shown = {
        "text/html": render.static(render.page(talks.html(chat.messages))),
        "text/plain": render.plain(talks.text(chat.messages)),
    }
    display(shown, raw=True)
