import random
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from glmkit.readers.paged_text import PagedText, TextPage
from glmkit.readers.quantities import Field
from glmkit.readers.quotes import Quotes, fold

REPORT = PagedText(
    [
        TextPage(
            1, "Report\n单位：万元\n营业收入 | 1,234.5 | 1,100\n净利润 | （200） | 150"
        ),
        TextPage(2, "The com-\npany had １,２３４ employees.\nIt began"),
        TextPage(3, "in May 2020 and “grew” fast. Revenue 5,000"),
        TextPage(4, "成立日期：2024年3月5日。US$1.2 million"),
    ]
)


def judged(value: Any, quote: str, page: int | None, **known: Any) -> tuple[Any, ...]:
    found, place = Quotes(REPORT).judge(value, quote, page, Field(**known))
    return (found, place.page) if place else (found,)


@pytest.mark.parametrize(
    ("value", "quote", "page", "wanted"),
    [
        (5000, "Revenue 5,000", 3, ("exact", 3)),
        (5000, "Revenue 5000", 3, ("normalised", 3)),
        (12_345_000, "营业收入 1,234.5", 1, ("normalised", 1)),
        (12_345_000, "营业收入 1,234.5", 4, ("normalised", 1)),
        (1234.5, "营业收入 1,234.5", 1, ("value differs", 1)),
        (-2_000_000, "净利润 200", 1, ("normalised", 1)),
        (2_000_000, "净利润 （200）", 1, ("value differs", 1)),
        (1234, "The company had 1234 employees", None, ("normalised", 2)),
        (None, "It began in May 2020", 2, ("normalised", 2)),
        ("fast", 'and "grew" fast', None, ("normalised", 3)),
        (11_000_000, "Report ... 1,100", 1, ("normalised", 1)),
        (date(2024, 3, 5), "2024年3月5日", 4, ("exact", 4)),
        (date(2024, 3, 6), "2024年3月5日", 4, ("value differs", 4)),
        ([12_345_000, 11_000_000], "1,234.5 | 1,100", 1, ("exact", 1)),
        ([12_345_000, 7], "1,234.5 | 1,100", 1, ("value differs", 1)),
        (500, "5,00", 3, ("value differs", 3)),
        (7, "an invented sentence", 3, ("not found",)),
        (7, "", 3, ("not found",)),
        (7, "…", 3, ("not found",)),
    ],
)
def test_a_quote_leads_to_its_page_and_holds_its_value(
    value: Any, quote: str, page: int | None, wanted: tuple[Any, ...]
) -> None:
    assert judged(value, quote, page) == wanted


def test_a_field_in_the_unit_of_the_table_takes_the_number_as_it_stands() -> None:
    row = "营业收入 | 1,234.5"
    assert judged(1234.5, row, 1, times=Decimal(10_000)) == ("exact", 1)


def test_the_claimed_page_comes_first() -> None:
    twice = PagedText([TextPage(n, f"Total 5 on {n}") for n in range(1, 10)])
    for page in (2, 9):
        place = Quotes(twice).find("Total 5", page)
        assert place is not None
        assert place.page == page


def test_what_is_marked_is_what_was_quoted() -> None:
    """Folded places lead back to the same folded text, whatever stands around."""
    signs = "abc 1,234 （）|营业　收入１２％-\u00ad“x”\n…ﬁ①é\u200b"
    seeded = random.Random(5)
    for _ in range(400):
        text = "".join(seeded.choices(signs, k=60))
        start = seeded.randrange(50)
        quote = text[start : start + seeded.randint(3, 10)]
        narrowed = " ".join(quote.split())
        place = Quotes(text).find(narrowed)
        if place is None or "…" in quote:
            continue
        assert fold(text[place.start : place.end]) == fold(narrowed)


GAPS = PagedText(
    [
        TextPage(1, "Sales of 11,234 in all\nSales of A: 1,234\nCosts: 900\nNet: 55"),
        TextPage(2, "The result of the year was"),
        TextPage(3, "7,000 million, it says."),
    ]
)


@pytest.mark.parametrize(
    ("quote", "value", "state"),
    [
        ("1,234", 1234, "exact"),
        ("1234", 1234, "normalised"),
        ("Sales ... Net: 55", 55, "normalised"),
        ("Sales ... Net: 55", 900, "value differs"),
        ("the year was 7,000 million", 7_000_000_000, "normalised"),
        ("the year was\n\n[page 3]\n7,000 million", 7_000_000_000, "normalised"),
        ("the year was 7,000 million", 55, "value differs"),
        ("“Costs: 900”", 900, "normalised"),
        ("「Costs: 900」。", 900, "normalised"),
        ("**Costs: 900**", 900, "normalised"),
        ("[page 1]\nCosts: 900", 900, "normalised"),
        ("“”", 900, "not found"),
        ("[page 1]", 900, "not found"),
    ],
)
def test_the_parts_of_a_quote_hold_its_value_wherever_they_stand(
    quote: str, value: int, state: str
) -> None:
    assert Quotes(GAPS).judge(value, quote, None)[0] == state
