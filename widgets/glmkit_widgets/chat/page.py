"""What a chat sends to its page, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from glmkit.render.answer.views import code_of
from glmkit.types.translation import _
from glmkit_widgets.chat import static_picture
from glmkit_widgets.chat.attachments import Attachment
from glmkit_widgets.chat.turns import ChatTurn


def turn(shown: ChatTurn, *, saves: bool) -> dict[str, Any]:
    """Return a turn; `saves`: with its picture, which the page saves."""
    found: dict[str, Any] = {
        "key": shown.key,
        "question": shown.question,
        "attached": chips(shown.attached),
        "code": code_of(shown.answer) != shown.answer.strip(),
        "empty": not shown.answer,
    }
    if saves and shown.saved:
        found["saved"] = static_picture.saved(shown)
    return found


def chips(attached: Sequence[Attachment]) -> list[list[str]]:
    """Return kind, title and description of attachments."""
    return [[one.kind, one.title, one.about] for one in attached]


def asks(options: Mapping[str, Any]) -> str:
    """Return the model and the temperature of the next question, where they are set."""
    shown = [str(options["model"])] if options.get("model") else []
    if options.get("temperature") is not None:
        shown.append(_("temperature {value:g}", value=options["temperature"]))
    return " · ".join(shown)
