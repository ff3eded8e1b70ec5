"""Builds the badge of a reply, and the note under an incomplete answer."""

from __future__ import annotations

import msgspec

from glmkit.catalog import cards
from glmkit.render import Badge
from glmkit.render.answer.request_summary import Typed, summary
from glmkit.types.errors import SchemaError
from glmkit.types.replies import WHOLE, Reply
from glmkit.types.translation import _

_BROKEN = "The answer broke off: this is what had arrived."
_BROKEN_OFF = {
    "length": "The answer was cut off: it reached the limit of tokens.",
    "sensitive": "The answer was stopped by the service's content review.",
    "model_context_window_exceeded": "The answer was cut off: the window is full.",
    "network_error": "The answer broke off: the service had an error.",
    "refusal": "The model refused to answer.",
}


class About(msgspec.Struct, frozen=True):
    """What a cell adds to the badge of a reply.

    `chat` names the conversation and `turns` counts its questions; `notes` are slips
    of the prompt.
    """

    chat: str = ""
    turns: int = 0
    notes: tuple[str, ...] = ()
    typed: Typed | None = None


NOTHING = About()


def badge_of(reply: Reply, about: About = NOTHING) -> Badge:
    """Return the badge of a reply."""
    usage = reply.usage
    return Badge(
        model=reply.model,
        stand_in=reply.stand_in,
        prompt_tokens=usage.prompt_tokens if usage else None,
        cached=usage.cached_tokens if usage else None,
        completion_tokens=usage.completion_tokens if usage else None,
        reasoning=usage.reasoning_tokens if usage else None,
        **_costs(reply),
        seconds=reply.seconds,
        first_token_s=reply.first_token_s,
        source=reply.source,
        note=" · ".join(
            [
                *_chat(reply, about),
                *_stopped(reply),
                *_asked_again(reply),
                *about.notes,
            ]
        ),
        request=summary(reply.calls[-1], about.typed),
    )


def _costs(reply: Reply) -> dict[str, str]:
    """Return the cost and the list price as they are read."""
    cost = "" if reply.cost is None else str(reply.cost)
    if cost and reply.cost_basis == "list":
        return {"cost": _("{cost} at list price", cost=cost)}
    if cost and reply.paid_by == "grant":
        cost = _("{cost}, off a grant", cost=cost)
    listed = "" if reply.list_cost is None else str(reply.list_cost)
    return {"cost": cost, "list_cost": listed}


def _chat(reply: Reply, about: About) -> list[str]:
    if not about.chat:
        return []
    turns = f"{about.turns} turn" + ("s" if about.turns != 1 else "")
    said = f"chat {about.chat}, {turns}"
    last = reply.calls[-1]
    card, usage = cards.card(last.model), last.answer.usage
    if card and card.context_window and usage:
        share = (usage.prompt_tokens + usage.completion_tokens) / card.context_window
        said += f", window {share:.0%} full" if share >= 0.01 else ", window <1% full"
    return [said]


def _stopped(reply: Reply) -> list[str]:
    reason = reply.finish_reason
    return [f"stopped by {reason}"] if reason and reason != "stop" else []


#: Rank of a record that a better answerer was asked in place of → how it is named.
_RECORDED = {
    "stand-in": _("recorded by the stand-in"),
    "illustration": _("recorded as an illustration"),
}


def _asked_again(reply: Reply) -> list[str]:
    """Return why a call was sent though its cell has recorded answers."""
    names = dict.fromkeys(name for call in reply.calls for name in call.changed)
    ranks = dict.fromkeys(call.superseded for call in reply.calls if call.superseded)
    why = [_("asked again: {why}", why=_RECORDED.get(rank, rank)) for rank in ranks]
    if names:
        why.append(_("asked again, changed: {names}", names=", ".join(names)))
    return why


def partial_of(reply: Reply | None, error: BaseException | None = None) -> str:
    """Return why an answer is not whole, "" if it is."""
    if isinstance(error, KeyboardInterrupt):
        return "Interrupted: this is what had arrived."
    if isinstance(error, SchemaError):
        return "The answer does not fit its schema: this is its text."
    if error is not None:
        arrived = reply is not None and (reply.text or reply.thinking)
        return _BROKEN if arrived else ""
    if reply is None or reply.complete:
        return ""
    reason = reply.finish_reason
    if reason in WHOLE and reply.empty:
        return _("The answer is empty: {reason}.", reason=reply.empty)
    if reason in WHOLE or not reason:
        return _BROKEN
    if reason == "length" and reply.thinking and not reply.text:
        return _thought_only(reply)
    if reason == "length" and _has_own_limit(reply):
        return _(
            "The answer was cut off at {count} tokens, the stand-in's own limit: "
            "--max-tokens raises it.",
            count=reply.usage.completion_tokens if reply.usage else "?",
        )
    return _BROKEN_OFF.get(reason, f"The answer ended early: {reason}.")


def _has_own_limit(reply: Reply) -> bool:
    """Whether the stand-in set the limit: the service would have gone on."""
    return bool(reply.stand_in) and reply.calls[-1].request.max_tokens is None


def _thought_only(reply: Reply) -> str:
    usage = reply.usage
    used = usage.completion_tokens if usage else 0
    more = max(2 * used, 1024)
    return (
        "The limit of tokens was reached inside the thinking, before any answer. Run "
        f"the cell again with --max-tokens {more}, or with --think off."
    )
