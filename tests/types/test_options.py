"""The table of options: what it feeds agrees with it."""

from typing import Literal, get_args, get_type_hints

import pytest

from glmkit.client.replay import MODES
from glmkit.types.messages import Effort, Request
from glmkit.types.options import (
    CELL,
    CLIENT,
    EFFORTS,
    OPTION,
    OPTIONS,
    REPLAY,
    WITHOUT_WORDS,
    Option,
    Options,
    fields,
)


def test_the_parameters_of_a_chat_are_those_of_the_table() -> None:
    assert set(Options.__annotations__) == set(CLIENT)


def test_the_fields_of_a_request_are_those_of_the_table() -> None:
    assert set(Request.__struct_fields__) == set(fields(OPTIONS))


@pytest.mark.parametrize(
    ("kind", "types"),
    [("number", float), ("whole", int), ("toggle", bool)],
)
def test_a_kind_is_the_type_of_its_parameter(kind: str, types: type) -> None:
    hints = get_type_hints(Options)
    for option in OPTIONS:
        if option.client and option.kind == kind and option.client == option.name:
            assert types in get_args(hints[option.client]), option.name


def test_choices_are_those_of_the_types() -> None:
    assert get_args(Effort) == EFFORTS
    assert set(REPLAY) == set(MODES)


def test_names_and_flags_stand_once() -> None:
    flags = [flag for option in CELL for flag in (*option.flags, *option.off_flags)]
    assert len(flags) == len(set(flags))
    assert len(OPTION) == len(OPTIONS)


def test_what_a_user_may_have_written_is_not_kept_under_privacy() -> None:
    for option in OPTIONS:
        if option.words:
            assert not {*option.fields} & {*WITHOUT_WORDS}, option.name
    assert "temperature" in WITHOUT_WORDS


def test_an_option_that_the_client_lacks_would_be_found() -> None:
    """Control arm: the comparison fails for a row without a parameter."""
    extra: Literal["number"] = "number"
    row = Option(name="zeal", kind=extra, help="", client="zeal", fields=("zeal",))
    assert set(Options.__annotations__) != {*CLIENT, row.client}
    assert set(Request.__struct_fields__) != set(fields([*OPTIONS, row]))
