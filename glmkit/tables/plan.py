"""A run before it starts: rows, prompts, tokens, cost and time; then the run itself."""

from __future__ import annotations

import math
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


class Facts(msgspec.Struct, frozen=True):
    """What a plan says, as a value.

    `rows` of the table, `unique` prompts among them, `kept` prompts that earlier runs
    have answered, `recorded` ones that the cassette answers (`illustrations` of them no
    model's), `asked` prompts that a run would send, `uncertain` ones that may have been
    billed; `tokens` of what would be sent, with its range; `cost` None where
    a price is not known; `seconds` None where no call of the model was timed yet;
    `others` what a cheaper model and a batch would cost.
    """

    rows: int
    unique: int
    kept: int
    recorded: int
    illustrations: int
    uncertain: int
    asked: int
    too_long: int
    tokens: Estimate
    cost: PriceRange | None
    seconds: float | None
    in_flight: int
    others: tuple[PriceRange, ...] = ()
    resumable: bool = True
    hidden: int = 0


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
            others=(*alternatives(task, load), *self._other_pages(answers)),
            resumable=not ledger().private,
            hidden=sum(map(len, preparation.names.values())),
        )

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
        facts, task = self.facts, self._task
        targets = ", ".join(target.name for target in task.verb.targets)
        lines = [
            ("verb", f"{task.verb.name} → {targets}"),
            ("model", _model(task)),
            ("rows", _rows(facts)),
            ("asked", _asked(facts)),
            ("tokens", _tokens(facts.tokens)),
            ("cost", _cost(facts, task)),
            ("time", _time(facts)),
        ]
        if facts.too_long:
            lines.append(
                (
                    "too long",
                    _(
                        "{n:,} prompts do not fit the window and are not sent",
                        n=facts.too_long,
                    ),
                )
            )
        if facts.hidden:
            said = _("{n:,} names and numbers get pseudonyms", n=facts.hidden)
            lines.append(("hidden", said))
        lines += [("instead", _instead(other)) for other in facts.others]
        if not facts.resumable:
            lines.append(
                (
                    "privacy",
                    _("answers are not kept: a run that ends early starts again"),
                )
            )
        return lines


def _rows(facts: Facts) -> str:
    return _("{n:,}, {unique:,} different prompts", n=facts.rows, unique=facts.unique)


def _asked(facts: Facts) -> str:
    said = _("{asked:,} would be sent", asked=facts.asked)
    if facts.kept:
        said += _(", {kept:,} were answered before", kept=facts.kept)
    if facts.recorded:
        said += _(", {n:,} are in the cassette", n=facts.recorded)
    if facts.illustrations:
        said += _(" ({n:,} illustrations)", n=facts.illustrations)
    if facts.uncertain:
        said += _(
            ", {n:,} may have been billed (retry='uncertain' asks them)",
            n=facts.uncertain,
        )
    return said


def _tokens(tokens: Estimate) -> str:
    if tokens.exact:
        return f"{tokens.tokens:,}"
    return _(
        "about {tokens:,} to send, {low:,} to {high:,}",
        tokens=tokens.tokens,
        low=tokens.low,
        high=tokens.high,
    )


def _model(task: RowTask) -> str:
    service = task.client.service
    where = f"{task.model} on {service.endpoint.name}"
    stand_in = service.stand_in()
    if stand_in is None:
        return where
    name, window = stand_in
    return _(
        "{model}: {name} in GLM's place; window of {window:,} tokens",
        model=where,
        name=name,
        window=window,
    )


def _cost(facts: Facts, task: RowTask) -> str:
    service, listed = task.client.service, ""
    if facts.cost is not None:
        low, high = facts.cost.low, facts.cost.high
        listed = str(low) if low == high else f"{_rounded(low)} to {_rounded(high)}"
    if service.local or service.endpoint.plan:
        who = _("the stand-in answers") if service.local else _("the plan pays")
        price = _("; list price {price}", price=listed) if listed else ""
        return _("nothing: {who}{price}", who=who, price=price)
    if not facts.asked:
        return _("nothing")
    return listed or _("not known: the model has no price here")


def _rounded(amount: Money) -> str:
    """Return an amount with three significant digits."""
    if not amount.parts:
        return str(amount)
    digits = max(0, int(math.log10(amount.parts)) - 2)
    return str(Money(round(amount.parts, -digits), amount.currency))


def _time(facts: Facts) -> str:
    if facts.seconds is None:
        return _("not known yet; {n} in flight", n=facts.in_flight)
    minutes, seconds = divmod(round(facts.seconds), 60)
    took = f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
    return _("about {took}, {n} in flight", took=took, n=facts.in_flight)


def _instead(price: PriceRange) -> str:
    match price.pages:
        case "all":
            way = _("all pages")
        case "relevant":
            way = _('pages="relevant"')
        case _ if price.batch:
            way = _("{model} in a batch", model=price.model)
        case _:
            way = price.model
    return f"{way}: {_rounded(price.low)} to {_rounded(price.high)}"
