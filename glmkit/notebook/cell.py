"""Runs a cell: ask its question, show the answer, keep the reply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glmkit.client.replay import asking_again, for_this, switched
from glmkit.notebook import dry_run, question as questions, terminal
from glmkit.notebook.caught_warnings import Cautions
from glmkit.notebook.output import Display, read
from glmkit.render.answer.badge import About
from glmkit.render.answer.code_blocks import Code, code_in
from glmkit.render.answer.views import View
from glmkit.types.errors import GLMError, Interrupted
from glmkit.types.plain_text import plain
from glmkit.types.translation import _

if TYPE_CHECKING:
    from glmkit.notebook.namespace import Scope
    from glmkit.notebook.question import Prepared, Question
    from glmkit.notebook.session import Session
    from glmkit.types.replies import Reply


def ask(session: Session, question: Question, names: Scope) -> Reply | None:
    """Ask, show the answer in this cell, and keep the reply as `question.out`.

    What arrived before an error or an interrupt is shown, kept and marked. A dry
    run shows what would be sent, and returns None.
    """
    with Cautions() as cautions:
        prepared = questions.prepare(question, names, session.client, session.chats)
        if question.dry_run:
            dry_run.show(prepared, prepared.about(cautions.notes()).notes)
            return None
        try:
            with session.here(question.tag), for_this(question.replay):
                reply = _answered(session, prepared, cautions)
        except (GLMError, Interrupted) as exc:
            arrived = getattr(exc, "reply", None)
            if arrived and (arrived.text or arrived.thinking or arrived.tool_calls):
                _keep(session, question, arrived)
            raise
        _keep(session, question, reply)
        session.answered(reply, prepared)
        if question.format == "code" and reply.complete:
            code = code_in(reply.text, question.block)
            if code.blocks < 2 or question.block:
                write_cell(session, code)
        return reply


def write_cell(session: Session, code: Code) -> None:
    """Write the code of an answer into a new cell, where the front end can."""
    session.shell.set_next_input(plain(code.text), replace=False)


def _answered(session: Session, prepared: Prepared, cautions: Cautions) -> Reply:
    question = prepared.question
    if question.quiet:
        return prepared.whole()
    shown = Display(
        session.shell,
        view=prepared.view,
        about=lambda reply: prepared.about(
            (*cautions.notes(), *_blocks(question, reply))
        ),
    )
    if not question.stream:
        reply = prepared.whole()
        shown.whole(reply)
        return reply
    return read(prepared.stream(), shown)


def _blocks(question: Question, reply: Reply) -> tuple[str, ...]:
    """Return what the badge says of several blocks of code."""
    if question.format != "code" or question.block:
        return ()
    count = code_in(reply.text).blocks
    if count < 2:
        return ()
    return (
        _(
            "{count} blocks of Python: `%glm code --first` or `--last` writes one into "
            "a cell, `%glm code` all",
            count=count,
        ),
    )


def _keep(session: Session, question: Question, reply: Reply | None) -> None:
    if question.out is not None and reply is not None:
        session.shell.user_ns[question.out] = reply


def rerun(session: Session, reply: Reply, model: str | None) -> Reply:
    """Ask the question of a reply again, or another model, and show the answer.

    Replay never serves an answer that this kernel has had: it serves the next recorded
    one, or asks again; the badge says which.
    """
    with Cautions() as cautions, session.here(reply.calls[-1].where.tag):
        again = _asked_again(session, reply, model, cautions)
    session.shown = again
    return again


def _asked_again(
    session: Session, reply: Reply, model: str | None, cautions: Cautions
) -> Reply:
    def about(again: Reply) -> About:
        notes = (*_replayed(again), *cautions.notes())
        return About(notes=notes, typed=before.typed if before else None)

    client, before = session.client(), session.prepared(reply)
    tooled = before.again(client, model) if before else None
    view = View(structured=reply.schema is not None)
    shown = Display(session.shell, view=view, about=about)
    with asking_again():
        if session.settings.stream:
            restream = (
                tooled.stream() if tooled else client.restream(reply, model=model)
            )
            return read(restream, shown)
        again = tooled.whole() if tooled else client.rerun(reply, model=model)
    shown.whole(again)
    return again


def _replayed(again: Reply) -> list[str]:
    """Return what replay made of it, for the badge."""
    if again.source in ("cassette", "illustration"):
        return ["rerun: the next recorded answer"]
    return ["rerun: asked again"] if switched() != "off" else []


def show_value(session: Session, reply: Reply) -> None:
    """Show a reply that is a cell's value, unless the cell has just shown it."""
    shown, session.shown = session.shown, None
    if shown is not reply:
        prepared = session.prepared(reply)
        typed = prepared.typed if prepared else None
        Display(session.shell, about=lambda _: About(typed=typed)).whole(reply)
    elif not hasattr(session.shell, "kernel") and terminal.wanted(session.shell):
        terminal.wipe_prompt()
