"""The modules and style sheets that widgets run in the page.

A page loads a widget's module as one text, so what widgets share is put before it:
`dom` (elements, labels, a line to the kernel) and `live` (answers while they stream).
So with its style sheet: `ground` (colours, type, controls and lines of every panel)
stands before what is the widget's own.
"""

from __future__ import annotations

from importlib import resources

from glmkit import render


def module(*stems: str) -> str:
    """Return these modules as one, in order; the last one exports the widget."""
    return "\n".join(_read(f"{stem}.js") for stem in stems)


def style(*stems: str) -> str:
    """Return these style sheets as one; with `live`, the sheet of an answer too."""
    answer = [render.style()] if "shared/live" in stems else []
    return "\n".join([*answer, *(_read(f"{stem}.css") for stem in stems)])


def _read(name: str) -> str:
    return resources.files("glmkit_widgets").joinpath(name).read_text("utf-8")
