"""Types to JSON Schema and back; answers that must fit, repaired or refused."""

import asyncio
import enum
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict

import msgspec
import pydantic
import pytest
from jsonschema import Draft202012Validator

import glmkit
from glmkit.tools.schema import Misfit, faults_of, form_of
from glmkit.types.errors import ConfigError, SchemaError
from glmkit.types.events import Event, Finish, Repair, Text
from glmkit.types.replies import Reply
from tests.client.test_clients import client_of, rows
from tests.conftest import Paced

Factory = Callable[..., Paced]


class Mood(enum.Enum):
    GLAD = "glad"
    SAD = "sad"


@dataclass
class Person:
    name: str
    age: int
    tags: list[str] = field(default_factory=list)


class Place(TypedDict):
    city: str
    person: Person


class Size(msgspec.Struct, forbid_unknown_fields=True):
    width: float
    mood: Mood = Mood.GLAD


class Animal(pydantic.BaseModel):
    name: str
    legs: int = pydantic.Field(ge=0)
    friends: "list[Animal]" = []


@dataclass
class Pair:
    left: Animal
    right: Animal | None = None


@dataclass
class Tree:
    name: str
    children: "list[Tree]"


SCHEMA = {
    "type": "object",
    "properties": {"n": {"$ref": "#/$defs/small"}},
    "required": ["n"],
    "$defs": {"small": {"type": "integer", "maximum": 9}},
}

FITTING: list[tuple[Any, Any, Any]] = [
    (Person, {"name": "Li", "age": 3}, Person("Li", 3)),
    (
        Place,
        {"city": "Xi'an", "person": {"name": "Li", "age": 3}},
        {"city": "Xi'an", "person": Person("Li", 3)},
    ),
    (Size, {"width": 2, "mood": "sad"}, Size(2.0, Mood.SAD)),
    (Animal, {"name": "cat", "legs": 4}, Animal(name="cat", legs=4)),
    (
        Pair,
        {"left": {"name": "cat", "legs": 4}},
        Pair(Animal(name="cat", legs=4)),
    ),
    (
        list[Animal],
        {"value": [{"name": "cat", "legs": 4}]},
        [Animal(name="cat", legs=4)],
    ),
    (
        Tree,
        {"name": "a", "children": [{"name": "b", "children": []}]},
        Tree("a", [Tree("b", [])]),
    ),
    (list[Person], {"value": [{"name": "Li", "age": 3}]}, [Person("Li", 3)]),
    (Literal["yes", "no"], {"value": "no"}, "no"),
    (Mood, {"value": "glad"}, Mood.GLAD),
    (list[Mood], {"value": ["glad"]}, [Mood.GLAD]),
    (int | None, {"value": None}, None),
    (SCHEMA, {"n": 9}, {"n": 9}),
    ({"enum": ["a", "b"]}, {"value": "b"}, "b"),
    (
        {
            "type": "array",
            "items": {"$ref": "#/$defs/t"},
            "$defs": {"t": {"type": "integer"}},
        },
        {"value": [1]},
        [1],
    ),
]


@pytest.mark.parametrize(("kind", "told", "value"), FITTING, ids=str)
def test_what_fits_becomes_the_typed_value(kind: Any, told: Any, value: Any) -> None:
    form = form_of(kind)
    text = json.dumps(told)
    assert form.read(text) == value
    assert form.read(f"```json\n{text}\n```\n") == value
    assert form.read(f"\n<|begin_of_box|>{text}<|end_of_box|>") == value


@pytest.mark.parametrize(
    ("kind", "told", "value"), [case for case in FITTING if "value" in case[1]], ids=str
)
def test_a_value_needs_no_object_around_it(kind: Any, told: Any, value: Any) -> None:
    assert form_of(kind).read(f"```json\n{json.dumps(told['value'])}\n```") == value


