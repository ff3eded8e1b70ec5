"""Ranks of recorded answers: what `auto` serves, and what it asks for again."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import glmkit
from glmkit.client import replay
from glmkit.client.replay import Cassette, Rank, Recording, lines, ranks
from glmkit.client.replay.illustrations import illustrate
from glmkit.render.answer.badge import badge_of
from glmkit.types.events import Finish, Start, Text, ToolCall, Usage
from glmkit.types.replies import Call
from glmkit.types.requests import request_of
from tests.conftest import ROOT, Paced

Factory = Callable[..., Paced]
UNRANKED = ROOT / "tests/data/cassettes/version_1_unranked.glm.jsonl"


@pytest.fixture(autouse=True)
def no_mode(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(ranks, "_stand_ins", set())
    yield
    monkeypatch.undo()
    replay.switch(None)
    replay.settle_at(None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "class.glm.jsonl"


def record(path: Path, rank: Rank, prompt: str = "Hi", cell: str = "") -> None:
    """Write an answer of a rank that names its rank."""
    if rank == "illustration":
        illustrate(path, prompt, rank, cell=cell)
        return
    start = Start("a", "glm-4-plus", stand_in="Small" if rank == "stand-in" else "")
    call = Call(at=0, endpoint="", model="", request=request_of(prompt, {}))
    made = Recording(
        cell=cell,
        repeat=0,
        request=msgspec.Raw(lines.asked(call)),
        events=(start, rank, Usage(9, 4, 13), Finish("stop")),
        model="glm-4-plus",
        endpoint="another server",
        at="2026-10-02",
        rank=rank,
    )
    Cassette(path).add(made)


def client(place: Paced | None, path: Path, **more: Any) -> glmkit.Client:
    if place is None:
        return glmkit.Client("local", cassette=path, **more)
    return glmkit.Client(place.url, place.key, cassette=path, **more)


@pytest.mark.parametrize("mode", ["", "auto", "only"])
@pytest.mark.parametrize("rank", replay.RANKS)
@pytest.mark.parametrize("configured", ["nothing", "a custom URL"])
def test_a_record_serves_where_no_better_answerer_is_configured(
    configured: str,
    rank: Rank,
    mode: str,
    paced: Factory,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if mode:
        monkeypatch.setenv("GLMKIT_REPLAY", mode)
    place = paced(replies='[{"content": "asked"}]')
    record(path, rank)
    reply = client(place if configured == "a custom URL" else None, path).chat("Hi")
    better = configured == "a custom URL" and rank != "service" and mode != "only"
    assert reply.text == ("asked" if better else rank)
    assert place.seen["requests"] == (1 if better else 0)
    assert reply.calls[0].superseded == (rank if better else "")


@pytest.mark.parametrize(
    ("rank", "words"),
    [
        ("stand-in", "asked again: recorded by the stand-in"),
        ("illustration", "asked again: recorded as an illustration"),
    ],
)
def test_the_badge_says_why_a_recorded_answer_is_asked_for_again(
    rank: Rank, words: str, paced: Factory, path: Path
) -> None:
    place = paced(tokens=5)
    record(path, rank)
    first, second = (client(place, path).chat("Hi") for _ in range(2))
    assert words in badge_of(first).line()
    assert (first.source, second.source) == ("service", "cassette")
    assert "asked again" not in badge_of(second).line()
    assert place.seen["requests"] == 1


def test_with_a_key_in_the_environment_the_stand_ins_record_is_asked_for_again(
    paced: Factory, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = paced(tokens=5)
    record(path, "stand-in")
    monkeypatch.setenv("ZHIPUAI_API_KEY", "0123456789abcdef.secretsecret1234")
    monkeypatch.setenv("ZHIPUAI_BASE_URL", place.url)
    monkeypatch.setenv("GLMKIT_CASSETTE", str(path))
    monkeypatch.setenv("GLMKIT_REPLAY", "auto")
    with glmkit.Client() as asked:
        assert asked.chat("Hi").source == "service"
        replay.begin_run("")
        assert asked.chat("Hi").source == "cassette"
    assert place.seen["requests"] == 1


def test_a_stream_is_asked_for_again_too(paced: Factory, path: Path) -> None:
    place = paced(tokens=5)
    record(path, "stand-in")
    with client(place, path).stream("Hi") as stream:
        said = "".join(e.text for e in stream if isinstance(e, Text))
    assert said != "stand-in"
    assert stream.reply.calls[0].superseded == "stand-in"


@pytest.mark.parametrize("mode", ["record", "refresh"])
def test_record_and_refresh_ask_whatever_the_rank(
    mode: str, paced: Factory, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = paced(replies='[{"content": "asked"}]')
    for rank in ("service", "stand-in"):
        record(path, rank)
    monkeypatch.setenv("GLMKIT_REPLAY", mode)
    reply = client(place, path).chat("Hi")
    assert (reply.text, reply.calls[0].superseded) == ("asked", "")
    assert len(Cassette(path)) == (1 if mode == "refresh" else 3)


def test_the_best_record_answers_whichever_is_newer(path: Path) -> None:
    for rank in ("service", "stand-in", "illustration"):
        record(path, rank, cell="In[1]")
    record(path, "illustration", cell="In[2]")
    key = Cassette(path).newest()[0].key
    found = Cassette(path).find(key, 0, "In[2]")
    assert found is not None
    assert found.rank == "service"


def test_an_unranked_cassette_is_read_by_its_stand_in_mark(
    paced: Factory, path: Path
) -> None:
    shutil.copy(UNRANKED, path)
    assert [entry.rank for entry in Cassette(path).newest()] == [
        "service",
        "stand-in",
        "stand-in",
    ]
    place = paced(replies='[{"content": "asked"}]')
    asked = {
        prompt: client(place, path, model="glm-4-plus").chat(prompt, model="glm-4-plus")
        for prompt in ("Why is the sky blue?", "Name a river.", "Name a lake.")
    }
    assert [reply.source for reply in asked.values()] == [
        "cassette",
        "service",
        "service",
    ]
    assert place.seen["requests"] == 2


def test_a_url_behind_which_the_stand_in_answers_is_asked_once(
    paced: Factory, path: Path
) -> None:
    place = paced(replies='[{"content": "Hi", "stand_in": "Small"}]')
    asked = [client(place, path).chat(prompt) for prompt in ("one", "one", "two")]
    assert [reply.source for reply in asked] == ["stand-in", "cassette", "stand-in"]
    assert [e.rank for e in Cassette(path).newest()] == ["stand-in"] * 2
    other = paced(tokens=3)
    assert client(other, path).chat("one").source == "service"


def test_the_record_of_a_real_answer_says_its_rank(paced: Factory, path: Path) -> None:
    client(paced(tokens=3), path).chat("Hi")
    assert '"rank":"service","sha256":' in path.read_text("utf-8")


def test_a_call_of_a_lesser_record_that_failed_can_be_made_again(
    paced: Factory, path: Path
) -> None:
    record(path, "stand-in")
    place = paced(tokens=3, status=400, code="1210", fails=1)
    asked = client(place, path)
    with pytest.raises(glmkit.InvalidRequestError):
        asked.chat("Hi")
    assert asked.chat("Hi").source == "service"


# Illustrations.


def test_an_illustration_is_marked_wherever_it_is_shown(path: Path) -> None:
    prompt = "Why is the sky blue?"
    options: dict[str, Any] = {"model": "glm-4-plus", "thinking": True}
    illustrate(path, prompt, "Air scatters blue light.", options)
    reply = client(None, path).chat(prompt, **options)
    line = badge_of(reply).line()
    assert reply.text == "Air scatters blue light."
    assert reply.source == "illustration"
    assert reply.cost == glmkit.Money(0, "CNY")
    assert reply.seconds is None
    assert "illustration, not a model's answer" in line
    assert "illustration, not a model's answer" in reply.cite()
    assert "about" in line
    assert "saved" not in line
    assert reply.usage == Usage(11, 5, 16)
    assert glmkit.usage()["source"].tolist() == ["illustration"]


def test_an_illustration_may_be_events_a_schema_and_another_take(path: Path) -> None:
    call = ToolCall(0, "c1", "weather", '{"city":"Bonn"}')
    tools = [{"type": "function", "function": {"name": "weather", "parameters": {}}}]
    illustrate(path, "Rain?", [call], {"tools": tools})
    illustrate(path, "Age?", '{"age": 7}', {"schema": dict[str, int]})
    for repeat, word in enumerate(("one", "two")):
        illustrate(path, "Roll", word, repeat=repeat)
    asked = client(None, path)
    reply = asked.chat("Rain?", tools=tools)
    assert (reply.finish_reason, reply.tool_calls) == ("tool_calls", (call,))
    assert asked.chat("Age?", schema=dict[str, int]).parsed == {"age": 7}
    assert [asked.chat("Roll").text for _ in range(2)] == ["one", "two"]


def test_illustrations_replace_each_other_and_no_answer_of_a_model(path: Path) -> None:
    record(path, "service")
    before = path.read_bytes()
    illustrate(path, "Hi", "first")
    illustrate(path, "Hi", "second")
    assert path.read_bytes().startswith(before)
    assert [entry.rank for entry in Cassette(path).newest()] == [
        "service",
        "illustration",
    ]
    assert client(None, path).chat("Hi").text == "service"


def test_a_script_writes_the_same_illustrations_each_time(tmp_path: Path) -> None:
    made = []
    for name in ("a", "b"):
        illustrate(tmp_path / name, "Hi", "Ho", {"temperature": 0.5})
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]
