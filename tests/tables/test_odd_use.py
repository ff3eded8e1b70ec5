"""Tables as people use them in a hurry: each slip is told, and no answer is lost."""

from __future__ import annotations

import enum
import re
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pandas as pd
import pytest

import glmkit
import glmkit.pandas
from glmkit.errors import ConfigError, QuotaError
from glmkit.ledger.default import ledger
from glmkit.tables.vectors import table_of
from tests.conftest import Paced
from tests.tables.test_accessor import client_of

Factory = Callable[..., Paced]


def priced_of(place: Paced, **options: Any) -> glmkit.Client:
    return glmkit.Client(
        place.url, place.key, model="glm-4-plus", serves="bigmodel", **options
    )


# The user's table


def turn_round(frame: pd.DataFrame) -> None:
    """Put the rows of a frame into the other order, in place."""
    for name in frame.columns:
        frame[name] = frame[name].to_numpy()[::-1]


def test_a_table_that_is_sorted_after_the_plan_is_refused_in_a_sample_too(
    paced: Factory,
) -> None:
    place = paced(text="echo")
    frame = pd.DataFrame({"t": ["a", "b", "c"], "n": [3, 2, 1]})
    plan = frame.glm.map("{t}", client=client_of(place), run=False)
    turn_round(frame)
    for ask in (plan.sample, plan.run):
        with pytest.raises(ConfigError, match="has changed since the plan"):
            ask()
    assert place.seen["requests"] == 0


def test_a_column_that_came_after_the_plan_is_noticed(paced: Factory) -> None:
    frame = pd.DataFrame({"t": ["a"]})
    plan = frame.glm.map("{t}", client=client_of(paced()), run=False)
    frame["answer"] = 1
    with pytest.raises(ConfigError, match="has changed since the plan"):
        plan.run()


def test_rows_that_move_during_a_run_keep_their_answers(paced: Factory) -> None:
    place = paced(text="echo", gate=0)
    frame = pd.DataFrame({"t": [f"m{n}" for n in range(8)], "n": [*range(8)]})
    plan = frame.glm.map("{t}", client=client_of(place), run=False)
    found: list[pd.DataFrame] = []
    asking = threading.Thread(target=lambda: found.append(plan.run()))
    asking.start()
    place.until(lambda seen: seen["active"] > 0)
    turn_round(frame)
    place.release()
    asking.join()
    (out,) = found
    assert out["answer"].tolist() == out["t"].tolist() == [f"m{n}" for n in range(8)]


def test_several_levels_of_columns_keep_names_and_know_what_is_there(
    paced: Factory,
) -> None:
    client = priced_of(paced(tokens=3))
    columns = pd.MultiIndex.from_tuples([("t", "x")], names=["what", "which"])
    frame = pd.DataFrame([["a"], ["b"]], columns=columns)
    frame.attrs["source"] = "survey"
    out = frame.glm.map("{t.x}", client=client)
    assert out.columns.names == ["what", "which"]
    assert out.attrs == {"source": "survey"}
    cost = out.glm.cost()
    assert cost is not None
    assert cost.parts > 0
    with pytest.raises(ConfigError, match="a column 'answer' already"):
        out.glm.map("{t.x}", client=client)


def test_costs_are_those_of_verbs_also_from_a_file(
    paced: Factory, tmp_path: Any
) -> None:
    frame = pd.DataFrame(
        {"t": ["a", "b"], "ship_cost": ["5.5", "x"], "ship_currency": ["EUR", "EUR"],
         "ship_status": ["sent", "lost"]}
    )  # fmt: skip
    out = frame.glm.map("{t}", client=priced_of(paced(tokens=3)))
    cost = out.glm.cost()
    assert cost is not None
    assert cost.currency == "CNY"
    out.to_csv(tmp_path / "out.csv")
    assert pd.read_csv(tmp_path / "out.csv").glm.cost() == cost
    twice = pd.concat([out, out], axis=1)
    assert twice.glm.cost() == cost + cost


