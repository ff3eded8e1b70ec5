"""`df.glm` on the paced wire server: frames in, frames out, calls counted by it."""

from __future__ import annotations

import asyncio
import json
import math
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import glmkit
import glmkit.pandas
from glmkit.client.replay.illustrations import illustrate
from glmkit.errors import AuthError, ConfigError
from glmkit.ledger.default import ledger
from glmkit.tables.plan import Plan
from glmkit.types.money import Money
from tests.conftest import ROOT, Paced

Factory = Callable[..., Paced]

ODD = [
    "plain", "", math.nan, None, pd.NaT, Decimal("1.10"), [1, {"a": None}], 3, 2.5,
    "half \ud83d of a pair", "zero\0byte", "{text}", "%s %d", "<script>", "田中さん",
    "x" * 20_000, pd.Timestamp("2024-01-02", tz="UTC"), b"".decode(), True, "plain",
]  # fmt: skip


@pytest.fixture
def priced(monkeypatch: pytest.MonkeyPatch) -> Callable[[Paced], glmkit.Client]:
    """Return a client of an endpoint whose cards and prices are the service's."""
    from glmkit.config import endpoints

    def client(place: Paced, **options: Any) -> glmkit.Client:
        served = endpoints.Endpoint("bigmodel", place.url, "CNY")
        monkeypatch.setitem(endpoints.SERVICES, "bigmodel", served)
        return glmkit.Client("bigmodel", api_key=place.key, **options)

    return client


def client_of(place: Paced, **options: Any) -> glmkit.Client:
    return glmkit.Client(place.url, api_key=place.key, **options)


def test_a_frame_of_odd_values_is_asked_as_a_hand_loop_would(paced: Factory) -> None:
    place = paced(text="echo")
    client = client_of(place)
    frame = pd.DataFrame({"text": pd.Series(ODD, dtype=object)})
    out = frame.glm.map("Say: {text}", client=client)
    assert list(out["answer_status"]) == ["done"] * len(ODD)
    loop = []
    for value in ODD:
        missing = value is None or value is pd.NaT or value != value
        word = "" if missing else str(value)
        word = word.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        loop.append(client.chat(f"Say: {word}").text)
    assert list(out["answer"]) == loop


def test_index_order_and_old_columns_are_kept(paced: Factory) -> None:
    frame = pd.DataFrame({"t": list("cab"), "n": [1, 2, 3]}, index=[7, 7, 1])
    out = frame.glm.map("{t}", to="said", client=client_of(paced(text="echo")))
    assert list(out.index) == [7, 7, 1]
    assert list(out["said"]) == ["c", "a", "b"]
    assert list(frame.columns) == ["t", "n"]
    pd.testing.assert_frame_equal(out[["t", "n"]], frame)


def test_a_series_duplicate_columns_and_several_levels_work(paced: Factory) -> None:
    client = client_of(paced(text="echo"))
    series = pd.Series(["x", "y"], index=["a", "a"])
    assert list(series.glm.map(client=client)["answer"]) == ["x", "y"]
    twice = pd.DataFrame([[1, 2, "z"]], columns=["a", "a", "t"])
    assert list(twice.glm.map("{t}", client=client)["answer"]) == ["z"]
    levels = pd.DataFrame([[1, "q"]], columns=pd.MultiIndex.from_tuples(["ab", "ac"]))
    out = levels.glm.map("{a.c}", client=client)
    assert out[("answer", "")].tolist() == ["q"]
    rows = pd.MultiIndex.from_tuples([("a", 1), ("a", 2)])
    out = pd.DataFrame({"t": ["m", "n"]}, index=rows).glm.map("{t}", client=client)
    assert out.loc[("a", 2), "answer"] == "n"


def test_equal_prompts_share_one_call(paced: Factory) -> None:
    place = paced(text="echo")
    frame = pd.DataFrame({"t": ["a", "b"] * 50})
    out = frame.glm.map("{t}", client=client_of(place))
    assert place.seen["requests"] == 2
    assert list(out["answer"]) == ["a", "b"] * 50
    assert out["answer_tokens"].gt(0).sum() == 2


