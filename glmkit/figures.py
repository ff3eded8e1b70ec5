"""The panels of the dashboard: from frames of the ledger to plotly figures."""

from __future__ import annotations

import zlib

import pandas as pd
import plotly.graph_objects as go

from glmkit.catalog import cards, plain

#: Okabe and Ito's colours that stand on white and on black, told apart by all eyes.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#9A8C00")
#: Reads on white and on black alike.
_GREY = "#777777"
_GRID = "rgba(128, 128, 128, 0.25)"
#: Calls in a picture: more bars than pixels tell nothing, and are heavy.
NEWEST = 300

TEMPLATE = go.layout.Template(
    layout={
        "paper_bgcolor": "rgba(0, 0, 0, 0)",
        "plot_bgcolor": "rgba(0, 0, 0, 0)",
        "font": {"color": _GREY, "family": "system-ui, sans-serif", "size": 13},
        "colorway": _COLOURS,
        "xaxis": {"gridcolor": _GRID, "zerolinecolor": _GRID, "linecolor": _GRID},
        "yaxis": {"gridcolor": _GRID, "zerolinecolor": _GRID, "linecolor": _GRID},
        "title": {"x": 0, "xref": "paper", "font": {"size": 16}},
        "legend": {"orientation": "h", "yanchor": "top", "y": -0.12, "x": 0},
        "margin": {"l": 60, "r": 20, "t": 50, "b": 50},
        "barmode": "stack",
        "bargap": 0.15,
    }
)


def colour(model: str) -> str:
    """Return a model's colour: the same in every figure and every session."""
    places = {plain(card.id): place for place, card in enumerate(cards())}
    name = plain(model)
    return _COLOURS[places.get(name, zlib.crc32(name.encode())) % len(_COLOURS)]


def tokens_by_call(frame: pd.DataFrame) -> go.Figure:
    """Draw the tokens of each call, prompt below answer, in the model's colour.

    Takes a frame of `glmkit.usage()`; shows the newest 300 calls that have a usage
    (`usage(newest=NEWEST)` reads no more than can be shown).
    """
    known = frame[frame["prompt_tokens"].notna()].tail(NEWEST)
    if known.empty:
        return _nothing("No calls yet: run a cell that starts with %%glm.")
    known = known.assign(place=range(1, len(known) + 1))
    figure = go.Figure(layout={"template": TEMPLATE})
    for model, calls in known.groupby("model", sort=False):
        for kind in ("prompt", "completion"):
            figure.add_trace(_bars(str(model), kind, calls))
    figure.update_layout(
        title={"text": f"Tokens by call ({len(known)} of {len(frame)})"},
        xaxis={"rangemode": "tozero"},
        yaxis={"title": {"text": "tokens"}},
    )
    return figure


def _bars(model: str, kind: str, calls: pd.DataFrame) -> go.Bar:
    """Tell the two kinds apart by hatching, which needs no second colour."""
    label = "prompt" if kind == "prompt" else "answer"
    hatching = {"shape": "/", "size": 5, "solidity": 0.5} if kind == "prompt" else {}
    return go.Bar(
        name=f"{model}, {label}",
        legendgroup=model,
        x=calls["place"].tolist(),
        y=[int(count) for count in calls[f"{kind}_tokens"].fillna(0)],
        customdata=calls["at"].dt.strftime("%Y-%m-%d %H:%M:%S UTC").tolist(),
        marker={"color": colour(model), "line": {"width": 0}, "pattern": hatching},
        hovertemplate="%{y} tokens<br>%{customdata}<extra>%{fullData.name}</extra>",
    )


def _nothing(text: str) -> go.Figure:
    figure = go.Figure(layout={"template": TEMPLATE})
    figure.update_layout(xaxis={"visible": False}, yaxis={"visible": False})
    figure.add_annotation(text=text, showarrow=False, font={"size": 16})
    return figure
