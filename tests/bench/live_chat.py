"""What a chat costs while it streams: traffic, frames, long tasks, keys to screen.

`python -m tests.bench.live_chat [--tokens 10000] [--rate 200] [--text mixed]` asks the
paced wire server in a chat of a real JupyterLab in headless Chromium, types the next
question meanwhile, and prints each figure beside its goal. Keys typed while nothing is
under way tell what of their time is the machine's.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, Locator, Page

from tests.bench.live_display import long_tasks, opened
from tests.browser.notebook import Notebook, Traffic
from tests.conftest import serving

_CELL = """\
import glmkit
from glmkit.widgets import Chat
chat = Chat(glmkit.Client({url!r}, {key!r}))
chat
"""
_KEY = "bench0123456789.secret0123456789"

#: A key is on the screen when the frame after it has been drawn.
_MEASURE = """() => {
    const seen = window.seen = { frames: [], keys: [] };
    let last = performance.now();
    const frame = now => { seen.frames.push(now - last); last = now;
        if (!seen.done) requestAnimationFrame(frame) };
    requestAnimationFrame(frame);
    document.addEventListener("keydown", event => requestAnimationFrame(() => {
        const after = new MessageChannel();
        after.port1.onmessage = () =>
            seen.keys.push(performance.now() - event.timeStamp);
        after.port2.postMessage(0);
    }), true);
}"""


def measured(
    browser: Browser, page: Page, traffic: Traffic, file: Path
) -> dict[str, Any]:
    """Ask, type until the answer has ended, and return the figures."""
    book = Notebook(page, file)
    book.run(0)
    panel = book.cell(0).locator(".glmkit-chat")
    prompt = panel.get_by_role("textbox", name="Question", exact=True)
    page.evaluate(_MEASURE)
    prompt.focus()
    for _ in range(3):
        _write(page)
    at_rest = sorted(page.evaluate("() => window.seen.keys.splice(0)"))
    page.evaluate("() => { window.seen.frames.length = 0 }")
    prompt.fill("go")
    before = traffic.socket_bytes
    browser.start_tracing(page=page, categories=["toplevel"])
    prompt.press("Enter")
    _type(page, panel)
    streamed = page.evaluate("() => { window.seen.done = true; return window.seen }")
    page.wait_for_timeout(2_000)  # the page still lays out and saves
    tasks = long_tasks(browser.stop_tracing())
    size = traffic.socket_bytes - before
    book.close()
    frames, keys = sorted(streamed["frames"]), sorted(streamed["keys"])
    return {
        "megabytes": round(size / 1e6, 2),
        "frames a second, median": round(1000 / median(frames), 1),
        "slowest frame in a hundred, ms": round(frames[int(len(frames) * 0.99)]),
        "longest task, ms": max((task for task, _ in tasks), default=0),
        "processor's time of one task, ms": max((own for _, own in tasks), default=0),
        "keys typed": len(keys),
        "key to screen, median ms": round(median(keys)),
        "key to screen, 95 in 100, ms": round(keys[int(len(keys) * 0.95)]),
        "key to screen, slowest ms": round(keys[-1]),
        "with nothing to do, median ms": round(median(at_rest)),
        "with nothing to do, 95 in 100, ms": round(at_rest[int(len(at_rest) * 0.95)]),
    }


def _type(page: Page, panel: Locator) -> None:
    """Type a question, six keys a second, for as long as the answer comes."""
    panel.locator(".turn").wait_for()
    while not panel.locator(".glmkit-badge").count():
        _write(page)


def _write(page: Page) -> None:
    for letter in "and why so ":
        page.keyboard.press(letter)
        page.wait_for_timeout(160)


_GOALS = {
    "megabytes": "at most 1.5",
    "frames a second, median": "at least 50",
    "longest task, ms": "at most 100, on a machine with nothing else to do",
    "processor's time of one task, ms": "at most 100",
    "key to screen, median ms": "under 50",
    "key to screen, 95 in 100, ms": "under 50",
}


def main() -> None:
    """Measure each kind of text in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--text", nargs="+", default=["mixed"])
    asked = parser.parse_args()
    with (
        opened() as (browser, page, traffic, lab),
        serving("tests.support.paced") as server,
    ):
        for text in asked.text:
            plan = f"tokens={asked.tokens}/rate={asked.rate}/text={text}"
            url = f"{server}/lane={text}/{plan}/api/paas/v4"
            file = lab.write(f"{text}.ipynb", [_CELL.format(url=url, key=_KEY)])
            figures = measured(browser, page, traffic, file)
            sys.stdout.write(
                f"{text}: {asked.tokens} tokens at {asked.rate} a second\n"
            )
            for name, figure in figures.items():
                goal = f"  goal: {_GOALS[name]}" if name in _GOALS else ""
                sys.stdout.write(f"  {name:34} {figure:>8}{goal}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
