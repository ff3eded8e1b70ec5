"""The last question once more: another answer, or another model's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glmkit.client.replay import asking_again, switched
from glmkit.notebook.output import Display, read
from glmkit.render.answer.badge import About
from glmkit.render.answer.views import View

if TYPE_CHECKING:
    from glmkit.notebook.caught_warnings import Cautions
    from glmkit.notebook.session import Session
    from glmkit.types.replies import Reply


def rerun(
    session: Session, reply: Reply, model: str | None, cautions: Cautions
) -> Reply:
    """Ask what a reply answered again, and show it.

    Replay never gives an answer that this kernel has had: it gives the next recorded
    one, or asks anew; the badge says which.
    """

    def about(again: Reply) -> About:
        return About(notes=(*_replayed(again), *cautions.notes()))

    client, before = session.client(), session.asked(reply)
    tooled = before.again(client, model) if before else None
    shown = Display(session.shell, view=View(structured=reply.schema is not None))
    with asking_again():
        if session.settings.stream:
            restream = (
                tooled.stream() if tooled else client.restream(reply, model=model)
            )
            return read(restream, shown, about)
        again = tooled.whole() if tooled else client.rerun(reply, model=model)
    shown.about = about(again)
    shown.whole(again)
    return again


def _replayed(again: Reply) -> list[str]:
    """Say what replay made of it."""
    if again.source in ("cassette", "illustration"):
        return ["rerun: the next recorded answer"]
    return ["rerun: asked again"] if switched() != "off" else []
