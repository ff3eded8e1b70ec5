"""What a reply says under its answer, and why an answer is not whole."""

from __future__ import annotations

from glmkit.calls import WHOLE, Reply
from glmkit.render import Badge

_BROKEN_OFF = {
    "length": "The answer was cut off: it reached the limit of tokens.",
    "sensitive": "The answer was stopped by the service's content review.",
    "model_context_window_exceeded": "The answer was cut off: the window is full.",
    "network_error": "The answer broke off: the service had an error.",
}


def badge_of(reply: Reply) -> Badge:
    """Return the badge of a reply."""
    usage = reply.usage
    return Badge(
        model=reply.model,
        stand_in=reply.stand_in,
        prompt_tokens=usage.prompt_tokens if usage else None,
        cached=usage.cached_tokens if usage else None,
        completion_tokens=usage.completion_tokens if usage else None,
        reasoning=usage.reasoning_tokens if usage else None,
        cost="" if reply.cost is None else str(reply.cost),
        list_cost="" if reply.list_cost is None else str(reply.list_cost),
        seconds=reply.seconds,
        first_token_s=reply.first_token_s,
        source=reply.source,
    )


def partial_of(reply: Reply | None, error: BaseException | None = None) -> str:
    """Return why an answer is not whole, "" if it is."""
    if isinstance(error, KeyboardInterrupt):
        return "Interrupted: this is what had arrived."
    if error is not None:
        return "The answer broke off: this is what had arrived."
    if reply is None or reply.complete:
        return ""
    reason = reply.finish_reason
    if reason in WHOLE or not reason:
        return "The answer broke off: this is what had arrived."
    return _BROKEN_OFF.get(reason, f"The answer ended early: {reason}.")
