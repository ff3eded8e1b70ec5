"""`%glm models`, `usage`, `budget`: what there is and what it cost."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from glmkit.types.errors import ConfigError
from glmkit.types.plain_text import say

if TYPE_CHECKING:
    from glmkit.ledger.views import frames
    from glmkit.notebook.session import Session


def models(session: Session, *words: str) -> Any:
    """Show the catalogue, prices first: `%glm models long`; `--all` for all columns."""
    from glmkit.ledger.views.model_table import models

    wanted = [word for word in words if word != "--all"]
    columns = "all" if len(wanted) < len(words) else None
    return models(" ".join(wanted) or None, columns)


def budget(session: Session, *words: str) -> Any:
    """Cap what may be spent: `%glm budget 5 CNY [session, notebook, day]`, or `off`."""
    from glmkit.ledger.views import budgets as accounts

    match words:
        case ():
            budgets = accounts.balance()
            if len(budgets):
                return budgets
            say("No budget is set: `%glm budget 5 CNY` caps this session.")
            return None
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
    with session.here():
        made = accounts.budget(amount, currency, cast("Any", scope))
    say(str(made) if made else f"no budget for the {scope} any more")
    return None


#: Calls that are listed one by one; sums are of all.
_LISTED = 1000
_SPAN = re.compile(r"(\d+)(h|d|w)")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


def usage(session: Session, *words: str) -> Any:
    """Show calls, or sums: `%glm usage [by model day] [since 7d] [where tag=pilot]`."""
    from glmkit.ledger.views import frames

    parts = _parts(words)
    since = _since(parts["since"]) if parts["since"] else None
    where = dict(_condition(word) for word in parts["where"])
    newest = None if parts["by"] else _LISTED
    return frames.usage(parts["by"] or None, since, where, newest=newest)


def _parts(words: Sequence[str]) -> dict[str, list[str]]:
    """Sort words by the keyword they stand behind; the first ones behind none."""
    found: dict[str, list[str]] = {"by": [], "since": [], "where": []}
    behind = "by"
    for word in words:
        if word in found:
            behind = word
        else:
            found[behind] += filter(None, word.split(",")) if behind == "by" else [word]
    return found


def _since(words: Sequence[str]) -> frames.Since:
    span = _SPAN.fullmatch(words[0])
    if span is None:
        return " ".join(words)
    return timedelta(**{_UNITS[span[2]]: int(span[1])})


def _condition(word: str) -> tuple[str, list[str]]:
    name, equals, values = word.partition("=")
    if not equals:
        raise ConfigError(
            f"{word!r} is not a condition",
            hint="For instance `%glm usage by model where tag=pilot`.",
        )
    return name, values.split(",")
