"""Grants of tokens: those that a service gives on registration, and token packs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from time import time as now

from glmkit.config.endpoints import SERVICES, endpoint_of
from glmkit.ledger import Grant, Ledger
from glmkit.ledger.default import ledger as own
from glmkit.types.errors import ConfigError
from glmkit.types.plain_text import encodable
from glmkit.types.translation import _

_AMOUNT = re.compile(r"(\d+(?:[,_]\d+)*(?:\.\d+)?)\s*([kKmMbB万亿]?)")
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
        models=_patterns(models),
        until=None if until is None else _end(until),
    )
    book.add_grant(made)
    return made


def _billed(endpoint: str) -> str:
    found = endpoint_of(str(endpoint))
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
        count = digits * _UNITS[found[2].lower()]
        if 0 < count < 2**62 and count == int(count):
            return int(count)
    raise ConfigError(
        _("{tokens} is not a number of tokens", tokens=repr(tokens)),
        hint=_('For instance 20_000_000, "20M" or "2000万".'),
    )


def _end(until: str | date) -> float:
    """Return the end of a day in Unix seconds."""
    try:
        day = date.fromisoformat(until) if isinstance(until, str) else until
        midnight = datetime.combine(day + timedelta(days=1), time())
        end = midnight.timestamp()
        datetime.fromtimestamp(end - 1)  # it is shown
    except (ValueError, TypeError, OverflowError, OSError) as exc:
        raise ConfigError(
            _("{until} is not a day", until=repr(until)),
            hint=_('For instance "2026-12-31".'),
        ) from exc
    if end < now():
        raise ConfigError(
            _("{until} has passed", until=day),
            hint=_("Name the last day of the grant, or leave until= out."),
        )
    return end


def _patterns(models: str | Sequence[str]) -> tuple[str, ...]:
    names = (models,) if isinstance(models, str) else models
    if isinstance(names, list | tuple | set) and all(
        isinstance(name, str) and name.strip() and encodable(name) for name in names
    ):
        return tuple(name.strip().lower() for name in names)
    raise ConfigError(
        _("{models} names no models", models=repr(models)),
        hint=_('For instance "glm-4.5*", or a list of such names.'),
    )
