"""Functions as tools: definition, arguments, results."""

import asyncio
import datetime
import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
import pydantic
import pytest

import glmkit
from glmkit.types.errors import ToolError


@dataclass
class Point:
    x: float
    y: float = 0.0


class Box(pydantic.BaseModel):
    side: int


@glmkit.tool
def draw(
    at: Point,
    colour: Literal["red", "blue"] = "red",
    width: Annotated[int, "in millimetres"] = 1,
    labels: list[str] = [],  # noqa: B006 - a default that is not JSON's null
    box: Box | None = None,
) -> str:
    """Draw a point.

    It stays until it is wiped.
    """
    return f"{at} {colour} {width} {labels} {box}"


def test_definition_is_what_docstring_and_annotations_say() -> None:
    function = draw.definition["function"]
    assert draw.definition["type"] == "function"
    assert function["name"] == "draw"
    assert function["description"] == "Draw a point.\n\nIt stays until it is wiped."
    parameters = function["parameters"]
    assert parameters["required"] == ["at"]
    assert parameters["additionalProperties"] is False
    assert parameters["properties"]["colour"] == {"enum": ["blue", "red"]}
    assert parameters["properties"]["width"]["description"] == "in millimetres"
    json.dumps(draw.definition)


def test_tool_is_still_the_function() -> None:
    assert draw(Point(1)) == "Point(x=1, y=0.0) red 1 [] None"
    assert draw.__doc__
    assert draw.__wrapped__ is draw.function


def test_arguments_come_typed_and_absent_ones_stay_absent() -> None:
    given = draw.arguments('{"at": {"x": 1}, "box": {"side": 2}}')
    assert given == {"at": Point(1.0), "box": Box(side=2)}
    assert draw(**given) == "Point(x=1.0, y=0.0) red 1 [] side=2"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"at": {"x": "one"}}', "at.x"),
        ('{"at": {"x": 1}, "width": "2"}', "width"),
        ('{"at": {"x": 1}, "colour": "green"}', "colour"),
        ('{"at": {"x": 1}, "size": 3}', "size"),
        ('{"at": {"x": 1}, "box": {"side": "2"}}', "side"),
        ("", "at"),
        ("[]", "object"),
        ('{"at": {"x"', "JSON"),
        ("[" * 100_000, "object"),
    ],
)
def test_argument_that_does_not_fit_is_named(text: str, said: str) -> None:
    with pytest.raises(ToolError, match=said):
        draw.arguments(text)


def test_no_arguments_may_be_told_in_any_way() -> None:
    @glmkit.tool
    def now() -> str:
        """Tell the time."""
        return "now"

    assert now.arguments("") == now.arguments("{}") == now.arguments(" {} ") == {}


def bare(a, b: int) -> None:  # type: ignore[no-untyped-def]
    """Do something."""


def silent(a: int) -> int:
    return a


def loose(a: Any) -> None:
    """Take anything."""


def starred(*a: int) -> None:
    """Take many."""


def keyed(**a: int) -> None:
    """Take many."""


def unnamed(a: int, /) -> None:
    """Take one."""


def foreign(a: asyncio.Lock) -> None:
    """Take what is no JSON."""


def lost(a: "Nowhere") -> None:  # type: ignore[name-defined]  # noqa: F821
    """Take what is not there."""


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (bare, "'a'"),
        (silent, "docstring"),
        (loose, "Any|open"),
        (starred, "a"),
        (keyed, "a"),
        (unnamed, "a"),
        (foreign, "Lock"),
        (lost, "Nowhere"),
        (3, "called"),
        (lambda a: a, "lambda"),
    ],
)
def test_what_can_not_be_described_is_refused_at_decoration(
    function: Any, said: str
) -> None:
    with pytest.raises(ToolError, match=said) as caught:
        glmkit.tool(function)
    assert caught.value.hint


def test_name_of_a_tool_is_what_the_service_takes() -> None:
    assert glmkit.tool(name="paint-it")(draw.function).name == "paint-it"
    with pytest.raises(ToolError, match="called"):
        glmkit.tool(name="paint it")(draw.function)


@pytest.mark.parametrize(
    ("result", "told"),
    [
        ("as it is", "as it is"),
        (None, "null"),
        ({"a": [1, 2.5]}, '{"a":[1,2.5]}'),
        (Point(1), '{"x":1,"y":0.0}'),
        (Box(side=1), '{"side":1}'),
        ([Box(side=1)], '[{"side":1}]'),
        (datetime.date(2026, 1, 2), '"2026-01-02"'),
        (np.float64(0.5), "0.5"),
        ({"a": np.arange(3)}, '{"a":[0,1,2]}'),
        (pd.DataFrame({"a": [1]}), '"   a\\n0  1"'),
    ],
)
def test_result_is_shown_as_text_or_json(result: Any, told: str) -> None:
    assert draw.shown(result) == told


def test_long_result_is_cut_and_says_so() -> None:
    brief = glmkit.tool(result_cap=10)(draw.function)
    assert brief.shown("x" * 25) == "xxxxxxxxxx... (15 more characters are cut)"


def test_result_that_refers_to_itself_is_shown_somehow() -> None:
    endless: list[Any] = []
    endless.append(endless)
    assert draw.shown(endless)