# Reduce


def test_reduce_heeds_budget_fresh_and_retry(paced: Factory) -> None:
    place = paced(text="echo")
    client = priced_of(place)
    frame = pd.DataFrame({"t": ["a", "b"]})
    out = frame.glm.reduce("{t}", client=client, budget="0")
    assert out["answer_status"].tolist() == ["refused"]
    assert place.seen["requests"] == 0
    for fresh, sent in ((False, 1), (False, 1), (True, 2)):
        frame.glm.reduce("{t}", client=client, fresh=fresh)
        assert place.seen["requests"] == sent
    with pytest.raises(ConfigError, match="reduce has no plan"):
        frame.glm.reduce("{t}", client=client, run=False)


def test_reduce_puts_pseudonyms_back_in_every_round(paced: Factory) -> None:
    said = ["It is [PHONE_1].", "Both: [PHONE_1], [PHONE_2]."]  # two texts, one prompt
    replies = msgspec.json.encode([{"content": text} for text in said]).decode()
    place = paced(replies=replies)
    phones = ["13812345678", "13912345678"]
    texts = [f"call {phone} " + "word " * 2_000 for phone in phones]
    frame = pd.DataFrame({"t": texts})
    client = client_of(place, model="a-small-one", in_flight=1)
    out = frame.glm.reduce("{t}", client=client, hide=["phone"])
    assert not any(phone in str(place.seen["bodies"]) for phone in phones)
    last = place.seen["bodies"][-1]["messages"][-1]["content"]
    assert last == "It is [PHONE_1].\n\nIt is [PHONE_2]."
    assert out["answer"].tolist() == [f"Both: {phones[0]}, {phones[1]}."]


@pytest.mark.parametrize("by", [["g"], "g", lambda row: row % 2, "level"])
def test_groups_are_those_of_pandas(paced: Factory, by: Any) -> None:
    frame = pd.DataFrame({"t": ["a", "b", "c"], "g": ["x", "y", "x"]})
    frame.index = pd.Index([0, 1, 2], name="level")
    out = frame.glm.reduce("{t}", by=by, client=client_of(paced(text="echo")))
    assert out.index.tolist() == frame.groupby(by, sort=False).size().index.tolist()
    with pytest.raises(ConfigError, match="cannot be grouped by"):
        frame.glm.reduce("{t}", by=[None], client=client_of(paced()))


# Pseudonyms


@pytest.mark.parametrize(
    "value",
    [13812345678.0, np.int64(4711), pd.Timestamp("2024-05-06"), ["Alice", "Bob"], "李"],
    ids=str,
)
def test_a_hidden_column_hides_values_of_every_kind(paced: Factory, value: Any) -> None:
    place = paced(text="echo")
    frame = pd.DataFrame({"who": pd.Series([value], dtype=object), "t": ["About"]})
    words = value if isinstance(value, list) else [value]
    frame["t"] = f"{words[0]} came. "
    out = frame.glm.map("{t}{who}", client=client_of(place), hide=["who"])
    sent = str(place.seen["bodies"])
    assert not any(str(word) in sent for word in words)
    assert out["answer"][0] == f"{words[0]} came. {value}"


