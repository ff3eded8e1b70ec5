"""Replay through both clients: modes, repeats, money, and what is never sent."""

import asyncio
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import glmkit
from glmkit.client import replay
from glmkit.ledger.default import ledger
from glmkit.types.events import Text
from glmkit.types.replies import Where, where
from tests.conftest import Paced

Factory = Callable[..., Paced]
Ask = Callable[..., glmkit.Reply]


@pytest.fixture(autouse=True)
def no_mode(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield
    monkeypatch.undo()
    replay.switch(None)
    replay.settle_at(None)


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    return tmp_path / "class.glm.jsonl"


@pytest.fixture(params=["sync", "stream", "async", "async stream"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Ask in one of four ways; keywords before `to` are those of the client."""

    def sync(prompt: str, to: dict[str, Any], **options: Any) -> glmkit.Reply:
        with glmkit.Client(**to) as client:
            if request.param == "sync":
                return client.chat(prompt, **options)
            with client.stream(prompt, **options) as stream:
                for _ in stream:
                    pass
            return stream.reply

    async def later(prompt: str, to: dict[str, Any], **options: Any) -> glmkit.Reply:
        async with glmkit.AsyncClient(**to) as client:
            if request.param == "async":
                return await client.chat(prompt, **options)
            async with client.stream(prompt, **options) as stream:
                async for _ in stream:
                    pass
            return stream.reply

    def asked(prompt: str, to: dict[str, Any], **options: Any) -> glmkit.Reply:
        if request.param.startswith("async"):
            return asyncio.run(later(prompt, to, **options))
        return sync(prompt, to, **options)

    return asked


def at(place: Paced, tape: Path | None = None, **more: Any) -> dict[str, Any]:
    return {"endpoint": place.url, "api_key": place.key, "cassette": tape, **more}


def rows() -> list[tuple[Any, ...]]:
    sql = "SELECT source, state, cost, list_cost, prompt_tokens FROM calls ORDER BY id"
    if not ledger().path.exists():
        return []
    db = sqlite3.connect(ledger().path)
    found = db.execute(sql).fetchall()
    db.close()
    return found


def test_second_client_is_answered_by_the_cassette(
    ask: Ask, paced: Factory, tape: Path
) -> None:
    place = paced(tokens=50, thinking=5)
    first = ask("Why?", at(place, tape), model="glm-4-plus")
    second = ask("Why?", at(place, tape), model="glm-4-plus")
    assert place.seen["requests"] == 1
    assert first.source == "service"
    assert second.source == "cassette"
    assert second.calls[0].answer == first.calls[0].answer
    assert second.cost == glmkit.Money(0, "CNY")
    assert second.complete
    assert second.seconds == pytest.approx(first.seconds, abs=0.001)
    assert [row[0] for row in rows()] == ["service", "cassette"]
    assert rows()[1][1:3] == ("done", 0)
    assert rows()[1][4] == 7


def test_saved_money_is_the_cards_price(tape: Path, paced: Factory) -> None:
    place = paced(tokens=50)
    with glmkit.Client(**at(place, tape)) as client:
        client.chat("Why?", model="glm-4-plus")
    with glmkit.Client("local", cassette=tape) as client:
        reply = client.chat("Why?", model="glm-4-plus")
    assert reply.source == "cassette"
    assert reply.cost == glmkit.Money(0, "CNY")
    assert reply.list_cost
    assert not str(reply.list_cost).startswith("¥0 ")


def test_citation_names_the_day_of_the_recording(paced: Factory, tape: Path) -> None:
    place = paced(tokens=5)
    with glmkit.Client(**at(place, tape)) as client:
        first = client.chat("Why?", model="glm-4-plus").cite()
    with glmkit.Client("local", cassette=tape) as client:
        second = client.chat("Why?", model="glm-4-plus").cite()
    assert second == first.replace(place.url, "another server")
    assert "127.0.0.1" not in tape.read_text("utf-8")


def test_stream_replays_the_recorded_pieces(paced: Factory, tape: Path) -> None:
    place = paced(tokens=600)
    pieces = []
    for _ in range(2):
        with glmkit.Client(**at(place, tape)).stream("Hi") as stream:
            pieces.append(list(stream))
    assert pieces[0] == pieces[1]
    assert sum(isinstance(event, Text) for event in pieces[1]) == 600
    assert place.seen["requests"] == 1


def test_streamed_and_whole_answers_share_a_recording(
    paced: Factory, tape: Path
) -> None:
    place = paced(tokens=20)
    whole = glmkit.Client(**at(place, tape)).chat("Hi")
    with glmkit.Client(**at(place, tape)).stream("Hi") as stream:
        assert "".join(e.text for e in stream if isinstance(e, Text)) == whole.text


def test_without_being_asked_for_no_file_appears(
    ask: Ask, paced: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    place = paced(tokens=3)
    for _ in range(2):
        assert ask("Hi", at(place)).source == "service"
    assert not list(tmp_path.glob("*.jsonl"))


def test_equal_requests_of_one_run_are_takes_of_their_own(
    paced: Factory, tape: Path
) -> None:
    replies = '[{"content": "one"}, {"content": "two"}, {"content": "three"}]'
    place = paced(replies=replies)
    for _ in range(2):
        with glmkit.Client(**at(place, tape)) as client:
            said = [client.chat("Roll the die").text for _ in range(3)]
        assert said == ["one", "two", "three"]
    assert place.seen["requests"] == 3


def test_each_run_of_a_cell_counts_from_the_first(
    paced: Factory, tape: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLMKIT_CASSETTE", str(tape))
    place = paced(replies='[{"content": "one"}, {"content": "two"}]')
    client = glmkit.Client(place.url, place.key)
    for _ in range(3):
        replay.begin_run("In[4]")
        assert [client.chat("Roll").text for _ in range(2)] == ["one", "two"]
    assert place.seen["requests"] == 2


def test_what_failed_leaves_its_place_to_the_next(paced: Factory, tape: Path) -> None:
    place = paced(tokens=9, status=400, code="1210", fails=1)
    client = glmkit.Client(**at(place, tape))
    with pytest.raises(glmkit.InvalidRequestError):
        client.chat("Hi")
    assert not tape.exists()
    said = client.chat("Hi").text
    assert glmkit.Client(**at(place, tape)).chat("Hi").text == said


@pytest.mark.parametrize("fault", [{"cut": 4}, {"end": 4}, {"error": 4}])
def test_unfinished_answers_are_not_recorded(
    fault: dict[str, int], paced: Factory, tape: Path
) -> None:
    client = glmkit.Client(**at(paced(tokens=20, **fault), tape))
    with pytest.raises(glmkit.GLMError), client.stream("Hi") as stream:
        list(stream)
    assert not tape.exists()


def test_stream_that_is_left_early_is_not_recorded(paced: Factory, tape: Path) -> None:
    with glmkit.Client(**at(paced(tokens=500, gate=4), tape)).stream("Hi") as stream:
        next(iter(stream))
    assert not tape.exists()


def test_replayed_stream_that_is_left_early_owes_nothing(
    paced: Factory, tape: Path
) -> None:
    place = paced(tokens=600)
    glmkit.Client(**at(place, tape)).chat("Hi")
    with glmkit.Client(**at(place, tape)).stream("Hi") as stream:
        next(iter(stream))
    assert stream.reply.source == "cassette"
    assert stream.reply.cost == glmkit.Money(0, "CNY")
    assert len(rows()) == 2


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"prompt": "Else?"}, ("prompt",)),
        ({"temperature": 0.5}, ("temperature",)),
        ({"model": "glm-4-plus"}, ("model",)),
        ({"system": "Be brief."}, ("system",)),
        ({"prompt": "Else?", "max_tokens": 9}, ("prompt", "max_tokens")),
    ],
)
def test_changed_request_is_sent_and_says_what_changed(
    options: dict[str, Any], names: tuple[str, ...], paced: Factory, tape: Path
) -> None:
    place = paced(text="echo")
    token = where.set(Where("a.ipynb", "In[7]"))
    try:
        glmkit.Client(**at(place, tape)).chat("Why?")
        asked = {"prompt": "Why?", **options}
        reply = glmkit.Client(**at(place, tape)).chat(**asked)
    finally:
        where.reset(token)
    assert reply.source == "service"
    assert reply.text == asked["prompt"]
    assert reply.calls[0].changed == names
    assert place.seen["requests"] == 2


def test_new_request_beside_a_used_one_is_no_change(paced: Factory, tape: Path) -> None:
    place = paced(text="echo")
    token = where.set(Where("a.ipynb", "In[7]"))
    try:
        for prompts in (["one"], ["one", "two"]):
            client = glmkit.Client(**at(place, tape))
            changed = [client.chat(p).calls[0].changed for p in prompts]
    finally:
        where.reset(token)
    assert changed == [(), ()]


def test_only_never_sends_and_names_cell_and_field(
    ask: Ask, paced: Factory, tape: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = paced(text="echo")
    token = where.set(Where("a.ipynb", "In[7]"))
    try:
        ask("Why?", at(place, tape))
        before = tape.read_bytes()
        monkeypatch.setenv("GLMKIT_REPLAY", "only")
        assert ask("Why?", at(place, tape)).text == "Why?"
        with pytest.raises(glmkit.ReplayError, match=r"In\[7\] asks .*: temperature"):
            ask("Why?", at(place, tape), temperature=0.5)
    finally:
        where.reset(token)
    assert place.seen["requests"] == 1
    assert tape.read_bytes() == before
    assert len(rows()) == 2


def test_only_lets_no_other_kind_of_call_out(
    paced: Factory, tape: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = paced()
    monkeypatch.setenv("GLMKIT_REPLAY", "only")
    client = glmkit.Client(**at(place, tape))
    with pytest.raises(glmkit.ReplayError, match="no recordings"):
        client.chat("Hi")
    with pytest.raises(glmkit.ReplayError, match="only chats"):
        client.models()
    with pytest.raises(glmkit.ReplayError, match="only chats"):
        client.embeddings("Hi", model="embedding-3")
    assert place.seen["requests"] == 0
    assert rows() == []


def test_only_says_when_a_request_was_recorded_less_often(
    paced: Factory, tape: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = paced()
    glmkit.Client(**at(place, tape)).chat("Hi")
    monkeypatch.setenv("GLMKIT_REPLAY", "only")
    client = glmkit.Client(**at(place, tape))
    client.chat("Hi")
    with pytest.raises(glmkit.ReplayError, match=r"for the 2\. time .* has 1 of"):
        client.chat("Hi")


@pytest.mark.parametrize(("mode", "kept"), [("record", 2), ("refresh", 1)])
def test_record_and_refresh_send_and_the_new_answer_counts(
    mode: str, kept: int, paced: Factory, tape: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = paced(replies='[{"content": "old"}, {"content": "new"}]')
    glmkit.Client(**at(place, tape)).chat("Hi")
    with monkeypatch.context() as patch:
        patch.setenv("GLMKIT_REPLAY", mode)
        assert glmkit.Client(**at(place, tape)).chat("Hi").text == "new"
    reply = glmkit.Client(**at(place, tape)).chat("Hi")
    assert (reply.text, reply.source) == ("new", "cassette")
    assert len(tape.read_text("utf-8").splitlines()) == 1 + kept


def test_who_runs_the_process_has_the_first_word(
    paced: Factory, tape: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLMKIT_CASSETTE", str(tape))
    place = paced(tokens=3)
    client = glmkit.Client(place.url, place.key)
    client.chat("Hi")
    replay.switch("record")
    with replay.for_this("off"):
        client.chat("Hi")
    assert len(replay.Cassette(tape)) == 1
    client.chat("Hi")
    monkeypatch.setenv("GLMKIT_REPLAY", "only")
    replay.begin_run("")
    with replay.for_this("record"):
        assert client.chat("Hi").source == "cassette"
    monkeypatch.setenv("GLMKIT_REPLAY", "sometimes")
    with pytest.raises(glmkit.ConfigError, match="sometimes"):
        client.chat("Hi")


def test_damaged_cassette_stops_the_call_before_it_is_sent(
    ask: Ask, paced: Factory, tape: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = paced(tokens=3)
    ask("Hi", at(place, tape))
    tape.write_bytes(tape.read_bytes()[:-30])
    before = tape.read_bytes()
    for mode in ("auto", "record", "refresh", "only"):
        monkeypatch.setenv("GLMKIT_REPLAY", mode)
        with pytest.raises(glmkit.ReplayError, match="line 2"):
            ask("Hi", at(place, tape))
    assert place.seen["requests"] == 1
    assert tape.read_bytes() == before


def test_missing_folder_stops_the_call_before_it_is_sent(
    ask: Ask, paced: Factory, tmp_path: Path
) -> None:
    place = paced(tokens=3)
    with pytest.raises(glmkit.ReplayError, match="cannot be written"):
        ask("Hi", at(place, tmp_path / "nowhere" / "a.glm.jsonl"))
    assert place.seen["requests"] == 0
    assert rows() == []


def test_threads_of_one_client_record_each_answer_once(
    paced: Factory, tape: Path
) -> None:
    place = paced(text="echo")
    for _ in range(2):
        client = glmkit.Client(**at(place, tape, in_flight=4))
        said: dict[int, str] = {}

        def work(n: int, client: Any = client, said: dict[int, str] = said) -> None:
            said[n] = client.chat(f"Number {n % 5}").text

        threads = [threading.Thread(target=work, args=(n,)) for n in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert said == {n: f"Number {n % 5}" for n in range(20)}
    assert place.seen["requests"] == 20
    assert len(replay.Cassette(tape)) == 20


def test_conversation_with_tools_replays_round_by_round(
    paced: Factory, tape: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "double", "arguments": '{"n": 4}'},
    }
    replies = [{"tool_calls": [called]}, {"content": "It is 8."}]
    place = paced(replies=json.dumps(replies))
    used = []

    @glmkit.tool
    def double(n: int) -> int:
        """Double a number."""
        used.append(n)
        return 2 * n

    for _ in range(2):
        client = glmkit.Client(**at(place, tape))
        reply = glmkit.Conversation(client, tools=[double]).ask("Double 4")
        assert reply.text == "It is 8."
    assert used == [4, 4]
    assert place.seen["requests"] == 2
    assert reply.source == "cassette"
    assert reply.cost == glmkit.Money(0, "CNY")


def test_budget_of_nothing_still_lets_recordings_play(
    paced: Factory, tape: Path
) -> None:
    place = paced(tokens=3)
    glmkit.Client(**at(place, tape)).chat("Hi")
    ledger().set_budget("day", "", glmkit.Money(0, "CNY"))
    assert glmkit.Client(**at(place, tape)).chat("Hi").source == "cassette"
    with pytest.raises(glmkit.BudgetError):
        glmkit.Client(**at(place, tape)).chat("Ho")
