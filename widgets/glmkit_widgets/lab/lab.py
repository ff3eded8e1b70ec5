"""Try one prompt on a table of inputs, with several models and temperatures."""

from __future__ import annotations

import time
from collections.abc import Sequence
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

import traitlets

from glmkit.tables import grid, inputs
from glmkit.tables.grid import Cell, CellResult, Grid
from glmkit.tables.inputs import Inputs, inputs_of
from glmkit.tables.runner import CallRunner, asking
from glmkit.types.errors import ConfigError, GLMError
from glmkit.types.replies import where
from glmkit.types.requests import check_names
from glmkit.types.translation import _
from glmkit_widgets.controls.model_list import choices
from glmkit_widgets.lab import views
from glmkit_widgets.lab.all_rows import AllRows, LabQuestion
from glmkit_widgets.shared.arguments import names_of, numbers_of
from glmkit_widgets.shared.assets import module, style
from glmkit_widgets.shared.throttled_worker import ThrottledWorker
from glmkit_widgets.shared.widget import GLMWidget

if TYPE_CHECKING:
    import pandas as pd

    from glmkit.client.clients import Client

#: Cells of one run; larger tables are for `df.glm`.
_MOST = 20_000
#: Seconds between two messages to the page.
_PAUSE_S = 0.25
_PLANNED = ("template", "models", "temperatures", "tried")


