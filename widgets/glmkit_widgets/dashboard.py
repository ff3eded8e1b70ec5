"""Where the tokens went: one live plotly figure over the ledger."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, RLock, Thread
from typing import Any

import ipywidgets
import plotly.graph_objects as go

from glmkit import figures
from glmkit.errors import GLMError
from glmkit.figures import looks, tables
from glmkit.ledger import Ledger
from glmkit_widgets.filters import NAMES, Filters
from glmkit_widgets.readings import PAGES, Chosen, Readings, choices
from glmkit_widgets.still import LIVE, Still

#: Seconds between two looks at the ledger's files.
_PERIOD_S = 0.25
#: Looks before the first view, which may have to wait for the cell's end; after that
#: the watching ends when the last view goes. It begins anew with a view.
_PATIENCE = 240
#: Axes that every page has: a page may leave some unseen, and none behind.
_PLACES = max(map(len, PAGES.values()))
#: Seconds from one drawing of all pages' numbers to the next, while calls come.
_STILL_S = 2.0

Mark = tuple[tuple[int, int], ...]


class Dashboard:
    """Show where tokens, money and time went, and follow the ledger as it grows.

    `ledger` None is the user's own. `.figure` is the FigureWidget of the page that is
    shown, `.filters` says which page and which calls, `.value` the newest numbers:
    tokens, calls and costs by model, a DataFrame. Raises LedgerError.

    >>> Dashboard().close()
    """

    def __init__(self, ledger: Ledger | None = None) -> None:
        self._ledger = ledger or Ledger()
        self._mark: Mark = ()
        self._lock = RLock()
        self._closed = Event()
        self._watcher: Thread | None = None
        self._still = Still(self._draw)
        self._drawn_at = 0.0
        #: What was read for each choice since the ledger last changed.
        self._known: dict[Chosen, Readings] = {}
        self.filters = Filters()
        self._picture = self._read()
        self.figure = go.FigureWidget(self._picture)
        # plotly has no public way to configure a FigureWidget.
        self.figure._config = {"displaylogo": False}
        self.figure.observe(self._on_views, "_view_count")
        self.filters.observe(self._on_choice, list(NAMES))
        self.view = ipywidgets.VBox([self.filters, self.figure])
        self.view.add_class(LIVE)

    def refresh(self) -> None:
        """Read the ledger and draw what is new, in place."""
        with self._lock:
            if self._closed.is_set():
                return
            old, self._picture = self._picture, self._read()
            _redraw(self.figure, old, self._picture)

    def close(self) -> None:
        """End the watching and remove the views."""
        with self._lock:
            self._closed.set()
            for widget in (self.figure, self.filters, self.view):
                widget.close()

    def _read(self) -> dict[str, Any]:
        mark = _mark(self._ledger.path)
        self._known.clear()
        self.filters.choices = choices(self._ledger)
        picture = self._page()
        self._mark = mark
        return picture

    def _page(self) -> dict[str, Any]:
        """Draw the page for the calls that are chosen."""
        chosen = self.filters.chosen
        if chosen not in self._known:
            self._known[chosen] = Readings(self._ledger, chosen)
        self._readings = self._known[chosen]
        self.value = self._readings.by_model
        panels = [self._readings.panel(read) for read in PAGES[self.filters.page]]
        calls = int(self.value["calls"].sum())
        tokens = looks.count(int(self.value["total_tokens"].sum()))
        self.filters.status = f"{calls:,} calls, {tokens} tokens"
        return figures.grid(panels, self.filters.width, _PLACES)

    def _on_choice(self, change: Any) -> None:
        with self._lock:
            if self._closed.is_set():
                return
            self._try(self._choose)

    def _choose(self) -> None:
        old, self._picture = self._picture, self._page()
        _redraw(self.figure, old, self._picture, anew=True)

    def _ipython_display_(self) -> None:
        self._still.show(self.view.model_id)
        self._watch()

    def _draw(self) -> tuple[str, str]:
        """Draw the numbers of all pages, of the calls that are chosen."""
        readings = self._readings
        head, lines = tables.models(self.value, readings.currency)
        panels = [readings.panel(read) for page in PAGES.values() for read in page]
        self._drawn_at = time.monotonic()
        told = f"{lines}\n{tables.plain(panels)}"
        return f'{head}<div class="panels">{tables.html(panels)}</div>', told

    def _on_views(self, change: Any) -> None:
        if change["new"]:
            self._watch()

    def _watch(self) -> None:
        with self._lock:
            running = self._watcher is not None and self._watcher.is_alive()
            if running or self._closed.is_set():
                return
            self._watcher = Thread(
                target=self._follow, name="glmkit-dashboard", daemon=True
            )
            self._watcher.start()

    def _follow(self) -> None:
        """Look for news until it is closed or the last view is gone."""
        looks_left, pause = _PATIENCE, _PERIOD_S
        drawn = self._readings
        while looks_left and not self._closed.wait(pause):
            looks_left = 1 if self.figure._view_count else looks_left - 1
            begun = time.thread_time()
            if _mark(self._ledger.path) != self._mark:
                self._try(self.refresh)
            elif self._readings is not drawn and self._rested():
                drawn = self._readings
                self._try(self._still.update)
            # A long ledger takes its time: a tenth of the kernel's at most.
            pause = max(_PERIOD_S, 9 * (time.thread_time() - begun))

    def _rested(self) -> bool:
        return time.monotonic() - self._drawn_at > _STILL_S

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
        except GLMError as exc:
            self.filters.status = f"{exc} {exc.hint}"


def _mark(path: Path) -> Mark:
    """Return what changes with every commit, without opening the file.

    A commit changes the write-ahead log, or the ledger where there is none. The clock
    of a file system ticks coarsely: a file of this very moment never counts as read.
    """
    marks = []
    for file in (path, path.with_name(f"{path.name}-wal")):
        try:
            stat = file.stat()
        except OSError:
            marks.append((0, 0))
        else:
            now = time.time_ns()
            fresh = 0 <= now - stat.st_mtime_ns < 50_000_000
            marks.append((stat.st_size, now if fresh else stat.st_mtime_ns))
    return tuple(marks)


def _redraw(
    live: go.FigureWidget,
    old: dict[str, Any],
    new: dict[str, Any],
    *,
    anew: bool = False,
) -> None:
    """Bring a live figure from one picture to the next; the person's zoom stays.

    `anew`: another page or other calls, of which no zoom can be kept.
    """
    traces = new["data"]
    same = [_key(trace) for trace in old["data"]] == [_key(trace) for trace in traces]
    if not same:
        live.data = ()
        live.add_traces(traces)
    before = {} if anew else _leaves(old["layout"])
    layout = {
        place: value
        for place, value in _leaves(new["layout"]).items()
        if place not in before or before[place] != value
    }
    # Not before the traces are there: plotly.js fails where a type changes on none.
    live.plotly_relayout(layout)
    if not same:
        return
    with live.batch_update():
        for trace, past, fresh in zip(live.data, old["data"], traces, strict=True):
            trace.update({n: v for n, v in fresh.items() if past.get(n) != v})


def _key(trace: dict[str, Any]) -> tuple[Any, ...]:
    return trace["type"], trace["name"], trace["xaxis"], trace.get("orientation")


def _leaves(tree: dict[str, Any], stem: str = "") -> dict[str, Any]:
    """Return each value of a layout under its dotted name; lists are values."""
    leaves: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            leaves |= _leaves(value, f"{stem}{name}.")
        elif name != "template":
            leaves[stem + name] = value
    return leaves
