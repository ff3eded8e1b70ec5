"""What a verb asks and what its answers become."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, TypedDict

import msgspec
import pydantic
import pytest

from glmkit.errors import ConfigError
from glmkit.tables import verbs


@dataclass
class Invoice:
    number: str
    total: float
    paid: bool | None
    due: date
    kind: Literal["goods", "service"]
    lines: list[str]


class Person(pydantic.BaseModel):
    name: str
    age: int | None = None


class City(TypedDict):
    city: str


def test_fields_of_a_schema_become_typed_columns() -> None:
    verb = verbs.extract(Invoice, "extract")
    kinds = {target.name: target.dtype for target in verb.targets}
    assert kinds == {
        "number": "string",
        "total": "Float64",
        "paid": "boolean",
        "due": "datetime",
        "kind": "category",
        "lines": "",
    }
    answer = '{"number":"1","total":2.5,"paid":null,"due":"2024-05-06","kind":"goods"'
    values = verb.read(answer + ',"lines":["a"]}')
    assert values == ("1", 2.5, None, date(2024, 5, 6), "goods", ["a"])


@pytest.mark.parametrize(
    ("schema", "answer", "values"),
    [
        (Person, '{"name": "Ann", "age": 3}', ("Ann", 3)),
        (City, '{"city": "Bonn"}', ("Bonn",)),
        (
            {
                "type": "object",
                "properties": {"n": {"type": "integer"}},
                "required": ["n"],
            },
            '{"n": 4}',
            (4,),
        ),
        (list[int], '{"value": [1, 2]}', ([1, 2],)),
    ],
)
def test_any_schema_of_the_client_gives_columns(
    schema: object, answer: str, values: tuple[object, ...]
) -> None:
    assert verbs.extract(schema, "e").read(answer) == values


@pytest.mark.parametrize("labels", [["a"], "ab", ["a", "a"], [1, 2], [], ["a", " "]])
def test_wrong_labels_are_refused(labels: list[str]) -> None:
    with pytest.raises(ConfigError):
        verbs.classify(labels, False, "label")


@pytest.mark.parametrize(("low", "high"), [(5, 1), (1, 1), (1.0, 5), ("1", "5")])
def test_wrong_bounds_of_a_score_are_refused(low: int, high: int) -> None:
    with pytest.raises(ConfigError, match="a score cannot go from"):
        verbs.score("", low, high, "score")


def test_a_score_out_of_bounds_does_not_fit() -> None:
    verb = verbs.score("", 1, 5, "score")
    assert verb.read('{"value": 5}') == (5,)
    with pytest.raises(ValueError, match="<= 5"):
        verb.read('{"value": 6}')


def test_a_taken_and_a_reserved_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="has a column 'label' already"):
        verbs.check_targets(verbs.classify(["a", "b"], False, "label"), ["label"])
    with pytest.raises(ConfigError, match="'label_cost' already"):
        verbs.check_targets(verbs.classify(["a", "b"], False, "label"), ["label_cost"])
    odd = {"type": "object", "properties": {"e_status": {"type": "string"}}}
    with pytest.raises(ConfigError, match="reserved"):
        verbs.check_targets(verbs.extract(odd, "e"), [])


def test_a_field_named_like_a_column_gets_a_hint_that_helps() -> None:
    class Named(msgspec.Struct):
        name: str

    with pytest.raises(ConfigError) as caught:
        verbs.check_targets(verbs.extract(Named, "extract"), ["name"])
    assert "field of the schema" in caught.value.hint
    with pytest.raises(ConfigError) as caught:
        verbs.check_targets(verbs.extract(Named, "extract"), ["extract_cost"])
    assert "to=" in caught.value.hint
