"""`%glm models`, `usage`, `budget`: what there is and what it cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from glmkit.errors import ConfigError
from glmkit.notebook.magics.saying import say

if TYPE_CHECKING:
    from glmkit.notebook.session import Session


def models(session: Session, *words: str) -> Any:
    """Show the catalogue as a table: `%glm models long`."""
    from glmkit import frames

    return frames.models(" ".join(words) or None)


def budget(session: Session, *words: str) -> Any:
    """Cap what may be spent: `%glm budget 5 CNY [session, notebook, day]`, or `off`."""
    from glmkit import accounts
    from glmkit.calls import where

    match words:
        case ():
            return accounts.balance()
        case ("off",):
            amount, currency, scope = None, "CNY", "session"
        case ("off", scope):
            amount, currency = None, "CNY"
        case (amount, currency):
            scope = "session"
        case (amount, currency, scope):
            pass
        case _:
            raise ConfigError(
                "a budget takes an amount, a currency and a scope",
                hint="For instance `%glm budget 5 CNY day`, or `%glm budget off day`.",
            )
    token = where.set(session.place())
    try:
        made = accounts.budget(amount, currency, cast("Any", scope))
    finally:
        where.reset(token)
    say(str(made) if made else f"no budget for the {scope} any more")
    return None


def usage(session: Session, *words: str) -> Any:
    """Show the calls, or their sums: `%glm usage by model`."""
    from glmkit import frames

    match words:
        case ():
            return frames.usage()
        case ("by", str(by)) | (str(by),):
            return frames.usage(by=by)
        case _:
            raise ConfigError(
                "usage takes `by NAME`", hint="For instance `%glm usage by model`."
            )
