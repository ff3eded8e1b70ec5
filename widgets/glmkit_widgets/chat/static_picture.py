"""The picture of a chat in a saved notebook."""

from __future__ import annotations

from collections.abc import Sequence

from glmkit import render
from glmkit.render.page import wrapped
from glmkit_widgets.chat.turns import ChatTurn

#: Characters of a question that a picture shows.
_LONGEST = 20_000


def drawn(turns: Sequence[ChatTurn], title: str) -> tuple[str, str]:
    """Return the turns as safe HTML and as plain text."""
    if not turns:
        empty = "A chat in which nothing was asked yet."
        return f"<p>{empty}</p>", empty
    html = "".join(f"{_question(turn)}{turn.html}" for turn in turns)
    plain = "\n\n".join(f"You: {t.question}\n\nModel: {t.answer}" for t in turns)
    return f"{_headed(title)}{render.static(html)}", render.plain(plain)


def _headed(title: str) -> str:
    return f"<p>Chat {render.escaped(title)}</p>" if title else ""


def _question(turn: ChatTurn) -> str:
    cut = turn.question[:_LONGEST]
    left = len(turn.question) - len(cut)
    more = f" … ({left:,} more characters)" if left else ""
    names = ", ".join(attachment.title for attachment in turn.attached)
    beside = f"<p>With {render.escaped(names)}</p>" if names else ""
    return f'<div class="glmkit-asked">{wrapped(cut + more)}{beside}</div>'
