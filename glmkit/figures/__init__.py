"""The panels of the dashboard: from frames of the ledger to plotly figures.

Each function returns a figure of its own, which can go into a paper:

    spent = glmkit.usage(by=("day", "model"))
    glmkit.figures.cost_over_time(spent).write_image("cost.pdf")  # with kaleido

A model has the same colour and hatching in all of them. `TEMPLATE` is readable on any
background; `figure.update_layout(template=glmkit.figures.LIGHT)`, or DARK, sets one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from glmkit.figures import budgets, failures, spending, timing
from glmkit.figures.panel import Panel, grid
from glmkit.figures.published_scores import score_bars
from glmkit.figures.style import DARK, LIGHT, TEMPLATE, colour

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = [
    "DARK",
    "LIGHT",
    "NEWEST",
    "TEMPLATE",
    "Panel",
    "budgets_over_time",
    "call_seconds",
    "colour",
    "cost_over_time",
    "dearest_cells",
    "error_codes",
    "errors_and_retries",
    "failures_over_time",
    "first_token",
    "grid",
    "in_flight",
    "kinds_of_tokens",
    "owed_and_saved",
    "score_bars",
    "speed",
    "tokens_over_time",
    "what_if",
]

#: Calls that are read one by one; older ones are in the ledger's sums.
NEWEST = 2000


def cost_over_time(usage: pd.DataFrame, currency: str = "CNY") -> go.Figure:
    """Draw the cost over time, by model; the list price where nothing was billed.

    Takes `usage(by=("day", "model"))`, or calls of `usage()` for steps of minutes.
    """
    return spending.cost(usage, currency).figure()


def tokens_over_time(usage: pd.DataFrame) -> go.Figure:
    """Draw tokens over time, by model; takes the frames of `cost_over_time`."""
    return spending.tokens(usage).figure()


def kinds_of_tokens(usage: pd.DataFrame) -> go.Figure:
    """Draw input, cached input, thinking and answer; takes `usage(by="model")`."""
    return spending.kinds(usage).figure()


def dearest_cells(usage: pd.DataFrame, currency: str = "CNY") -> go.Figure:
    """Draw the most expensive cells.

    Takes `usage(by=("notebook", "cell", "model"))`.
    """
    return spending.cells(usage, currency).figure()


def owed_and_saved(usage: pd.DataFrame, currency: str = "CNY") -> go.Figure:
    """Draw what was billed, and the list price that replay and the stand-in saved.

    Takes `usage(by=("source", "model"))`.
    """
    return spending.saved(usage, currency).figure()


def what_if(repriced: pd.DataFrame, model: str, currency: str = "CNY") -> go.Figure:
    """Draw what the calls would have cost with another model.

    Takes `glmkit.repriced(model)`, and the same model and currency.
    """
    return spending.what_if(repriced, model, currency).figure()


def first_token(timings: pd.DataFrame) -> go.Figure:
    """Draw the times to the first token.

    Takes `glmkit.timings("first_token_s", "model")`. A replayed answer has the times of
    its recording: `where={"source": "service"}` leaves it out.
    """
    return timing.spread(timings, "first_token_s").figure()


def call_seconds(timings: pd.DataFrame) -> go.Figure:
    """Draw the durations of calls.

    Takes `glmkit.timings("seconds", "model")`. A replayed answer has the times of
    its recording: `where={"source": "service"}` leaves it out.
    """
    return timing.spread(timings, "seconds").figure()


def speed(timings: pd.DataFrame) -> go.Figure:
    """Draw the output speeds, in tokens per second.

    Takes `glmkit.timings("tokens_per_s", "model")`. A replayed answer has the times of
    its recording: `where={"source": "service"}` leaves it out.
    """
    return timing.spread(timings, "tokens_per_s").figure()


def in_flight(usage: pd.DataFrame, rights: Mapping[str, int]) -> go.Figure:
    """Draw the most calls of a model in flight at one time, and its limit.

    Takes `usage(newest=...)`, and the limits of requests in flight by model.
    """
    return timing.in_flight(usage, rights).figure()


def errors_and_retries(usage: pd.DataFrame) -> go.Figure:
    """Draw failures and retries by kind; takes `usage(by="model")`."""
    return failures.troubles(usage).figure()


def failures_over_time(usage: pd.DataFrame) -> go.Figure:
    """Draw failed calls over time; takes `usage(by=("day", "model"))`."""
    return failures.failures(usage).figure()


def error_codes(usage: pd.DataFrame) -> go.Figure:
    """Draw the error codes; takes `usage(newest=...)`."""
    return failures.codes(usage).figure()


def budgets_over_time(balance: pd.DataFrame, usage: pd.DataFrame) -> go.Figure:
    """Draw what is left of each budget, with a forecast from the last hour.

    Takes `glmkit.balance()` and `usage(newest=...)`.
    """
    return budgets.burn_down(balance, usage).figure()
