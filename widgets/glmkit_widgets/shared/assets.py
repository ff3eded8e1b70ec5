"""The modules and style sheets that widgets run in the page.

A page loads a widget's module as one text, so shared modules are put before it: `dom`
(elements, labels, messages to the kernel) and `live` (answers while they stream). The
same holds for style sheets: `ground` (colours, type and controls of every panel) comes
before the widget's own.
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
