"""Budgets: how they burn down, and until when they last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

import pandas as pd

from glmkit.figures import looks
from glmkit.figures.panel import Panel, Row, decimal

#: Points of a line at most.
_POINTS = 200
#: The pace of this long decides the forecast.
_PACE = timedelta(hours=1)
_FAR = timedelta(days=7)
_DASHES = ("solid", "dash", "dot", "longdash", "dashdot")


class _Line(NamedTuple):
    """What is left of one budget over time, in parts of it."""

    times: list[datetime]
    shares: list[float]
    ends: datetime | None


def burn_down(
    budgets: pd.DataFrame, calls: pd.DataFrame, now: datetime | None = None
) -> Panel:
    """Return what is left of each budget over time, and where the pace leads.

    Takes `glmkit.balance()` and calls of `usage(newest=...)`. A session's calls are
    not told apart in the ledger: of its budget only today's level is shown.
    """
    now = now or datetime.now(UTC)
    zone = now.astimezone().tzinfo
    traces: list[dict[str, Any]] = []
    rows: list[Row] = []
    for place, budget in enumerate(budgets.to_dict("records")):
        line = _line(budget, calls, now)
        name = _name(budget)
        traces += _drawn(name, line, now, zone, _DASHES[place % len(_DASHES)])
        rows.append(
            Row(name, _words(budget, line, now, zone), min(1.0, budget["share"]))
        )
    return Panel(
        "Budgets burn down",
        looks.text(f"{rows[0].label}: {rows[0].value}", 70) if rows else "",
        traces,
        xaxis={"type": "date"},
        yaxis={"ticksuffix": " %", "rangemode": "tozero", "nticks": 5},
        rows=rows,
        empty="No budget is set: glmkit.budget(5) sets one.",
    )


def _name(budget: dict[Any, Any]) -> str:
    scope = str(budget["scope"])
    book = str(budget["name"]).rpartition("/")[2]
    return f"notebook {book}" if scope == "notebook" else f"this {scope}"


def _line(budget: dict[Any, Any], calls: pd.DataFrame, now: datetime) -> _Line:
    """Go back from what is left now by what the calls have cost since."""
    whole, left = float(budget["amount"]), float(budget["left"])
    share = left / whole if whole else 0.0
    counted = _counted(budget, calls)
    costs = [float(decimal(cost)) for cost in counted["cost"]]
    times = [time.to_pydatetime() for time in counted["at"]]
    shares, level = [share], left
    for cost in reversed(costs):
        level += cost
        shares.append(level / whole if whole else 0.0)
    stride = -(-len(times) // _POINTS) or 1
    points = [*zip(times, shares[::-1][1:], strict=True)][::stride]
    recent = [c for c, at in zip(costs, times, strict=True) if now - at <= _PACE]
    ends = None
    if sum(recent) > 0 and left > 0:
        first = next(at for at in times if now - at <= _PACE)
        gone = max((now - first).total_seconds(), 60)
        ends = now + timedelta(seconds=min(left / sum(recent) * gone, 1e9))
    begun = [(times[0], shares[-1])] if times else []
    drawn = [*begun, *points, (now, share)]
    return _Line([at for at, _ in drawn], [part for _, part in drawn], ends)


def _counted(budget: dict[Any, Any], calls: pd.DataFrame) -> pd.DataFrame:
    own = (calls["currency"] == budget["currency"]) & calls["cost"].notna()
    if budget["scope"] == "notebook":
        own &= calls["notebook"] == budget["name"]
    else:
        days = calls["at"].dt.tz_convert(datetime.now().astimezone().tzinfo)
        name = budget["name"] if budget["scope"] == "day" else ""
        own &= days.dt.strftime("%Y-%m-%d") == name
    counted: pd.DataFrame = calls[own]
    return counted


def _drawn(
    name: str, line: _Line, now: datetime, zone: tzinfo | None, dash: str
) -> list[dict[str, Any]]:
    style = {"color": looks.COLOURS[0], "dash": dash, "width": 2}
    common = {"type": "scatter", "name": looks.text(name), "showlegend": False}
    left = {
        **common,
        "mode": "lines+markers" if len(line.times) == 1 else "lines",
        "x": [_local(at, zone) for at in line.times],
        "y": [100 * share for share in line.shares],
        "line": {**style, "shape": "hv"},
        "hovertemplate": "%{y:.1f} % left<br>%{x}<extra>%{fullData.name}</extra>",
    }
    if line.ends is None:
        return [left]
    far = min(line.ends, now + _FAR)
    part = (far - now) / (line.ends - now)
    share = line.shares[-1]
    ahead = {
        **common,
        "mode": "lines",
        "x": [_local(now, zone), _local(far, zone)],
        "y": [100 * share, 100 * share * (1 - part)],
        "line": {"color": looks.COLOURS[5], "dash": "dot", "width": 2},
        "hovertemplate": "at this pace: %{y:.1f} %<br>%{x}<extra></extra>",
    }
    return [left, ahead]


def _words(
    budget: dict[Any, Any], line: _Line, now: datetime, zone: tzinfo | None
) -> str:
    currency = str(budget["currency"])
    gone = f"{looks.money(budget['spent'], currency)} of "
    gone += f"{looks.money(budget['amount'], currency)} gone"
    if line.ends is None:
        return gone
    if budget["scope"] == "day" and _day(line.ends, zone) != _day(now, zone):
        return f"{gone}, lasts the day at this pace"
    if line.ends - now > _FAR:
        return f"{gone}, lasts over a week at this pace"
    return f"{gone}, lasts until {line.ends.astimezone(zone):%a %H:%M} at this pace"


def _day(at: datetime, zone: tzinfo | None) -> str:
    return at.astimezone(zone).date().isoformat()


def _local(at: datetime, zone: tzinfo | None) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
