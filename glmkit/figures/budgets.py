"""Budgets: what is left of them over time, and how long they last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

import pandas as pd

from glmkit.figures import style as looks
from glmkit.figures.panel import Panel, Row, decimal
from glmkit.types.translation import _

#: Points of a line at most.
_POINTS = 200
#: The forecast is made from the spending of this period.
_PACE = timedelta(hours=1)
_FAR = timedelta(days=7)
_DASHES = ("solid", "dash", "longdash", "dashdot")


class _BudgetLine(NamedTuple):
    """What is left of one budget over time, in parts of it."""

    times: list[datetime]
    shares: list[float]
    ends: datetime | None


def burn_down(
    budgets: pd.DataFrame,
    calls: pd.DataFrame,
    now: datetime | None = None,
    session: str = "",
) -> Panel:
    """Return what is left of each budget over time, with a forecast.

    Takes `glmkit.balance()` and calls of `usage(newest=...)`; `session` is the name
    of the current one.
    """
    now = now or datetime.now(UTC)
    zone = now.astimezone().tzinfo
    traces: list[dict[str, Any]] = []
    rows: list[Row] = []
    grants = budgets["currency"] == "tokens"
    for place, budget in enumerate(budgets[~grants].to_dict("records")):
        line = _line(budget, calls, now)
        name = _name(budget, session)
        traces += _drawn(name, line, now, zone, place)
        rows.append(
            Row(name, _words(budget, line, now, zone), min(1.0, budget["share"]))
        )
    rows += [_grant(budget) for budget in budgets[grants].to_dict("records")]
    return Panel(
        _("Budget remaining"),
        looks.text(f"{rows[0].label}: {rows[0].value}", 70) if rows else "",
        traces,
        xaxis={"type": "date"},
        yaxis={"ticksuffix": " %", "rangemode": "tozero", "nticks": 5},
        rows=rows,
        empty=_("No budget is set. Set one with glmkit.budget(5)."),
    )


def _grant(grant: dict[Any, Any]) -> Row:
    """Return the line of a grant of tokens, which has no price over time."""
    used, tokens = (looks.count(float(grant[name])) for name in ("spent", "amount"))
    words = _("{used} of {tokens} tokens used", used=used, tokens=tokens)
    return Row(_("grant {name}", name=grant["name"]), words, min(1.0, grant["share"]))


def _name(budget: dict[Any, Any], session: str) -> str:
    scope, name = str(budget["scope"]), str(budget["name"])
    if scope == "day":
        return "today"
    if name == session:
        return "this session"
    return f"{scope} {name.rpartition('/')[2]}"


def _line(budget: dict[Any, Any], calls: pd.DataFrame, now: datetime) -> _BudgetLine:
    """Go back in time from what is left now, by the costs of the calls."""
    whole, left = float(budget["amount"]), float(budget["left"])
    counted = _counted(budget, calls)
    costs = [float(decimal(cost)) for cost in counted["cost"]]
    times = [min(time.to_pydatetime(), now) for time in counted["at"]]
    points, level = [(now, left)], left
    for at, cost in zip(reversed(times), reversed(costs), strict=True):
        points.append((at, level))
        level += cost
        if level > whole * 1.000001:  # from before the budget was set
            break
    points += [(points[-1][0], min(level, whole))] if times else []
    shown = points[:: -(-len(points) // _POINTS)]
    shown += points[-1:] if shown[-1] != points[-1] else []
    drawn = [(at, level / whole if whole else 0.0) for at, level in reversed(shown)]
    return _BudgetLine(
        [at for at, _ in drawn],
        [share for _, share in drawn],
        _end(left, [*zip(times, costs, strict=True)], now),
    )


def _end(
    left: float, spent: list[tuple[datetime, float]], now: datetime
) -> datetime | None:
    """Return when it runs out, at the rate of the last hour; None without one."""
    recent = [(at, cost) for at, cost in spent if now - at <= _PACE and cost]
    if not recent or left <= 0:
        return None
    gone = max((now - recent[0][0]).total_seconds(), 60)
    pace = sum(cost for _, cost in recent) / gone
    return now + timedelta(seconds=min(left / pace, 1e9))


def _counted(budget: dict[Any, Any], calls: pd.DataFrame) -> pd.DataFrame:
    own = (calls["currency"] == budget["currency"]) & calls["cost"].notna()
    if budget["scope"] == "day":
        days = calls["at"].dt.tz_convert(datetime.now().astimezone().tzinfo)
        own &= days.dt.strftime("%Y-%m-%d") == budget["name"]
    else:
        own &= calls[budget["scope"]] == budget["name"]
    counted: pd.DataFrame = calls[own]
    return counted.sort_values("at")  # a clock may have gone back


def _drawn(
    name: str, line: _BudgetLine, now: datetime, zone: tzinfo | None, place: int
) -> list[dict[str, Any]]:
    colour = looks.COLOURS[place % len(looks.COLOURS)]
    style = {"color": colour, "dash": _DASHES[place % len(_DASHES)], "width": 2}
    common = {"type": "scatter", "name": looks.text(name), "legendgroup": name}
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
        "line": {"color": colour, "dash": "dot", "width": 1.5},
        "hovertemplate": "forecast: %{y:.1f} %<br>%{x}<extra></extra>",
    }
    return [left, ahead]


def _words(
    budget: dict[Any, Any], line: _BudgetLine, now: datetime, zone: tzinfo | None
) -> str:
    currency = str(budget["currency"])
    spent = _(
        "{spent} of {amount} spent",
        spent=looks.money(budget["spent"], currency),
        amount=looks.money(budget["amount"], currency),
    )
    if line.ends is None:
        return spent
    if budget["scope"] == "day" and _day(line.ends, zone) != _day(now, zone):
        return _("{spent}, enough for today at this rate", spent=spent)
    if line.ends - now > _FAR:
        return _("{spent}, enough for over a week at this rate", spent=spent)
    end = line.ends.astimezone(zone)
    return _("{spent}, used up {end:%a %H:%M} at this rate", spent=spent, end=end)


def _day(at: datetime, zone: tzinfo | None) -> str:
    return at.astimezone(zone).date().isoformat()


def _local(at: datetime, zone: tzinfo | None) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
