"""What the widgets share: messages from the page, answers, a static picture."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from glmkit.client import default
from glmkit.client.call.streams import Stream
from glmkit.config.endpoints import LOCAL, Endpoint, default_model, endpoint_of
from glmkit.config.keys import notices
from glmkit.types.errors import told_of
from glmkit.types.plain_text import say
from glmkit_widgets.shared.answer_runner import AnswerRun
from glmkit_widgets.shared.feed import Feed
from glmkit_widgets.shared.static_picture import StaticPicture

if TYPE_CHECKING:
    from glmkit.client.clients import Client


Ended = Callable[[AnswerRun], None]


def own_client() -> Client:
    """Return the process's client; a notice that no key was found is a plain line."""
    with notices(say):
        return default.client()


class GLMWidget(anywidget.AnyWidget):
    """A widget whose page sends what the user did, and shows answers.

    A page sends `{"do": NAME, "id": ..., ...}`; `_do` does it, on the thread on which
    the kernel receives it, under `_lock`. An error is shown in place. `client` None is
    the process's own, looked up at the first question. No text of a model and no key
    is kept in a trait: answers travel as messages, and the saved notebook has the
    picture that `_draw` returns.

    A subclass sets its own attributes before it calls `super().__init__`, and ends
    what it started in `_leave`.
    """

    value: Any = traitlets.Any(read_only=True)

    #: True until the widget is made, and again once it is closed.
    _closed = True

    def __init__(self, client: Client | None = None, **traits: Any) -> None:
        self._client = client
        self._lock = RLock()
        self._feeds: dict[str, Feed] = {}
        self._runs: dict[str, AnswerRun] = {}
        self._still = StaticPicture(self._drawn)
        super().__init__(**traits)
        self._closed = False
        self.on_msg(self._heard)

    @property
    def client(self) -> Client:
        """The client that sends the questions."""
        return self._client or own_client()

    @property
    def _known(self) -> Client | None:
        """The client that sends the questions, if there is one already."""
        return self._client or default.made()

    def _endpoint(self, settings: object) -> Endpoint | None:
        """Return where calls go, as far as that is known without a client."""
        if client := self._known:
            return client.access.endpoint
        named = getattr(settings, "endpoint", None)
        return endpoint_of(named) if named else None

    def _unchosen(self, endpoint: Endpoint | None) -> str:
        """Return the model that answers where none is chosen."""
        own = self._known.model if self._known else None
        return own or default_model(endpoint or LOCAL)

    def stop(self) -> None:
        """Stop the running answers, and keep what arrived; returns at once."""
        for run in list(self._runs.values()):
            run.stop()

    def close(self) -> None:
        """Stop what runs, and remove the views."""
        if not self._closed:  # the garbage collector calls it again
            with self._lock:
                self._closed = True
            self.stop()
            self._leave()
            self._still.close()
        super().close()

    def _leave(self) -> None:
        """End what a subclass started."""

    def feed(self, key: str) -> Feed:
        """Return the answer of that key, as views show it."""
        with self._lock:
            return self._feeds.setdefault(key, Feed(self.send, key))

    def begin(
        self,
        key: str,
        open: Callable[[], Stream],
        ended: Ended = lambda run: None,
        **options: Any,
    ) -> AnswerRun:
        """Ask, and show the answer under its key; see `AnswerRun`."""
        with self._lock:
            run = AnswerRun(self.feed(key), open, self._settled(key, ended), **options)
            self._runs[key] = run
            run.start()
            return run

    def _settled(self, key: str, ended: Ended) -> Ended:
        def settled(run: AnswerRun) -> None:
            with self._lock:
                if self._runs.get(key) is run:
                    del self._runs[key]
                if not self._closed:
                    ended(run)
                    # More changes come while others run; the last one must not wait.
                    self._still.update(now=not self._runs)

        return settled

    def _heard(self, _widget: object, content: Any, _buffers: object) -> None:
        match content:
            case {"answer": str(key), "n": n}:
                self.feed(key).heard(n)
            case {"do": str(name), "id": str(mark)}:
                self.send({"heard": mark})
                try:
                    with self._lock:
                        self._do(name, content)
                except Exception as exc:
                    self._refuse(exc)
            case _:
                pass

    def _refuse(self, error: Exception) -> None:
        """Show in place why something was not done."""
        message, hint = told_of(error)
        self.send({"refused": message, "hint": hint})

    def _do(self, name: str, content: dict[str, Any]) -> None:
        """Do what the user asked for in the page."""
        raise NotImplementedError

    def _drawn(self) -> tuple[str, str]:
        with self._lock:
            return self._draw()

    def _draw(self) -> tuple[str, str]:
        """Return the picture of the last state: safe HTML, and plain text.

        With GLMKIT_PRIVACY it has numbers, and no text of a prompt or an answer.
        """
        raise NotImplementedError

    def _ipython_display_(self) -> None:
        self._still.show(self.model_id)
