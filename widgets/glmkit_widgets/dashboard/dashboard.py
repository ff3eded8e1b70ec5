"""The dashboard: one live plotly figure over the ledger."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Event, RLock, Thread
from typing import TYPE_CHECKING, Any

import ipywidgets

from glmkit import figures
from glmkit.figures import style, tables
from glmkit.ledger import Ledger
from glmkit.types.errors import GLMError
from glmkit_widgets.dashboard.filters import NAMES, Filters
from glmkit_widgets.dashboard.plot import Plot
from glmkit_widgets.dashboard.png import offered, png
from glmkit_widgets.dashboard.queries import PAGES, Chosen, Readings, choices
from glmkit_widgets.shared.static_picture import LIVE, StaticPicture

if TYPE_CHECKING:
    import plotly.graph_objects as go

#: Seconds between two checks of the ledger's files.
_PERIOD_S = 0.25
#: Checks before the first view, which may have to wait for the cell's end. Watching
#: ends with the last view, and starts again with the next.
_PATIENCE = 240
#: Seconds between two updates of the picture, while calls arrive.
_STILL_S = 2.0
#: Seconds between two images: each takes a browser.
_IMAGE_S = 60.0

Mark = tuple[tuple[int, int], ...]


class Dashboard:
    """Show tokens, cost and time of all calls, and follow the ledger as it grows.

    `ledger` None is the user's own. `.filters` chooses the page and the calls,
    `.figure` is that page as a plotly figure, `.value` the current numbers: tokens,
    calls and costs by model, a DataFrame. Where kaleido is installed, the output also
    gets an image of the page, at most once a minute. Raises LedgerError.

    >>> Dashboard().close()
    """

    def __init__(self, ledger: Ledger | None = None) -> None:
        self._ledger = ledger or Ledger()
        self._mark: Mark = ()
        self._lock = RLock()
        self._closed = False
        #: Set when there is no view: the thread that watches then ends.
        self._left = Event()
        self._left.set()
        self._still = StaticPicture(self._draw)
        self._drawn_at = 0.0
        self._imaged_at = -_IMAGE_S
        self._imaged: dict[str, Any] | None = None
        #: What was read for each selection since the last change of the ledger.
        self._known: dict[Chosen, Readings] = {}
        self.filters = Filters()
        self.plot = Plot(picture=self._read())
        self.plot.observe(self._on_views, "_view_count")
        self.filters.observe(self._on_choice, list(NAMES))
        self.view = ipywidgets.VBox([self.filters, self.plot])
        self.view.add_class(LIVE)

    @property
    def figure(self) -> go.Figure:
        """The current page as a figure of its own, which is not updated."""
        import plotly.graph_objects as go

        return go.Figure(self.plot.picture)

    def refresh(self) -> None:
        """Read the ledger and update the figure."""
        with self._lock:
            if not self._closed:
                self.plot.picture = self._read()

    def close(self) -> None:
        """Stop watching and remove the views."""
        with self._lock:
            self._closed = True
            self._left.set()
            for widget in (self.plot, self.filters, self.view):
                widget.close()

    def _read(self) -> dict[str, Any]:
        mark = _mark(self._ledger.path)
        self._known.clear()
        self.filters.choices = choices(self._ledger)
        picture = self._page()
        self._mark = mark
        return picture

    def _page(self) -> dict[str, Any]:
        """Draw the page for the selected calls."""
        chosen = self.filters.chosen
        if chosen not in self._known:
            self._known[chosen] = Readings(self._ledger, chosen)
        self._readings = self._known[chosen]
        self.value = self._readings.by_model
        panels = [self._readings.panel(read) for read in PAGES[self.filters.page]]
        calls = int(self.value["calls"].sum())
        tokens = style.count(int(self.value["total_tokens"].sum()))
        self.filters.status = f"{calls:,} calls, {tokens} tokens"
        picture = figures.grid(panels, self.filters.width)
        # The user's zoom is of these calls on this page.
        picture["layout"]["uirevision"] = repr((self.filters.page, chosen))
        return picture

    def _on_choice(self, change: Any) -> None:
        with self._lock:
            if not self._closed:
                self._try(self._choose)

    def _choose(self) -> None:
        self.plot.picture = self._page()

    def _ipython_display_(self) -> None:
        self._still.show(self.view.model_id)
        self._watch()

    def _draw(self) -> tuple[str, str]:
        """Draw the numbers of all pages, for the selected calls."""
        readings = self._readings
        head, lines = tables.models(self.value, readings.currency)
        panels = [readings.panel(read) for page in PAGES.values() for read in page]
        self._drawn_at = time.monotonic()
        plain = f"{lines}\n{tables.plain(panels)}"
        return f'{head}<div class="panels">{tables.html(panels)}</div>', plain

    @property
    def watching(self) -> bool:
        """Whether it checks the ledger: from its display on, while it has a view."""
        return not self._left.is_set()

    def _on_views(self, change: Any) -> None:
        if change["new"]:
            self._watch()
        else:
            self._left.set()

    def _watch(self) -> None:
        with self._lock:
            if self.watching or self._closed:
                return
            self._left = Event()
            Thread(
                target=self._follow,
                args=[self._left],
                name="glmkit-dashboard",
                daemon=True,
            ).start()

    def _follow(self, left: Event) -> None:
        """Check the ledger until it is closed or the last view is gone."""
        style, pause = 0, _PERIOD_S
        drawn = self._readings
        while not left.wait(pause):
            style += 1
            with self._lock:
                if style >= _PATIENCE and not self.plot.views:
                    left.set()
            begun = time.thread_time()
            if _mark(self._ledger.path) != self._mark:
                self._try(self.refresh)
            elif self._readings is not drawn and self._rested():
                drawn = self._readings
                self._try(self._still.update)
            elif self._image_is_due():
                Thread(target=self._image, name="glmkit-image", daemon=True).start()
            # A long ledger takes its time: a tenth of the kernel's at most.
            pause = max(_PERIOD_S, 9 * (time.thread_time() - begun))

    def _rested(self) -> bool:
        return time.monotonic() - self._drawn_at > _STILL_S

    def _image_is_due(self) -> bool:
        now = time.monotonic()
        rested = self._rested() and now - self._imaged_at > _IMAGE_S
        news = len(self.value) and self._imaged is not self.plot.picture
        due = bool(rested and news and offered())
        if due:
            self._imaged_at = now
        return due

    def _image(self) -> None:
        """Draw the current page as an image, without blocking the live view."""
        self._imaged = picture = self.plot.picture
        layout = picture["layout"] | {"template": figures.LIGHT}
        drawn = png(picture | {"layout": layout})
        with self._lock:
            if drawn and not self._closed:
                self._try(partial(self._still.add_image, drawn))

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
        except GLMError as exc:
            self.filters.status = f"{exc} {exc.hint}"


def _mark(path: Path) -> Mark:
    """Return a value that changes with every commit, without opening the file.

    A commit changes the write-ahead log, or the ledger where there is none. Times of
    files are coarse: one that was changed just now never counts as read.
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
