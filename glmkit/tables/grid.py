"""The cells of an experiment: each input with each model at each temperature."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from glmkit.catalog import cards, prices, tokens
from glmkit.catalog.tokens import reserve_of
from glmkit.config.endpoints import LOCAL, Endpoint
from glmkit.tables.inputs import Inputs, fill
from glmkit.types.errors import told_of
from glmkit.types.events import Usage
from glmkit.types.messages import Message, Request
from glmkit.types.money import Money
from glmkit.types.replies import Reply
from glmkit.types.translation import _

if TYPE_CHECKING:
    import pandas as pd

State = Literal["waiting", "running", "done", "failed", "stopped"]
#: Inputs that an estimate counts; of more, a sample of this size.
_SAMPLE = 200


class Cell(NamedTuple):
    """One question: the number of its input, its model ("": default), temperature."""

    input: int
    model: str
    temperature: float | None

    @property
    def options(self) -> dict[str, Any]:
        """What it sets of a call's options."""
        own = {"model": self.model or None, "temperature": self.temperature}
        return {name: value for name, value in own.items() if value is not None}


class CellResult(msgspec.Struct, frozen=True):
    """The result of a cell so far; a failed one has its `error`."""

    state: State = "waiting"
    reply: Reply | None = None
    error: Exception | None = None

    @property
    def text(self) -> str:
        """The answer's text, "" while there is none."""
        return self.reply.text if self.reply else ""

    @property
    def cost(self) -> Money | None:
        """What is owed; None where it is unknown, or not known yet."""
        return self.reply.cost if self.reply else None

    @property
    def reason(self) -> str:
        """Why a cell has failed, with the next step; "" if it has not."""
        return " ".join(filter(None, told_of(self.error))) if self.error else ""


class Grid(msgspec.Struct, frozen=True):
    """A template with its inputs, models and temperatures.

    >>> grid = Grid("In {city}?", Inputs(("city",), (("Bonn",),)), ("a", "b"), (0.0,))
    >>> len(grid), grid[1], grid.prompt(0)
    (2, Cell(input=0, model='b', temperature=0.0), 'In Bonn?')
    """

    template: str
    inputs: Inputs
    models: tuple[str, ...] = ("",)
    temperatures: tuple[float | None, ...] = (None,)

    def __len__(self) -> int:
        return len(self.inputs.rows) * len(self.models) * len(self.temperatures)

    def __getitem__(self, number: int) -> Cell:
        if not 0 <= number < len(self):
            raise IndexError(number)
        rest, warm = divmod(number, len(self.temperatures))
        row, model = divmod(rest, len(self.models))
        return Cell(row, self.models[model], self.temperatures[warm])

    def prompt(self, row: int) -> str:
        """Return the prompt for an input."""
        return fill(self.template, self.inputs.columns, self.inputs.rows[row])


class Forecast(msgspec.Struct, frozen=True):
    """The estimate of a run: tokens of all prompts, and the cost in words."""

    tokens: int
    about: bool
    cost: str


def forecast(
    grid: Grid, options: Mapping[str, Any], endpoint: Endpoint | None, default: str
) -> Forecast:
    """Return the tokens of the grid's prompts, and the least and the most they cost.

    `default` is the model of a cell without one.
    """
    rows = _sampled(len(grid.inputs.rows))
    system = options.get("system")
    head = (Message("system", system),) if system else ()
    counted = [_counted((*head, Message("user", grid.prompt(row)))) for row in rows]
    share = len(grid.inputs.rows) / max(1, len(rows))
    asked = len(grid.models) * len(grid.temperatures)
    total = round(sum(one.tokens for one in counted) * share) * asked
    cost = _cost(grid, counted, options, endpoint, default)
    return Forecast(total, any(not one.exact for one in counted), cost)


def _counted(messages: tuple[Message, ...]) -> tokens.Estimate:
    return tokens.estimate_request(Request(messages=messages), tokens.count)


