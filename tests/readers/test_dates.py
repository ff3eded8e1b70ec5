"""Dates as reports write them."""

import pytest

from glmkit.readers.dates import dates


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("5-Mar-2019", "2019-03-05"),
        ("5March2019", "2019-03-05"),
        ("31 st December 2019", "2019-12-31"),
        ("the 5th of March, 2019", "2019-03-05"),
        ("March 5th, 2019", "2019-03-05"),
        ("２０１９ 年 3 月 5 日", "2019-03-05"),
        ("二零一九年三月二十五日", "2019-03-25"),
        ("5.3.2019", "2019-03-05 2019-05-03"),
        ("No. 12019-03-05", ""),
        ("March 2019", ""),
    ],
)
def test_a_date_is_read_as_it_is_written(text: str, wanted: str) -> None:
    assert sorted(map(str, dates(text))) == wanted.split()