def test_labels_are_a_category_and_several_are_lists(paced: Factory) -> None:
    client = client_of(paced(text="echo"))
    rows = ['{"value": "bad"}', '{"value": "good"}', "neither"]
    out = pd.Series(rows).glm.classify(labels=["good", "bad", "new"], client=client)
    assert out["label"].tolist()[:2] == ["bad", "good"]
    assert out["label"].isna().tolist() == [False, False, True]
    assert list(out["label"].cat.categories) == ["good", "bad", "new"]
    assert list(out["label_status"]) == ["done", "done", "failed"]
    assert "SchemaError" in out["label_error"].iloc[2]
    several = pd.Series(['{"value": ["bad", "good"]}'])
    out = several.glm.classify(labels=["good", "bad"], multi=True, client=client)
    assert out["label"].iloc[0] == ["bad", "good"]


def test_two_verbs_in_a_row_keep_both(paced: Factory) -> None:
    client = client_of(paced(text="echo"))
    frame = pd.DataFrame({"t": ['{"value": 3}']})
    out = frame.glm.score("{t}", rubric="How warm?", client=client)
    out = out.glm.map("{t}", client=client)
    assert out["score"].dtype == "Int64"
    assert out["score"].tolist() == [3]
    assert {"score_status", "answer_status"} <= set(out.columns)


def test_filter_keeps_what_is_true_and_what_has_no_answer(paced: Factory) -> None:
    client = client_of(paced(text="echo"))
    rows = pd.Series(['{"value": true}', '{"value": false}', "?"], index=list("abc"))
    out = rows.glm.filter(client=client)
    assert list(out.index) == ["a", "c"]
    assert out["filter"].isna().tolist() == [False, True]


def test_a_second_run_sends_nothing_and_a_changed_row_is_asked(paced: Factory) -> None:
    place = paced(text="echo")
    client = client_of(place)
    frame = pd.DataFrame({"t": list("abcd")})
    frame.glm.map("{t}", client=client)
    again = frame.glm.map("{t}", client=client)
    assert place.seen["requests"] == 4
    assert list(again["answer_status"]) == ["kept"] * 4
    assert list(again["answer"]) == list("abcd")
    changed = pd.DataFrame({"t": list("abxd")})
    out = changed.glm.map("{t}", client=client)
    assert place.seen["requests"] == 5
    assert list(out["answer_status"]) == ["kept", "kept", "done", "kept"]
    frame.glm.map("{t}", client=client, temperature=0.5)
    assert place.seen["requests"] == 9
    frame.glm.map("{t}", client=client, fresh=True)
    assert place.seen["requests"] == 13


def test_answers_with_a_schema_are_kept_after_a_repair(paced: Factory) -> None:
    replies = '[{"content": "no json"}, {"content": "{\\"value\\": 4}"}]'
    place = paced(replies=replies)
    client = client_of(place)
    frame = pd.DataFrame({"t": ["warm"]})
    assert frame.glm.score("{t}", client=client)["score"].tolist() == [4]
    again = frame.glm.score("{t}", client=client)
    assert again["score"].tolist() == [4]
    assert list(again["score_status"]) == ["kept"]
    assert place.seen["requests"] == 2


def test_the_stand_ins_answers_are_not_done_for_a_service(
    paced: Factory, priced: Callable[[Paced], glmkit.Client]
) -> None:
    place = paced(text="echo")
    stand_in = glmkit.Client("local", model="glm-4-plus")
    stand_in.service._platform = (place.url, place.key)
    frame = pd.DataFrame({"t": list("abc")})
    frame.glm.map("{t}", client=stand_in, model="glm-4-plus")
    out = frame.glm.map("{t}", client=priced(place), model="glm-4-plus")
    assert list(out["answer_status"]) == ["done"] * 3
    assert place.seen["requests"] == 6


def test_costs_add_up_to_the_ledgers(
    paced: Factory, priced: Callable[[Paced], glmkit.Client]
) -> None:
    frame = pd.DataFrame({"t": ["a", "b", "a"]})
    out = frame.glm.map("{t}", client=priced(paced(tokens=9)), model="glm-4-plus")
    recorded = glmkit.usage()["cost"].sum()
    assert out.glm.cost() == Money.of(recorded, "CNY")
    assert out["answer_cost"].tolist()[2] == 0
    assert out["answer_currency"].tolist() == ["CNY"] * 3


