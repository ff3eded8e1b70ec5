"""Time steps that fit the length of a log: minutes of a lesson, days of a year."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import pandas as pd

#: Seconds of a step, with its name.
_SIZES = (
    (60, "minute"),
    (300, "5 minutes"),
    (1800, "half hour"),
    (7200, "2 hours"),
    (86400, "day"),
)
#: The most bars of a chart, where a step allows it.
_MOST = 48
_DAYS = (1, 7, 28)
_DAYS_MOST = 120


class Steps(NamedTuple):
    """The step of each line of a frame, and the width of a step."""

    starts: list[str]
    width_ms: float
    name: str

    def places(self) -> list[str]:
        """Return the steps with calls, in order."""
        return sorted(set(self.starts))


def steps(frame: pd.DataFrame) -> Steps:
    """Divide a frame of calls (`at`) or of days' sums (`day`) into local steps."""
    if "at" in frame.columns:
        return _of_times(frame["at"].dt.tz_convert(_zone()).dt.tz_localize(None))
    return _of_days(pd.to_datetime(frame["day"]))


def _zone() -> Any:
    return datetime.now().astimezone().tzinfo


def _of_times(times: pd.Series[Any]) -> Steps:
    span = (times.max() - times.min()).total_seconds() if len(times) else 0
    size, name = next((s for s in _SIZES if span <= s[0] * _MOST), _SIZES[-1])
    if size == 86400:
        return _of_days(times.dt.normalize())
    starts = times.dt.floor(f"{size}s")
    return Steps(_written(starts, "%Y-%m-%d %H:%M"), size * 1000, name)


def _of_days(days: pd.Series[Any]) -> Steps:
    span = (days.max() - days.min()).days if len(days) else 0
    size = next((d for d in _DAYS if span <= d * _DAYS_MOST), _DAYS[-1])
    if size > 1:
        past = (days - pd.Timestamp("2001-01-01")).dt.days % size  # a Monday
        days = days - pd.to_timedelta(past, unit="D")
    name = {1: "day", 7: "week", 28: "4 weeks"}[size]
    return Steps(_written(days, "%Y-%m-%d"), size * 86_400_000, name)


def _written(times: pd.Series[Any], form: str) -> list[str]:
    found: Sequence[str] = times.dt.strftime(form).tolist()
    return list(found)
