"""Amounts are exact and keep to their currency."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from glmkit.types.money import PARTS, Money

parts = st.integers(-(10**30), 10**30)


@given(parts, parts)
def test_sum_is_exact(one: int, other: int) -> None:
    total = Money(one, "CNY") + Money(other, "CNY")
    assert total.parts == one + other


@given(st.integers(-(10**15), 10**15))
def test_amount_goes_there_and_back(count: int) -> None:
    money = Money(count, "USD")
    assert Money.of(money.amount, "USD") == money
    assert money.amount * PARTS == count


def test_two_currencies_are_not_added() -> None:
    with pytest.raises(ValueError, match="cannot add USD to CNY"):
        Money(1, "CNY") + Money(1, "USD")


def test_amount_prints_plainly() -> None:
    assert str(Money.of("0.000486", "CNY")) == "¥0.000486"
    assert str(Money.of(Decimal("100"), "USD")) == "$100"
    assert str(Money(0, "CNY")) == "¥0"


def test_amount_finer_than_a_part_is_refused() -> None:
    with pytest.raises(ValueError, match="finer"):
        Money.of("0.0000000000001", "CNY")


def test_what_is_no_number_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="'abc' is not an amount of CNY"):
        Money.of("abc", "CNY")
