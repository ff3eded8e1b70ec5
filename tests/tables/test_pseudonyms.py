"""Pseudonyms: replaced before sending, put back afterwards."""

import re

import pytest
from hypothesis import given, strategies as some

from glmkit.errors import ConfigError
from glmkit.tables.pseudonyms import pseudonyms_of, put_back

NAMES = ["Ann Lee", "Ann", "王小明", "Bo"]


@pytest.mark.parametrize(
    ("kind", "text", "shown"),
    [
        ("phone", "13812345678 or +86 138 1234 5678", "[PHONE_1] or [PHONE_2]"),
        ("phone", "call 010-12345678, (415) 555-1234", "call [PHONE_1], [PHONE_2]"),
        ("phone", "order 20240101123456789", "order 20240101123456789"),
        ("id", "110105199003071234", "[ID_1]"),
        ("id", "123-45-6789 and 123-45-67890", "[ID_1] and 123-45-67890"),
        ("email", "to a.b+c@d-e.org.", "to [EMAIL_1]."),
    ],
)
def test_kinds_are_found(kind: str, text: str, shown: str) -> None:
    assert pseudonyms_of([kind], {}).hide(text).text == shown


def test_the_longest_name_counts_and_the_same_one_gets_the_same_pseudonym() -> None:
    hidden = pseudonyms_of(["name"], {"name": NAMES}).hide("Ann Lee, Ann, 王小明, Ann")
    assert hidden.text == "[NAME_1], [NAME_2], [NAME_3], [NAME_2]"
    assert hidden.names["[NAME_1]"] == "Ann Lee"


def test_several_columns_and_patterns_have_labels_of_their_own() -> None:
    hide = ["name", re.compile(r"X\d+"), ["secret"]]
    hidden = pseudonyms_of(hide, {"name": NAMES}).hide("Bo X12 secret")
    assert len(set(re.findall(r"\[([A-Z]+)_1\]", hidden.text))) == 3
    assert put_back(hidden.text, hidden.names) == "Bo X12 secret"


def test_values_inside_lists_and_fields_are_put_back() -> None:
    names = {"[NAME_1]": "Ann"}
    value = {"who": ["[NAME_1]", "[NAME 1]", 3], "else": "[NAME_2]"}
    assert put_back(value, names) == {"who": ["Ann", "Ann", 3], "else": "[NAME_2]"}


def test_what_cannot_be_hidden_names_what_can() -> None:
    with pytest.raises(ConfigError, match="'nmae'") as failure:
        pseudonyms_of(["nmae"], {"name": NAMES})
    assert "'phone'" in failure.value.hint


@given(some.lists(some.sampled_from([*NAMES, " ", "x", "13812345678", "，"])))
def test_no_hidden_text_is_left_and_all_come_back(parts: list[str]) -> None:
    text = " ".join(parts)
    hidden = pseudonyms_of(["name", "phone"], {"name": NAMES}).hide(text)
    assert not any(name in hidden.text for name in [*NAMES, "13812345678"])
    assert put_back(hidden.text, hidden.names) == text
