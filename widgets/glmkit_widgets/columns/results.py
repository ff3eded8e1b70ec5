"""The result of one answer among several: as a value, as facts, as a frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from glmkit.types.errors import told_of
from glmkit.types.money import Money
from glmkit.types.replies import Origin, Reply
from glmkit.types.translation import _
from glmkit_widgets.shared.answer_runner import AnswerRun

if TYPE_CHECKING:
    import pandas as pd

Vote = Literal["", "best", "other", "tie"]
End = Literal["done", "failed", "interrupted"]


class AnswerResult(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of several to the same prompt.

    `state` is "done", "failed" or "interrupted"; `error` says what happened, "" where
    nothing did. Counts are tokens, None where the service reports none; `cost` is what
    is owed and `list_cost` the card's price (None: not known); times are seconds;
    `tokens_per_s` counts from the first token on. `call` is the row in the ledger, 0
    where nothing was sent. `vote` is "best", "other", "tie", or "" before a vote.
    """

    model: str
    answered: str = ""
    temperature: float | None = None
    repeat: int = 1
    state: End = "done"
    text: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost: Money | None = None
    list_cost: Money | None = None
    seconds: float | None = None
    first_token_s: float | None = None
    tokens_per_s: float | None = None
    finish_reason: str = ""
    error: str = ""
    source: Origin | Literal[""] = ""
    stand_in: str = ""
    call: int = 0
    vote: Vote = ""


def result_of(run: AnswerRun, model: str, **more: Any) -> AnswerResult:
    """Return the result of a run that has ended; `more` are fields of AnswerResult."""
    state: End
    if run.stopping:
        state, error = "interrupted", _("stopped")
    elif isinstance(run.error, Exception):
        state, error = "failed", told_of(run.error)[0]
    else:
        state, error = "done", ""
    if run.reply is None:
        return AnswerResult(model=model, state=state, error=error, **more)
    return _with(run.reply, model=model, state=state, error=error, **more)


def _with(reply: Reply, **more: Any) -> AnswerResult:
    usage = reply.usage
    return AnswerResult(
        answered=reply.model,
        text=reply.text,
        prompt_tokens=usage.prompt_tokens if usage else None,
        completion_tokens=usage.completion_tokens if usage else None,
        cost=reply.cost,
        list_cost=reply.list_cost,
        seconds=reply.seconds,
        first_token_s=reply.first_token_s,
        tokens_per_s=_speed(reply),
        finish_reason=reply.finish_reason,
        source=reply.source,
        stand_in=reply.stand_in,
        call=reply.calls[-1].id,
        **more,
    )


def _speed(reply: Reply) -> float | None:
    """Return tokens per second after the first token, as the dashboard counts them."""
    if reply.usage is None or reply.seconds is None:
        return None
    writing = reply.seconds - (reply.first_token_s or 0.0)
    count = reply.usage.completion_tokens
    return count / writing if count > 1 and writing > 0 else None


def facts(result: AnswerResult) -> list[tuple[str, str]]:
    """Return the facts below an answer: names and texts.

    What is not known is left out, and all of it where nothing was answered.

    >>> facts(AnswerResult(model="glm-4-plus", source="service", tokens_per_s=45.2))
    [('Cost', 'unknown'), ('Speed', '45 tokens/s')]
    """
    if not result.source or (result.state == "failed" and not result.text):
        return []
    named = [
        ("Tokens", _tokens(result)),
        ("Cost", _cost(result)),
        ("Time to first token", _seconds(result.first_token_s, 2)),
        (
            "Speed",
            f"{result.tokens_per_s:,.0f} tokens/s" if result.tokens_per_s else "",
        ),
        ("Time", _seconds(result.seconds, 1)),
        ("Answered by", _who(result)),
    ]
    return [(name, text) for name, text in named if text]


def _tokens(result: AnswerResult) -> str:
    counts = ((result.prompt_tokens, "in"), (result.completion_tokens, "out"))
    return ", ".join(f"{n:,} {way}" for n, way in counts if n is not None)


def _cost(result: AnswerResult) -> str:
    listed = result.list_cost
    if result.source == "cassette":
        saved = "" if result.stand_in else listed
        return _("replayed, saved {cost}", cost=saved) if saved else _("replayed")
    owed = _("unknown") if result.cost is None else str(result.cost)
    return f"{owed} (list {listed})" if listed and listed != result.cost else owed


def _seconds(seconds: float | None, digits: int) -> str:
    return "" if seconds is None else f"{seconds:.{digits}f} s"


def _who(result: AnswerResult) -> str:
    if result.source == "illustration":
        return _("an illustration, not a model")
    if result.stand_in:
        return _("stand-in {name}", name=result.stand_in)
    return "" if result.answered in {"", result.model} else result.answered


def to_frame(results: Sequence[AnswerResult]) -> pd.DataFrame:
    """Return results as a DataFrame, one row each, costs as exact Decimals."""
    from glmkit.ledger.views import frames

    names = [name for name in AnswerResult.__struct_fields__ if name not in _MONEY]
    columns = [*names, *(part for name in _MONEY for part in (name, _MONEY[name]))]
    rows = [
        [*(getattr(each, name) for name in names), *_amounts(each)] for each in results
    ]
    frame = frames.table(columns, rows)
    return frame.astype({"repeat": "int64", "call": "int64", "tokens_per_s": "float64"})


#: Each amount of money, and the column of its currency.
_MONEY = {"cost": "currency", "list_cost": "list_currency"}


def _amounts(result: AnswerResult) -> list[Any]:
    found = [getattr(result, name) for name in _MONEY]
    return [part for amount in found for part in _parts(amount)]


def _parts(amount: Money | None) -> tuple[int | None, str | None]:
    return (None, None) if amount is None else (amount.parts, amount.currency)
