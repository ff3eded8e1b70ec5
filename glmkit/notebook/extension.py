"""Loads and unloads the IPython extension: magics, completion, formatters."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from glmkit.notebook import completion, progress_bar, table_outputs
from glmkit.notebook.front_ends import Place, front_ends, place_of
from glmkit.notebook.magics import GLMMagics
from glmkit.notebook.magics.glm import with_body
from glmkit.notebook.session import Session
from glmkit.transport import background_loop

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from glmkit.types.replies import Reply

#: The session of each shell that has loaded the extension.
_sessions: dict[int, Session] = {}
#: The session of the shell that unloaded the extension last.
_left: Session | None = None


def of(shell: InteractiveShell) -> Session:
    """Return the shell's session."""
    return _sessions[id(shell)]


def load(shell: InteractiveShell) -> None:
    """Register magics and formatters; import the slow modules on the loop's thread."""
    unload(shell)
    session = _sessions[id(shell)] = _resumed(shell) or Session(shell)
    shell.register_magics(GLMMagics(shell, session))
    _configurables(shell).append(session.settings)
    shell.events.register("pre_run_cell", session.enter)
    shell.events.register("post_run_cell", session.mistakes.note)
    session.replay.watch()
    session.dataframe_verbs.add()
    session.plain_warnings.watch()
    progress_bar.watch(shell)
    shell.input_transformers_cleanup.append(with_body)
    completion.register(shell, session)
    _displays(shell).for_type_by_name(
        "glmkit.types.replies", "Reply", _shown_by(session)
    )
    table_outputs.register(shell)
    background_loop.submit(_warm(session, place_of(shell)))


def _resumed(shell: InteractiveShell) -> Session | None:
    """Return the session that was unloaded last, if it is the shell's.

    `%reload_ext` unloads and loads: chats, settings and client stay.
    """
    global _left
    session, _left = _left, None
    if session is None or session.shell is not shell:
        return None
    session.resume()
    return session


def _shown_by(session: Session) -> Callable[[Reply], None]:
    def show(reply: Reply) -> None:
        from glmkit.notebook import cell

        cell.show_value(session, reply)

    return show


def unload(shell: InteractiveShell) -> None:
    """Take the magics and formatters away."""
    global _left
    session = _sessions.pop(id(shell), None)
    if session is None:
        return
    _left = session
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("glm", None)
    _configurables(shell).remove(session.settings)
    shell.events.unregister("pre_run_cell", session.enter)
    shell.events.unregister("post_run_cell", session.mistakes.note)
    shell.input_transformers_cleanup.remove(with_body)
    session.leave()
    session.replay.leave()
    table_outputs.unregister(shell)
    session.dataframe_verbs.leave()
    session.plain_warnings.leave()
    progress_bar.leave()
    _displays(shell).pop("glmkit.types.replies.Reply", None)


def _configurables(shell: InteractiveShell) -> list[Any]:
    """Return what `%config` knows; IPython types the list too narrowly."""
    known: Any = shell.configurables
    return cast("list[Any]", known)


def _displays(shell: InteractiveShell) -> Any:
    """Return the formatter of values that display themselves."""
    formatter = shell.display_formatter
    assert formatter is not None  # every shell has one
    return formatter.ipython_display_formatter


async def _warm(session: Session, place: Place) -> None:
    """Import what the first call needs, on the loop's thread, and then pandas.

    A front end at that place is asked whether it shows widgets.
    """
    import glmkit.client.clients
    import glmkit.notebook.cell  # noqa: F401

    front_ends.probe(session.shell, place)
    session.dataframe_verbs.ready()
