"""One notebook's session: its settings, its client, and the order of a cell.

It wires magics, client and display; what a cell asks and shows is decided elsewhere.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glmkit.errors import GLMError, Interrupted, StandInWarning
from glmkit.notebook.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from IPython.core.interactiveshell import InteractiveShell

    from glmkit.calls import Reply, Where
    from glmkit.client import Client

#: Seconds after which the display may show what it held back.
_TICK_S = 0.04

#: The session of each shell that has loaded the extension.
_sessions: dict[int, Session] = {}


class Session:
    """What the cells of one notebook share."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.settings = Settings()
        self.settings.observe(lambda _: self.forget_client(), "endpoint")
        self._shown: Reply | None = None

    def client(self) -> Client:
        """Return the client of the settings' endpoint; also the process's default.

        What there is to say of it once (no key was found) is a plain line here.
        """
        with warnings.catch_warnings(record=True) as said:
            warnings.filterwarnings("always", category=StandInWarning)
            client = self._found()
        for one in said:
            if issubclass(one.category, StandInWarning):
                print(one.message)
            else:
                warnings.showwarning(
                    one.message, one.category, one.filename, one.lineno
                )
        return client

    def _found(self) -> Client:
        from glmkit import client, defaults

        if self.settings.endpoint is None:
            return defaults.client()
        if self._client is None:
            self._client = client.Client(self.settings.endpoint)
            defaults.use(self._client)
        return self._client

    _client: Client | None = None

    def forget_client(self) -> None:
        """Find endpoint and key anew at the next call."""
        from glmkit import defaults

        self._client = None
        defaults.use(None)

    def ask(
        self,
        prompt: str,
        options: Mapping[str, Any],
        *,
        out: str | None = None,
        stream: bool = True,
        quiet: bool = False,
    ) -> Reply:
        """Ask, show the answer in this cell, and keep the reply as `out`.

        What arrived before an error or an interrupt is shown, kept and marked.
        """
        from glmkit.calls import where

        chosen = {**self.settings.options(), **options}
        token = where.set(self.place())
        try:
            if stream and not quiet:
                reply = self._streamed(prompt, chosen)
            else:
                reply = self.client().chat(prompt, **chosen)
        except (GLMError, Interrupted) as exc:
            self._keep(out, getattr(exc, "reply", None))
            raise
        finally:
            where.reset(token)
        self._keep(out, reply)
        self._shown = reply if stream or quiet else None
        return reply

    def _streamed(self, prompt: str, options: dict[str, Any]) -> Reply:
        from glmkit.notebook.display import Display

        answering = self.client().stream(prompt, **options)
        with answering as answer, Display(self.shell) as shown:
            try:
                for batch in answer.batches(tick_s=_TICK_S):
                    shown.show(batch)
            except KeyboardInterrupt:
                answer.close()
                raise Interrupted(answer.reply) from None
            shown.end(answer.reply)
        return answer.reply

    def _keep(self, out: str | None, reply: Reply | None) -> None:
        if out is not None and reply is not None:
            self.shell.user_ns[out] = reply

    def place(self) -> Where:
        """Return notebook and cell, as far as the front end tells them."""
        from glmkit.calls import Where

        return Where(_notebook(), _cell(self.shell))

    def show_value(self, reply: Reply) -> None:
        """Show a reply that is a cell's value, unless the cell has just shown it."""
        shown, self._shown = self._shown, None
        if shown is not reply:
            from glmkit.notebook.display import Display

            Display(self.shell).whole(reply)


def _notebook() -> str:
    """Return the notebook's file name: Jupyter's servers name it for the kernel."""
    path = os.environ.get("JPY_SESSION_NAME", "")
    return Path(path).name if path.endswith(".ipynb") else ""


def _cell(shell: InteractiveShell) -> str:
    """Return the cell's id, else the number of the execution."""
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    cell = (parent.get("metadata") or {}).get("cellId")
    return str(cell or f"In[{shell.execution_count}]")


def of(shell: InteractiveShell) -> Session:
    """Return the shell's session."""
    return _sessions[id(shell)]


def load(shell: InteractiveShell) -> None:
    """Register magics and formatters, and warm the slow imports meanwhile."""
    from glmkit import loop
    from glmkit.notebook.magics import GLMMagics

    session = _sessions.setdefault(id(shell), Session(shell))
    shell.register_magics(GLMMagics(shell, session))
    _displays(shell).for_type_by_name("glmkit.calls", "Reply", session.show_value)
    loop.submit(_warm())


def unload(shell: InteractiveShell) -> None:
    """Take the magics and formatters away."""
    _sessions.pop(id(shell), None)
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("glm", None)
    _displays(shell).pop("glmkit.calls.Reply", None)


def _displays(shell: InteractiveShell) -> Any:
    """Return the formatter of values that display themselves."""
    formatter = shell.display_formatter
    assert formatter is not None  # every shell has one
    return formatter.ipython_display_formatter


async def _warm() -> None:
    """Import what the first call needs, on the loop's thread."""
    import glmkit.client
    import glmkit.notebook.display  # noqa: F401