@pytest.mark.parametrize(("kind", "told", "value"), FITTING, ids=str)
def test_schema_is_valid_is_an_objects_and_takes_what_fits(
    kind: Any, told: Any, value: Any
) -> None:
    schema = form_of(kind).response_format["json_schema"]["schema"]
    Draft202012Validator.check_schema(schema)
    assert list(Draft202012Validator(schema).iter_errors(told)) == []
    assert list(Draft202012Validator(schema).iter_errors([told]))


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        (Person, '{"name": "Li", "age": "3"}', "age"),
        (Person, '{"name": "Li"}', "age"),
        (Place, '{"city": "x", "person": {"name": 1, "age": 3}}', "person.name"),
        (Size, '{"width": 1, "depth": 2}', "depth"),
        (Animal, '{"name": "cat", "legs": -4}', "legs"),
        (Animal, '{"name": "cat", "legs": "4"}', "legs"),
        (list[Animal], '{"value": [{"name": "cat"}]}', r"value\[0\]|legs"),
        (Literal["yes", "no"], '{"value": "maybe"}', "maybe"),
        (Literal["yes", "no"], '"maybe"', "maybe"),
        (Literal["yes", "no"], "no", "JSON"),
        (list[int], "[1, 2", "JSON"),
        (list[int], '[1, "2"]', "int"),
        (list[int], '{"values": [1]}', "value"),
        ({"type": "array", "items": {"type": "integer"}}, '["a"]', "integer"),
        (SCHEMA, '{"n": 10}', "n"),
        (SCHEMA, "[]", "object"),
        (Person, "Sure! Here it is.", "JSON"),
        (Person, "", "JSON"),
        (Person, "[" * 100_000, "object"),
        (SCHEMA, "[" * 100_000, "JSON"),
    ],
)
def test_what_does_not_fit_is_named(kind: Any, text: str, said: str) -> None:
    with pytest.raises(Misfit, match=said):
        form_of(kind).read(text)


class Anything:
    def __init__(self, value: Any) -> None: ...


class Model(pydantic.BaseModel):
    run: Callable[[], int]


@dataclass
class Loose:
    name: str
    extra: Any


@dataclass
class Lost:
    other: "Nowhere"  # type: ignore[name-defined]  # noqa: F821


ENDLESS: dict[str, Any] = {"type": "object"}
ENDLESS["properties"] = {"self": ENDLESS}


@pytest.mark.parametrize(
    "kind",
    [
        len,
        lambda: 1,
        Callable[[], int],
        Anything,
        list[Anything],
        Model,
        Any,
        Loose,
        Lost,
        3,
        ENDLESS,
        {"type": "no such type"},
        {"$ref": "#/$defs/nowhere"},
        {"$ref": "https://example.org/schema.json"},
        {"type": "object", "default": object()},
    ],
)
def test_what_no_schema_expresses_is_refused_before_anything_is_sent(
    kind: Any, paced: Factory
) -> None:
    place = paced(tokens=3)
    with pytest.raises(ConfigError) as caught:
        client_of(place).chat("Hi", schema=kind)
    assert caught.value.hint
    assert place.seen["requests"] == 0


def scripted(paced: Factory, *texts: str, **options: Any) -> Paced:
    replies = [{"content": text} for text in texts]
    return paced(replies=json.dumps(replies), **options)


def ask(place: Paced, how: str, **options: Any) -> tuple[Reply, list[Event]]:
    """Ask through one of the four faces; return the reply and what streamed."""
    if how == "chat":
        return client_of(place).chat("Who?", **options), []
    if how == "stream":
        with client_of(place).stream("Who?", **options) as stream:
            events = list(stream)
        return stream.reply, events
    return asyncio.run(ask_async(place, how, **options))


async def ask_async(
    place: Paced, how: str, **options: Any
) -> tuple[Reply, list[Event]]:
    async with glmkit.AsyncClient(place.url, place.key) as client:
        if how == "async chat":
            return await client.chat("Who?", **options), []
        async with client.stream("Who?", **options) as stream:
            events = [event async for event in stream]
        return stream.reply, events


FACES = ["chat", "stream", "async chat", "async stream"]
GOOD, BAD = '{"name": "Li", "age": 3}', '{"name": "Li", "age": "three"}'


@pytest.mark.parametrize("how", FACES)
def test_answer_that_fits_is_parsed(paced: Factory, how: str) -> None:
    reply, events = ask(scripted(paced, GOOD), how, schema=Person)
    assert reply.parsed == Person("Li", 3)
    assert len(reply.calls) == 1
    if events:
        assert isinstance(events[-1], Finish)


