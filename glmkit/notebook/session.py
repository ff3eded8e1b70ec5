"""One notebook's session: its settings, its client, its chats, the order of a cell.

It wires magics, client and display; what a cell asks and shows is decided elsewhere.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from glmkit.notebook.caught_warnings import Cautions
from glmkit.notebook.cell_errors import Mistakes
from glmkit.notebook.conversations import Chats
from glmkit.notebook.namespace import Scope
from glmkit.notebook.replay import Replay
from glmkit.notebook.settings import GLM
from glmkit.types.errors import GLMError, Interrupted, StandInWarning

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from glmkit.client.clients import Client
    from glmkit.config.keys import Key
    from glmkit.notebook.asker import Asked
    from glmkit.notebook.question import Asking
    from glmkit.types.replies import Reply, Where

#: The session of each shell that has loaded the extension.
_sessions: dict[int, Session] = {}


class Session:
    """What the cells of one notebook share."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.settings = GLM(parent=shell)
        self.settings.observe(lambda _: self.forget_client(), "endpoint")
        if self.settings.endpoint:
            self.forget_client()
        self.chats = Chats()
        self.mistakes = Mistakes()
        self.replay = Replay(shell, self.place)
        self._shown: Reply | None = None
        self._last: tuple[Reply, Asked] | None = None

    def client(self) -> Client:
        """Return the process's client, which is of the settings' endpoint.

        What there is to say of it once (no key was found) is a plain line here.
        """
        from glmkit.client import default

        with warnings.catch_warnings(record=True) as said:
            warnings.filterwarnings("always", category=StandInWarning)
            client = default.client()
        for one in said:
            if issubclass(one.category, StandInWarning):
                print(one.message)
            else:
                warnings.showwarning(
                    one.message, one.category, one.filename, one.lineno
                )
        return client

    def forget_client(self, key: Key | None = None) -> None:
        """Find endpoint and key anew at the next call; a `key` is the endpoint's."""
        from glmkit.client import default
        from glmkit.client.clients import Client

        endpoint = self.settings.endpoint
        default.forget(partial(Client, endpoint, key) if endpoint else Client)

    def use_key(self, endpoint: str, key: Key) -> None:
        """Use a key with its endpoint until the kernel ends."""
        self.settings.endpoint = endpoint
        self.forget_client(key)
        self.client()

    def names(self) -> Scope:
        """Return the names that a prompt may use."""
        return Scope(self.shell, {"Err": self.mistakes})

    def ask(self, asking: Asking) -> Reply | None:
        """Ask, show the answer in this cell, and keep the reply as `asking.out`.

        What arrived before an error or an interrupt is shown, kept and marked. A dry
        run shows what would be sent, and returns None.
        """
        from glmkit.notebook import asker

        with Cautions() as cautions:
            asked = asker.prepared(self, asking)
            asked.cautions = cautions
            if asking.dry_run:
                from glmkit.notebook import dry_run

                dry_run.show(asked)
                return None
            return self._asked(asked, asking)

    def _asked(self, asked: Asked, asking: Asking) -> Reply:
        from glmkit.client.replay import for_this

        try:
            with self.here(asking.tag), for_this(asking.replay):
                reply = self._answered(asked, asking)
        except (GLMError, Interrupted) as exc:
            self._keep(asking.out, getattr(exc, "reply", None))
            raise
        self._keep(asking.out, reply)
        self._shown, self._last = reply, (reply, asked)
        if asking.format == "code":
            self._offer(reply)
        return reply

    def _answered(self, asked: Asked, asking: Asking) -> Reply:
        from glmkit.notebook.output import Display, read

        if asking.quiet:
            return asked.whole()
        if not asking.stream:
            reply = asked.whole()
            Display(self.shell, view=asked.view, about=asked.about()).whole(reply)
            return reply
        shown = Display(self.shell, view=asked.view, about=asked.about())
        return read(asked.stream(), shown, lambda _: asked.about())

    def enter(self, info: Any) -> None:
        """Let every call of the cell that begins know its place; a tag stays."""
        from glmkit.types.replies import where

        where.set(self.place())

    def leave(self) -> None:
        """Forget the place: no cell is followed any more."""
        from glmkit.types.replies import Where, where

        where.set(Where())

    def asked(self, reply: Reply) -> Asked | None:
        """Return what a cell asked for a reply, as long as it is the last one."""
        if self._last is None or self._last[0].calls[-1].id != reply.calls[-1].id:
            return None
        return self._last[1]

    def rerun(self, reply: Reply, model: str | None) -> Reply:
        """Ask the same again, or of another model, and show it in this cell."""
        from glmkit.notebook import reruns

        with Cautions() as cautions, self.here(reply.calls[-1].where.tag):
            again = reruns.rerun(self, reply, model, cautions)
        self._shown = again
        return again

    def _keep(self, out: str | None, reply: Reply | None) -> None:
        if out is not None and reply is not None:
            self.shell.user_ns[out] = reply

    def _offer(self, reply: Reply) -> None:
        """Put the code of an answer into a new cell, where the front end can."""
        from glmkit.render.answer.views import code_of

        if reply.complete:
            self.shell.set_next_input(code_of(reply.text), replace=False)

    @contextmanager
    def here(self, tag: str | None = None) -> Iterator[None]:
        """Let what is made in here know this cell; without a `tag` that of before."""
        from glmkit.types.replies import where

        token = where.set(self.place(tag))
        try:
            yield
        finally:
            where.reset(token)

    def place(self, tag: str | None = None) -> Where:
        """Return notebook and cell, as far as the front end tells them."""
        from glmkit.types.replies import Where, where

        return Where(_notebook(), _cell(self.shell), tag or where.get().tag)

    def show_value(self, reply: Reply) -> None:
        """Show a reply that is a cell's value, unless the cell has just shown it."""
        from glmkit.notebook import terminal
        from glmkit.notebook.output import Display

        shown, self._shown = self._shown, None
        if shown is not reply:
            Display(self.shell).whole(reply)
        elif not hasattr(self.shell, "kernel") and terminal.wanted(self.shell):
            sys.stdout.write(terminal.unprompted())


