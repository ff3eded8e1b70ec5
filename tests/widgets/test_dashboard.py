"""The dashboard's Python side: it reads the ledger, follows it, and can be ended."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gzip
import io
import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from ipywidgets.widgets.widget import _remove_buffers
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image

import glmkit
from glmkit.ledger import Ledger
from glmkit.types.errors import ConfigError, LedgerError
from glmkit_widgets.dashboard.dashboard import Dashboard
from glmkit_widgets.dashboard.plot import Plot
from glmkit_widgets.dashboard.queries import Readings
from tests.conftest import wait_for
from tests.ledger.test_store import done, pending
from tests.support.ledgers import write_calls


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.db")
    yield ledger
    ledger.disconnect()


@pytest.fixture
def board(ledger: Ledger) -> Iterator[Dashboard]:
    board = glmkit.dashboard(ledger)
    yield board
    board.close()


def _mark(board: Dashboard) -> str:
    """Return what a person's zoom is kept for."""
    return str(board.plot.picture["layout"]["uirevision"])


def test_figure_follows_and_a_zoom_stays_with_its_calls(
    ledger: Ledger, board: Dashboard
) -> None:
    assert "No calls yet" in str(board.figure.layout.annotations)
    mark = _mark(board)
    for count, model in ((1, "glm-4-plus"), (4, "glm-4-long"), (3, "glm-4-plus")):
        write_calls(ledger, count, model)
        board.refresh()
        assert board.figure.layout.yaxis2.visible is True
    assert "in 8 calls" in str(board.figure.layout.annotations)
    assert _mark(board) == mark
    board.filters.model = "glm-4-long"
    assert _mark(board) != mark
    board.filters.model = None
    assert _mark(board) == mark


class AskedPlot(Plot):
    """A plot that keeps what it sends to its page."""

    def __init__(self) -> None:
        self.sent: list[tuple[Any, Any]] = []
        super().__init__()

    def send(self, content: Any, buffers: Any = None) -> None:
        self.sent.append((content, buffers))


def test_live_figure_is_plain_data_and_plotly_comes_packed_when_it_is_asked_for(
    board: Dashboard,
) -> None:
    json.dumps(board.plot.picture)
    plot = AskedPlot()
    plot._heard(plot, {"something": "else"}, [])
    assert plot.sent == []
    plot._heard(plot, {"library": "wanted"}, [])
    ((content, (library,)),) = plot.sent
    assert content == {"library": "plotly"}
    assert len(library) < 2_000_000
    assert b"* plotly.js v" in gzip.decompress(library)[:200]
    plot.close()


def test_the_state_of_a_saved_dashboard_is_small(
    ledger: Ledger, board: Dashboard
) -> None:
    write_calls(ledger, 20, "glm-4-plus")
    board.refresh()
    saved = 0
    for widget in (board.view, board.filters, board.plot):
        state, _paths, buffers = _remove_buffers(widget.get_state())
        code = {"_esm", "_css"}
        saved += len(str({name: state[name] for name in state.keys() - code}))
        saved += sum(map(len, buffers))
    assert saved < 60_000


_KERNEL = """
import sys
from pathlib import Path
from typing import Any
import glmkit
from glmkit.ledger import Ledger
glmkit.dashboard(Ledger(Path(sys.argv[1])))
slow = ("nbformat", "jsonschema", "plotly.graph_objs", "lark")
print([name for name in slow if name in sys.modules])
"""


def test_kernel_shows_it_without_the_slow_imports_of_plotly(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _KERNEL, tmp_path / "ledger.db"]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n"


def test_every_page_shows_its_panels_and_none_stay_behind(
    ledger: Ledger, board: Dashboard
) -> None:
    write_calls(ledger, 3, "glm-4-plus")
    write_calls(ledger, 2, "mystery")
    board.refresh()
    first = board.plot.picture
    wanted = {"Speed": "Call duration", "Budget": "Billed and", "Errors": "Error codes"}
    for page, title in wanted.items():
        board.filters.page = page
        assert title in str(board.figure.layout.annotations)
    board.filters.page = "Spend"
    assert board.plot.picture == first
    assert "Most expensive cells" in str(board.figure.layout.annotations)


def test_filters_leave_the_calls_that_are_chosen(
    ledger: Ledger, board: Dashboard
) -> None:
    write_calls(ledger, 3, "glm-4-plus")
    write_calls(ledger, 2, "mystery")
    board.refresh()
    assert board.filters.choices["model"] == ["glm-4-plus", "mystery"]
    board.filters.model = "mystery"
    assert board.value["calls"].sum() == 2
    assert {trace.name for trace in board.figure.data} == {"mystery (?)"}
    board.filters.model = None
    board.filters.period = "Today"
    assert board.value["calls"].sum() == 5
    board.filters.last = "2001-01-01"
    assert board.value["calls"].sum() == 0
    assert "No calls yet" in str(board.figure.layout.annotations)


def test_times_are_of_calls_that_were_sent_and_rights_are_what_was_learned(
    ledger: Ledger, board: Dashboard
) -> None:
    async def work() -> None:
        for source, seconds in (("service", 1.0), ("cassette", 4.0)):
            call = await ledger.open(pending(model="GLM-4-Plus"))
            await ledger.close(done(call, source=source, seconds=seconds))
        await ledger.keep_right("someone", "glm-4-plus", 3)
        await ledger.keep_right("someone", "glm-4-plus", 7)

    asyncio.run(work())
    board.filters.page = "Speed"
    board.refresh()
    seconds = board._readings.panel(Readings.seconds)
    flight = board._readings.panel(Readings.in_flight)
    assert sum(sum(trace["y"]) for trace in seconds.traces) == 1
    assert flight.rows[0].value == "1 of 7"


