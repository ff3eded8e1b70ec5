"""Calls that failed, broke off or had to be sent again."""

from __future__ import annotations

from typing import Any

import pandas as pd

from glmkit.figures import style
from glmkit.figures.panel import LONGEST, Panel, bars, cut, nested, rows_of, totals
from glmkit.figures.time_steps import steps
from glmkit.types.translation import _

_KINDS = ("failed", "interrupted", "uncertain", "retries")


def troubles(frame: pd.DataFrame) -> Panel:
    """Return failed, interrupted and uncertain calls, and retries."""
    values = nested(
        (model, kind, int(number))
        for kind in _KINDS
        for model, number in zip(frame["model"], frame[kind].fillna(0), strict=True)
    )
    sums = totals(values)
    calls = int(frame["calls"].sum()) if len(frame) else 0
    share = sums.get("failed", 0) / calls if calls else 0
    return Panel(
        _("Errors and retries"),
        _("{share:.1%} of {calls} failed", share=share, calls=style.calls(calls))
        if calls
        else "",
        bars(cut(values), _KINDS[::-1], lying=True, hover="%{value:,} %{at}"),
        xaxis={"rangemode": "tozero"},
        yaxis={"type": "category"},
        rows=rows_of((k, n, f"{n:,}") for k, n in sums.items() if any(sums.values())),
        empty=_("No failed calls.") if calls else Panel("").empty,
    )


def failures(frame: pd.DataFrame) -> Panel:
    """Return failed calls over time, by model."""
    spread = steps(frame)
    failed = frame["failed"].fillna(0).astype("int64").tolist()
    values = nested(zip(frame["model"], spread.starts, failed, strict=True))
    sums = totals(values)
    newest = [(at, n, f"{n:,} failed") for at, n in sorted(sums.items()) if n][-14:]
    return Panel(
        _("Failed calls per {step}", step=spread.name),
        f"{sum(sums.values()):,} failed" if len(frame) else "",
        bars(
            cut(values),
            spread.places(),
            hover="%{value:,} failed<br>%{at}",
            width=spread.width_ms * 0.85,
            offset=spread.width_ms * 0.075,
        ),
        xaxis={"type": "date"},
        yaxis={"rangemode": "tozero", "nticks": 5},
        rows=rows_of(newest),
        empty=_("No failed calls.") if len(frame) else Panel("").empty,
    )


def codes(frame: pd.DataFrame) -> Panel:
    """Return the error codes of calls of `usage(newest=...)`, by model."""
    failed = frame[frame["state"] == "failed"]
    named: list[Any] = [
        style.text(code or kind or "no code")
        for code, kind in zip(failed["error_code"], _errors(failed), strict=True)
    ]
    values = nested(zip(failed["model"], named, [1] * len(named), strict=True))
    sums = totals(values)
    order = sorted(sums, key=lambda code: -sums[code])[:LONGEST]
    kept = {
        model: {code: n for code, n in found.items() if code in order}
        for model, found in values.items()
    }
    return Panel(
        _("Error codes"),
        _("newest {calls}", calls=style.calls(len(frame))) if len(frame) else "",
        bars(cut(kept), order[::-1], lying=True, hover="%{value:,} × %{at}"),
        xaxis={"rangemode": "tozero"},
        yaxis={"type": "category"},
        rows=rows_of((code, sums[code], f"{sums[code]:,}") for code in order),
        empty=_("No failed calls.") if len(frame) else Panel("").empty,
    )


def _errors(frame: pd.DataFrame) -> list[str]:
    """Return the first words of the errors, for those without a code."""
    return [(error or "").split(":")[0] for error in frame["error"]]