def _notebook() -> str:
    """Return the notebook's file name: Jupyter's servers name it for the kernel."""
    path = os.environ.get("JPY_SESSION_NAME", "")
    return Path(path).name if path.endswith(".ipynb") else ""


def _cell(shell: InteractiveShell) -> str:
    """Return the cell's id, else the number of the execution."""
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    cell = (parent.get("metadata") or {}).get("cellId")
    # Newer IPythons count the shell's number on before the cell runs; the display
    # hook knows in all of them.
    hook: Any = shell.displayhook
    return str(cell or f"In[{hook.prompt_count}]")


def of(shell: InteractiveShell) -> Session:
    """Return the shell's session."""
    return _sessions[id(shell)]


def load(shell: InteractiveShell) -> None:
    """Register magics and formatters, and warm the slow imports meanwhile."""
    from glmkit.notebook import completion
    from glmkit.notebook.magics import GLMMagics
    from glmkit.transport import background_loop

    unload(shell)
    session = _sessions[id(shell)] = Session(shell)
    shell.register_magics(GLMMagics(shell, session))
    _configurables(shell).append(session.settings)
    shell.events.register("pre_run_cell", session.enter)
    shell.events.register("post_run_cell", session.mistakes.note)
    session.replay.watch()
    completion.register(shell, session)
    _displays(shell).for_type_by_name(
        "glmkit.types.replies", "Reply", session.show_value
    )
    background_loop.submit(_warm())


def unload(shell: InteractiveShell) -> None:
    """Take the magics and formatters away."""
    session = _sessions.pop(id(shell), None)
    if session is None:
        return
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("glm", None)
    _configurables(shell).remove(session.settings)
    shell.events.unregister("pre_run_cell", session.enter)
    shell.events.unregister("post_run_cell", session.mistakes.note)
    session.leave()
    session.replay.leave()
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


async def _warm() -> None:
    """Import what the first call needs, on the loop's thread."""
    import glmkit.client.clients
    import glmkit.notebook.asker
    import glmkit.notebook.output  # noqa: F401
