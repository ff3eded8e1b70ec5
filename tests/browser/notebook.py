"""A page with JupyterLab in it, driven as a person and as a test needs."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, WebSocket

from tests.conftest import LIMIT_S, wait_for

SCREENSHOTS = Path(__file__).parent.parent / "screenshots"


class Traffic:
    """All that a page asked for, and the bytes it got over websockets."""

    def __init__(self, page: Page) -> None:
        self.requests: list[str] = []
        self.socket_bytes = 0
        self.socket_messages = 0
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("websocket", self._watch)

    def _watch(self, socket: WebSocket) -> None:
        self.requests.append(socket.url)
        socket.on("framereceived", self._count)

    def _count(self, payload: str | bytes) -> None:
        data = payload.encode() if isinstance(payload, str) else payload
        self.socket_bytes += len(data)
        self.socket_messages += 1

    @property
    def beyond_loopback(self) -> list[str]:
        """Return the requests that would have left this machine."""
        return [url for url in self.requests if not _stays(url)]

    def forget(self) -> None:
        self.requests.clear()


def _stays(url: str) -> bool:
    parts = urlsplit(url)
    network = parts.scheme in {"http", "https", "ws", "wss", "ftp"}
    if not network or parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


_parked = count()


def settle(
    page: Page, function: str, arg: object = None, limit_s: float = LIMIT_S
) -> Any:
    """Run an async JavaScript function of one argument and return what it resolves to.

    `page.evaluate` would wait without a limit.
    """
    key = f"glmkit{next(_parked)}"
    page.evaluate(
        f"([key, arg]) => {{ ({function})(arg).then("
        "value => { window[key] = { value } },"
        "error => { window[key] = { error: String(error) } }) }",
        [key, arg],
    )
    page.wait_for_function("key => window[key]", arg=key, timeout=limit_s * 1000)
    result = page.evaluate("key => window[key]", key)
    assert "error" not in result, result["error"]
    return result.get("value")


_OPEN = """async path => {
    const app = window.jupyterapp;
    const panel = await app.commands.execute('docmanager:open', {path});
    await panel.context.ready;
    await panel.revealed;
    await panel.sessionContext.ready;
    const kernel = panel.sessionContext.session?.kernel;
    if (kernel) await kernel.info;
    (window.glmkitPanels ??= {})[path] = panel;
}"""
_RUN = """([path, index]) => {
    const panel = window.glmkitPanels[path];
    const cell = panel.content.widgets[index];
    window.jupyterapp.shell.activateById(panel.id);
    panel.content.deselectAll();
    panel.content.activeCellIndex = index;
    const runs = (window.glmkitRuns ??= {});
    runs[cell.model.id] = 'running';
    window.jupyterapp.commands.execute('notebook:run-cell')
        .finally(() => { runs[cell.model.id] = 'done' });
}"""
_RUN_ALL = """async path => {
    const panel = window.glmkitPanels[path];
    window.jupyterapp.shell.activateById(panel.id);
    await window.jupyterapp.commands.execute('notebook:run-all-cells');
    const cells = [...panel.content.widgets].filter(one => one.model.type === 'code');
    return cells.flatMap(cell => cell.model.outputs.toJSON());
}"""
_CELL = "([path, index]) => window.glmkitPanels[path].content.widgets[index]"
_CLOSE = """async path => {
    const panel = window.glmkitPanels[path];
    await panel.context.save();
    await panel.sessionContext.shutdown();
    panel.dispose();
}"""


#: A cell that runs until `Notebook.busy` lets it go.
RUNS = """import pathlib, time
print('runs', flush=True)
while not pathlib.Path('go').exists():
    time.sleep(0.05)"""


#: Load the extension; print how many pages have answered it.
_LOAD = "%load_ext glmkit"
_ANSWERED = """from glmkit.notebook.front_ends import front_ends
print(len(front_ends._answered))"""


def live_notebook(
    opened: Callable[[Sequence[str]], Notebook], cells: Sequence[str]
) -> Notebook:
    """Open a notebook whose page has proven that it shows live answers.

    The cells that see to that stand behind those of the test.
    """
    book = opened([*cells, _LOAD, _ANSWERED])
    book.run(len(cells))
    wait_for(lambda: book.run(len(cells) + 1)[0]["text"], "1\n".__eq__, limit_s=60)
    return book


class Notebook:
    """An open notebook with its kernel; `path` is the one from JupyterLab's folder."""

    def __init__(self, page: Page, file: Path, path: str = "") -> None:
        self.page = page
        self.file = file
        self.path = path or file.name
        settle(page, _OPEN, self.path)

    def start(self, index: int) -> None:
        """Start a cell and return at once."""
        self.page.evaluate(_RUN, [self.path, index])

    def run(self, index: int, limit_s: float = LIMIT_S) -> list[dict[str, Any]]:
        """Run a cell to its end and return its outputs."""
        self.start(index)
        self.wait(index, limit_s)
        return self.outputs(index)

    def run_all(self) -> list[dict[str, Any]]:
        """Run All, as the menu does; return the outputs of all cells."""
        outputs: list[dict[str, Any]] = settle(self.page, _RUN_ALL, self.path)
        return outputs

    def wait(self, index: int, limit_s: float = LIMIT_S) -> None:
        """Wait until a started cell has ended."""
        self.page.wait_for_function(
            f"arg => window.glmkitRuns[({_CELL})(arg).model.id] === 'done'",
            arg=[self.path, index],
            timeout=limit_s * 1000,
        )

    @contextmanager
    def busy(self, index: int) -> Iterator[None]:
        """Keep the kernel in a cell of `RUNS` for a while."""
        self.start(index)
        self.until(index, bool)
        go = self.file.with_name("go")
        try:
            yield
        finally:
            go.touch()
            self.wait(index)
            go.unlink()

    def is_running(self, index: int) -> bool:
        script = f"arg => window.glmkitRuns[({_CELL})(arg).model.id] === 'running'"
        return bool(self.page.evaluate(script, [self.path, index]))

    def outputs(self, index: int) -> list[dict[str, Any]]:
        """Return a cell's outputs as the notebook format has them."""
        script = f"arg => ({_CELL})(arg).model.outputs.toJSON()"
        outputs: list[dict[str, Any]] = self.page.evaluate(script, [self.path, index])
        return outputs

    def until(
        self, index: int, true: Callable[[list[dict[str, Any]]], object]
    ) -> list[dict[str, Any]]:
        """Wait for a state of a cell's outputs and return them."""
        seen: list[dict[str, Any]] = wait_for(lambda: self.outputs(index), true)
        return seen

    def cell(self, index: int) -> Locator:
        """Return a cell as it stands in the page."""
        panel = self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
        return panel.locator(".jp-Notebook .jp-Cell").nth(index)

    def shown(self, index: int) -> str:
        """Return the text that a person sees below a cell."""
        return self.cell(index).locator(".jp-OutputArea").first.inner_text()

    def write(self, index: int, source: str) -> None:
        """Replace a cell's source."""
        script = (
            f"([path, i, s]) => ({_CELL})([path, i]).model.sharedModel.setSource(s)"
        )
        self.page.evaluate(script, [self.path, index, source])

    def interrupt(self) -> None:
        """Press the kernel's interrupt."""
        script = """async path =>
            window.glmkitPanels[path].sessionContext.session.kernel.interrupt()"""
        settle(self.page, script, self.path)

    def save(self) -> dict[str, Any]:
        """Save, and return the notebook as it stands in the file."""
        script = "async path => { await window.glmkitPanels[path].context.save() }"
        settle(self.page, script, self.path)
        saved: dict[str, Any] = json.loads(self.file.read_text("utf-8"))
        return saved

    def close(self) -> None:
        """Save, end the kernel and close the tab."""
        settle(self.page, _CLOSE, self.path)

    def screenshot(self, name: str) -> Path:
        """Take a picture of the page into tests/screenshots/."""
        SCREENSHOTS.mkdir(exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        self.page.screenshot(path=path)
        return path


def choose_by_keys(select: Locator, value: str) -> None:
    """Choose an entry of a list that is focused, by its arrow keys."""
    page = select.page
    page.keyboard.press("Home")
    while select.input_value() != value:
        before = select.input_value()
        page.keyboard.press("ArrowDown")
        wait_for(select.input_value, before.__ne__)


def set_theme(page: Page, theme: str) -> None:
    """Switch to "JupyterLab Light" or "JupyterLab Dark"."""
    script = """async theme => {
        await window.jupyterapp.commands.execute('apputils:change-theme', {theme});
    }"""
    settle(page, script, theme)
    page.wait_for_function(
        "theme => document.body.dataset.jpThemeName === theme", arg=theme
    )
    page.wait_for_selector("#jupyterlab-splash", state="detached")
