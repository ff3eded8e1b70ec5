"""A panel: a chart with its numbers, alone or in a grid with others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from textwrap import wrap
from typing import TYPE_CHECKING, Any, NamedTuple

from glmkit.figures.style import (
    GREY,
    LIGHT,
    OTHERS,
    TEMPLATE,
    colour,
    label,
    marker,
    text,
)
from glmkit.types.translation import _

if TYPE_CHECKING:
    import plotly.graph_objects as go

#: Models with a colour of their own in one chart.
_MODELS = 8
#: Bars in a panel with names on its axis.
LONGEST = 10
#: Pixels of a panel's height, with its title and its axis.
_HEIGHT = 310
_NOTHING = _("No calls yet. Run a cell that starts with %%glm.")


class Row(NamedTuple):
    """One line of a panel's numbers, with a bar of `share` (0 to 1)."""

    label: str
    value: str
    share: float = 0.0
    colour: str = GREY


class Panel(NamedTuple):
    """A chart as plain plotly data, and its numbers for where there is no plotly."""

    title: str
    note: str = ""
    traces: Sequence[Mapping[str, Any]] = ()
    xaxis: Mapping[str, Any] = {}
    yaxis: Mapping[str, Any] = {}
    rows: Sequence[Row] = ()
    empty: str = _NOTHING

    def figure(self) -> go.Figure:
        """Return the panel as a figure of its own."""
        import plotly.graph_objects as go  # slow; a live view needs none of it

        figure = go.Figure(grid([self], _ALONE)).update_layout(template=LIGHT)
        return figure.update_layout(
            width=None, height=None, margin={"l": None, "r": 20}
        )


#: Pixels: the width of a single panel, and of two beside each other.
_ALONE, _TWO = 640, 760
#: Pixels around a panel's axes: above for title and note, left for labels.
_ABOVE, _BELOW, _NAMES, _NUMBERS, _GAP = 76, 34, 164, 72, 20
_LETTER, _LEGEND_LETTER = 6.6, 8.0
#: Invisible ticks keep the labels off the bars.
_AXIS: dict[str, Any] = {
    "nticks": 5, "automargin": False, "tickangle": 0, "separatethousands": True,
    "ticks": "outside", "ticklen": 5, "tickcolor": "rgba(0, 0, 0, 0)",
}  # fmt: skip