class PromptLab(GLMWidget):
    """Try a prompt template on every input, with each model at each temperature.

    `template` is a prompt in which `{column}` is replaced by an input's value; `inputs`
    a DataFrame, a list of dicts, a dict of lists, or the path of a CSV file (None: the
    template is sent as it is). `models` empty is the default one, `temperatures` empty
    the service's default; `settings` has an `options()` for what is not set here, and
    `options` are those of `Client.chat`. `client` None is the process's own.

    `tried` is how many of the first rows are asked, 0 for all; "Run on all rows" asks
    the whole table by `df.glm.map`, once its price is confirmed, and `.result` is the
    new frame. `.run()`, `.stop()`, `.retry()` (what failed or was not asked) and
    `.wait()` do what the page does. `.frame` has a row for each input x model x
    temperature that is tried; `.value` counts by state. Raises ConfigError.

    >>> lab = PromptLab("Where is {city}?", {"city": ["Bonn", "Ulm"]}, ["glm-4-plus"])
    >>> lab.frame[["city", "model", "error"]].values.tolist()[0]
    ['Bonn', 'glm-4-plus', 'not asked: waiting']
    >>> lab.close()
    """

    _esm = module(
        "shared/dom", "shared/live", "shared/cells", "shared/copying",
        "lab/fields", "lab/results", "lab/all_rows", "lab/lab",
    )  # fmt: skip
    _css = style("shared/live", "shared/ground", "lab/lab")

    template = traitlets.Unicode("").tag(sync=True)
    models: traitlets.List[Any] = traitlets.List(traitlets.Unicode()).tag(sync=True)
    temperatures: traitlets.List[Any] = traitlets.List(
        traitlets.Float(min=0, max=1)
    ).tag(sync=True)
    choices: traitlets.List[Any] = traitlets.List().tag(sync=True)
    tried = traitlets.Int(0, min=0).tag(sync=True)
    #: The estimate of a run, its progress, and the verb over all rows.
    plan: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    progress: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    whole: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        template: str = "",
        inputs: Any = None,
        models: Sequence[str] = (),
        temperatures: Sequence[float] = (),
        client: Client | None = None,
        settings: Any = None,
        tried: int = 0,
        **options: Any,
    ) -> None:
        traits = {name: options.pop(name) for name in {*options} & {"layout"}}
        check_names(options)
        self._settings, self._options = settings, options
        self._place = where.get()
        self._source, self._table = inputs, inputs_of(inputs)
        self._all_rows = AllRows(self._show_whole, self._refuse, self._place)
        self._asked: Grid | None = None
        self._results: list[CellResult] = []
        self._news, self._news_lock = set[int](), Lock()
        self._runner: CallRunner | None = None
        self._began, self._before = 0.0, 0
        self._shown = Event()
        self._shown.set()
        self._planning = ThrottledWorker(self._plan, _PAUSE_S)
        self._showing = ThrottledWorker(self._show, _PAUSE_S)
        super().__init__(
            client,
            template=template,
            models=names_of(models),
            temperatures=numbers_of(temperatures),
            choices=list(choices()),
            tried=tried,
            **traits,
        )
        self._plan()
        self._tell()
        self.observe(lambda _: self._planning.ask(), list(_PLANNED))

    @property
    def inputs(self) -> Inputs:
        """The table; it can be set to whatever the class takes."""
        return self._table

    @inputs.setter
    def inputs(self, source: Any) -> None:
        self._source, self._table = source, inputs_of(source)
        self.send({"inputs": views.inputs(self._table)})
        self._plan()

    @property
    def frame(self) -> pd.DataFrame:
        """The result as a DataFrame, one row for each cell, asked or not."""
        asked = self._asked or self._grid()
        held = self._results or [CellResult()] * len(asked)
        return grid.frame(asked, held)

    @property
    def result(self) -> pd.DataFrame | None:
        """What "Run on all rows" has answered, as a new frame; None before it."""
        return self._all_rows.frame

    def run(self) -> None:
        """Ask all cells again; returns at once. Raises ConfigError."""
        asked = self._grid()
        if not asked.template.strip():
            raise ConfigError(
                _("the template is empty"), hint=_("Write a prompt, then run it.")
            )
        if len(asked) > _MOST:
            raise ConfigError(
                _("{count:,} cells are too many for the prompt lab", count=len(asked)),
                hint=_("Try the first rows (`lab.tried = 20`), then run on all rows."),
            )
        self._check_free()
        self._asked, self._results = asked, [CellResult()] * len(asked)
        self.send(views.begun(asked))
        self._begin(range(len(asked)))

    def retry(self) -> None:
        """Ask again what failed, was stopped or not asked. Raises ConfigError."""
        self._check_free()
        left = [n for n, r in enumerate(self._results) if r.state != "done"]
        if not left:
            raise ConfigError(
                _("there is nothing to ask again"), hint=_("Run the prompt lab first.")
            )
        for number in left:
            self._results[number] = CellResult()
        self._begin(left)

    def stop(self) -> None:
        """Stop the run and keep what arrived; returns at once."""
        super().stop()
        self._all_rows.stop()
        if self._runner is not None:
            self._runner.stop()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the run is shown; False where `seconds` pass first."""
        return self._shown.wait(seconds)

    def _leave(self) -> None:
        for worker in (self._planning, self._showing):
            worker.close()

    def _grid(self) -> Grid:
        warm = tuple(self.temperatures) or (None,)
        table = self._table.first(self.tried) if self.tried else self._table
        return Grid(self.template, table, tuple(self.models) or ("",), warm)

    def _question(self, cell: Cell) -> LabQuestion:
        options = {**self._chosen(), **cell.options}
        return LabQuestion(
            self.template, self._source, self._table, options, self.client
        )

    def _show_whole(self, shown: dict[str, Any]) -> None:
        if not self._closed:
            self.whole = shown

    def _check_free(self) -> None:
        if self._runner is not None and not self._runner.ended.is_set():
            raise ConfigError(
                _("the last run is not finished"),
                hint=_("Wait until it ends, or stop it."),
            )

    def _begin(self, numbers: Sequence[int]) -> None:
        asked, client = self._asked, self.client
        assert asked is not None  # a run has set it
        options = self._chosen()

        def ask(number: int) -> Any:
            cell = asked[number]
            return asking(client, {**options, **cell.options}, asked.prompt(cell.input))

        lanes: dict[str, list[int]] = {}
        for number in numbers:
            lanes.setdefault(asked[number].model, []).append(number)
        self._shown.clear()
        self._began, self._before = time.monotonic(), len(self._results) - len(numbers)
        self._runner = CallRunner(ask, self._report)
        self._runner.start(lanes.values(), self._place)
        self._showing.ask()

    def _report(self, number: int, result: CellResult) -> None:
        """Note a result on the loop's thread; it is shown a little later."""
        if number >= 0:
            with self._news_lock:
                self._results[number] = result
                self._news.add(number)
        self._showing.ask()

    def _show(self) -> None:
        runner, asked = self._runner, self._asked
        if runner is None or asked is None or self._closed:
            return
        ended = runner.ended.is_set()
        try:
            self._show_news(ended)
            if ended and runner.error is not None and not self._shown.is_set():
                self._refuse(runner.error)
        finally:  # where nothing can be shown, `wait` returns all the same
            if ended:
                self._shown.set()

    def _show_news(self, ended: bool) -> None:
        with self._news_lock:
            news, self._news = sorted(self._news), set()
        if news:
            rows = [views.row(n, self._results[n]) for n in news]
            self.send({"rows": rows})
        self._tell()
        self._still.update(now=ended)

    def _tell(self) -> None:
        counts = views.counts(self._results)
        runner = self._runner
        running = runner is not None and not runner.ended.is_set()
        self.progress = {
            **counts,
            "running": running,
            "stopping": running and runner is not None and runner.stopping,
            "spent": views.spent(self._results),
            "left": views.left(counts, self._before, self._began) if running else "",
        }
        if counts != self.value:
            self.set_trait("value", counts)

    def _plan(self) -> None:
        """Estimate a run; on a thread of its own while the user types."""
        try:
            planned = self._grid()
            endpoint = self._endpoint(self._settings)
            options = self._chosen()
            default = options.get("model") or self._unchosen(endpoint)
            found = grid.forecast(planned, options, endpoint, default)
        except GLMError as exc:
            self._refuse(exc)
            return
        if not self._closed:
            self.plan = views.plan(planned, found, default)

    def _chosen(self) -> dict[str, Any]:
        held = self._settings.options() if self._settings is not None else {}
        return {**held, **self._options}

    def _do(self, name: str, content: dict[str, Any]) -> None:
        match name, content:
            case "show", _:
                self._show_all()
            case "run", _:
                self.run()
            case "retry", _:
                self.retry()
            case "stop", _:
                self.stop()
            case "confirm", _:
                self._all_rows.run()
            case "drop", _:
                self._all_rows.stop()
            case "count", {"model": model, "temperature": warm}:
                self._all_rows.count(self._question(Cell(0, model, warm)))
            case "copy", {"model": model, "temperature": warm}:
                text = self._question(Cell(0, model, warm)).code()
                self.send({"copied": content["id"], "text": text})
            case "edit", _:
                self.send({"table": inputs.written(self._table)})
            case "table", {"text": str(text)}:
                self.inputs = inputs.pasted(text)
                self.send({"taken": True})
            case "open", {"n": int(number)} if 0 <= number < len(self._results):
                self._open(number)
            case _:
                pass

    def _show_all(self) -> None:
        self.send({"inputs": views.inputs(self._table)})
        if self._asked is not None:
            self.send(views.begun(self._asked))
            held = [views.row(n, r) for n, r in enumerate(self._results)]
            self.send({"rows": held})

    def _open(self, number: int) -> None:
        assert self._asked is not None  # there are results
        html = views.whole(self._asked, number, self._results[number])
        self.feed(f"cell-{number}").end(html)
        self.send({"opened": number})

    def _draw(self) -> tuple[str, str]:
        return views.picture(self._asked or self._grid(), self._results)
