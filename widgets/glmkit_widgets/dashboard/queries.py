"""What the dashboard reads from the ledger for the selected calls."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from functools import cached_property
from typing import Any, NamedTuple

import pandas as pd

from glmkit import figures
from glmkit.catalog.cards import card, cards
from glmkit.figures import Panel, budgets, failures, spending, timing
from glmkit.figures.panel import LONGEST
from glmkit.ledger import Ledger
from glmkit.ledger.views import budgets as views, frames

#: Period → its days until today; None: all.
PERIODS: dict[str, int | None] = {
    "All time": None,
    "Today": 1,
    "7 days": 7,
    "30 days": 30,
    "365 days": 365,
}
#: Sources whose times were measured.
_MEASURED = ["", "service", "stand-in"]


class Chosen(NamedTuple):
    """The values of the filters; None selects all calls. `first` is a day."""

    first: str | None = None
    last: str | None = None
    model: str | None = None
    notebook: str | None = None
    tag: str | None = None
    other: str = ""
    currency: str = ""


def first_day(period: str) -> str | None:
    """Return the first day of a period; None for all time."""
    days = PERIODS.get(period)
    if days is None:
        return None
    return (date.today() - timedelta(days=days - 1)).isoformat()


def others() -> list[str]:
    """Return the models whose prices the calls can be compared with."""
    return [
        card.id
        for card in cards()
        if card.status != "retired"
        and any(price.tiers and not price.free for price in card.prices)
    ]


class Readings:
    """Frames of the ledger for one selection, each read when first needed."""

    def __init__(self, ledger: Ledger, chosen: Chosen) -> None:
        self._ledger = ledger
        self._chosen = chosen
        self._panels: dict[Reading, Panel] = {}

    def panel(self, read: Reading) -> Panel:
        """Return a panel, drawn once."""
        if read not in self._panels:
            self._panels[read] = read(self)
        return self._panels[read]

    @cached_property
    def _where(self) -> dict[str, Any]:
        names = ("model", "notebook", "tag")
        found = {name: getattr(self._chosen, name) for name in names}
        where: dict[str, Any] = {n: v for n, v in found.items() if v is not None}
        if self._chosen.first or self._chosen.last:
            where["day"] = self._days()
        return where

    def _days(self) -> list[str]:
        first, last = self._chosen.first or "", self._chosen.last or "9999"
        known = frames.usage("day", ledger=self._ledger)["day"]
        return [day for day in known if first <= day <= last]

    def _usage(self, *by: str) -> pd.DataFrame:
        return frames.usage(by, where=self._where, ledger=self._ledger)

    @cached_property
    def by_model(self) -> pd.DataFrame:
        """Sums by model."""
        return self._usage("model")

    @cached_property
    def _by_day(self) -> pd.DataFrame:
        return self._usage("day", "model")

    @cached_property
    def _by_time(self) -> pd.DataFrame:
        """Single calls where all of them were read, otherwise daily sums."""
        ended = self._newest[~self._newest["state"].isin(("pending", "submitted"))]
        whole = len(ended) == int(self.by_model["calls"].sum())
        return ended if whole else self._by_day

    @cached_property
    def _all_newest(self) -> pd.DataFrame:
        return frames.usage(newest=figures.NEWEST, ledger=self._ledger)

    @cached_property
    def _newest(self) -> pd.DataFrame:
        """The selected calls among the newest ones."""
        frame = self._all_newest
        for name, wanted in self._where.items():
            if name == "day":
                zone = pd.Timestamp.now().to_pydatetime().astimezone().tzinfo
                days = frame["at"].dt.tz_convert(zone).dt.strftime("%Y-%m-%d")
                frame = frame[days.isin(wanted)]
            else:
                frame = frame[frame[name] == wanted]
        return frame

    @cached_property
    def currency(self) -> str:
        """The currency of the costs: the selected one, otherwise the one with costs."""
        return self._chosen.currency or (self.currencies or ["CNY"])[0]

    @cached_property
    def currencies(self) -> list[str]:
        """The currencies with costs."""
        sums = self.by_model
        return [
            name
            for name in ("CNY", "USD")
            if sums[f"list_cost_{name.lower()}"].notna().any()
            or sums[f"cost_{name.lower()}"].notna().any()
        ]

    def cost(self) -> Panel:
        """Return cost over time."""
        return spending.cost(self._by_time, self.currency)

    def tokens(self) -> Panel:
        """Return tokens over time."""
        return spending.tokens(self._by_time)

    def kinds(self) -> Panel:
        """Return tokens by kind."""
        return spending.kinds(self.by_model)

    def cells(self) -> Panel:
        """Return the most expensive cells; sums by cell have no days and no tags."""
        if {"day", "tag"} & {*self._where}:
            calls, scope = self._newest, f"newest {figures.NEWEST:,} calls"
            return spending.cells(calls, self.currency, scope)
        place = ("notebook", "cell", "model")
        found = self._ledger.read(place[:2], where=self._where)
        at = _places(found.columns, self.currency)
        dear = sorted(found.rows, key=lambda row: [-(row[n] or 0) for n in at])
        dear = dear[:LONGEST]
        where = self._where | {
            name: sorted({row[number] for row in dear})
            for number, name in enumerate(place[:2])
        }
        frame = frames.usage(place, where=where, ledger=self._ledger)
        return spending.cells(frame, self.currency)

    def first_token(self) -> Panel:
        """Return the times to the first token."""
        return self._spread("first_token_s")

    def seconds(self) -> Panel:
        """Return the durations of calls."""
        return self._spread("seconds")

    def speed(self) -> Panel:
        """Return the output speeds."""
        return self._spread("tokens_per_s")

    def _spread(self, kind: str) -> Panel:
        # The times of a replayed answer are those of its recording.
        where = self._where | {"source": _MEASURED}
        frame = frames.timings(kind, "model", where=where, ledger=self._ledger)
        return timing.spread(frame, kind)

    def in_flight(self) -> Panel:
        """Return the most calls in flight, compared with the limit."""
        rights = _rights(self._newest["model"].unique(), self._ledger.rights())
        return timing.in_flight(self._newest, rights)

    def burn_down(self) -> Panel:
        """Return the budgets, which have no filter."""
        balance = views.balance(ledger=self._ledger)
        session = self._ledger.session
        return budgets.burn_down(balance, self._all_newest, session=session)

    def saved(self) -> Panel:
        """Return what was billed and what was saved."""
        return spending.saved(self._usage("source", "model"), self.currency)

    def what_if(self) -> Panel:
        """Return the calls at another model's prices."""
        other = self._chosen.other or others()[0]
        frame = frames.repriced(
            other, self.currency, where=self._where, ledger=self._ledger
        )
        return spending.what_if(frame, other, self.currency)

    def troubles(self) -> Panel:
        """Return errors and retries."""
        return failures.troubles(self.by_model)

    def failures(self) -> Panel:
        """Return failures over time."""
        return failures.failures(self._by_day)

    def codes(self) -> Panel:
        """Return the error codes."""
        return failures.codes(self._newest)