@pytest.mark.parametrize("how", FACES)
def test_repair_names_what_was_wrong_and_counts_in_usage(
    paced: Factory, how: str
) -> None:
    place = scripted(paced, BAD, GOOD)
    reply, events = ask(place, how, schema=Person, model="glm-4-plus")
    assert reply.parsed == Person("Li", 3)
    assert reply.text == GOOD
    assert [call.answer.text for call in reply.calls] == [BAD, GOOD]
    assert reply.usage
    assert reply.usage.prompt_tokens == 14
    assert reply.list_cost == reply.calls[0].list_cost + reply.calls[1].list_cost  # type: ignore[operator]
    assert len(set(rows("coalesce(group_id, id)"))) == 1
    complaint = place.seen["bodies"][-1]["messages"][-1]["content"]
    assert "age" in complaint
    assert "str" in complaint
    assert glmkit.last() == reply
    if events:
        assert sum(isinstance(event, Repair) for event in events) == 1
        assert [i for i, e in enumerate(events) if isinstance(e, Finish)] == [
            len(events) - 1
        ]


@pytest.mark.parametrize("how", FACES)
def test_answer_that_never_fits_is_a_schema_error_with_all_attempts(
    paced: Factory, how: str
) -> None:
    place = scripted(paced, BAD)
    with pytest.raises(SchemaError, match="age") as caught:
        ask(place, how, schema=Person)
    assert place.seen["requests"] == 3
    assert caught.value.reply
    assert len(caught.value.reply.calls) == 3
    assert caught.value.reply.text == BAD
    assert glmkit.last() == caught.value.reply


@pytest.mark.parametrize("how", FACES)
def test_cut_answer_is_a_schema_error_and_not_asked_again(
    paced: Factory, how: str
) -> None:
    place = scripted(paced, GOOD, finish="length")
    with pytest.raises(SchemaError, match="length") as caught:
        ask(place, how, schema=Person)
    assert place.seen["requests"] == 1
    assert caught.value.reply
    assert caught.value.reply.text == GOOD
    assert not caught.value.reply.complete


def test_custom_server_is_asked_to_decode_by_the_schema(paced: Factory) -> None:
    place = scripted(paced, GOOD)
    client_of(place).chat("Who?", schema=Person, system="Be brief.")
    body = place.seen["bodies"][-1]
    assert body["response_format"]["type"] == "json_schema"
    named = body["response_format"]["json_schema"]
    assert named["name"] == "Person"
    assert named["schema"]["required"] == ["name", "age"]
    assert body["messages"][0]["content"].startswith("Be brief.")
    assert '"required":["name","age"]' in body["messages"][0]["content"]


def test_stream_left_early_keeps_what_came(paced: Factory) -> None:
    place = scripted(paced, GOOD * 50, gate=4)
    with client_of(place).stream("Who?", schema=Person) as stream:
        for event in stream:
            if isinstance(event, Text):
                break
    assert stream.reply.text
    assert stream.reply.parsed is None
    assert rows("state") == ["interrupted"]


def test_rerun_asks_for_the_same_form(paced: Factory) -> None:
    place = scripted(paced, BAD, GOOD)
    reply = client_of(place).chat("Who?", schema=Person)
    again = client_of(scripted(paced, GOOD)).rerun(reply, model="glm-4-air-250414")
    assert again.parsed == Person("Li", 3)
    assert len(again.calls[0].request.messages) == 1


def test_stand_in_answers_in_the_asked_form(platform: object) -> None:
    client = glmkit.Client("local")
    choice = client.chat(
        "Is water wet?", schema=Literal["yes", "no"], max_tokens=64, temperature=0.0
    )
    assert choice.parsed in ("yes", "no")
    assert choice.source == "stand-in"


@pytest.mark.parametrize(
    ("schema", "value", "says"),
    [
        ({"required": ["a"]}, {}, "'a' is a required property - at `$`"),
        ({"properties": {"a": {"maximum": 3}}}, {"a": 4}, "maximum of 3 - at `$.a`"),
        (
            {"items": {"pattern": "^a+$"}},
            ["a", "b"],
            "does not match '^a+$' - at `$[1]`",
        ),
        ({"type": "integer"}, True, "not of type 'integer'"),
        ({"type": ["string", "null"]}, None, None),
        ({"$defs": {"a": {"const": 1}}, "$ref": "#/$defs/a"}, 2, "1 was expected"),
    ],
)
def test_the_first_fault_of_a_value_is_named(
    schema: dict[str, Any], value: Any, says: str | None
) -> None:
    found = faults_of(schema)(value)
    assert (found is None) == (says is None)
    assert says is None or says in str(found)


@pytest.mark.parametrize("schema", [{"type": 3}, {"$ref": "#/$defs/none"}])
def test_faults_of_what_is_not_a_schema_are_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        faults_of(schema)
