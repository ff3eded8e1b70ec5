"""Many rows to one answer, over any length: by portions, then over the answers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from glmkit.catalog.cards import card
from glmkit.catalog.tokens import count, reserve_of
from glmkit.tables import progress
from glmkit.tables.execution import TableRun
from glmkit.tables.preparation import Preparation, RowOutcome, RowTask
from glmkit.tables.pseudonyms import put_back
from glmkit.types.errors import ConfigError
from glmkit.types.money import Money
from glmkit.types.translation import _

#: What stands between the texts of a portion.
_BETWEEN = "\n\n"
#: Tokens of a portion where the model's window is not known.
_UNKNOWN = 4_000
#: The part of a window that a portion fills: the rest is for the template's words.
_SHARE = 0.7
#: Rounds after which answers that do not get shorter are given up.
_ROUNDS = 12


class Rounds(msgspec.Struct):
    """How the rounds of a reduction are asked, and what is left of its budget."""

    fresh: bool = False
    retry: str | None = None
    budget: Money | None = None


def reduced(
    task: RowTask, groups: Sequence[Sequence[str]], rounds: Rounds
) -> list[RowOutcome]:
    """Return one outcome for each group of texts.

    The template is asked over portions of a group's texts that fit the window, then
    over the answers, until one is left. A portion without an answer fails its group.
    """
    size = _portion_size(task)
    texts = [[text for text in group if text.strip()] for group in groups]
    totals = [RowOutcome(cost=task.nothing, tokens=0) for _group in groups]
    for place, group in enumerate(texts):
        if not group:
            totals[place].status = "failed"
            totals[place].error = _("the group has no text")
    for _round in range(_ROUNDS):
        open_groups = [n for n, total in enumerate(totals) if total.status is None]
        if not open_groups:
            return totals
        portions = {n: [*_portions(texts[n], size)] for n in open_groups}
        asked = [text for n in open_groups for text in portions[n]]
        answers = _asked(task, asked, rounds)
        for n in open_groups:
            found = [next(answers) for _portion in portions[n]]
            texts[n] = _taken(totals[n], found)
    for total in totals:
        if total.status is None:
            total.status, total.error = "failed", _("the answers do not get shorter")
    return totals


def _asked(task: RowTask, texts: list[str], rounds: Rounds) -> Iterator[RowOutcome]:
    """Ask the template over each text, and yield what became of it, in order.

    Pseudonyms are put back, since each prompt counts its own: the next round hides
    the names again.
    """
    preparation = Preparation(
        msgspec.structs.replace(task, values=[(t,) for t in texts])
    )
    run = TableRun(preparation, fresh=rounds.fresh, retry=rounds.retry)
    digest = hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass"))
    lines = progress.follow(run, len(texts), digest.hexdigest(), rounds.budget)
    progress.show(lines)
    if rounds.budget is not None:
        spent = Money(run.spent.get(rounds.budget.currency, 0), rounds.budget.currency)
        left = max(0, rounds.budget.parts - spent.parts)
        rounds.budget = Money(left, rounds.budget.currency)
    blank = RowOutcome("failed", error=_("it was not asked"), cost=task.nothing)
    seen: set[int] = set()
    for position in range(len(texts)):
        if position >= len(preparation.prompt_of):
            yield blank
            continue
        place = preparation.prompt_of[position]
        yield _own(run.outcomes[place], preparation.names.get(position, {}),
                   first=place not in seen)  # fmt: skip
        seen.add(place)


def _own(outcome: RowOutcome, names: Mapping[str, str], *, first: bool) -> RowOutcome:
    """Return the outcome of one of the texts that share a call, which costs once."""
    if outcome.status is None:
        outcome = msgspec.structs.replace(
            outcome, status="failed", error=_("it was not asked")
        )
    cost, tokens = outcome.cost, outcome.tokens
    if not first:
        cost, tokens = cost and Money(0, cost.currency), tokens and 0
    values = outcome.values and tuple(put_back(v, names) for v in outcome.values)
    return msgspec.structs.replace(outcome, cost=cost, tokens=tokens, values=values)


def _taken(total: RowOutcome, found: Sequence[RowOutcome]) -> list[str]:
    """Add the outcomes of a round to a group's; return the texts of the next round."""
    for one in found:
        total.tokens = _plus(total.tokens, one.tokens)
        total.cost = _sum(total.cost, one.cost)
        total.model = one.model or total.model
    bad = next((one for one in found if not one.values), None)
    if bad is not None:
        total.status, total.error = bad.status or "failed", bad.error
        return []
    answers = [str(one.values[0]) for one in found if one.values]
    if len(answers) == 1:
        total.status, total.values = found[0].status, (answers[0],)
    return answers


def _plus(total: int | None, more: int | None) -> int | None:
    return None if total is None else total + (more or 0)


def _sum(total: Money | None, more: Money | None) -> Money | None:
    return None if total is None or more is None else total + more


def _portions(texts: Sequence[str], size: int) -> Iterator[str]:
    """Join texts as long as they fit; a text that alone does not is cut."""
    held: list[str] = []
    length = 0
    for text in texts:
        for piece in _cut(text, size):
            tokens = count(piece).high + 2
            if held and length + tokens > size:
                yield _BETWEEN.join(held)
                held, length = [], 0
            held.append(piece)
            length += tokens
    if held:
        yield _BETWEEN.join(held)


def _cut(text: str, size: int) -> Iterator[str]:
    """Cut a text that is too long, at a line or a blank where there is one."""
    while (tokens := count(text).high) > size:
        end = max(1, len(text) * size // tokens)
        place = max(text.rfind(mark, end // 2, end) for mark in ("\n", " ", "。"))
        end = place + 1 if place > 0 else end
        yield text[:end]
        text = text[end:]
    if text.strip():
        yield text


def _portion_size(task: RowTask) -> int:
    window = task.window
    if window is None:
        return _UNKNOWN
    answer = reserve_of(card(task.model), task.options.get("max_tokens"), None) or 0
    fixed = count(task.template.text + str(task.options.get("system") or "")).high
    size = int((window - min(answer, window // 4) - fixed) * _SHARE)
    if size < 1:
        raise ConfigError(
            _("the template leaves no room in the window of {model}", model=task.model),
            hint=_("Shorten the template, or use a model with a larger window."),
        )
    return size


def one_column(columns: Sequence[Any]) -> None:
    """Raise ConfigError where a template uses more than one column."""
    if len(columns) != 1:
        raise ConfigError(
            _("reduce takes a template over one column, not {n}", n=len(columns)),
            hint=_("Join the columns first: df.assign(text=df.a + ': ' + df.b)."),
        )
