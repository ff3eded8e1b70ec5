"""Several answers to one prompt, side by side: shared by Compare and the theatre."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial
from threading import Condition
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
import traitlets

from glmkit import render
from glmkit.catalog import tokens
from glmkit.client.call.streams import Stream
from glmkit.config.privacy import private
from glmkit.render.page import FRAME
from glmkit.types.errors import ConfigError
from glmkit.types.replies import where
from glmkit.types.requests import check_names
from glmkit.types.translation import _
from glmkit_widgets.columns.results import AnswerResult, facts, result_of, to_frame
from glmkit_widgets.shared.answer_runner import AnswerRun
from glmkit_widgets.shared.throttled_worker import ThrottledWorker
from glmkit_widgets.shared.widget import GLMWidget

if TYPE_CHECKING:
    import pandas as pd

    from glmkit.client.clients import Client

#: Seconds between two updates of the facts below growing answers.
_LOOK_S = 0.4
#: Characters of the prompt that the saved picture shows.
_LONGEST = 2_000


class Settings(Protocol):
    """The options that a widget does not set itself, such as a notebook's settings."""

    def options(self) -> dict[str, Any]:
        """Return what is set, by the names of `Client.chat`."""
        ...


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One answer to ask for.

    Columns of one `group` stand below one another, under their `heading`.
    """

    key: str
    group: str
    title: str
    options: Mapping[str, Any]
    heading: str = ""
    repeat: int = 1


class Columns(GLMWidget):
    """A prompt, and several answers to it that stream at once.

    `_plan` decides how the answers differ. The first display of a widget with a prompt
    asks; `.run()` asks again. `.value` is the tuple of results.
    """

    prompt = traitlets.Unicode("").tag(sync=True)
    columns: traitlets.List[Any] = traitlets.List(read_only=True).tag(sync=True)

    def __init__(
        self,
        prompt: str,
        client: Client | None,
        settings: Settings | None,
        options: dict[str, Any],
        **traits: Any,
    ) -> None:
        check_names(options)
        self._settings = settings
        self._options = options
        self._place = where.get()
        self._columns: list[Column] = []
        self._under_way: dict[str, AnswerRun] = {}
        self._results: dict[str, AnswerResult] = {}
        self._ended: dict[str, str] = {}
        self._began = False
        self._idle = Condition()
        self._look = ThrottledWorker(self._grew, _LOOK_S)
        super().__init__(client, prompt=prompt, **traits)
        self._replan()

    def run(self) -> None:
        """Ask for all answers at once; returns at once. Raises ConfigError."""
        with self._lock:
            if self._under_way:
                raise ConfigError(
                    _("the last run is not finished"),
                    hint=_("Wait until it ends, or stop it."),
                )
            if not self.prompt.strip():
                raise ConfigError(
                    _("the prompt is empty"), hint=_("Write a prompt, then run it.")
                )
            self._began = True
            self._results.clear()
            self._ended.clear()
            self._replan()
            self.set_trait("value", ())
            place = where.set(self._place)
            try:
                self._under_way = {
                    column.key: self._begin(column) for column in self._columns
                }
            finally:
                where.reset(place)
            self._show()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until all answers have ended; False where `seconds` pass first."""
        with self._idle:
            self._idle.wait_for(lambda: not self._under_way or self._closed, seconds)
            return not self._under_way

    def to_frame(self) -> pd.DataFrame:
        """Return the results as a DataFrame, one row per answer."""
        return to_frame(self.value or ())

    def _leave(self) -> None:
        self._look.close()
        with self._idle:
            self._idle.notify_all()

    def _plan(self) -> Sequence[Column]:
        """Return the answers to ask for. Raises ConfigError."""
        raise NotImplementedError

    def _chosen(self) -> dict[str, Any]:
        """Return the options of every answer."""
        held = {} if self._settings is None else self._settings.options()
        return {**held, **self._options}

    def _replan(self) -> None:
        self._columns = list(self._plan())
        self._show()

    def _begin(self, column: Column) -> AnswerRun:
        self.feed(column.key).forget()
        return self.begin(
            column.key,
            partial(self._open, column),
            partial(self._end, column),
            grew=self._look.ask,
            badged=False,
        )

    def _open(self, column: Column) -> Stream:
        return self.client.stream(self.prompt, **column.options)

    def _end(self, column: Column, run: AnswerRun) -> None:
        """Keep the result of an answer; under the lock, on the thread of its run."""
        self._results[column.key] = result_of(
            run,
            _model_of(column, run),
            temperature=column.options.get("temperature"),
            repeat=column.repeat,
        )
        self._ended[column.key] = run.html
        with self._idle:
            self._under_way.pop(column.key, None)
            self._idle.notify_all()
        self._tell()

    def _tell(self) -> None:
        """Publish the results there are, in the order of the columns."""
        found = [self._results.get(column.key) for column in self._columns]
        self.set_trait("value", tuple(each for each in found if each is not None))
        self._show()

    def _grew(self) -> None:
        """Say what is known of answers that are under way; called now and then."""
        with self._lock:
            if self._under_way and not self._closed:
                self._show()

    def _show(self) -> None:
        with self._lock:
            self.set_trait("columns", [self._row(column) for column in self._columns])

    def _row(self, column: Column) -> dict[str, Any]:
        """Return what the page shows around an answer."""
        return {
            "key": column.key,
            "group": column.group,
            "heading": column.heading,
            "title": self._title(column),
            "state": self._state(column.key),
            "facts": self._facts(column.key),
        }

    def _title(self, column: Column) -> str:
        return column.title

    def _state(self, key: str) -> str:
        if run := self._under_way.get(key):
            if run.stopping:
                return "stopping"
            return "waiting" if run.arrived_at is None else "running"
        result = self._results.get(key)
        return "idle" if result is None else result.state

    def _facts(self, key: str) -> list[tuple[str, str]]:
        if result := self._results.get(key):
            return facts(result)
        run = self._under_way.get(key)
        return [] if run is None else _so_far(run)

    def _do(self, name: str, content: dict[str, Any]) -> None:
        match name, content:
            case "run", {"prompt": str(prompt)}:
                self.prompt = prompt
                self.run()
            case "stop", {"key": str(key)}:
                self._stop(self._under_way.get(key))
            case "stop", _:
                self.stop()
                self._show()
            case _:
                raise ConfigError(_("the widget cannot do {name!r}", name=name))

    def _stop(self, run: AnswerRun | None) -> None:
        if run is not None:
            run.stop()
            self._show()

    def _ipython_display_(self) -> None:
        super()._ipython_display_()
        if self.prompt.strip() and not self._began:
            self.run()

    def _draw(self) -> tuple[str, str]:
        """Return all answers, each with its title and its facts.

        With GLMKIT_PRIVACY the prompt and the answers are left out.
        """
        prompt = self.prompt[:_LONGEST] + ("…" if self.prompt[_LONGEST:] else "")
        if private():
            prompt = _("GLMKIT_PRIVACY keeps prompt and answers out of the notebook.")
        title = f"<h4>{render.escaped(prompt)}</h4>" if prompt else ""
        head, above = self._above()
        parts = [self._pictured(column) for column in self._columns]
        html = "".join(html for html, _plain in parts)
        style = f"<style>{render.style()}</style>"
        plain = "\n\n".join(
            filter(None, [prompt, above, *(plain for _html, plain in parts)])
        )
        return f'{style}{title}{head}<div class="panels">{html}</div>', plain

    def _above(self) -> tuple[str, str]:
        """Return what the picture shows between the prompt and the answers."""
        return "", ""

    def _pictured(self, column: Column) -> tuple[str, str]:
        title = ", ".join(filter(None, (column.heading, self._title(column))))
        line = " · ".join(f"{name} {text}" for name, text in self._facts(column.key))
        result = None if private() else self._results.get(column.key)
        answer = "" if private() else self._ended.get(column.key, "")
        html = (
            f"<div><h4>{render.escaped(title)}</h4>"
            f'<div class="{FRAME}">{answer}</div>'
            f"<p>{render.escaped(line)}</p></div>"
        )
        text = "" if result is None else result.text or result.error
        return html, "\n".join(part for part in (title, text, line) if part)


def _so_far(run: AnswerRun) -> list[tuple[str, str]]:
    """Return the facts of an answer that is not finished."""
    if run.arrived_at is None:
        return []
    count = tokens.estimate(run.text).tokens
    seconds = time.monotonic() - run.arrived_at
    facts = [("Tokens", _("about {count:,} so far", count=count))]
    if seconds > 1:
        facts.append(("Speed", f"{count / seconds:.0f} tokens/s"))
    return facts


def _model_of(column: Column, run: AnswerRun) -> str:
    """Return the model that was asked; "" where the default is not known."""
    asked = column.options.get("model")
    return str(asked or (run.reply.calls[0].model if run.reply else ""))
