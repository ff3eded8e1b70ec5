"""What the live answer costs: traffic, frames, kernel CPU, lateness, long tasks.

`python -m tests.bench.live_display [--tokens 10000] [--rate 200] [--text mixed ...]`
streams from the paced wire server into a cell of a real JupyterLab in headless
Chromium, and prints one JSON line for each kind of text.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.lab import CHROMIUM_FLAGS, TOKEN, Lab, chromium_path, running_lab
from tests.browser.notebook import Notebook, Traffic, settle
from tests.conftest import serving

_CELL = """\
%load_ext glmkit
import glmkit, json, time
glmkit.Client({origin!r} + "/tokens=3/api/paas/v4").chat("warm up")
%glm config endpoint {url}
before = time.process_time()
get_ipython().run_cell_magic("glm", "-o answer", "go")
used = time.process_time() - before
"""
_TOLD = "print(json.dumps([used, answer.usage.completion_tokens]))"

_MEASURE = """() => {
    const seen = window.seen = { frames: [], changed: 0 };
    let last = performance.now();
    const frame = now => { seen.frames.push(now - last); last = now;
        if (!seen.done) requestAnimationFrame(frame) };
    requestAnimationFrame(frame);
    new MutationObserver(() => {
        if (!document.querySelector('.glmkit-badge')) seen.changed = Date.now();
        else seen.ended ??= Date.now();
    }).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""


def sent_at(lane: str) -> float:
    """Return when the server sent the last event, in Unix seconds."""
    with urllib.request.urlopen(f"{lane}/state") as response:
        monotonic = float(json.load(response)["sent_at"])
    return time.time() - time.monotonic() + monotonic


def long_tasks(trace: bytes) -> list[tuple[int, int]]:
    """Return the page's tasks over 50 ms: milliseconds, and those of the processor.

    On a machine with other work the first are more than the page's own doing.
    """
    events = json.loads(trace)["traceEvents"]
    main = {
        (event["pid"], event["tid"])
        for event in events
        if event.get("args", {}).get("name") == "CrRendererMain"
    }
    return [
        (event["dur"] // 1000, event.get("tdur", 0) // 1000)
        for event in events
        if event["name"].endswith("RunTask")
        and event.get("dur", 0) > 50_000
        and (event["pid"], event["tid"]) in main
    ]


def measured(
    browser: Browser, page: Page, traffic: Traffic, folder: Path, lane: str
) -> dict[str, Any]:
    """Run one answer and return its figures."""
    book = Notebook(page, folder)
    page.evaluate(_MEASURE)
    before = traffic.socket_bytes, traffic.socket_messages
    browser.start_tracing(page=page, categories=["toplevel"])
    outputs = book.run(0, limit_s=600)
    if "glmkit-badge" not in str(outputs[-1].get("data")):
        raise SystemExit(f"the cell failed: {outputs[-1]}")
    page.wait_for_selector(".glmkit-badge", state="attached")
    page.wait_for_timeout(2_000)  # the page still lays out and saves
    tasks = long_tasks(browser.stop_tracing())
    size = traffic.socket_bytes - before[0]
    messages = traffic.socket_messages - before[1]
    used, tokens = json.loads(book.run(1)[0]["text"])
    seen = page.evaluate("() => { window.seen.done = true; return window.seen }")
    outputs = book.outputs(0)
    frames = sorted(seen["frames"])
    book.close()
    return {
        "megabytes": round(size / 1e6, 2),
        "messages": messages,
        "frames_a_second": round(1000 / frames[len(frames) // 2], 1),
        "slow_frame_ms": round(frames[int(len(frames) * 0.99)]),
        "tasks_over_50_ms_and_their_cpu": tasks,
        "kernel_cpu_s": round(used, 2),
        "kernel_us_a_token": round(used / tokens * 1e6),
        "last_token_late_ms": round(seen["changed"] - sent_at(lane) * 1000),
        "final_output_late_ms": round(seen["ended"] - sent_at(lane) * 1000),
        "outputs": [sorted(output.get("data", output)) for output in outputs],
    }


@contextmanager
def opened() -> Iterator[tuple[Browser, Page, Traffic, Lab]]:
    """Open a JupyterLab of its own in a browser."""
    with (
        tempfile.TemporaryDirectory() as base,
        running_lab(Path(base), {}) as lab,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=chromium_path(playwright.chromium), args=CHROMIUM_FLAGS
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        traffic = Traffic(page)
        page.goto(f"{lab.url}/lab?token={TOKEN}&reset")
        page.wait_for_function("() => window.jupyterapp", timeout=60_000)
        settle(page, "async () => { await window.jupyterapp.restored }")
        yield browser, page, traffic, lab
        browser.close()


def main() -> None:
    """Measure each kind of text in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--text", nargs="+", default=["mixed", "fence", "paragraph"])
    asked = parser.parse_args()
    with (
        opened() as (browser, page, traffic, lab),
        serving("tests.support.paced") as server,
    ):
        for text in asked.text:
            lane = f"{server}/lane={text}"
            url = f"{lane}/tokens={asked.tokens}/rate={asked.rate}/text={text}"
            cell = _CELL.format(origin=server, url=f"{url}/api/paas/v4")
            file = lab.write(f"{text}.ipynb", [cell, _TOLD])
            figures = measured(browser, page, traffic, file, lane)
            sys.stdout.write(json.dumps({"text": text} | figures) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
