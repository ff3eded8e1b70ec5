import pytest

from glmkit.readers.paged_text import paged
from glmkit.readers.quotes import Quotes
from glmkit.readers.table_units import declared


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("单位：万元", 10_000),
        ("单位:人民币千元", 1_000),
        ("人民币百万元", 1_000_000),
        ("单位：元", 1),
        ("(in thousands of RMB)", 1_000),
        ("RMB'000", 1_000),
        ("in millions, except per share", 1_000_000),
        ("(US$ million)", 1_000_000),
        ("单位：万元\n...\n单位：元", 1),
        ("in the end", None),
        ("HK$ million", 1_000_000),
        ("2024 | US$m", 1_000_000),
        ("€ million", 1_000_000),
        ("RMB 12 million", None),
        ("（亿元）", 100_000_000),
        ("千港元", 1_000),
        ("单位：万美元", 10_000),
        ("單位：百萬元", 1_000_000),
        ("单位：万股", 10_000),
        ("工作单位人数 12 人", None),
        ("收到 12 万元", None),
        ("单位：万元\n营业收入（元）", 1),
    ],
)
def test_the_last_unit_that_a_page_declares_holds(text: str, unit: int | None) -> None:
    assert declared(text) == unit


@pytest.mark.parametrize(
    ("row", "value"),
    [
        ("基本每股收益（元/股） | 0.35 | 0.31", 0.35),
        ("Earnings per ordinary share | 2.35", 2.35),
        ("员工人数 | 1,234", 1234),
        ("Number of employees | 1,234", 1234),
        ("毛利率（%） | 35.2", 35.2),
        ("资产负债率 | 35.2", 35.2),
        ("Employee benefits | 1,234", 1_234_000),
        ("Revenue | 1,234 | 12.2%", 1_234_000),
    ],
)
def test_a_row_that_is_not_in_money_has_no_unit_of_its_table(
    row: str, value: float
) -> None:
    quotes = Quotes(paged(f"In thousands\n{row}"))
    assert quotes.judge(value, row, None)[0] == "exact"
    wrong = value / 1000 if value > 10**6 else value * 1000
    assert quotes.judge(wrong, row, None)[0] == "value differs"