def test_a_plan_counts_and_prices_and_sends_nothing(
    paced: Factory, priced: Callable[[Paced], glmkit.Client]
) -> None:
    place = paced(text="echo")
    frame = pd.DataFrame({"t": ["a", "b", "a", "x" * 2_000_000]})
    plan = frame.glm.map(
        "{t}", client=priced(place), model="glm-4-plus", max_tokens=100, run=False
    )
    assert isinstance(plan, Plan)
    assert (plan.rows, plan.unique, plan.asked, plan.too_long) == (4, 3, 2, 1)
    assert plan.cost.low.parts < plan.cost.high.parts
    assert "too long" in repr(plan)
    assert place.seen["requests"] == 0
    out = plan.run()
    assert place.seen["requests"] == 2
    assert list(out["answer_status"]) == ["done", "done", "done", "too long"]


def test_a_plan_takes_the_time_of_a_row_and_the_learned_right(paced: Factory) -> None:
    place = paced(text="echo", wait_s=0.1)
    client = client_of(place)
    frame = pd.DataFrame({"t": [f"row {n}" for n in range(30)]})
    plan = frame.glm.map("{t}", client=client, run=False)
    assert (plan.seconds, plan.in_flight) == (None, 5)
    plan.sample(10)
    asyncio.run(ledger().keep_right(client.service.owner, plan.task.model, 10))
    again = frame.glm.map("{t}", client=client, run=False)
    assert again.in_flight == 10
    assert again.seconds >= 0.2  # 20 rows of a tenth, ten at a time


def test_a_plan_names_the_stand_in_its_window_and_the_list_price(
    paced: Factory,
) -> None:
    place = paced(text="echo")
    client = glmkit.Client("local")
    client.service._platform = (place.url, place.key)
    frame = pd.DataFrame({"t": ["short", "word " * 6_000]})
    plan = frame.glm.map("{t}", client=client, model="glm-4-plus", run=False)
    assert (plan.asked, plan.too_long) == (1, 1)
    assert "in GLM's place; window of 4,096 tokens" in repr(plan)
    assert "nothing: the stand-in answers; list price ¥" in repr(plan)
    free = frame.glm.map("{t}", client=client, model="glm-4-flash-250414", run=False)
    assert "nothing: the stand-in answers; list price ¥0\n" in repr(free)
    plan.run()
    assert place.seen["requests"] == 1


def test_a_plan_counts_what_the_cassette_answers(
    paced: Factory, tmp_path: Path
) -> None:
    place = paced(text="echo")
    cassette = tmp_path / "lesson.glm.jsonl"
    client = glmkit.Client("local", cassette=cassette)
    client.service._platform = (place.url, place.key)
    long = "word " * 6_000  # more than the stand-in's window holds
    for text in ("a", long):
        illustrate(cassette, text, f"drawn: {text[:1]}", {"max_tokens": 10})
    frame = pd.DataFrame({"t": ["a", long, "c", "a"]})
    plan = frame.glm.map("{t}", client=client, max_tokens=10, run=False)
    assert (plan.asked, plan.recorded, plan.illustrations) == (1, 2, 2)
    assert plan.too_long == 0
    assert "1 would be sent, 2 are in the cassette (2 illustrations)" in repr(plan)
    assert place.seen["requests"] == 0


