import time
from decimal import Decimal

import pytest

from glmkit.readers.quantities import ANY, Field, amounts, field_of, holds

THOUSAND = Decimal(1000)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("收入 1,234.5万元", "12345000"),
        ("收入１，２３４．５万元", "12345000"),
        ("净利润（1,234.5）万元", "-12345000"),
        ("3.2亿元", "320000000"),
        ("−5.3 million", "-5300000"),
        ("$1.2bn", "1200000000"),
        ("(RMB 1,200)", "-1200"),
        ("Net loss (500)", "-500"),
        ("thirty (30) days", "30 30"),
        ("△12", "-12"),
        ("pages 3-5", "3 5"),
        ("1.234.567,89", "1234567.89"),
        ("EUR 12,5", "12.5"),
        ("revenue 12.5%", "12.5 0.125"),
        ("5‰", "0.5 0.005"),
        ("百分之五点五", "5.5 0.055"),
        ("人民币壹佰贰拾万元整", "1200000"),
        ("one hundred and five", "105"),
        ("亏损 300 万元", "-3000000 3000000"),
        ("x1 = 5", "1 5"),
        ("on 5 May (2024)", "5 -2024 2024"),
        ("no number", ""),
        ("10 - 12 years old.", "10 12"),
        ("同比-12.5%", "-12.5 -0.125"),
        ("RMB-1,234", "-1234"),
        ("COVID-19", "19"),
        ("5%-10%", "5 0.05 10 0.1"),
        ("5万-10万", "50000 100000"),
        ("-5%至-3%", "-5 -0.05 -3 -0.03"),
        ("5% -3%", "5 0.05 -3 -0.03"),
        ("Profit | ﹣1,234", "-1234"),
        ("Profit | 1,234- | 5", "-1234 5"),
        ("1,234(1)", "1234"),
        ("Growth | 12.5%(2)", "12.5 0.125"),
        ("12-15 million", "12000000 15000000"),
        ("10–12万元", "100000 120000"),
        ("between 12 and 15 million", "12 12000000 15000000"),
        ("p<.05", "0.05"),
        ("Fig.5", "5"),
        ("1.2e6", "1200000"),
        ("1亿2000万元", "120000000"),
        ("-3亿5千万", "-350000000"),
        ("1 亿, 2000 万", "100000000 20000000"),
        ("约1200余万元", "12000000"),
        ("3百萬元", "3000000"),
        ("12 crore", "120000000"),
        ("12,34,567", "1234567"),
        ("百分之五", "5 0.05"),
        ("千分之五", "0.5 0.005"),
        ("第三季度", "3"),
        ("25 basis points", "25 0.25 0.0025"),
        ("12 m", "12 12000000"),
        ("$12 m", "12000000"),
        ("Dividends | — | 5", "0 5"),
        ("loss before income tax 300", "-300 300"),
        ("Sales decreased to 1,234", "1234"),
        ("亏损收窄，利润达300", "300"),
    ],
)
def test_a_number_is_what_its_signs_and_units_say(text: str, wanted: str) -> None:
    found = amounts(text, 0, len(text))
    assert sorted(found) == sorted(map(Decimal, wanted.split()))


def test_a_long_line_is_read_in_the_time_of_its_length() -> None:
    line = "loss, " * 6_000 + "5"
    began = time.process_time()
    assert amounts(line, 0, len(line)) == [5, -5]
    assert time.process_time() - began < 2  # 20 s where each comma looks to the end


def test_a_part_of_a_number_is_read_as_the_whole_number() -> None:
    assert amounts("11,234", 1, 6) == [Decimal(11234)]
    assert amounts("(1,234)", 1, 6) == [Decimal(-1234)]


def test_the_unit_of_a_table_holds_for_its_amounts_alone() -> None:
    row = "Revenue 2024 | 1,234 | 1,100"
    assert amounts(row, 0, len(row), ANY, THOUSAND) == [2024, 1234000, 1100000]
    loss = "Net profit | (2,029)"
    assert amounts(loss, 0, len(loss), ANY, THOUSAND) == [-2_029_000]
    counted = "Employees | 1,234 people"
    assert amounts(counted, 0, len(counted), ANY, THOUSAND) == [1234]
    prose = "It served 1,234 guests. All were pleased; nobody left."
    assert amounts(prose, 0, len(prose), ANY, THOUSAND) == [1234000, 1234]


def test_a_field_says_in_which_unit_it_wants_its_number() -> None:
    wan = field_of("revenue", "营业收入（万元）")
    assert holds(1234.5, [Decimal("12345000")], wan)
    assert not holds(1234.5, [Decimal("12345000")])
    assert field_of("revenue_million").times == 10**6
    assert field_of("margin", "in %").percent is True
    assert field_of("share", "", 1).percent is False
    assert field_of("margin").percent is None


def test_a_loss_is_a_negative_profit_and_a_positive_loss() -> None:
    text = "净亏损300万元"
    profit = amounts(text, 0, len(text), field_of("net_profit"))
    assert profit == [-3_000_000]
    loss = amounts(text, 0, len(text), field_of("net_loss"))
    assert 3_000_000 in loss


def test_a_share_is_read_as_the_field_wants_it() -> None:
    as_percent, as_fraction = Field(percent=True), Field(percent=False)
    assert amounts("12.5%", 0, 5, as_percent) == [Decimal("12.5")]
    assert amounts("12.5%", 0, 5, as_fraction) == [Decimal("0.125")]
