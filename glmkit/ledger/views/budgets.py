"""Budgets, undecided calls, and checks of the ledger."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from glmkit.ledger import Budget, Ledger, Scope, Verification
from glmkit.ledger.default import ledger as own
from glmkit.ledger.views import frames
from glmkit.types.errors import ConfigError
from glmkit.types.money import Money
from glmkit.types.replies import where as place
from glmkit.types.translation import _

if TYPE_CHECKING:
    import pandas as pd

Amount = str | int | float | Decimal

_SCOPES = ("session", "notebook", "day", "tag", "total")
_CURRENCIES = ("CNY", "USD")


def budget(
    amount: Amount | None,
    currency: str = "CNY",
    scope: Scope = "session",
    *,
    ledger: Ledger | None = None,
) -> Budget | None:
    """Cap the cost of this session, notebook or tag, each day or all; None lifts it.

    Each call reserves its maximum cost before it is sent; BudgetError where that is
    more than what is left, and for calls whose price is not known or is in another
    currency. For a session and a day all calls count; for a notebook, the current tag
    and the "total" those from now on. A BudgetWarning comes at 80 %. Raises
    ConfigError.

        glmkit.budget(5, "CNY")
    """
    book = ledger or own()
    name = _name(book, scope)
    book.set_budget(scope, name, None if amount is None else money_of(amount, currency))
    found = (each for each in book.budgets() if each.scope == scope)
    return next((each for each in found if scope == "day" or each.name == name), None)


def balance(*, ledger: Ledger | None = None) -> pd.DataFrame:
    """Return budgets and grants: what is spent or reserved, what is left, the share.

    Amounts are money in a currency, or tokens of a grant, where the currency is
    "tokens".
    """
    columns = ("scope", "name", "currency", "amount", "spent", "left", "share")
    book = ledger or own()
    rows = [
        (
            each.scope,
            each.name,
            each.amount.currency,
            *(frames.plain(money) for money in (each.amount, each.spent, each.left)),
            each.share,
        )
        for each in book.budgets()
    ]
    rows += [
        (
            "grant",
            str(each),
            "tokens",
            Decimal(each.tokens),
            Decimal(each.used),
            Decimal(each.left),
            each.used / each.tokens,
        )
        for each in book.grants()
    ]
    return frames.table(columns, rows)


def uncertain(*, ledger: Ledger | None = None) -> pd.DataFrame:
    """Return the calls that may or may not have been billed.

    Their process died, or they broke off before the usage came. `reserved` is their
    share of a budget until `glmkit.decide` settles them.
    """
    return frames.usage(where={"undecided": "yes"}, ledger=ledger)


def decide(
    call: int,
    owed: Amount | None = None,
    currency: str = "CNY",
    *,
    ledger: Ledger | None = None,
) -> None:
    """Settle a call of `glmkit.uncertain()` by its id.

    `owed` is the amount on the service's bill, 0 if none; None takes the reservation
    as an upper bound. Raises LedgerError where there is no such call.
    """
    amount = None if owed is None else money_of(owed, currency)
    (ledger or own()).decide(call, amount)


def verify(*, ledger: Ledger | None = None) -> Verification:
    """Price every recorded call again from its usage; check sums, budgets and file."""
    return (ledger or own()).verify()


def prune(
    before: frames.Since,
    *,
    words: bool = False,
    ledger: Ledger | None = None,
) -> int:
    """Delete the calls from before a date or time; return how many.

    `words` deletes only their prompts and answers. Sums and budgets keep the calls, and
    undecided ones are kept.
    """
    return (ledger or own()).prune(frames.moment(before), words=words)


def _name(book: Ledger, scope: str) -> str:
    if scope not in _SCOPES:
        raise ConfigError(
            _("{scope} is not a scope of budgets", scope=repr(scope)),
            hint=_("Use one of {scopes}.", scopes=", ".join(map(repr, _SCOPES))),
        )
    if scope == "session":
        return book.session
    if scope == "tag" and not place.get().tag:
        raise ConfigError(
            _("no tag is set here"),
            hint=_("Set the budget inside `with glmkit.tag(...):`."),
        )
    names = {
        "notebook": place.get().notebook,
        "tag": place.get().tag,
        "total": "everything",
    }
    name = names.get(scope, "every day")
    if not name:
        raise ConfigError(
            _("this notebook's name is not known here"),
            hint=_("Set the budget for the session: scope='session'."),
        )
    return name


def money_of(amount: Amount, currency: str) -> Money:
    """Return an amount to spend as exact money. Raises ConfigError."""
    if currency.upper() not in _CURRENCIES:
        raise ConfigError(
            _("{currency} is not a currency of the services", currency=repr(currency)),
            hint=_("Use one of {names}.", names=", ".join(map(repr, _CURRENCIES))),
        )
    try:
        exact = Money.of(Decimal(str(amount)), currency.upper())
    except (ArithmeticError, ValueError) as exc:
        raise ConfigError(
            _("{amount} is not an amount", amount=repr(amount)),
            hint=_('For instance 5 or 0.25, with the currency after it: "CNY".'),
        ) from exc
    if not 0 <= exact.parts < 2**62:
        raise ConfigError(
            _("{amount} is not an amount to spend", amount=repr(amount)),
            hint=_("Use a number from 0 on."),
        )
    return exact