def test_names_that_overlap_are_hidden_as_one(paced: Factory) -> None:
    place = paced(text="echo")
    frame = pd.DataFrame({"t": ["Ann Lee Smith-Jones", "[NAME_1] is Ann Lee"]})
    out = frame.glm.map(
        "{t}", client=client_of(place), hide=[["Ann Lee", "Lee Smith-Jones"]]
    )
    sent = str(place.seen["bodies"])
    assert "Smith" not in sent
    assert "Ann" not in sent
    assert out["answer"].tolist() == frame["t"].tolist()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"hide": None}, "nothing to hide called None"),
        ({"hide": [re.compile(b"x")]}, "nothing to hide called"),
        ({"hide": ["initial"]}, "'A' of 'initial' is too short"),
        (
            {"hide": ["phone"], "system": "Call 13812345678"},
            "holds what is to be hidden",
        ),
        ({"system": ["a"]}, "system= is not a text"),
        ({"client": "x"}, "client= cannot be a str"),
        ({"client": False}, "client= cannot be a bool"),
        ({"retry": []}, "retry cannot be"),
        ({"temperature": 5}, "temperature"),
        ({"top_p": -1}, "top_p"),
        ({"schema": int}, "map takes no schema"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "run no tools"),
        ({"to": ["a"]}, "cannot be called"),
        ({"to": ""}, "cannot be called"),
        ({"to": "\ud800"}, "cannot be called"),
    ],
)
def test_slips_are_told_before_anything_is_sent(
    paced: Factory, options: dict[str, Any], said: str
) -> None:
    place = paced()
    frame = pd.DataFrame({"t": ["a"], "initial": ["A"]})
    options = {"client": priced_of(place), **options}
    with pytest.raises(ConfigError, match=said):
        frame.glm.map("{t}", **options)
    assert place.seen["requests"] == 0


# Runs that end early


def test_a_spent_account_ends_a_run_and_what_was_sent_goes_on_to_its_end(
    paced: Factory,
) -> None:
    place = paced(text="echo", storm="30:1113", wait_s=0.01)
    frame = pd.DataFrame({"t": [f"row {n}" for n in range(200)]})
    out = frame.glm.map("{t}", client=priced_of(place, in_flight=4))
    states = out["answer_status"].value_counts()
    sent = place.seen["requests"]
    assert sent < 40
    assert states["done"] + states["failed"] == sent
    assert states["uncertain"] == 0
    assert out["answer_status"].isna().sum() == 200 - sent
    assert len(glmkit.usage(where={"state": "done"})) == states["done"]


def test_a_spent_account_without_an_answer_is_raised(paced: Factory) -> None:
    frame = pd.DataFrame({"t": ["a", "b"]})
    with pytest.raises(QuotaError):
        frame.glm.map("{t}", client=priced_of(paced(status=429, code="1113")))


def test_a_cut_call_off_a_grant_is_not_asked_again_unasked(paced: Factory) -> None:
    place = paced(cut=1)
    glmkit.grant("1M", endpoint=place.url)
    frame = pd.DataFrame({"t": ["a", "b", "c"]})
    for retry, sent in ((None, 3), (None, 3), ("uncertain", 6)):
        out = frame.glm.map("{t}", client=priced_of(place), retry=retry)
        assert place.seen["requests"] == sent
        assert set(out["answer_status"]) == {"uncertain"}
    (grant,) = ledger().grants()
    assert grant.used > 0


def test_the_same_question_over_other_rows_is_another_run(paced: Factory) -> None:
    place = paced(text="echo", gate=0)
    client = client_of(place, in_flight=8)
    parts = [pd.DataFrame({"t": [f"{part} {n}" for n in range(2)]}) for part in "abc"]
    found: dict[int, pd.DataFrame] = {}

    def ask(number: int) -> None:
        found[number] = parts[number].glm.map("{t}", client=client)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    place.until(lambda seen: seen["active"] == 6)
    place.release()
    for thread in threads:
        thread.join()
    assert [found[n]["answer"].tolist() for n in range(3)] == [
        part["t"].tolist() for part in parts
    ]


# Forms of answers


class Mood(enum.Enum):
    GOOD = "good"
    BAD = "bad"


class Point(NamedTuple):
    x: int
    y: int


class Visit(msgspec.Struct):
    when: Any = None


@pytest.mark.parametrize(
    ("schema", "answer", "value"),
    [
        (Mood, '{"value": "good"}', "good"),
        (Point, '{"value": [1, 2]}', (1, 2)),
        ({"enum": ["x", "x"]}, '{"value": "x"}', "x"),
        ({"enum": [1, True]}, '{"value": 1}', 1),
    ],
)
def test_any_schema_becomes_a_column_also_from_the_ledger(
    paced: Factory, schema: Any, answer: str, value: Any
) -> None:
    place = paced(replies=msgspec.json.encode([{"content": answer}]).decode())
    frame = pd.DataFrame({"t": ["a"]})
    for state in ("done", "kept"):
        out = frame.glm.extract("{t}", schema=schema, client=client_of(place))
        assert out["extract_status"].tolist() == [state]
        assert out["extract"].tolist() == [value]
    assert place.seen["requests"] == 1


