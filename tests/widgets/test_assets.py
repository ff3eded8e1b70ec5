"""One ground under all panels: its sheet, its root, and its colours alone."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import glmkit_widgets
from glmkit_widgets.chat.chat import Chat
from glmkit_widgets.compare.compare import Compare
from glmkit_widgets.controls.controls import Controls
from glmkit_widgets.dashboard.filters import Filters
from glmkit_widgets.lab.lab import PromptLab
from glmkit_widgets.review.review import Review
from glmkit_widgets.ruler.ruler import TokenRuler
from glmkit_widgets.shared.assets import module, style
from glmkit_widgets.theatre.theatre import TemperatureTheatre

_FOLDER = Path(glmkit_widgets.__file__).parent
_PANELS = {
    "chat": Chat,
    "compare": Compare,
    "controls": Controls,
    "filters": Filters,
    "lab": PromptLab,
    "review": Review,
    "ruler": TokenRuler,
    "theatre": TemperatureTheatre,
}
_SHARED = ("--ink", "--quiet", "--paper", "--line", "--edge", "--brand", "--wrong")


def _sheets() -> Iterator[Path]:
    """Yield the style sheets of the widgets, those that all share left out."""
    for path in sorted(_FOLDER.rglob("*.css")):
        if path.parent.name != "shared":
            yield path


@pytest.mark.parametrize("stem", _PANELS)
def test_a_panel_stands_on_the_ground(stem: str) -> None:
    panel = _PANELS[stem]
    assert style("shared/ground") in panel._css
    assert re.search(rf"(?:panel\(|name:)\s*\"glmkit-{stem}\"", panel._esm)
    assert "glmkit-ground" in module("shared/dom")


@pytest.mark.parametrize("sheet", [*_sheets()], ids=lambda path: path.stem)
def test_a_sheet_of_its_own_sets_no_colour_of_the_ground(sheet: Path) -> None:
    own = sheet.read_text("utf-8")
    assert not [name for name in _SHARED if f"{name}:" in own]
    assert all(f"{name}:" in style("shared/ground") for name in _SHARED)


def test_what_a_sheet_reads_is_set_on_the_ground_by_itself_or_by_a_script() -> None:
    scripts = "".join(path.read_text("utf-8") for path in _FOLDER.rglob("*.js"))
    sheets = [*_sheets()]
    assert sheets
    for sheet in sheets:
        own = sheet.read_text("utf-8")
        read = set(re.findall(r"var\((--(?!jp-)[a-z-]+)\)", own))
        places = own + style("shared/ground") + scripts
        assert read <= set(re.findall(r"(--[a-z-]+)[:\"]", places)), sheet.name
