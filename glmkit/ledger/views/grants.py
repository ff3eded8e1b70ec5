"""Grants of tokens: those that a service gives on registration, and token packs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from glmkit.config.endpoints import SERVICES, endpoint_of
from glmkit.ledger import Grant, Ledger
from glmkit.ledger.default import ledger as own
from glmkit.types.errors import ConfigError
from glmkit.types.translation import _

_AMOUNT = re.compile(r"(\d[\d,_]*(?:\.\d+)?)\s*([kKmMbB万亿]?)")
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9, "万": 10**4, "亿": 10**8}


def grant(
    tokens: int | str | None,
    models: str | Sequence[str] = (),
    until: str | date | None = None,
    *,
    endpoint: str = "bigmodel",
    ledger: Ledger | None = None,
) -> Grant | None:
    """Name tokens that you have from a service; None takes its grants back.

    `tokens` is a number, or a text such as "20M"; `models` are names or patterns such
    as "glm-4.5*" (all by default); `until` is the last day, in local time. A call that
    a grant holds at its most comes off it: its `cost` is 0, `paid_by` is "grant",
    `list_cost` stays. What is used before today is not known here: say what is left.
    `glmkit.balance()` shows what is left. Raises ConfigError.

        glmkit.grant("20M", "glm-4.5*", until="2026-12-31")
    """
    book, name = ledger or own(), _billed(endpoint)
    if tokens is None:
        book.drop_grants(name)
        return None
    made = Grant(
        name,
        _count(tokens),
        models=(models,) if isinstance(models, str) else tuple(models),
        until=None if until is None else _end(until),
    )
    book.add_grant(made)
    return made


def _billed(endpoint: str) -> str:
    found = endpoint_of(endpoint)
    if found.plan or found.name == "local":
        raise ConfigError(
            _("{name} bills no tokens, so that no grant pays them", name=found.name),
            hint=_(
                "Use {names}.",
                names=" or ".join(
                    repr(each.name) for each in SERVICES.values() if not each.plan
                ),
            ),
        )
    return found.name


def _count(tokens: int | str) -> int:
    found = _AMOUNT.fullmatch(str(tokens).strip())
    if found:
        digits = Decimal(found[1].replace(",", "").replace("_", ""))
        count = int(digits * _UNITS[found[2].lower()])
        if 0 < count < 2**62:
            return count
    raise ConfigError(
        _("{tokens} is not a number of tokens", tokens=repr(tokens)),
        hint=_('For instance 20_000_000, "20M" or "2000万".'),
    )


def _end(until: str | date) -> float:
    """Return the end of a day in Unix seconds."""
    try:
        day = date.fromisoformat(until) if isinstance(until, str) else until
    except ValueError as exc:
        raise ConfigError(
            _("{until} is not a day", until=repr(until)),
            hint=_('For instance "2026-12-31".'),
        ) from exc
    midnight = datetime.combine(day + timedelta(days=1), time())
    return midnight.timestamp()