def test_answers_of_a_cassette_are_named_for_what_they_are(
    paced: Factory, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = paced(text="echo")
    cassette = tmp_path / "lesson.glm.jsonl"
    client = glmkit.Client("local", cassette=cassette)
    client.service._platform = (place.url, place.key)
    illustrate(cassette, "a", "drawn")
    out = pd.DataFrame({"t": ["a", "c", "a"]}).glm.map("{t}", client=client)
    assert list(out["answer"]) == ["drawn", "c", "drawn"]
    assert list(out["answer_status"]) == ["kept", "done", "kept"]
    assert list(out["answer_model"] == "illustration") == [True, False, True]
    said = capsys.readouterr().err
    assert "from the cassette: 1; illustrations that no model gave: 1." in said
    assert "answered before" not in said
    assert place.seen["requests"] == 1
    live = pd.DataFrame({"t": ["a"]}).glm.map("{t}", client=client_of(place))
    assert list(live["answer_status"]) == ["done"]


def test_a_sample_is_kept_by_the_run(paced: Factory) -> None:
    place = paced(text="echo")
    frame = pd.DataFrame({"t": [f"row {n}" for n in range(50)]})
    plan = frame.glm.map("{t}", client=client_of(place), run=False)
    assert len(plan.sample(20)) == 20
    assert plan.kept == 20
    plan.run()
    assert place.seen["requests"] == 50


def test_a_frame_that_changed_since_the_plan_is_refused(paced: Factory) -> None:
    place = paced(text="echo")
    frame = pd.DataFrame({"t": list("ab")})
    plan = frame.glm.map("{t}", client=client_of(place), run=False)
    frame.loc[0, "t"] = "changed"
    with pytest.raises(ConfigError, match="changed since the plan"):
        plan.run()
    assert place.seen["requests"] == 0


@pytest.mark.filterwarnings("ignore::glmkit.types.errors.BudgetWarning")
@pytest.mark.parametrize("rows", [120, pytest.param(8_000, marks=pytest.mark.slow)])
def test_rows_wait_for_the_reservations_of_others(
    paced: Factory, priced: Callable[[Paced], glmkit.Client], rows: int
) -> None:
    place = paced(tokens=4, completion_tokens=4, prompt_tokens=20, wait_s=0.005)
    client = priced(place, in_flight=40)
    frame = pd.DataFrame(
        {"t": [f"第{n}行：" + "天空为什么是蓝色的" * 3 for n in range(rows)]}
    )
    options = {"model": "glm-4-plus", "max_tokens": 9}
    each = frame.head(1).glm.map("{t}", client=client, **options).glm.cost()
    assert each is not None
    longest = client.request(frame["t"].iloc[-1], options)[0]
    one = client.exchange(longest, stream=False)
    most = one._bill.max_cost(one.call)  # what one row reserves
    assert most is not None
    assert most.parts > 3 * each.parts
    budget = each * rows + most
    out = frame.glm.map("{t}", client=client, budget=budget, **options)
    assert set(out["answer_status"]) == {"done", "kept"}
    spent = out.glm.cost()
    assert spent is not None
    assert spent.parts <= budget.parts
    assert place.seen["requests"] == rows


def test_a_row_that_no_budget_holds_is_refused_and_the_rest_is_asked(
    paced: Factory, priced: Callable[[Paced], glmkit.Client]
) -> None:
    place = paced(tokens=4, completion_tokens=4, prompt_tokens=4)
    client = priced(place)
    frame = pd.DataFrame({"t": ["x" * 100_000, "short", "brief"]})
    out = frame.glm.map(
        "{t}", client=client, model="glm-4-plus", max_tokens=9, budget="0.005 CNY"
    )
    assert list(out["answer_status"]) == ["refused", "done", "done"]
    assert "BudgetError" in out["answer_error"].iloc[0]
    assert out["answer_cost"].iloc[0] == 0


def test_a_rejected_key_is_raised_where_nothing_was_answered(paced: Factory) -> None:
    place = paced(status=401, code="1000")
    frame = pd.DataFrame({"t": [f"row {n}" for n in range(30)]})
    with pytest.raises(AuthError):
        frame.glm.map("{t}", client=client_of(place, in_flight=1))
    assert place.seen["requests"] < 5


def test_no_hidden_name_leaves_and_all_come_back(paced: Factory) -> None:
    place = paced(text="echo")
    canary = "Canaria Vogel"
    frame = pd.DataFrame(
        {
            "t": [f"{canary} called 1381234567{n}" for n in range(5)],
            "name": [canary] * 5,
        }
    )
    client = client_of(place)
    out = frame.glm.map("{t}", client=client, hide=["name", "phone"])
    assert list(out["answer"]) == list(frame["t"])
    assert place.seen["requests"] == 1
    seen = str(place.seen["bodies"])
    assert canary not in seen
    assert "1381234567" not in seen
    written = b"".join(file.read_bytes() for file in ledger().path.parent.iterdir())
    assert canary.encode() not in written
    assert b"1381234567" not in written


def test_reduce_answers_each_group_over_any_length(paced: Factory) -> None:
    place = paced(tokens=5)
    frame = pd.DataFrame(
        {"t": ["many words " * 4000] * 30 + ["few"], "g": ["a"] * 30 + ["b"]}
    )
    client = client_of(place)
    out = frame.glm.reduce("Sum up: {t}", by="g", model="glm-4-plus", client=client)
    assert list(out.index) == ["a", "b"]
    assert list(out["answer_status"]) == ["done", "done"]
    assert place.seen["requests"] > 3  # portions, then their answers; and the few


def test_reduce_takes_one_column(paced: Factory) -> None:
    frame = pd.DataFrame({"a": ["x"], "b": ["y"]})
    with pytest.raises(ConfigError, match="one column"):
        frame.glm.reduce("{a} {b}", client=client_of(paced()))


def test_vectors_and_the_nearest_rows(resources: Callable[..., Paced]) -> None:
    client = client_of(resources())
    frame = pd.DataFrame({"t": ["sun", "moon", "", "sun"]})
    out = frame.glm.embed("{t}", client=client)
    assert list(out["vector_status"]) == ["done", "done", "failed", "done"]
    assert isinstance(out["vector"].iloc[0], list)
    near = out.glm.nearest("sun", k=2, client=client)
    assert len(near) == 2
    assert near["similarity"].is_monotonic_decreasing
    with pytest.raises(ConfigError, match="no column 'vector'"):
        frame.glm.nearest("sun", client=client)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda g: g.map("{x}"), "no column 'x'"),
        (lambda g: g.map(), "there is no template"),
        (lambda g: g.map("{t}", to="t"), "already"),
        (lambda g: g.map("{t}", temprature=1), "unknown option"),
        (lambda g: g.map("{t}", retry="all"), "retry cannot be"),
        (lambda g: g.map("{t}", budget="much"), "amount"),
        (lambda g: g.map("{t}", hide=["nobody"]), "nothing to hide"),
        (lambda g: g.classify("{t}", labels=["a"]), "only one label"),
        (lambda g: g.extract("{t}", schema=3), "JSON Schema"),
    ],
)
def test_what_is_wrong_is_known_before_anything_is_sent(
    paced: Factory, call: Callable[[Any], Any], reason: str
) -> None:
    place = paced()
    glmkit_default(place)
    with pytest.raises(ConfigError, match=reason):
        call(pd.DataFrame({"t": ["a"]}).glm)
    assert place.seen["requests"] == 0


