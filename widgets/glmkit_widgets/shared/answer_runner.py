"""Asks for one answer of a widget, on a thread of its own, and shows it."""

from __future__ import annotations

import contextvars
import time
from collections.abc import Callable
from threading import Event, Thread

import msgspec

from glmkit.client.call.streams import Stream
from glmkit.render.answer import Rendering
from glmkit.render.answer.badge import NOTHING, About, badge_of, partial_of
from glmkit.render.answer.pace import Pace
from glmkit.render.answer.views import MARKDOWN, View
from glmkit.render.page import wrapped
from glmkit.transport.background_loop import SETTLE_S
from glmkit.types.errors import Interrupted, told_of
from glmkit.types.plain_text import escaped
from glmkit.types.replies import Reply
from glmkit.types.translation import _
from glmkit_widgets.shared.feed import Feed


class AnswerRun:
    """Asks, shows the answer while it streams, and shows the finished answer.

    `open` returns the stream; it is called on the thread of the run, so that the tools
    of a conversation run there. `ended(run)` is called on that thread at the end in
    any case: `.reply` holds what arrived, or None, and `.error` says why the answer is
    not complete. `grew()` is called there whenever more is shown. `badged` False
    leaves out the line with tokens and cost.

    The reply is kept first and shown second: where it cannot be shown, what is shown
    is its plain text.
    """

    def __init__(
        self,
        feed: Feed,
        open: Callable[[], Stream],
        ended: Callable[[AnswerRun], None] = lambda run: None,
        *,
        view: View = MARKDOWN,
        about: Callable[[], About] = lambda: NOTHING,
        grew: Callable[[], None] = lambda: None,
        badged: bool = True,
    ) -> None:
        self._feed = feed
        self._open = open
        self._ended = ended
        self._view = view
        self._about = about
        self._grew = grew
        self._badged = badged
        self._rendering = Rendering(view.fence)
        self._stream: Stream | None = None
        self._stop = Event()
        self._done = Event()
        self.reply: Reply | None = None
        self.error: BaseException | None = None
        #: When the first text arrived, by `time.monotonic`.
        self.arrived_at: float | None = None
        #: The finished answer in the page; in a saved notebook, without the request.
        self.html = self.saved = ""
        self._shows = True

    def start(self) -> None:
        """Start; returns at once."""
        context = contextvars.copy_context()
        Thread(
            target=context.run, args=(self._run,), name="glmkit widget", daemon=True
        ).start()

    @property
    def running(self) -> bool:
        """Whether the answer has not ended."""
        return not self._done.is_set()

    @property
    def text(self) -> str:
        """The answer's text so far."""
        return self._rendering.text

    @property
    def stopping(self) -> bool:
        """Whether it was stopped; its thread may still run."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Close the connection and keep what arrived; may be called from any thread."""
        self._stop.set()
        if self._stream is not None:
            self._stream.close()

    def wait(self, seconds: float = SETTLE_S) -> bool:
        """Wait until it has ended; False where `seconds` pass first."""
        return self._done.wait(seconds)

    def _run(self) -> None:
        try:
            self._read()
        except BaseException as exc:  # a stop cancels; anything else is shown
            self.error = exc
        try:
            self._keep()
            self._render()
            try:
                self._feed.end(self.html)
            finally:
                self._ended(self)
        finally:
            self._done.set()

    def _read(self) -> None:
        if self._stop.is_set():
            return
        pace = Pace(self._rendering, self._show, self._rendering.pause_s)
        with self._open() as self._stream:
            pace.follow(self._stream, self._stop.is_set)

    def _show(self) -> None:
        """Show what is new; a fault in here must not end a stream that is paid for."""
        if not self._shows:
            return
        if self.arrived_at is None and self._rendering.size:
            self.arrived_at = time.monotonic()
        try:
            self._feed.follow(self._rendering)
            self._grew()
        except Exception:
            self._shows = False  # the finished answer is shown in any case

    def _keep(self) -> None:
        """Keep what arrived."""
        arrived = self._stream.reply if self._stream is not None else None
        self.reply = arrived if arrived is not None and arrived.calls else None
        if self._stop.is_set():
            self.error = Interrupted(self.reply)

    def _render(self) -> None:
        """Make the HTML of the finished answer."""
        failed = self.error if isinstance(self.error, Exception) else None
        below = wrong(failed) if failed else ""
        try:
            self.html, self.saved = (html + below for html in self._finished())
        except Exception as exc:
            self.html = self.saved = f"{wrapped(self.text)}{unshown(exc)}{below}"

    def _finished(self) -> tuple[str, str]:
        partial = partial_of(self.reply, self.error)
        if self.reply is None:
            html = self._rendering.inside(None, partial)
            return html, html
        badge = badge_of(self.reply, self._about()) if self._badged else None
        shown = None if self.error else self._view.shown(self.reply)
        html = self._rendering.inside(badge, partial, shown)
        if badge is None or not badge.request:
            return html, html
        short = msgspec.structs.replace(badge, request="")
        return html, self._rendering.inside(short, partial, shown)


def unshown(error: Exception) -> str:
    """Return why an answer stands as plain text, as HTML."""
    reason = _(
        "The answer is shown as plain text: {kind} while it was formatted.",
        kind=type(error).__name__,
    )
    return f'<p class="glmkit-partial">{escaped(reason)}</p>'


def wrong(error: Exception) -> str:
    """Return an error as HTML: what happened, and the next step."""
    message, hint = told_of(error)
    step = f'<p class="glmkit-hint">{escaped(hint)}</p>' if hint else ""
    inside = f"<p>{escaped(message)}</p>{step}"
    return f'<div class="glmkit-wrong" role="alert">{inside}</div>'
