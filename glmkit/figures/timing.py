"""Durations of calls, output speeds, and calls in flight."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from glmkit.figures import style
from glmkit.figures.panel import Panel, bars, cut, nested, rows_of, totals
from glmkit.types.translation import _


class _Kind(NamedTuple):
    title: str
    unit: str


KINDS = {
    "first_token_s": _Kind(_("Time to first token"), "s"),
    "seconds": _Kind(_("Call duration"), "s"),
    "tokens_per_s": _Kind(_("Output speed"), "tokens/s"),
}
#: Labels of a logarithmic axis.
_TICKS = [digit * 10.0**power for power in range(-3, 6) for digit in (1, 3)]
#: The same where few of those are in range.
_FINE_TICKS = [digit * 10.0**power for power in range(-3, 6) for digit in (1, 2, 3, 5)]


def spread(frame: pd.DataFrame, kind: str) -> Panel:
    """Return the number of calls by duration or speed and model, on a log axis.

    Takes `frames.timings(kind, by="model")`.
    """
    title, unit = KINDS[kind]
    lows = frame["low"].tolist()
    places = [round(math.log2(low), 6) for low in lows]
    counts = frame["calls"].astype("int64").tolist()
    values = nested(zip(frame["model"], places, counts, strict=True))
    bins = dict(zip(places, zip(lows, frame["high"], strict=True), strict=True))
    sums = totals(values)
    order = sorted(sums)
    width = 0.25
    labels = [f"{_plain(bins[at][0])} to {_plain(bins[at][1])} {unit}" for at in order]
    traces = bars(
        cut(values),
        order,
        hover="%{value:,} calls<br>%{customdata}",
        customdata=labels,
        width=width * 0.92,
        offset=width * 0.04,
    )
    return Panel(
        title,
        _quantiles(order, sums, bins, unit),
        traces,
        xaxis=_powers(order, unit),
        yaxis={"rangemode": "tozero", "nticks": 5},
        rows=rows_of(_octaves(order, sums, unit)),
        empty=_("No timings yet.") if not order else "",
    )


def _quantiles(
    order: Sequence[float],
    sums: Mapping[float, int],
    bins: Mapping[float, tuple[float, float]],
    unit: str,
) -> str:
    """Return the median and the slow 5 %, to about a fifth: the width of a bin."""
    if not order:
        return ""
    whole, words = sum(sums.values()), []
    slow = _("95th percentile") if unit == "s" else _("5th percentile")
    for share, name in ((0.5, _("median")), (0.95, slow)):
        # The slow end of a speed is the low one.
        towards = order if unit == "s" else order[::-1]
        seen, place = 0, towards[-1]
        for place in towards:
            seen += sums[place]
            if seen >= share * whole:
                break
        low, high = bins[place]
        edge = high if unit == "s" else low
        words.append(f"{name} {_plain(edge)} {unit}")
    return ", ".join(words)


def _powers(order: Sequence[float], unit: str) -> dict[str, Any]:
    if not order:
        return {}
    low, high = order[0] - 0.25, order[-1] + 0.5
    all_ticks = _TICKS if high - low > 5 else _FINE_TICKS
    ticks = [tick for tick in all_ticks if low <= math.log2(tick) <= high]
    return {
        "tickmode": "array",
        "tickvals": [math.log2(tick) for tick in ticks],
        # The longer unit is in the note.
        "ticktext": [f"{_plain(tick)}{' s' if unit == 's' else ''}" for tick in ticks],
    }


def _octaves(
    order: Sequence[float], sums: Mapping[float, int], unit: str
) -> list[tuple[str, int, str]]:
    """Return calls by octave, as the lines of a short table."""
    found: dict[int, int] = {}
    for place in order:
        octave = math.floor(place + 1e-9)
        found[octave] = found.get(octave, 0) + sums[place]
    return [
        (f"{_plain(2.0**at)} to {_plain(2.0 ** (at + 1))} {unit}", n, style.calls(n))
        for at, n in found.items()
    ]


def _plain(number: float) -> str:
    """Return a number with two significant digits, without an exponent.

    >>> _plain(0.0625), _plain(1448.2)
    ('0.062', '1,400')
    """
    if number <= 0:
        return "0"
    digits = 1 - math.floor(math.log10(number))
    rounded = round(number, digits)
    return f"{rounded:,.{max(0, digits)}f}".rstrip("0").rstrip(".") if digits > 0 else (
        f"{rounded:,.0f}"
    )  # fmt: skip


def in_flight(frame: pd.DataFrame, rights: Mapping[str, int]) -> Panel:
    """Return the most calls of each model in flight at one time, and its limit.

    Takes calls of `usage(newest=...)`; `rights` are the limits, by model. Replayed
    calls were not in flight.
    """
    sent = frame[frame["source"].isin(("service", "stand-in")) | frame["source"].isna()]
    peaks: dict[str, int] = {}
    now: dict[str, int] = {}
    for model, calls in sent.groupby("model", sort=False):
        peaks[str(model)], now[str(model)] = _peak(calls)
    shown = {model: peaks[model] for model in sorted(peaks, key=lambda m: -peaks[m])}
    names = {model: style.text(style.label(model)) for model in shown}
    values = {model: {names[model]: peak} for model, peak in shown.items() if peak}
    traces = bars(
        cut(values),
        [names[model] for model in reversed(values)],
        lying=True,
        hover="%{value} at one time",
    )
    held = {m: rights[m] for m in values if m in rights}
    if held:
        traces.append(_rights(held, names))
    return Panel(
        _("Most calls in flight"),
        _("newest {calls} · ┃ limit", calls=style.calls(len(frame))) if values else "",
        traces,
        xaxis={"rangemode": "tozero"},
        yaxis={"type": "category"},
        rows=rows_of(
            (style.label(m), shown[m], _of_right(shown[m], rights.get(m), now[m]))
            for m in values
        ),
    )


def _rights(held: Mapping[str, int], names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": _("limit"),
        "x": list(held.values()),
        "y": [names[model] for model in held],
        "marker": {
            "symbol": "line-ns-open",
            "size": 18,
            "color": style.GREY,
            "line": {"width": 3, "color": style.GREY},
        },
        "hovertemplate": "limit: %{x} in flight<extra>%{y}</extra>",
    }


def _of_right(peak: int, right: int | None, now: int) -> str:
    words = f"{peak}" if right is None else f"{peak} of {right}"
    return words + (f", {now} now" if now else "")


def _peak(calls: pd.DataFrame) -> tuple[int, int]:
    """Return the most calls at one time, and the number that is open now."""
    starts = (calls["at"].astype("int64") / 1e6).tolist()
    lasted = calls["seconds"].astype("float64").fillna(0).tolist()
    pending = (calls["state"] == "pending").tolist()
    edges: list[tuple[float, int]] = []
    for at, seconds, still in zip(starts, lasted, pending, strict=True):
        if still or seconds > 0:
            # A call that ends as another begins has freed its slot: -1 sorts first.
            edges += [(at, 1), (math.inf if still else at + seconds, -1)]
    level = peak = 0
    for _at, step in sorted(edges):
        level += step
        peak = max(peak, level)
    return peak, sum(pending)