def glmkit_default(place: Paced) -> None:
    from glmkit.client import default

    default.forget(lambda: client_of(place))


def test_an_empty_frame_gives_an_empty_frame(paced: Factory) -> None:
    place = paced()
    out = pd.DataFrame({"t": []}).glm.map("{t}", client=client_of(place))
    assert len(out) == 0
    assert "answer_status" in out.columns
    assert place.seen["requests"] == 0


_CHILD = """
import json, sys, pandas as pd, glmkit, glmkit.pandas
from glmkit.config import endpoints
url, key, rows, options = json.loads(sys.argv[1])
endpoints.SERVICES["bigmodel"] = endpoints.Endpoint("bigmodel", url, "CNY")
client = glmkit.Client("bigmodel", api_key=key, in_flight=4)
frame = pd.DataFrame({"t": [f"row {n}" for n in range(rows)]})
out = frame.glm.map("{t}", client=client, model="glm-4-plus", **options)
print(json.dumps([out["answer"].fillna("").tolist(), out["answer_status"].tolist()]))
"""


def child_of(place: Paced, rows: int, **options: Any) -> list[str]:
    told = json.dumps([place.url, place.key, rows, options])
    return [sys.executable, "-c", _CHILD, told]


def end_of(command: list[str]) -> tuple[list[str], list[str], str]:
    """Run to the end: the answers, their states, and what was printed beside them."""
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    answers, states = json.loads(done.stdout)
    return answers, states, done.stderr


