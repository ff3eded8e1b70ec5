"""The picture of a chat in a saved notebook, turn by turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from glmkit import render
from glmkit.config.privacy import private
from glmkit.render.page import FRAME, wrapped
from glmkit.types.translation import _
from glmkit_widgets.chat.turns import ChatTurn

#: Characters of a question that a picture shows, and of a text in its plain form.
_QUESTION, _PLAIN = 20_000, 1_000


class SavedTurn(NamedTuple):
    """One turn of the picture: safe HTML, and plain text."""

    html: str
    plain: str


def saved(turn: ChatTurn) -> SavedTurn:
    """Return a turn as the picture shows it; with GLMKIT_PRIVACY without its texts.

    The badge has no request to unfold: each would repeat all turns before it.
    """
    if private():
        size = _(
            "A question of {asked:,} characters and an answer of {answered:,}; "
            "GLMKIT_PRIVACY keeps their texts out of the notebook.",
            asked=len(turn.question),
            answered=len(turn.answer),
        )
        return SavedTurn(f'<div class="glmkit-asked">{wrapped(size)}</div>', size)
    plain = f"You: {_cut(turn.question)}\n\nModel: {_cut(turn.answer)}"
    return SavedTurn(f"{_question(turn)}{turn.saved}", render.plain(plain))


def frame(title: str) -> tuple[str, str]:
    """Return the HTML before and after the turns."""
    head = f"<p>Chat {render.escaped(title)}</p>" if title else ""
    style = f"<style>{render.style()}</style>"
    return f'{head}<div class="{FRAME} glmkit-long">{style}', "</div>"


def drawn(turns: Sequence[ChatTurn], title: str) -> tuple[str, str]:
    """Return the whole picture as safe HTML and as plain text."""
    if not turns:
        empty = _("This chat has no questions yet.")
        return f"<p>{empty}</p>", empty
    before, after = frame(title)
    parts = [saved(turn) for turn in turns]
    html = "".join(part.html for part in parts)
    return f"{before}{html}{after}", "\n\n".join(part.plain for part in parts)


def _cut(text: str, longest: int = _PLAIN) -> str:
    left = len(text) - longest
    if left <= 0:
        return text
    return text[:longest] + _(" … ({left:,} more characters)", left=left)


def _question(turn: ChatTurn) -> str:
    names = ", ".join(attachment.title for attachment in turn.attached)
    attached = _("Attached: {names}", names=names)
    beside = f"<p>{render.escaped(attached)}</p>" if names else ""
    question = wrapped(_cut(turn.question, _QUESTION))
    return f'<div class="glmkit-asked">{question}{beside}</div>'