def test_fields_of_pydantic_models_are_plain_values(paced: Factory) -> None:
    from pydantic import BaseModel

    class Review(BaseModel):
        mood: Mood
        points: int

    said = '{"mood": "good", "points": 3}'
    replies = msgspec.json.encode([{"content": said}]).decode()
    frame = pd.DataFrame({"t": ["a"]})
    client = client_of(paced(replies=replies))
    out = frame.glm.extract("{t}", schema=Review, client=client)
    assert out[["mood", "points"]].values.tolist() == [["good", 3]]
    several = msgspec.json.encode([{"content": f'{{"value": [{said}]}}'}]).decode()
    client = client_of(paced(replies=several))
    out = frame.glm.extract("{t}", schema=list[Review], client=client)
    assert out["extract"][0] == [{"mood": "good", "points": 3}]


@pytest.mark.parametrize("labels", [["a", None], ["a", "\ud800"], ["a", 1]])
def test_a_label_that_is_no_text_is_refused(paced: Factory, labels: list[Any]) -> None:
    place = paced()
    frame = pd.DataFrame({"t": ["a"]})
    with pytest.raises(ConfigError, match="a label cannot be"):
        frame.glm.classify("{t}", labels=labels, client=client_of(place))
    assert place.seen["requests"] == 0


def test_a_value_that_cannot_be_written_fails_its_row_alone(paced: Factory) -> None:
    class Odd:
        def __str__(self) -> str:
            raise RuntimeError("no text")

    frame = pd.DataFrame({"t": ["a", Odd(), "c"]})
    out = frame.glm.map("{t}", client=client_of(paced(text="echo")))
    assert out["answer_status"].tolist() == ["done", "failed", "done"]
    assert out["answer_error"][1] == "RuntimeError: no text"


def test_long_arrays_stay_different(paced: Factory) -> None:
    place = paced(text="echo")
    arrays = [np.arange(2_000), np.arange(2_000)]
    arrays[1][1_000] = -7
    frame = pd.DataFrame({"t": pd.Series(arrays, dtype=object)})
    frame.glm.map("{t}", client=client_of(place))
    assert place.seen["requests"] == 2


# Samples and vectors


@pytest.mark.parametrize("count", [-1, 2.5, "2", None, True])
def test_a_sample_is_a_whole_number_of_rows(paced: Factory, count: Any) -> None:
    frame = pd.DataFrame({"t": ["a", "b"]})
    plan = frame.glm.map("{t}", client=client_of(paced()), run=False)
    with pytest.raises(ConfigError, match="a sample cannot have"):
        plan.sample(count)


@pytest.mark.parametrize(
    "vectors", [[[1.0, 2.0], [1.0]], [["a", "b"]], ["[1.0, 2.0]"]], ids=str
)
def test_nearest_looks_at_the_vectors_before_it_asks(
    paced: Factory, vectors: list[Any]
) -> None:
    place = paced()
    frame = pd.DataFrame({"vector": pd.Series(vectors, dtype=object)})
    with pytest.raises(ConfigError, match="not lists of numbers"):
        frame.glm.nearest("rain", client=client_of(place))
    with pytest.raises(ConfigError, match="nearest cannot return"):
        frame.glm.nearest("rain", k=-1, client=client_of(place))
    assert place.seen["requests"] == 0


def test_a_vector_with_a_hole_is_left_out() -> None:
    places, table = table_of([[1.0, 2.0], None, [float("nan"), 1.0], [0.0, 1.0]])
    assert places == [0, 3]
    assert table.tolist() == [[1.0, 2.0], [0.0, 1.0]]