@pytest.mark.parametrize(
    ("rows", "kills"), [(200, 1), pytest.param(1_000, 10, marks=pytest.mark.slow)]
)
def test_a_killed_run_goes_on_and_asks_nothing_done_again(
    paced: Factory, rows: int, kills: int
) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    place = paced(text="echo", wait_s=0.02)
    command = child_of(place, rows)
    for _ in range(kills):
        target = place.seen["requests"] + chance.randrange(5, rows // kills // 2)
        with subprocess.Popen(command, cwd=ROOT) as child:
            place.until(lambda seen, target=target: seen["requests"] >= target)
            child.kill()
        place.until(lambda seen: seen["active"] == 0)
    answers, states, told = end_of(command)
    lost = states.count("uncertain")
    sent = place.seen["requests"]  # a row may have been noted and not sent yet
    assert rows - lost <= sent <= rows, "nothing done was asked again"
    assert lost <= 4 * kills
    for number, state in enumerate(states):
        assert state == "uncertain" or answers[number] == f"row {number}"
    assert ("may have been billed" in told) is bool(lost)
    answers, states, _ = end_of(child_of(place, rows, retry="uncertain"))
    assert place.seen["requests"] == sent + lost
    assert answers == [f"row {n}" for n in range(rows)]
    assert set(states) <= {"kept", "done"}


def test_a_storm_leaves_few_rows_unanswered(
    paced: Factory, priced: Callable[[Paced], glmkit.Client]
) -> None:
    rows = 1000
    place = paced(
        tokens=4, right=40, right_after="300:12", storm="20:1234,100:cut", wait_s=0.002
    )
    frame = pd.DataFrame({"t": [f"row {n}" for n in range(rows)]})
    client = priced(place, in_flight=40)
    out = frame.glm.map("{t}", client=client, model="glm-4-plus")
    states = out["answer_status"].value_counts()
    assert states["done"] >= 0.98 * rows
    assert states["done"] + states["uncertain"] + states["failed"] == rows
    assert out.loc[out["answer_status"] != "done", "answer_error"].notna().all()
    assert place.seen["requests"] <= 1.15 * rows


def test_bare_failures_of_a_server_are_not_asked_again_and_cost_is_not_known(
    paced: Factory, priced: Callable[[Paced], glmkit.Client]
) -> None:
    rows = 400
    place = paced(tokens=4, storm="20:500")
    frame = pd.DataFrame({"t": [f"row {n}" for n in range(rows)]})
    out = frame.glm.map("{t}", client=priced(place), model="glm-4-plus")
    lost = out[out["answer_status"] != "done"]
    assert len(lost) <= 0.07 * rows
    assert set(lost["answer_status"]) == {"uncertain"}
    assert lost["answer_cost"].isna().all()
    assert lost["answer_error"].str.startswith("ServerError").all()
    assert place.seen["requests"] == rows


def test_the_first_interrupt_ends_softly_and_the_next_run_goes_on(
    paced: Factory,
) -> None:
    place = paced(text="echo", gate=0)
    command = child_of(place, 200)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as child:
        place.until(lambda seen: seen["active"] == 4)
        child.send_signal(signal.SIGINT)
        assert child.stderr is not None
        for mark in iter(lambda: child.stderr.read(1), ""):  # the bar says so
            if mark == "C":
                break
        place.release()
        out, err = child.communicate()
    assert child.returncode == 0, err
    states = json.loads(out)[1]
    sent = place.seen["requests"]
    assert sent < 200
    assert states.count("done") == sent
    assert "uncertain" not in states
    end_of(command)
    assert place.seen["requests"] == 200


def test_the_second_interrupt_gives_up_what_is_in_flight(paced: Factory) -> None:
    place = paced(text="echo", gate=0)
    command = child_of(place, 200)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as child:
        place.until(lambda seen: seen["active"] == 4)
        child.send_signal(signal.SIGINT)
        assert child.stderr is not None
        for line in iter(lambda: child.stderr.read(1), ""):  # the bar says so
            if line == "C":
                break
        child.send_signal(signal.SIGINT)
        _out, err = child.communicate()
    assert child.returncode != 0
    assert "Interrupted" in err
    assert place.until(lambda seen: seen["active"] == 0)["requests"] == 4


def test_a_second_run_of_the_same_rows_at_once_is_refused(paced: Factory) -> None:
    place = paced(text="echo", gate=0)
    command = child_of(place, 200)
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as child:
        place.until(lambda seen: seen["active"] > 0)
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=ROOT, check=False
        )
        child.kill()
    assert "under way already" in done.stderr
