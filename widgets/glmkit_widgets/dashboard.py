"""Where the tokens went: one live plotly figure over the ledger."""

from __future__ import annotations

import time
from html import escape
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from glmkit import figures, frames
from glmkit.errors import GLMError
from glmkit.ledger import Ledger
from glmkit_widgets.still import LIVE, Still

#: Seconds between two looks at the ledger's files.
_PERIOD_S = 0.25
#: Looks before the first view, which may have to wait for the cell's end; after that
#: the watching ends when the last view goes. It begins anew with a view.
_PATIENCE = 240

Mark = tuple[tuple[int, int], ...]


class Dashboard:
    """Show the tokens of each call by model, and follow the ledger as it grows.

    `ledger` None is the user's own. `.figure` is the FigureWidget, `.value` the newest
    numbers: tokens, calls and costs by model, a DataFrame. Raises LedgerError.

    >>> Dashboard().close()
    """

    def __init__(self, ledger: Ledger | None = None) -> None:
        self._ledger = ledger or Ledger()
        self._mark: Mark = ()
        self._lock = Lock()
        self._closed = Event()
        self._watcher: Thread | None = None
        self._still = Still(self._draw)
        self._picture = self._read()
        self.figure = go.FigureWidget(self._picture)
        # plotly has no public way to configure a FigureWidget: without this it keeps
        # its first width while the panel changes.
        self.figure._config = {"responsive": True, "displaylogo": False}
        self.figure.layout.autosize = True
        self.figure.add_class(LIVE)
        self.figure.observe(self._on_views, "_view_count")

    def refresh(self) -> None:
        """Read the ledger and draw what is new, in place."""
        with self._lock:
            if self._closed.is_set():
                return
            old, new = self._picture, self._read()
            _redraw(self.figure, old, new)
            self._picture = new
            self._still.update()

    def close(self) -> None:
        """End the watching and remove the views."""
        with self._lock:
            self._closed.set()
            self.figure.close()

    def _read(self) -> go.Figure:
        mark = _mark(self._ledger.path)
        self.value = frames.usage(by="model", ledger=self._ledger)
        calls = frames.usage(newest=figures.NEWEST, ledger=self._ledger)
        picture = figures.tokens_by_call(calls)
        self._mark = mark
        return picture

    def _ipython_display_(self) -> None:
        self._still.show(self.figure.model_id)
        self._watch()

    def _draw(self) -> tuple[str, str]:
        return _table(self.value)

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
        looks, pause = _PATIENCE, _PERIOD_S
        while looks and not self._closed.wait(pause):
            looks = 1 if self.figure._view_count else looks - 1
            begun = time.thread_time()
            if _mark(self._ledger.path) != self._mark:
                self._try_refresh()
            # A long ledger takes its time: a tenth of the kernel's at most.
            pause = max(_PERIOD_S, 9 * (time.thread_time() - begun))

    def _try_refresh(self) -> None:
        try:
            self.refresh()
        except GLMError as exc:
            self.figure.layout.title.text = escape(f"{exc} {exc.hint}")


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


def _redraw(live: go.FigureWidget, old: go.Figure, new: go.Figure) -> None:
    """Bring a live figure from one picture to the next; the person's zoom stays."""
    names = [trace.name for trace in new.data]
    if [trace.name for trace in live.data] != names[: len(live.data)]:
        live.data = ()
    known = len(live.data)
    with live.batch_update():
        for trace, fresh in zip(live.data, new.data, strict=False):
            trace.update(fresh.to_plotly_json())
        layout = _leaves(new.layout.to_plotly_json())
        for place in _leaves(old.layout.to_plotly_json()) | layout:
            live.layout[place] = layout.get(place)
    if known < len(names):
        live.add_traces(new.data[known:])


def _leaves(tree: dict[str, Any], stem: str = "") -> dict[str, Any]:
    """Return each value of a layout under its dotted name; lists are values."""
    leaves: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, dict) and name != "template":
            leaves |= _leaves(value, f"{stem}{name}.")
        else:
            leaves[stem + name] = value
    return leaves


def _table(sums: pd.DataFrame) -> tuple[str, str]:
    """Return tokens by model as a safe HTML table with bars, and as plain text."""
    if sums.empty:
        return "<p>No calls yet.</p>", "No calls yet."
    sums = sums.sort_values("total_tokens", ascending=False)
    most = max(int(sums["total_tokens"].max()), 1)
    rows = [_row(entry, most) for entry in sums.to_dict("records")]
    html = f"<table><tr>{_HEADS}</tr>{''.join(html for html, _ in rows)}</table>"
    return html, "\n".join(plain for _, plain in rows)


_HEADS = '<th scope="col">Model</th>' + "".join(
    f'<th scope="col" class="number">{name}</th>'
    for name in ("Calls", "Prompt", "Answer", "Tokens")
)


def _row(entry: dict[Any, Any], most: int) -> tuple[str, str]:
    model = str(entry["model"])
    counts = ("calls", "prompt_tokens", "completion_tokens", "total_tokens")
    numbers = [int(entry[name]) for name in counts]
    cells = "".join(f'<td class="number">{number:,}</td>' for number in numbers)
    width = 100 * numbers[-1] / most
    colour = escape(figures.colour(model))
    bar = f'<span class="bar" style="--bar:{colour};width:{width:.1f}%"></span>'
    cells = f'<th scope="row">{escape(model)}</th>{cells}<td class="bars">{bar}</td>'
    calls, prompt, answer, tokens = numbers
    plain = f"{model}: {tokens:,} tokens ({prompt:,} + {answer:,}), calls: {calls:,}"
    return f"<tr>{cells}</tr>", plain
