"""What a plan says of a run before it starts: counted, priced, and in words."""

from __future__ import annotations

import math

import msgspec

from glmkit.catalog.tokens import Estimate
from glmkit.tables.estimates import PriceRange
from glmkit.tables.preparation import RowTask
from glmkit.types.money import Money
from glmkit.types.translation import _

#: Columns that a plan names.
_MOST_NAMES = 12


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


def lines_of(facts: Facts, task: RowTask) -> list[tuple[str, str]]:
    """Return what a plan says as pairs of a name and a text."""
    lines = [
        ("verb", f"{task.verb.name} → {_names(task)}"),
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


def _names(task: RowTask) -> str:
    """Return the new columns, the first of them where they are many."""
    names = [target.name for target in task.verb.targets]
    if len(names) <= _MOST_NAMES:
        return ", ".join(names)
    return _(
        "{names}, ... ({count:,} columns)",
        names=", ".join(names[:_MOST_NAMES]),
        count=len(names),
    )


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
