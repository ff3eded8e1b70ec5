"""What calls have cost in one currency, and how certain that is."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

import pandas as pd

from glmkit.figures import style
from glmkit.figures.panel import decimal
from glmkit.types.translation import _

#: Whether calls are unpriced, whether a cost is an upper bound → what a sum is.
_SURE = {
    (False, False): "",
    (True, False): "at least ",
    (False, True): "at most ",
    (True, True): "about ",
}


class Amounts(NamedTuple):
    """The cost of each line of a frame, and how certain it is."""

    paid: list[Decimal]
    listed: list[Decimal]
    unpriced: dict[str, int]
    at_most: bool

    @property
    def shown(self) -> tuple[list[Decimal], str]:
        """The billed cost; the list price where nothing was billed."""
        if any(self.paid) or not any(self.listed):
            return self.paid, ""
        return self.listed, _("list price; nothing was billed")

    def note(self, currency: str, amounts: Iterable[Decimal], more: str = "") -> str:
        """Return the sum in words, with what is unknown about it."""
        total = style.money(sum(amounts, Decimal(0)), currency)
        unknown = sum(self.unpriced.values())
        sure = _SURE[unknown > 0, self.at_most]
        words = [sure + total, more]
        if unknown:
            models = ", ".join(style.text(model) for model in [*self.unpriced][:2])
            rest = ", …" if len(self.unpriced) > 2 else ""
            listed = models + rest
            words.append(
                _("{count:,} unpriced: {models}", count=unknown, models=listed)
            )
        return " · ".join(word for word in words if word)


def amounts(frame: pd.DataFrame, currency: str) -> Amounts:
    """Read the costs of a frame of calls or of sums."""
    name = currency.lower()
    if "at" in frame.columns:
        owed = (frame["currency"] == currency).tolist()
        listed = (frame["list_currency"] == currency).tolist()
        missing = (frame["cost"].isna() & (frame["state"] == "done")).astype(int)
        upper = bool((frame["at_most"] & frame["cost"].notna()).any())
        paid = _where(frame["cost"], owed)
        prices = _where(frame["list_cost"], listed)
    else:
        missing = frame["unpriced"].fillna(0).astype(int)
        upper = bool(frame["mark"].isin(("at most", "about")).any())
        paid = [decimal(value) for value in frame[f"cost_{name}"]]
        prices = [decimal(value) for value in frame[f"list_cost_{name}"]]
    unpriced: dict[str, int] = {}
    for model, calls in zip(frame["model"], missing.tolist(), strict=True):
        if calls:
            unpriced[model] = unpriced.get(model, 0) + calls
    return Amounts(paid, prices, unpriced, upper)


def _where(values: pd.Series[Any], wanted: list[bool]) -> list[Decimal]:
    return [
        decimal(value) if take else Decimal(0)
        for value, take in zip(values, wanted, strict=True)
    ]