def grid(panels: Sequence[Panel], width: int) -> dict[str, Any]:
    """Return a figure of all panels, as plain data, for a width in pixels."""
    columns = 2 if width >= _TWO and len(panels) > 1 else 1
    cell = (width - _GAP * (columns - 1)) / columns
    body = -(-len(panels) // columns) * _HEIGHT
    layout: dict[str, Any] = {"template": TEMPLATE, "annotations": []}
    traces: list[dict[str, Any]] = []
    known: set[str] = set()
    for place, panel in enumerate(panels):
        number = "" if place == 0 else str(place + 1)
        line, column = divmod(place, columns)
        spot = _Spot(column * (cell + _GAP), line * _HEIGHT, cell, width, body)
        layout |= _axes(panel, spot, number)
        layout["annotations"] += _words(panel, spot)
        traces += [_placed(trace, number, known) for trace in panel.traces]
    below = 26 * _legend_lines(traces, width) + 12
    layout |= {"width": width, "height": body + below}
    layout["margin"] = {"l": 0, "r": 0, "t": 0, "b": below}
    layout["legend"] = {"y": -4 / body}
    return {"data": traces, "layout": layout}


class _Spot(NamedTuple):
    """The place of a panel: pixels from the left and the top of its page."""

    left: float
    top: float
    cell: float
    width: float
    body: float

    def across(self, pixels: float) -> float:
        return min(1.0, max(0.0, (self.left + pixels) / self.width))

    def up(self, pixels: float) -> float:
        return min(1.0, max(0.0, 1 - (self.top + pixels) / self.body))


def _axes(panel: Panel, spot: _Spot, number: str) -> dict[str, Any]:
    names = panel.yaxis.get("type") == "category"
    left = _NAMES if names else _NUMBERS
    seen = {"visible": bool(panel.traces)}
    few = {"nticks": max(2, int(spot.cell / 110))}
    xaxis = {**_AXIS, **few, **panel.xaxis, **seen}
    yaxis = {**_AXIS, **panel.yaxis, **seen}
    if names:
        yaxis["nticks"] = 0  # every one
    xaxis |= {"domain": [spot.across(left), spot.across(spot.cell - 8)]}
    yaxis |= {"domain": [spot.up(_HEIGHT - _BELOW), spot.up(_ABOVE)]}
    xaxis["anchor"], yaxis["anchor"] = f"y{number}", f"x{number}"
    return {f"xaxis{number}": xaxis, f"yaxis{number}": yaxis}


def _placed(trace: Mapping[str, Any], number: str, known: set[str]) -> dict[str, Any]:
    """Put a trace on its panel's axes; a model is in the legend once."""
    placed = {**trace, "xaxis": f"x{number}", "yaxis": f"y{number}"}
    group = trace.get("legendgroup", "")
    placed["showlegend"] = bool(group) and group not in known
    known.add(group)
    return placed


def _legend_lines(traces: Sequence[Mapping[str, Any]], width: float) -> int:
    """Return the number of lines of the legend, which plotly sets in columns."""
    names = [str(trace["name"]) for trace in traces if trace["showlegend"]]
    if not names:
        return 1
    widest = max(map(len, names)) * _LEGEND_LETTER + 50
    return -(-len(names) // max(1, int(width // widest)))


def _words(panel: Panel, spot: _Spot) -> list[dict[str, Any]]:
    """Return title and note above a panel, and the text of an empty one."""
    place = {
        "xref": "paper", "yref": "paper", "x": spot.across(4), "align": "left",
        "xanchor": "left", "yanchor": "top", "showarrow": False,
    }  # fmt: skip
    wide = int(spot.cell / _LETTER)
    title = {"text": f"<b>{panel.title}</b>", "y": spot.up(8), "font": {"size": 15}}
    words = [{**place, **title}]
    if panel.note:
        lines = "<br>".join(wrap(panel.note, wide, break_long_words=False)[:2])
        note = {"text": lines, "y": spot.up(31), "font": {"size": 12}}
        words.append({**place, **note})
    if not panel.traces:
        empty = "<br>".join(wrap(panel.empty, wide - 8, break_long_words=False))
        middle = {"x": spot.across(spot.cell / 2), "y": spot.up(_HEIGHT / 2)}
        words.append({**place, **middle, "xanchor": "center", "text": empty})
    return words


def bars(
    values: Mapping[str, Mapping[Any, float]],
    places: Sequence[Any],
    *,
    lying: bool = False,
    hover: str = "%{value}",
    **more: Any,
) -> list[dict[str, Any]]:
    """Return stacked bars: for each model a value, or 0, at each place."""
    along, up = ("y", "x") if lying else ("x", "y")
    shown = hover.replace("%{value}", f"%{{{up}}}").replace("%{at}", f"%{{{along}}}")
    return [
        {
            "type": "bar",
            "name": text(label(model)),
            "legendgroup": model,
            along: list(places),
            up: [float(found.get(place, 0)) for place in places],
            "marker": marker(model),
            "hovertemplate": f"{shown}<extra>%{{fullData.name}}</extra>",
            **({"orientation": "h"} if lying else {}),
            **more,
        }
        for model, found in values.items()
    ]


def money_axis(sign: str) -> dict[str, Any]:
    """Return an axis of amounts, in full: ¥0.00025 and not ¥250µ."""
    return {"tickprefix": sign, "exponentformat": "none"}


def cut(values: Mapping[str, Mapping[Any, Any]]) -> dict[str, Mapping[Any, Any]]:
    """Keep the models with the greatest sums, and add up the others."""
    order = sorted(values, key=lambda model: -sum(values[model].values()))
    order = [model for model in order if any(values[model].values())]
    if len(order) <= _MODELS:
        return {model: values[model] for model in order}
    rest: dict[Any, Any] = {}
    for model in order[_MODELS - 1 :]:
        for place, value in values[model].items():
            rest[place] = rest.get(place, 0) + value
    return {model: values[model] for model in order[: _MODELS - 1]} | {OTHERS: rest}


def totals(values: Mapping[str, Mapping[Any, Any]]) -> dict[Any, Any]:
    """Return the sums over all models, by place."""
    found: dict[Any, Any] = {}
    for places in values.values():
        for place, value in places.items():
            found[place] = found.get(place, 0) + value
    return found


def rows_of(
    entries: Iterable[tuple[str, Any, str]], colours: Mapping[str, str] | None = None
) -> list[Row]:
    """Return lines of label, value and its text, each with a bar of its share."""
    listed = list(entries)
    most = max((float(value) for _, value, _ in listed), default=0) or 1
    shades = colours or {}
    return [
        Row(name, words, float(value) / most, shades.get(name, GREY))
        for name, value, words in listed
    ]


def nested(rows: Iterable[tuple[str, Any, Any]]) -> dict[str, dict[Any, Any]]:
    """Return model → place → sum; unknown values add nothing."""
    found: dict[str, dict[Any, Any]] = {}
    for model, place, value in rows:
        places = found.setdefault(model, {})
        if value is not None and value == value:
            places[place] = places.get(place, 0) + value
    return found


def decimal(value: Any) -> Decimal:
    """Return an amount of a frame; 0 where it is unknown."""
    return value if isinstance(value, Decimal) else Decimal(0)


def model_rows(values: Mapping[str, Any], words: Mapping[str, str]) -> list[Row]:
    """Return a line for each model, the greatest first."""
    order = sorted(values, key=lambda model: -values[model])
    listed = [(label(model), values[model], words[model]) for model in order]
    return rows_of(listed, {label(model): colour(model) for model in order})
