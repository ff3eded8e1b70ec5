"""The state of one notebook: settings, client, chats, errors, replay, last reply."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from glmkit.notebook import notebook_file
from glmkit.notebook.caught_warnings import PlainWarnings
from glmkit.notebook.cell_errors import Mistakes
from glmkit.notebook.conversations import Chats
from glmkit.notebook.dataframe_verbs import DataFrameVerbs
from glmkit.notebook.namespace import Scope
from glmkit.notebook.replay import Replay
from glmkit.notebook.settings import GLM
from glmkit.types.plain_text import say

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from glmkit.client.clients import Client
    from glmkit.config.keys import Key
    from glmkit.notebook.question import Prepared
    from glmkit.types.replies import Reply, Where


class Session:
    """What the cells of one notebook share."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.settings = GLM(parent=shell)
        self._profile = self._profiled()
        self.settings.observe(lambda _: self.forget_client(), "endpoint")
        if self.settings.endpoint:
            self.forget_client()
        self.chats = Chats()
        self.mistakes = Mistakes()
        self.replay = Replay(shell, self.place)
        self.dataframe_verbs = DataFrameVerbs(shell)
        self.plain_warnings = PlainWarnings()
        #: The reply that the last cell showed: it is not shown again as its value.
        self.shown: Reply | None = None
        self._last: tuple[Reply, Prepared] | None = None

    def resume(self) -> None:
        """Go on after the extension was loaded again: take what the profile changed."""
        if self._profile != self._profiled():
            self._profile = self._profiled()
            self.settings.update_config(self.shell.config)

    def _profiled(self) -> dict[str, Any]:
        return dict(self.shell.config.get("GLM", {}))

    def client(self) -> Client:
        """Return the process's client, made for the settings' endpoint.

        A notice about keys (none was found) is printed as a plain line.
        """
        from glmkit.client import default
        from glmkit.config.keys import notices

        with notices(say):
            return default.client()

    def forget_client(self, key: Key | None = None) -> None:
        """Look up endpoint and key again at the next call; `key` is the endpoint's."""
        from glmkit.client import default
        from glmkit.client.clients import Client

        endpoint = self.settings.endpoint
        default.forget(partial(Client, endpoint, key) if endpoint else Client)

    def use_key(self, endpoint: str, key: Key) -> None:
        """Use a key with its endpoint until the kernel ends."""
        self.settings.endpoint = endpoint
        self.forget_client(key)
        self.client()

    def names(self, caller: Mapping[str, Any] | None = None) -> Scope:
        """Return the names that a prompt may use, with the locals of a `caller`."""
        errors = {"Err": self.mistakes} if self.mistakes.any else {}
        return Scope(self.shell, errors, caller)

    def enter(self, info: Any) -> None:
        """Set the call site for the cell that begins; a tag stays."""
        from glmkit.types.replies import where

        where.set(self.place())

    def leave(self) -> None:
        """Clear the current call site."""
        from glmkit.types.replies import Where, where

        where.set(Where())

    def answered(self, reply: Reply, prepared: Prepared) -> None:
        """Keep what the last cell asked and showed."""
        self.shown, self._last = reply, (reply, prepared)

    def prepared(self, reply: Reply) -> Prepared | None:
        """Return what a cell asked for a reply, as long as it is the last one."""
        if self._last is None or self._last[0].calls[-1].id != reply.calls[-1].id:
            return None
        return self._last[1]

    @contextmanager
    def here(self, tag: str | None = None) -> Iterator[None]:
        """Set this cell as the call site in the `with`; `tag` None keeps the tag."""
        from glmkit.types.replies import where

        token = where.set(self.place(tag))
        try:
            yield
        finally:
            where.reset(token)

    def place(self, tag: str | None = None) -> Where:
        """Return notebook and cell, as far as the front end names them."""
        from glmkit.types.replies import Where, where

        path = notebook_file.path_of(self.shell)
        notebook = path.name if path else ""
        return Where(notebook, _cell(self.shell), tag or where.get().tag)


def _cell(shell: InteractiveShell) -> str:
    """Return the cell's id, else the number of the execution."""
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    cell = (parent.get("metadata") or {}).get("cellId")
    # Newer IPythons count the shell's number on before the cell runs; the display
    # hook knows in all of them.
    hook: Any = shell.displayhook
    return str(cell or f"In[{hook.prompt_count}]")
