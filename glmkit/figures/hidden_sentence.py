"""The heat map of a hidden sentence: found by depth and length of the text."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from glmkit.figures import style
from glmkit.types.money import Money
from glmkit.types.plain_text import escaped
from glmkit.types.translation import _

#: The quantile of a 95 % interval.
_Z = 1.959964


def wilson(found: int, asked: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson, 1927).

    >>> [round(end, 3) for end in wilson(9, 10)]
    [0.596, 0.982]
    """
    share, room = found / asked, _Z**2 / asked
    middle = (share + room / 2) / (1 + room)
    half = _Z * math.sqrt(share * (1 - share) / asked + room / (4 * asked))
    half /= 1 + room
    return max(0.0, middle - half), min(1.0, middle + half)


def heat_map(shares: pd.DataFrame, model: str, cost: Money | None) -> Any:
    """Return the figure of `found` of `asked` by `length` and `depth`."""
    import plotly.graph_objects as go

    lengths = sorted(shares["length"].unique().tolist())
    depths = sorted(shares["depth"].unique().tolist())
    columns = (shares[name].tolist() for name in ("length", "depth", "found", "asked"))
    cells = {
        (length, depth): (found, asked)
        for length, depth, found, asked in zip(*columns, strict=True)
    }
    table = [[cells.get((length, depth)) for length in lengths] for depth in depths]
    paid = _("cost not known") if cost is None else str(cost)
    figure = go.Figure(
        go.Heatmap(
            x=[f"{length:,}" for length in lengths],
            y=[f"{depth:.0%}" for depth in depths],
            z=[[cell and cell[0] / cell[1] for cell in row] for row in table],
            text=[[cell and f"{cell[0]}/{cell[1]}" for cell in row] for row in table],
            customdata=[[_interval(cell) for cell in row] for row in table],
            texttemplate="%{text}",
            hovertemplate="%{x} · %{y}<br>%{text} %{customdata}<extra></extra>",
            zmin=0,
            zmax=1,
            colorscale=[[0, style.COLOURS[5]], [0.5, "#dddddd"], [1, style.COLOURS[0]]],
            colorbar={"title": _("found"), "tickformat": ".0%"},
        )
    )
    figure.update_layout(
        template=style.LIGHT,
        title={"text": escaped(_("{model}: a hidden sentence, {cost}", model=model,
                                 cost=paid))},
        xaxis={"title": _("length of the text in tokens"), "type": "category"},
        yaxis={"title": _("depth of the sentence"), "autorange": "reversed",
               "type": "category"},
    )  # fmt: skip
    return figure


def _interval(cell: tuple[int, int] | None) -> str:
    if cell is None:
        return ""
    low, high = wilson(*cell)
    return f"({low:.0%}–{high:.0%})"
