"""Build the site: `python -m glmkit.notebook.site [--out FOLDER] [NUMBER ...]`."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import nbformat

from glmkit.notebook import gallery, gallery_check
from glmkit.notebook.site import pages
from glmkit.notebook.site.reference import write_reference
from glmkit.types.errors import ConfigError, GLMError
from glmkit.types.plain_text import one_line, say
from glmkit.types.translation import _


def build(site: Path, listed: Sequence[gallery.GalleryNotebook]) -> list[str]:
    """Run notebooks from their cassettes and write the site; return the faults.

    Notebooks, data and pictures stand beside the pages. Raises ConfigError where the
    folder holds something else than a site, or cannot be written.
    """
    _clear(site)
    gallery.copy(site)
    pages.write_assets(site)
    write_reference(site / "reference")
    with tempfile.TemporaryDirectory(prefix="glmkit-site-") as folder:
        runs = gallery_check.run_all(listed, Path(folder))
    for run in runs:
        if run.book is not None:
            place = PurePosixPath(run.notebook.place.with_suffix(".html").as_posix())
            text = pages.page(run.book, place, run.notebook.title)
            (site / place).write_text(text, "utf-8")
    front = nbformat.read(site / gallery.INDEX, as_version=4)
    text = pages.page(front, PurePosixPath("index.html"), _("The glmkit gallery"))
    (site / "index.html").write_text(text, "utf-8")
    return [
        f"{run.notebook.place.as_posix()}, {fault}"
        for run in runs
        for fault in run.faults
    ]


def _clear(site: Path) -> None:
    """Remove an earlier site; raise ConfigError for a folder that is something else."""
    earlier = (site / pages.ASSETS / "site.css").is_file()
    if site.exists() and not earlier and (site.is_file() or any(site.iterdir())):
        raise ConfigError(
            _("{site} is there already, and is not a site", site=site),
            hint=_("Name a new folder: --out FOLDER."),
        )
    if earlier:
        shutil.rmtree(site)


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the site; 1 where a notebook has a fault."""
    parser = argparse.ArgumentParser("glmkit.notebook.site", description=__doc__)
    parser.add_argument("which", nargs="*", metavar="NUMBER", help="these, not all")
    parser.add_argument("--out", type=Path, default=Path("site"), help="site")
    chosen = parser.parse_args(arguments)
    started = time.monotonic()
    try:
        listed = [*map(gallery.find, chosen.which)] or gallery.notebooks()
        faults = build(chosen.out, listed)
    except GLMError as exc:
        say(one_line(f"{type(exc).__name__}: {exc}"), one_line(f"→ {exc.hint}"))
        return 1
    say(*map(one_line, faults))
    seconds = time.monotonic() - started
    counted = _(
        "{count} notebooks, {seconds:.0f} s", count=len(listed), seconds=seconds
    )
    say(f"{chosen.out / 'index.html'}: {counted}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
