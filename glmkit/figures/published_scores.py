"""The benchmark tables of the model pages as a frame, and as bars."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from glmkit.catalog.published_scores import ScoreTable, score_tables
from glmkit.figures import style
from glmkit.types.errors import ConfigError
from glmkit.types.plain_text import escaped
from glmkit.types.translation import _

_COLUMNS = {
    "table": "string",
    "source": "string",
    "model": "string",
    "benchmark": "string",
    "score": "Float64",
    "starred": "boolean",
    "ratio": "Float64",
}

#: How the names of GLM's models begin.
_OWN = ("GLM", "ChatGLM")


def benchmarks(table: str | None = None) -> pd.DataFrame:
    """Return the scores that the model pages print, a row each.

    Columns: `table`, its `source`, `model`, `benchmark`, `score` as printed (NA where
    the table has a blank; most in percent, OCRBench out of 1,000, LongBench-Chat,
    MT-Bench and some of AlignBench out of 10), `starred` where the page says that its
    authors measured it or took it from elsewhere, and `ratio`, the score divided by
    the best of its benchmark in that table. They are others' claims, not measurements
    of glmkit. `table` names one of them. Raises ConfigError for another name.

        glmkit.benchmarks("glm-4-plus-language").pivot(
            index="model", columns="benchmark", values="score"
        )
    """
    tables = score_tables()
    if table is not None:
        tables = tuple(one for one in tables if one.id == table)
        if not tables:
            raise ConfigError(
                _("there is no table {name!r}", name=table),
                hint=_(
                    "They are {names}.", names=", ".join(t.id for t in score_tables())
                ),
            )
    rows = [row for one in tables for row in _rows(one)]
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    return frame.astype(_COLUMNS)


def _rows(table: ScoreTable) -> Iterator[tuple[Any, ...]]:
    for model, scores in table.rows.items():
        for place, benchmark in enumerate(table.columns):
            found = [row[place] for row in table.rows.values()]
            best = max(score for score in found if score is not None)
            score = scores[place]
            ratio = None if score is None else score / best
            starred = (model, benchmark) in table.starred
            yield table.id, table.source, model, benchmark, score, starred, ratio


def score_bars(frame: pd.DataFrame) -> Any:
    """Return the scores of `benchmarks(...)` as bars, by benchmark and model.

    A star stands at the scores that the page marks. Benchmarks with scores out of 10
    or 1,000 are drawn by their ratio to the best, so that all fit one axis. GLM's
    models come first among the colours, and so have the same ones in each figure.

        glmkit.figures.score_bars(glmkit.benchmarks("glm-4v-9b"))
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    models = list(dict.fromkeys(map(str, frame["model"])))
    places = sorted(models, key=lambda model: not model.startswith(_OWN))
    for model, rows in frame.groupby("model", sort=False):
        known = rows.dropna(subset=["score"])
        stars = ["*" if star else "" for star in known["starred"]]
        figure.add_bar(
            name=escaped(str(model)),
            marker_color=style.COLOURS[places.index(str(model)) % len(style.COLOURS)],
            x=known["benchmark"].tolist(),
            y=known["ratio"].tolist(),
            text=[
                f"{score:g}{star}"
                for score, star in zip(known["score"], stars, strict=True)
            ],
            hovertemplate="%{x}: %{text} (%{y:.0%})<extra>%{fullData.name}</extra>",
        )
    sources, tables = (
        ", ".join(dict.fromkeys(frame[name])) for name in ("source", "table")
    )
    said = _("Scores as printed: {sources} ({tables})", sources=sources, tables=tables)
    figure.update_layout(
        template=style.LIGHT,
        barmode="group",
        title={"text": escaped(said)},
        legend={"y": -0.25},
        xaxis={"title": _("benchmark")},
        yaxis={"title": _("share of the best"), "tickformat": ".0%"},
    )
    return figure
