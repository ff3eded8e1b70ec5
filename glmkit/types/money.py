"""Exact amounts of money: integers of 10⁻¹² units, never floats."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import msgspec

#: Parts of one yuan or dollar. 0.1 yuan a million tokens, at half price in a batch,
#: is 50,000 of these a token.
PARTS = 10**12

_SIGNS = {"CNY": "¥", "USD": "$"}


class Money(msgspec.Struct, frozen=True, gc=False):
    """An amount in one currency: `parts` of 10⁻¹² units of `currency`.

    `at_most` marks an upper bound: a price that could lower the amount is not known.

    >>> Money.of("0.000486", "CNY")
    Money('0.000486', 'CNY')
    >>> print(Money.of("0.5", "USD") + Money.of("0.25", "USD"))
    $0.75
    >>> print(Money(5 * 10**10, "CNY", at_most=True))
    at most ¥0.05
    """

    parts: int
    currency: str
    at_most: bool = False

    @classmethod
    def of(cls, amount: str | int | Decimal, currency: str) -> Money:
        """Return an exact amount; ValueError for no number, or one finer than 10⁻¹²."""
        try:
            scaled = Decimal(amount).scaleb(12)
        except InvalidOperation as exc:
            raise ValueError(f"{amount!r} is not an amount of {currency}") from exc
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{amount} {currency} is finer than 10⁻¹² units")
        return cls(int(scaled), currency)

    @property
    def amount(self) -> Decimal:
        """The amount as an exact Decimal, in whole units of the currency."""
        return PlainDecimal(Decimal(self.parts).scaleb(-12))

    def __add__(self, other: Money) -> Money:
        if not isinstance(other, Money):
            return NotImplemented
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        at_most = self.at_most or other.at_most
        return Money(self.parts + other.parts, self.currency, at_most)

    def __mul__(self, count: int) -> Money:
        return Money(self.parts * count, self.currency, self.at_most)

    def __bool__(self) -> bool:
        return self.parts != 0

    def __str__(self) -> str:
        sign = _SIGNS.get(self.currency, self.currency + " ")
        mark = "at most " if self.at_most else ""
        return f"{mark}{sign}{_plain(self.amount)}"

    def __repr__(self) -> str:
        mark = ", at_most=True" if self.at_most else ""
        return f"Money('{_plain(self.amount)}', '{self.currency}'{mark})"


class PlainDecimal(Decimal):
    """A Decimal that is written without an exponent and without trailing zeros.

    >>> print(Decimal("0.00000025"), PlainDecimal("0.00000025"))
    2.5E-7 0.00000025
    """

    def __str__(self) -> str:
        return _plain(self)

    def __repr__(self) -> str:
        return f"Decimal('{_plain(self)}')"

    def __format__(self, spec: str, /) -> str:  # type: ignore[override]
        return super().__format__(spec) if spec else _plain(self)


def _plain(amount: Decimal) -> str:
    text = Decimal.__format__(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