Reading = Callable[[Readings], Panel]

PAGES: Mapping[str, tuple[Reading, ...]] = {
    "Spend": (Readings.cost, Readings.tokens, Readings.kinds, Readings.cells),
    "Speed": (
        Readings.first_token,
        Readings.seconds,
        Readings.speed,
        Readings.in_flight,
    ),
    "Budget": (Readings.burn_down, Readings.saved, Readings.what_if),
    "Errors": (Readings.troubles, Readings.failures, Readings.codes),
}


def _places(columns: tuple[str, ...], currency: str) -> list[int]:
    """Return the places of cost, list price and tokens in a row of sums."""
    name = currency.lower()
    wanted = (f"cost_{name}", f"list_cost_{name}", "total_tokens")
    return [columns.index(column) for column in wanted]


def _rights(models: Iterable[str], learned: Mapping[str, int]) -> dict[str, int]:
    """Return the limits of requests in flight by model: learned, or of the card."""
    tier = os.environ.get("GLMKIT_TIER", "V0").strip().upper()
    found: dict[str, int | None] = {}
    for model in models:
        known = card(model)
        name = known.id if known else model.lower()
        limit = (known.in_flight or {}).get(tier) if known else None
        found[model] = learned.get(name, limit)
    return {model: right for model, right in found.items() if right is not None}


def choices(ledger: Ledger) -> dict[str, list[str]]:
    """Return the values for the filters: models, notebooks and tags of the ledger."""
    all_calls = Readings(ledger, Chosen())
    found = ledger.read(("notebook", "tag")).rows
    return {
        "model": all_calls.by_model["model"].tolist(),
        "notebook": sorted({notebook for notebook, *_ in found}),
        "tag": sorted({tag for _, tag, *_ in found}),
        "currency": ["", *all_calls.currencies],
        "other": others(),
    }
