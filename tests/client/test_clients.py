"""Both faces of the client, against the paced wire server."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import glmkit
from glmkit.ledger.default import ledger
from glmkit.transport import background_loop, http as transport
from glmkit.transport.http import connections, sending
from glmkit.types.money import Money
from tests.conftest import LIMIT_S, Paced, wait_for

Factory = Callable[..., Paced]


def client_of(paced: Paced, **options: Any) -> glmkit.Client:
    return glmkit.Client(paced.url, paced.key, **options)


def rows(column: str) -> list[Any]:
    with sqlite3.connect(ledger().path) as db:
        found = [value for (value,) in db.execute(f"SELECT {column} FROM calls")]
    db.close()
    return found


def test_chat_returns_text_usage_and_one_row(paced: Factory) -> None:
    reply = client_of(paced(tokens=20)).chat("Hi", model="glm-4-plus")
    assert reply.text.startswith("## Part 1")
    assert reply.usage == glmkit.Usage(7, 20, 27)
    assert reply.complete
    assert reply.seconds
    assert reply.first_token_s is None  # it came whole
    assert reply.source == "service"
    assert reply.cost is None  # a custom URL is not priced
    assert reply.list_cost == Money.of("0.000135", "CNY")
    assert rows("state") == ["done"]
    ((speed,),) = glmkit.timings("tokens_per_s")[["high"]].to_numpy().tolist()
    assert speed < 1.2 * 1.2 * 20 / reply.seconds  # not that of its last moment


def test_stream_hands_out_typed_events_and_then_the_reply(paced: Factory) -> None:
    with client_of(paced(tokens=30, thinking=3)).stream("Hi") as stream:
        events = list(stream)
    kinds = [type(event).__name__ for event in events]
    assert kinds == ["Start", *["Thinking"] * 3, *["Text"] * 30, "Usage", "Finish"]
    assert stream.reply.text == "".join(
        event.text for event in events if isinstance(event, glmkit.Text)
    )
    assert stream.reply.thinking
    assert stream.reply.complete
    assert 0 <= (stream.reply.first_token_s or -1) <= (stream.reply.seconds or -1)


@pytest.mark.parametrize("place", ["finish", "separate"])
def test_usage_is_found_wherever_it_comes(paced: Factory, place: str) -> None:
    with client_of(paced(tokens=3, usage=place)).stream("Hi") as stream:
        kinds = [type(event).__name__ for event in stream]
    assert kinds[-2:] == ["Usage", "Finish"]
    assert stream.reply.usage == glmkit.Usage(7, 3, 10)


def test_answer_without_usage_costs_none(
    paced: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply = client_of(paced(tokens=3, usage="none")).chat("Hi", model="glm-4-plus")
    assert reply.usage is None
    assert reply.cost is None
    assert reply.list_cost is None


def test_parameters_and_key_arrive_as_they_were_given(paced: Factory) -> None:
    place = paced(tokens=1)
    client_of(place).chat("Hi", system="S", temperature=0.25, top_p=0.5, max_tokens=9)
    assert place.seen["bodies"][-1] == {
        "model": "glm-4-flash-250414",
        "messages": [
            {"role": "system", "content": "S"},
            {"role": "user", "content": "Hi"},
        ],
        "temperature": 0.25,
        "top_p": 0.5,
        "max_tokens": 9,
    }
    assert place.seen["headers"][-1]["authorization"] == f"Bearer {place.key}"
    assert "cookie" not in place.seen["headers"][-1]


def test_signed_token_is_sent_in_place_of_the_key(paced: Factory) -> None:
    place = paced(tokens=1)
    glmkit.Client(place.url, glmkit.Key(place.key, signed=True)).chat("Hi")
    header = place.seen["headers"][-1]["authorization"]
    assert header.count(".") == 2
    assert place.key not in header


def test_connection_is_used_again(
    paced: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However late the end of a body comes, and the next call.
    monkeypatch.setattr(sending, "FINISH_S", LIMIT_S)
    monkeypatch.setattr(connections, "KEEP_ALIVE_S", LIMIT_S)
    background_loop.run(transport.close())  # other tests' connections are as good
    place = paced(tokens=2)
    with client_of(place) as client:
        for _ in range(5):
            client.chat("Hi")
        with client.stream("Hi") as stream:
            list(stream)
        client.chat("Hi")
    assert place.seen["connections"] == 1


def test_leaving_a_stream_closes_its_connection(paced: Factory) -> None:
    place = paced(tokens=10_000, rate=100)
    with client_of(place).stream("Hi") as stream:
        next(iter(stream))
    place.until(lambda seen: seen["left"] == 1 and seen["active"] == 0)
    assert stream.reply.text
    assert not stream.reply.complete
    assert rows("state") == ["interrupted"]


def test_slow_reader_stops_the_reading(paced: Factory) -> None:
    """A control arm, the fast reader, gets all of it."""
    place = paced(tokens=400_000)
    with client_of(place).stream("Hi") as stream:
        next(iter(stream))
        behind = wait_for(lambda: place.seen["sent"], steady())
    assert behind < 400_000
    with client_of(place).stream("Hi") as stream:
        assert sum(len(batch) for batch in stream.batches()) > 400_000


def steady() -> Callable[[int], bool]:
    seen: list[int] = []

    def same(value: int) -> bool:
        seen.append(value)
        return len(seen) > 30 and len(set(seen[-30:])) == 1

    return same


@pytest.mark.parametrize("fault", [{"cut": 5}, {"end": 5}])
def test_cut_stream_is_an_error_that_holds_what_came(
    paced: Factory, fault: dict[str, int]
) -> None:
    with (
        client_of(paced(tokens=50, **fault)).stream("Hi") as stream,
        pytest.raises(glmkit.StreamError) as caught,
    ):
        list(stream)
    assert caught.value.reply is not None
    assert caught.value.reply.text == stream.reply.text != ""
    assert not stream.reply.complete
    assert rows("state || error") == ["failedStreamError"]
    assert rows("cost") == [None]


def test_error_event_in_a_stream_raises_and_keeps(paced: Factory) -> None:
    with (
        client_of(paced(tokens=50, error=5, code="1301")).stream("Hi") as stream,
        pytest.raises(glmkit.ContentFilterError) as caught,
    ):
        list(stream)
    assert caught.value.code == "1301"
    assert stream.reply.text


def test_cut_plain_answer_is_an_error(paced: Factory) -> None:
    with pytest.raises(glmkit.TransportError):
        client_of(paced(tokens=50, cut=1)).chat("Hi")
    assert rows("state") == ["failed"]


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (401, "1000", glmkit.AuthError),
        (400, "1211", glmkit.InvalidRequestError),
        (400, "1261", glmkit.ContextLengthError),
        (429, "1302", glmkit.RateLimitError),
        (429, "1113", glmkit.QuotaError),
        (500, "500", glmkit.ServerError),
    ],
)
def test_refusal_is_typed_and_recorded(
    paced: Factory, status: int, code: str, error: type[glmkit.APIError]
) -> None:
    with pytest.raises(error) as caught:
        client_of(paced(status=status, code=code), timeout_s=1).chat("Hi")
    assert caught.value.code == code
    assert caught.value.hint
    assert rows("error_code || state") == [code + "failed"]


def test_nobody_there_is_a_typed_error_and_one_row() -> None:
    with pytest.raises(glmkit.TransportError, match="nothing answers") as caught:
        glmkit.Client("http://127.0.0.1:9/v4", "a.b").chat("Hi")
    assert caught.value.sent is False
    assert rows("state") == ["failed"]


def test_silence_ends_with_the_time_out(paced: Factory) -> None:
    with pytest.raises(glmkit.TransportError, match="silent"):
        client_of(paced(gate=0), timeout_s=0.2).chat("Hi")
    with (
        client_of(paced(first_s=600), timeout_s=2).stream("Hi") as stream,
        pytest.raises(glmkit.StreamError, match="silent"),
    ):
        list(stream)


def test_closed_client_and_unentered_stream_say_so(paced: Factory) -> None:
    client = client_of(paced())
    with pytest.raises(glmkit.ConfigError, match="entered"):
        list(client.stream("Hi"))
    client.close()
    with pytest.raises(glmkit.ConfigError, match="closed"):
        client.chat("Hi")


def test_rerun_asks_the_same_of_another_model(paced: Factory) -> None:
    place = paced(tokens=2)
    client = client_of(place)
    reply = client.chat("Hi", temperature=0.5)
    client.rerun(reply, model="glm-4-long")
    first, second = place.seen["bodies"]
    assert second == {**first, "model": "glm-4-long"}


def test_last_is_the_last_reply_even_if_it_was_cut(paced: Factory) -> None:
    with (
        client_of(paced(tokens=50, cut=5)).stream("Hi") as stream,
        pytest.raises(glmkit.StreamError),
    ):
        list(stream)
    assert glmkit.last() == stream.reply


def test_in_flight_bounds_the_requests_at_one_time(paced: Factory) -> None:
    place = paced(tokens=1, gate=0)
    client = client_of(place, in_flight=3)
    threads = [threading.Thread(target=client.chat, args=("Hi",)) for _ in range(12)]
    for thread in threads:
        thread.start()
    place.until(lambda seen: seen["active"] == 3)
    place.release()
    for thread in threads:
        thread.join()
    assert place.seen["requests"] == 12
    assert place.seen["peak"] == 3


def test_async_face_does_the_same(paced: Factory) -> None:
    place = paced(tokens=20)

    async def main() -> None:
        async with glmkit.AsyncClient(place.url, place.key) as client:
            reply = await client.chat("Hi")
            async with client.stream("Hi") as stream:
                events = [event async for event in stream]
            assert stream.reply.text == reply.text
            assert isinstance(events[-1], glmkit.Finish)
            again = await client.rerun(reply, model="glm-4-long")
            assert again.calls[0].model == "glm-4-long"

    asyncio.run(main())
    place.until(lambda seen: seen["open"] == 0)


def test_left_async_stream_closes_and_settles(paced: Factory) -> None:
    place, slow = paced(tokens=10_000, rate=100), paced(wait_s=60)

    async def main() -> None:
        client = glmkit.AsyncClient(place.url, place.key)
        async with client.stream("Hi") as stream:
            async for _ in stream:
                break
        task = asyncio.create_task(glmkit.AsyncClient(slow.url, "a.b").chat("Hi"))
        await asyncio.to_thread(slow.until, lambda seen: seen["active"] == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert rows("state") == ["interrupted", "interrupted"]


def test_every_event_loop_has_connections_of_its_own(paced: Factory) -> None:
    place = paced(tokens=2)
    client = glmkit.AsyncClient(place.url, place.key)

    async def main() -> str:
        return (await client.chat("Hi")).text

    assert (
        asyncio.run(main()) == asyncio.run(main()) == client_of(place).chat("Hi").text
    )
    assert place.seen["connections"] == 3


def script(text: str, place: Paced, **popen: Any) -> subprocess.Popen[str]:
    """Run a script of a person, with every warning shown."""
    return subprocess.Popen(
        [sys.executable, "-W", "always", "-c", textwrap.dedent(text)],
        env={**os.environ, "GLMKIT_ENDPOINT": place.url, "GLMKIT_API_KEY": place.key},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **popen,
    )


def test_ctrl_c_in_a_script_settles_the_call(paced: Factory) -> None:
    place = paced(tokens=10_000, rate=50)
    child = script(
        """
        import glmkit
        try:
            with glmkit.Client().stream("Hi") as stream:
                for event in stream:
                    print("got", flush=True)
        except glmkit.Interrupted as exc:
            print("kept", len(exc.reply.text) > 0, exc.reply.calls[0].state)
        """,
        place,
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "got\n"
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=LIMIT_S)
    assert out.splitlines()[-1] == "kept True interrupted"
    assert err == ""
    assert rows("state") == ["interrupted"]
    place.until(lambda seen: seen["active"] == 0)


def test_ctrl_c_while_waiting_for_a_whole_answer(paced: Factory) -> None:
    place = paced(wait_s=60)
    child = script("import glmkit; glmkit.Client().chat('Hi')", place)
    with child:
        place.until(lambda seen: seen["active"] == 1)
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=LIMIT_S)
    assert "Interrupted" in err
    assert rows("state") == ["interrupted"]


def test_interpreter_that_ends_with_a_stream_open_settles_it(paced: Factory) -> None:
    place = paced(tokens=10_000, rate=50)
    child = script(
        """
        import asyncio, glmkit
        stream = glmkit.Client().stream("Hi").__enter__()
        next(iter(stream))
        async def main():
            other = glmkit.AsyncClient().stream("Hi")
            await other.__aenter__()
            await anext(aiter(other))
        asyncio.run(main())
        print("end")
        """,
        place,
    )
    out, err = child.communicate(timeout=LIMIT_S)
    assert (out, err, child.returncode) == ("end\n", "", 0)
    assert rows("state") == ["interrupted", "interrupted"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_forked_child_calls_and_a_parent_goes_on(paced: Factory) -> None:
    place = paced(tokens=3)
    child = script(
        """
        import os, glmkit
        client = glmkit.Client()
        first = client.chat("Hi").text
        stream = client.stream("Hi").__enter__()
        pid = os.fork()
        assert client.chat("Hi").text == first
        if not pid:
            try:
                list(stream)
            except glmkit.TransportError:
                pass
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert "".join(e.text for e in stream if isinstance(e, glmkit.Text)) == first
        stream.close()
        print("both")
        """,
        place,
    )
    out, err = child.communicate(timeout=LIMIT_S)
    assert out == "both\n", err
    assert "unclosed" not in err
    assert rows("state") == ["done"] * 4


def test_ledger_that_can_not_be_written_sends_nothing(
    paced: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("GLMKIT_DATA_DIR", str(tmp_path / "file"))
    place = paced()
    with pytest.raises(glmkit.LedgerError):
        client_of(place).chat("Hi")
    assert place.seen["requests"] == 0


def test_a_stream_is_asked_for_once(paced: Factory) -> None:
    """Its second reading would be a second bill in the row of the first."""
    place = paced(tokens=3)
    stream = client_of(place).stream("Hi")
    with stream:
        first = list(stream)
    with stream, pytest.raises(glmkit.ConfigError, match="already"):
        list(stream)
    assert place.seen["requests"] == 1
    assert len(rows("id")) == 1
    assert stream.reply.text == "".join(
        event.text for event in first if isinstance(event, glmkit.Text)
    )


def test_an_async_stream_is_asked_for_once(paced: Factory) -> None:
    place = paced(tokens=3)

    async def twice() -> None:
        stream = glmkit.AsyncClient(place.url, place.key).stream("Hi")
        async with stream:
            assert [event async for event in stream]
        async with stream:
            with pytest.raises(glmkit.ConfigError, match="already"):
                [event async for event in stream]

    asyncio.run(twice())
    assert place.seen["requests"] == 1


def test_reading_on_after_the_end_finds_nothing(paced: Factory) -> None:
    with client_of(paced(tokens=3)).stream("Hi") as stream:
        assert list(stream)
        assert list(stream) == []