def _sampled(rows: int) -> list[int]:
    if rows <= _SAMPLE:
        return list(range(rows))
    return [rows * place // _SAMPLE for place in range(_SAMPLE)]


def _cost(
    grid: Grid,
    counted: Sequence[tokens.Estimate],
    options: Mapping[str, Any],
    endpoint: Endpoint | None,
    default: str,
) -> str:
    if endpoint is not None and endpoint.plan:
        return _("covered by a plan")
    spans = [
        _span(model or default, counted, options, endpoint) for model in grid.models
    ]
    known = [span for span in spans if span is not None]
    if len(known) < len(spans) or len({span[0].currency for span in known}) > 1:
        return _("price unknown")
    times = len(grid.temperatures) * len(grid.inputs.rows)
    scale = max(1, len(counted))
    least, most = (
        Money(sum(span[end].parts for span in known) * times // scale, "")
        for end in (0, 1)
    )
    if not most:
        return _("free")
    currency = known[0][0].currency if known else ""
    span = _(
        "{least} to at most {most}",
        least=_short(least, currency),
        most=_short(most, currency),
    )
    return _("free here; list price {span}", span=span) if endpoint == LOCAL else span


def _span(
    model: str,
    counted: Sequence[tokens.Estimate],
    options: Mapping[str, Any],
    endpoint: Endpoint | None,
) -> tuple[Money, Money] | None:
    """Return the least and the most that the counted prompts can cost."""
    card = cards.card(model)
    currency = endpoint.currency if endpoint else None
    if endpoint is not None and currency is None:
        currency = prices.own_currency(card)
    if card is None or (endpoint is not None and currency is None):
        return None
    least = most = 0
    for one in counted:
        room = card.context_window and max(0, card.context_window - one.tokens)
        reserve = reserve_of(card, options.get("max_tokens"), room) or 0
        low = prices.cost(card, Usage(one.low, 0, one.low), currency)
        high = prices.max_cost(card, one.high, reserve, currency)
        if low is None or high is None:
            return None
        least, most, currency = least + low.parts, most + high.parts, low.currency
    return Money(least, currency or "CNY"), Money(most, currency or "CNY")


def _short(money: Money, currency: str) -> str:
    """Return an amount with three significant digits, rounded up.

    >>> _short(Money.of("0.0123456", "CNY"), "CNY")
    '¥0.0124'
    """
    step = 10 ** max(0, len(str(money.parts)) - 3)
    return str(Money(-(-money.parts // step) * step, currency))


def spent(results: Iterator[CellResult]) -> dict[str, Money]:
    """Return the known cost so far by currency."""
    sums: dict[str, Money] = {}
    for result in results:
        if (cost := result.cost) is not None:
            before = sums.get(cost.currency, Money(0, cost.currency))
            sums[cost.currency] = before + cost
    return sums


def frame(grid: Grid, results: Sequence[CellResult]) -> pd.DataFrame:
    """Return one row for each cell: its input, its options and its result."""
    import pandas as pd

    fixed = _columns(grid, results)
    names = [f"input_{n}" if n in fixed else n for n in grid.inputs.columns]
    cells = [grid[number] for number in range(len(grid))]
    inputs = {
        name: [grid.inputs.rows[cell.input][place] for cell in cells]
        for place, name in enumerate(names)
    }
    kinds = {"temperature": "Float64", "seconds": "Float64", "tokens": "Int64"}
    return pd.DataFrame({**inputs, **fixed}).astype(kinds)


def _columns(grid: Grid, results: Sequence[CellResult]) -> dict[str, list[Any]]:
    cells = [grid[number] for number in range(len(grid))]
    replies = [result.reply for result in results]
    costs = [result.cost for result in results]
    usages = [reply and reply.usage for reply in replies]
    amounts = [None if cost is None else cost.amount for cost in costs]
    return {
        "model": [
            cell.model or (reply.calls[-1].model if reply else "")
            for cell, reply in zip(cells, replies, strict=True)
        ],
        "temperature": [cell.temperature for cell in cells],
        "text": [result.text for result in results],
        "finish": [reply.finish_reason if reply else "" for reply in replies],
        "seconds": [reply and reply.seconds for reply in replies],
        "tokens": [usage and usage.total_tokens for usage in usages],
        "cost": amounts,
        "currency": [cost.currency if cost else "" for cost in costs],
        "error": [_reason(result) for result in results],
    }


def _reason(result: CellResult) -> str:
    if result.state == "failed":
        return result.reason
    if result.state == "done":
        return ""
    return _("not asked: {state}", state=result.state)
