"""A run before it starts: rows, prompts, tokens, cost and time; then the run itself."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import msgspec

from glmkit.catalog.tokens import NOTHING, Estimate, count, estimate_request
from glmkit.ledger.default import ledger
from glmkit.tables import progress
from glmkit.tables.estimates import (
    Load,
    PriceRange,
    alternatives,
    in_flight,
    learned,
    price,
)
from glmkit.tables.execution import TableRun
from glmkit.tables.frame import frame_of
from glmkit.tables.plan_facts import Facts, lines_of
from glmkit.tables.preparation import Preparation, RowTask
from glmkit.tables.progress import Watch
from glmkit.tables.rows import Rows
from glmkit.types.errors import ConfigError
from glmkit.types.messages import Request
from glmkit.types.money import Money
from glmkit.types.plain_text import plain
from glmkit.types.translation import _

if TYPE_CHECKING:
    import pandas as pd


class Plan:
    """A verb over a table, counted and priced; nothing is sent before `run`.

    `.rows`, `.unique`, `.tokens`, `.cost`, `.seconds` and `.too_long` are those of
    `.facts`. Shows itself as a table.

        plan = df.glm.classify("{text}", labels=["good", "bad"], run=False)
        plan.sample(20)
        out = plan.run()
    """

    def __init__(
        self,
        rows: Rows,
        task: RowTask,
        *,
        fresh: bool = False,
        retry: str | None = None,
        budget: Money | None = None,
    ) -> None:
        self._rows = rows
        self._task = task
        self._fresh = fresh
        self._retry = retry
        self._budget = budget
        self._digest = rows.digest(task.template)
        self._facts: Facts | None = None

    @property
    def task(self) -> RowTask:
        """What is asked of each row."""
        return self._task

    @property
    def facts(self) -> Facts:
        """What the plan says; counted when first asked for."""
        if self._facts is None:
            self._facts = self._counted()
        return self._facts

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in Facts.__struct_fields__:
            raise AttributeError(f"a plan has no attribute {name!r}")
        return getattr(self.facts, name)

    def run(self) -> pd.DataFrame:
        """Ask, and return a new frame; ConfigError where the table has changed."""
        frame, lines = self.watched()
        progress.show(lines)
        return frame

    def watched(self, watch: Watch | None = None) -> tuple[pd.DataFrame, list[str]]:
        """Ask as `run` does, shown by `watch`; return the frame and lines to show."""
        self._check_unchanged()
        return self._run(self._rows, self._task, watch)

    def sample(self, count: int = 20, seed: int | None = None) -> pd.DataFrame:
        """Ask the first rows, or with a `seed` random ones.

        A later run keeps their answers, unless it is to ask all `fresh`. Raises
        ConfigError where the table has changed.
        """
        if type(count) is not int or count < 0:
            raise ConfigError(
                _("a sample cannot have {count!r} rows", count=count),
                hint=_("Pass a whole number: plan.sample(20)."),
            )
        self._check_unchanged()
        places = list(range(len(self._rows)))
        if seed is not None:
            places = sorted(random.Random(seed).sample(places, min(count, len(places))))
        places = places[:count]
        values = [self._task.values[place] for place in places]
        task = msgspec.structs.replace(self._task, values=values)
        frame, lines = self._run(self._rows.at(places), task)
        progress.show(lines)
        self._facts = None
        return frame

    def _check_unchanged(self) -> None:
        if self._rows.digest(self._task.template) != self._digest:
            raise ConfigError(
                _("the table has changed since the plan"),
                hint=_("Make the plan again, so that what it says holds."),
            )

    def _run(
        self, rows: Rows, task: RowTask, watch: Watch | None = None
    ) -> tuple[pd.DataFrame, list[str]]:
        if task.pages is not None:
            task.pages.learn(task.texts)
        preparation = Preparation(task)
        run = TableRun(preparation, fresh=self._fresh, retry=self._retry)
        lines = progress.follow(run, len(rows), self._digest, self._budget, watch)
        return frame_of(rows, task.verb, preparation), lines

    def _counted(self) -> Facts:
        task = self._task
        preparation, asked, counted = self._prepared(task)
        states = [outcome.status for outcome in preparation.outcomes]
        replayed = [one.recorded for one in preparation.outcomes if one.recorded]
        answers, seconds = learned(task)
        load = Load(counted, asked, answers)
        many = in_flight(task)
        return Facts(
            rows=len(self._rows),
            unique=len(preparation.outcomes),
            kept=states.count("kept"),
            recorded=len(replayed),
            illustrations=replayed.count("illustration"),
            uncertain=states.count("uncertain"),
            asked=len(counted),
            too_long=states.count("too long"),
            tokens=sum(counted, NOTHING),
            cost=price(task, task.model, load),
            seconds=None if seconds is None else seconds * len(counted) / many,
            in_flight=many,
            others=self._others(load, answers) if counted else (),
            resumable=not ledger().private,
            hidden=sum(map(len, preparation.names.values())),
        )

    def _others(
        self, load: Load, answers: tuple[int, int] | None
    ) -> tuple[PriceRange, ...]:
        """Return the prices of other ways to ask the same."""
        return (*alternatives(self._task, load), *self._other_pages(answers))

    def _prepared(
        self, task: RowTask
    ) -> tuple[Preparation, list[Request], list[Estimate]]:
        """Return the prompts of a task, and those that would be sent, counted."""
        preparation = Preparation(task)
        run = TableRun(preparation, fresh=self._fresh, retry=self._retry)
        found = (run.outcomes[place] for place in run.places())
        asked = [one.request for one in found if one.request and not one.recorded]
        return preparation, asked, [estimate_request(one, count) for one in asked]

    def _other_pages(self, answers: tuple[int, int] | None) -> list[PriceRange]:
        """Return the price with all pages, or where all are sent with the relevant."""
        task = self._task
        if task.pages is None or not task.texts:
            return []
        pages = task.pages.other()
        other = msgspec.structs.replace(task, pages=pages)
        _preparation, asked, counted = self._prepared(other)
        found = price(other, other.model, Load(counted, asked, answers))
        name = "all" if pages.every else "relevant"
        return [msgspec.structs.replace(found, pages=name)] if found else []

    def __repr__(self) -> str:
        return plain("\n".join(f"{name:10}{what}" for name, what in self.lines()))

    def lines(self) -> list[tuple[str, str]]:
        """Return the plan as pairs of a name and a text."""
        return lines_of(self.facts, self._task)