def test_a_narrow_view_gets_one_column(ledger: Ledger, board: Dashboard) -> None:
    write_calls(ledger, 1, "glm-4-plus")
    board.refresh()
    assert board.figure.layout.xaxis2.domain[0] > 0.5
    board.filters.width = 400
    assert board.figure.layout.xaxis2.domain[0] < 0.5
    assert board.figure.layout.height > 1200


def test_a_model_without_a_price_is_refused_for_what_if(board: Dashboard) -> None:
    with pytest.raises(ConfigError):
        board.filters.other = "glm-4-flash-250414"


def test_open_dashboard_follows_until_it_is_closed(
    ledger: Ledger, board: Dashboard
) -> None:
    with capture_output():
        InteractiveShell.instance()
        before = set(threading.enumerate())
        board._ipython_display_()
    (watcher,) = set(threading.enumerate()) - before
    write_calls(ledger, 10, "glm-4-plus")
    wait_for(lambda: board.value["calls"].sum() == 10)
    assert board.watching
    board.close()
    wait_for(lambda: not watcher.is_alive())
    board.refresh()


def test_watching_ends_without_views_and_begins_with_one(
    ledger: Ledger, board: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glmkit_widgets.dashboard.dashboard._PERIOD_S", 0.01)
    board._watch()
    wait_for(lambda: not board.watching)
    write_calls(ledger, 2, "glm-4-plus")
    board.plot._view_count = 1
    wait_for(lambda: board.value["calls"].sum() == 2)
    board.plot._view_count = 0
    assert not board.watching


def test_ledger_that_can_not_be_read_is_told_and_tried_again(
    ledger: Ledger, board: Dashboard
) -> None:
    write_calls(ledger, 2, "glm-4-plus")
    ledger.disconnect()
    with contextlib.closing(sqlite3.connect(ledger.path)) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        db.execute("PRAGMA user_version = 99")
        with pytest.raises(LedgerError):
            Dashboard(ledger)
        board._watch()
        wait_for(lambda: "newer" in board.filters.status)
        db.execute(f"PRAGMA user_version = {version}")
    wait_for(lambda: "2 calls" in board.filters.status)
    assert board.value["calls"].sum() == 2


def test_the_picture_is_escaped_and_holds_the_numbers(
    ledger: Ledger, board: Dashboard
) -> None:
    write_calls(ledger, 2, "<script>alert(1)</script>")
    write_calls(ledger, 1, "glm-4-plus")
    InteractiveShell.instance()
    with capture_output() as captured:
        board.refresh()
        board._ipython_display_()
        write_calls(ledger, 1, "glm-4-plus")
        told = "glm-4-plus: 600 tokens"
        wait_for(lambda: told in captured.outputs[-1].data["text/plain"])
    picture, view, *_ = captured.outputs
    assert "<script" not in picture.data["text/html"]
    assert "&lt;script&gt;" in picture.data["text/html"]
    assert "glm-4-plus: 300 tokens (100 + 200), calls: 1" in picture.data["text/plain"]
    assert "text/html" not in view.data


def test_output_gets_an_image_where_kaleido_is_installed(
    ledger: Ledger, board: Dashboard
) -> None:
    write_calls(ledger, 2, "glm-4-plus")
    InteractiveShell.instance()
    with capture_output() as captured:
        board.refresh()
        board._ipython_display_()
        wait_for(lambda: len(captured.outputs) == 3)
    drawn = base64.b64decode(captured.outputs[-1].data["image/png"])
    with Image.open(io.BytesIO(drawn)) as image:
        assert image.width >= board.filters.width
        assert len(image.convert("RGB").getcolors(1 << 24) or ()) > 20


_IMAGE = """
import json, sys
if sys.argv[1:] == ["absent"]:
    sys.modules["kaleido"] = None
from glmkit_widgets.dashboard.png import offered, png
print(json.dumps([offered(), png({"data": [], "layout": {}}) is None, offered()]))
"""


@pytest.mark.parametrize(
    ("kaleido", "browser", "told"),
    [
        ("absent", "", [False, True, False]),
        ("installed", "/no/browser/here", [True, True, False]),
        ("installed", "", [True, False, True]),
    ],
)
def test_without_kaleido_or_its_browser_there_is_no_image_and_no_error(
    kaleido: str, browser: str, told: list[bool]
) -> None:
    said = subprocess.run(
        [sys.executable, "-c", _IMAGE, kaleido],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | ({"BROWSER_PATH": browser} if browser else {}),
    )
    assert json.loads(said.stdout) == told


def test_executed_notebook_and_its_page_hold_the_pictures(
    ledger: Ledger, tmp_path: Path
) -> None:
    write_calls(ledger, 2, "glm-4-plus")
    cells = [
        "from pathlib import Path\n"
        "from glmkit.ledger import Ledger\n"
        "from glmkit.widgets import Controls, dashboard\n"
        f"dashboard(Ledger(Path({str(ledger.path)!r})))",
        "from glmkit.notebook.settings import GLM\nControls(GLM(temperature=0.3))",
    ]
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, store_widget_state=False).execute()
    page, _ = HTMLExporter().from_notebook_node(notebook)
    assert "widgets" not in notebook.metadata
    for number in (">603</td>", "<td>0.30</td>"):
        assert number in page
    assert page.count('<div class="glmkit-still"') == 2
