"""Run the whole gallery, without a key, from the answers that came with it.

`python -m glmkit.notebook.gallery_check [NUMBER ...]` runs the notebooks in a copy,
each in a new kernel, two at a time, and ends with 1 where one of them fails, shows an
error or draws a figure without traces.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from glmkit.client.progress_bar import progress_bar
from glmkit.config.variables import VARIABLES
from glmkit.local import launcher, weights
from glmkit.notebook import gallery, gallery_run
from glmkit.types.errors import GLMError
from glmkit.types.plain_text import one_line, say
from glmkit.types.translation import _

if TYPE_CHECKING:
    from glmkit.notebook.gallery_run import NotebookNode

JOBS = 2
#: The least contrast of text (WCAG, level AA).
_CONTRAST = 4.5
_FIGURE = "application/vnd.plotly.v1+json"
#: What the stand-in needs is no setting of a call.
_KEPT = ("GLMKIT_LOCAL_MODEL", "GLMKIT_LOCAL_EMBEDDINGS")


class Run(msgspec.Struct, frozen=True):
    """One run of a notebook: what is wrong with it, and the notebook with outputs."""

    notebook: gallery.GalleryNotebook
    seconds: float
    faults: tuple[str, ...]
    book: NotebookNode | None


def faults(book: NotebookNode) -> list[str]:
    """Return the cells of an executed notebook that show an error or draw nothing."""
    found = []
    for number, cell in enumerate(book.cells, start=1):
        for output in cell.get("outputs", ()):
            if output.output_type == "error":
                words = one_line(f"{output.ename}: {output.evalue}")
                found.append(_("cell {number}: {words}", number=number, words=words))
            figure = output.get("data", {}).get(_FIGURE)
            if figure is None:
                continue
            if not figure.get("data"):
                found.append(_("cell {number}: a figure without traces", number=number))
            if contrast(figure) < _CONTRAST:
                found.append(_("cell {number}: a figure hard to read", number=number))
    return found


def contrast(figure: dict[str, Any]) -> float:
    """Return the contrast of a figure's text with its paper; 0 if that is clear.

    By WCAG: from 1 (none) to 21. Paper of its own is the same in both themes.

    >>> layout = {"paper_bgcolor": "#fff", "font": {"color": "#000"}}
    >>> round(contrast({"layout": layout}))
    21
    """
    layout = figure.get("layout", {})
    template = layout.get("template", {}).get("layout", {})
    paper = layout.get("paper_bgcolor") or template.get("paper_bgcolor", "")
    ink = (layout.get("font") or template.get("font", {})).get("color", "")
    try:
        low, high = sorted(map(_luminance, (paper, ink)))
    except ValueError:
        return 0.0
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    """Return the relative luminance of #rgb or #rrggbb; ValueError for another."""
    text = "#ffffff" if colour == "white" else colour
    digits = text[1:] if len(text) == 7 else "".join(c + c for c in text[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@contextmanager
def without_keys(folder: Path) -> Iterator[None]:
    """Have this process and its kernels know no key, with a platform of their own.

    `folder` takes what they write beside the notebooks. The environment is changed
    until the end.
    """
    before = dict(os.environ)
    model = weights.ready()
    for name in VARIABLES.keys() - _KEPT:
        os.environ.pop(name, None)
    os.environ |= {
        "GLMKIT_LOCAL_MODEL": str(model),
        "GLMKIT_DATA_DIR": str(folder / "ledger"),
        "GLMKIT_STATE_DIR": str(folder / "state"),
        "IPYTHONDIR": str(folder / "ipython"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
    }
    try:
        platform = launcher.ensure()
        try:
            yield
        finally:
            _end(platform.pid)
    finally:
        os.environ.clear()
        os.environ |= before


def _end(pid: int) -> None:
    """End the platform, and wait for it to leave its folder."""
    end = time.monotonic() + 10
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    while launcher.find() and time.monotonic() < end:
        time.sleep(0.05)


async def run(notebook: gallery.GalleryNotebook, copy: Path, folder: Path) -> Run:
    """Run one notebook of a copy of the gallery, with a ledger of its own.

    A numbered notebook is answered by its cassette alone.
    """
    path = copy / notebook.place
    environment = {
        "GLMKIT_DATA_DIR": str(folder / "ledgers" / notebook.name),
        "JPY_SESSION_NAME": str(path),
    }
    if notebook.about.number:
        environment["GLMKIT_REPLAY"] = "only"
    started = time.monotonic()
    book, found = None, []
    try:
        book = await gallery_run.execute(path, environment, path.parent)
        found = faults(book)
    except GLMError as exc:
        found = [one_line(str(exc).removeprefix(f"{path.name}, "))]
    return Run(notebook, time.monotonic() - started, tuple(found), book)


def run_all(
    listed: Sequence[gallery.GalleryNotebook], folder: Path, jobs: int = JOBS
) -> list[Run]:
    """Run notebooks in a copy of the gallery in `folder`, and return the runs."""
    with without_keys(folder):
        gallery.copy(folder / "gallery")
        with progress_bar(total=len(listed), desc="notebooks") as bar:
            return asyncio.run(_run_all(listed, folder, jobs, bar))


async def _run_all(
    listed: Sequence[gallery.GalleryNotebook], folder: Path, jobs: int, bar: Any
) -> list[Run]:
    free = asyncio.Semaphore(jobs)

    async def one(notebook: gallery.GalleryNotebook) -> Run:
        async with free:
            done = await run(notebook, folder / "gallery", folder)
        bar.set_postfix_str(one_line(notebook.name), refresh=False)
        bar.update()
        return done

    return list(await asyncio.gather(*map(one, listed)))


def report(runs: Sequence[Run]) -> list[str]:
    """Return a line for each notebook, the slowest first, and one for each fault."""
    lines = []
    for one in sorted(runs, key=lambda one: -one.seconds):
        lines.append(f"{one.seconds:6.1f} s  {one.notebook.place.as_posix()}")
        lines += [f"      {_('FAILED')}  {fault}" for fault in one.faults]
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the notebooks that are named, or all; 1 where one has a fault."""
    parser = argparse.ArgumentParser("gallery_check", description=__doc__)
    parser.add_argument("which", nargs="*", metavar="NUMBER")
    parser.add_argument("--jobs", type=int, default=JOBS, help="at a time (2)")
    chosen = parser.parse_args(arguments)
    if chosen.jobs < 1:
        parser.error(_("--jobs takes 1 or more"))
    started = time.monotonic()
    try:
        listed = [*map(gallery.find, chosen.which)] or gallery.notebooks()
        with tempfile.TemporaryDirectory(prefix="glmkit-gallery-") as folder:
            runs = run_all(listed, Path(folder), chosen.jobs)
    except GLMError as exc:
        say(one_line(f"{type(exc).__name__}: {exc}"), one_line(f"→ {exc.hint}"))
        return 1
    failed = sum(bool(one.faults) for one in runs)
    say(*report(runs))
    counted = _("{count} notebooks, {failed} failed", count=len(runs), failed=failed)
    say(f"{counted}, {time.monotonic() - started:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
