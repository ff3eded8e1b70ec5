"""What is sent again and what never, on a real socket: the server's count judges."""

import asyncio
import json
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import glmkit
from glmkit.client.call import execution
from glmkit.config.endpoints import SERVICES, Endpoint
from glmkit.ledger.default import ledger
from glmkit.transport import retries
from glmkit.types.errors import APIError
from glmkit.types.events import Event, Text, Waiting
from glmkit.wire.error_codes import RULES
from tests.conftest import LIMIT_S, Paced, wait_for
from tests.transport.test_http import Peer, peer

__all__ = ["peer"]  # a fixture

Factory = Callable[..., Paced]
_KEY = "0123456789abcdef0123456789abcdef.0123456789abcdef"
STATUS = {"RateLimitError": 429, "QuotaError": 429, "ServerError": 500}


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(retries, "FIRST_S", 0.002)
    monkeypatch.setattr(retries, "LONGEST_S", 0.02)
    retries._budgets.clear()
    yield
    retries._budgets.clear()


def client_of(paced: Paced, **options: Any) -> glmkit.Client:
    return glmkit.Client(paced.url, paced.key, **options)


def rows(columns: str) -> list[Any]:
    with sqlite3.connect(ledger().path) as db:
        found = db.execute(f"SELECT {columns} FROM calls ORDER BY id").fetchall()
    db.close()
    return found


def ask(place: Paced, *, stream: bool, **options: Any) -> glmkit.Reply:
    client = client_of(place, timeout_s=60)
    if not stream:
        return client.chat("Hi", **options)
    with client.stream("Hi", **options) as answer:
        list(answer)
    return answer.reply


def faulty(where: str, code: str, **options: Any) -> dict[str, Any]:
    """Return a plan that tells an error as a refusal, in a body with status 200, or
    as a stream's first event."""
    if where == "event":
        return {"error": 0, "code": code, **options}
    if where == "inside":
        return {"inside": 1, "code": code, **options}
    status = STATUS.get(RULES[code].error.__name__, 400)
    return {"status": status, "code": code, **options}


@pytest.mark.parametrize(
    ("where", "stream"),
    [("body", False), ("body", True), ("inside", False), ("inside", True),
     ("event", True)],
)  # fmt: skip
@pytest.mark.parametrize("code", RULES)
def test_every_code_has_its_class_and_its_action(
    paced: Factory, code: str, where: str, stream: bool
) -> None:
    rule = RULES[code]
    place = paced(**faulty(where, code))
    with pytest.raises(APIError) as caught:
        ask(place, stream=stream)
    assert type(caught.value) is rule.error
    assert (caught.value.code, caught.value.action) == (code, rule.action)
    sent = place.seen["requests"]
    again = {"stop": 0, "reset": 0, "wait": 4, "slot": 11}[rule.action]
    assert sent == 1 + again
    assert rows("state, error_code, retries") == [("failed", code, again)]


@pytest.mark.parametrize("where", ["body", "inside", "event"])
@pytest.mark.parametrize("code", ["1302", "1305", "500"])
def test_what_passes_is_sent_again_in_one_call(
    paced: Factory, code: str, where: str
) -> None:
    place = paced(**faulty(where, code, fails=2, tokens=3))
    reply = ask(place, stream=where == "event")
    assert reply.complete
    assert reply.calls[0].retries == 2
    assert place.seen["requests"] == 3
    assert rows("state, retries") == [("done", 2)]


def test_nothing_is_sent_again_once_an_event_was_handed_out(paced: Factory) -> None:
    place = paced(error=1, code="1305")
    with pytest.raises(glmkit.RateLimitError):
        ask(place, stream=True, request_id="once-1234")
    cut = paced(cut=2)
    with pytest.raises(glmkit.StreamError):
        ask(cut, stream=True, request_id="once-1235")
    assert (place.seen["requests"], cut.seen["requests"]) == (1, 1)


def test_answer_that_broke_is_asked_again_only_where_the_caller_asks_for_it(
    paced: Factory,
) -> None:
    bare, named, asked = paced(cut=1), paced(cut=1), paced(cut=1)
    with pytest.raises(glmkit.TransportError, match="broke off") as caught:
        ask(bare, stream=False)
    assert "was not sent again" in caught.value.hint
    with pytest.raises(glmkit.TransportError, match="broke off"):
        ask(named, stream=False, request_id="named-1234")
    with pytest.raises(glmkit.TransportError, match="broke off"):
        client_of(asked, retry_uncertain=True).chat("Hi")
    sent = [place.seen["requests"] for place in (bare, named, asked)]
    assert sent == [1, 1, 3]


def priced(
    place: Paced, monkeypatch: pytest.MonkeyPatch, **options: Any
) -> glmkit.Client:
    """Return a client of a place that bills as bigmodel does."""
    endpoint = Endpoint("bigmodel", place.url, "CNY")
    monkeypatch.setitem(SERVICES, "bigmodel", endpoint)
    return glmkit.Client("bigmodel", _KEY, model="glm-4-plus", **options)


def test_cost_is_not_known_where_a_try_may_have_been_served(
    paced: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost, refused = paced(cut=1, fails=1), paced(status=503, code="500", fails=1)
    replies = [
        priced(place, monkeypatch, retry_uncertain=True).chat("Hi")
        for place in (lost, refused)
    ]
    calls = [reply.calls[0] for reply in replies]
    assert [(call.retries, call.resent) for call in calls] == [(1, 1), (1, 0)]
    assert replies[0].cost is None
    assert replies[0].list_cost == replies[1].cost == replies[1].list_cost is not None


def test_retry_that_may_be_billed_reserves_again(
    paced: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = paced(cut=1, fails=1)
    client = priced(place, monkeypatch, retry_uncertain=True)
    glmkit.budget("0.01", "CNY")
    client.chat("Hi", max_tokens=50)
    ((reserved,),) = rows("reserved")
    assert reserved == 2 * _max_cost(place)
    (row,) = glmkit.balance().to_dict("records")
    assert row["spent"] * 10**12 == reserved


def _max_cost(place: Paced) -> int:
    """Return what 50 tokens and the bytes of the request cost, at 5 a million."""
    sent = len(json.dumps(place.seen["bodies"][0], separators=(",", ":")))
    return (50 + sent) * 5 * 10**6


def test_retry_that_the_budget_does_not_hold_is_not_sent(
    paced: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = paced(cut=1)
    client = priced(place, monkeypatch, retry_uncertain=True)
    glmkit.budget("0.001", "CNY")
    with pytest.raises(glmkit.TransportError) as caught:
        client.chat("Hi", max_tokens=50)
    assert "does not hold it twice" in caught.value.hint
    assert place.seen["requests"] == 1
    assert rows("cost, retries") == [(None, 0)]


def test_silence_is_asked_again_only_where_the_caller_asks_for_it(
    paced: Factory,
) -> None:
    bare, asked = paced(wait_s=30), paced(wait_s=30)
    with pytest.raises(glmkit.TransportError, match="silent"):
        client_of(bare, timeout_s=0.1).chat("Hi")
    with pytest.raises(glmkit.TransportError, match="silent"):
        client_of(asked, timeout_s=0.1, retry_uncertain=True).chat("Hi")
    assert (bare.seen["requests"], asked.seen["requests"]) == (1, 3)


def test_kept_connection_that_is_closed_on_a_request_is_not_asked_again(
    paced: Factory,
) -> None:
    place = paced(drop=1, tokens=1)  # it reads the second request, and hangs up
    client = client_of(place)
    client.chat("Hi")
    with pytest.raises(glmkit.TransportError, match="closed the connection"):
        client.chat("Hi")
    assert place.seen["requests"] == 2


_BODY = json.dumps(
    {"choices": [{"finish_reason": "stop", "message": {"content": "Yes"}}]}
).encode()
_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
_ANSWER += b"content-length: %d\r\n\r\n" % len(_BODY) + _BODY


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts what arrived")
def test_kept_connection_that_was_closed_before_is_replaced_at_once(
    peer: Peer,
) -> None:
    def serve() -> None:
        peer.heard(LIMIT_S)
        peer.answer(_ANSWER)

    async def main() -> list[Event]:
        client = glmkit.AsyncClient(f"{peer.origin}/v4", "a.b")
        serving = asyncio.create_task(asyncio.to_thread(serve))
        await client.chat("Hi")
        await serving
        peer.hang_up()
        serving = asyncio.get_running_loop().run_in_executor(None, serve)
        async with client.stream("Hi") as stream:
            events = [event async for event in stream]
        await serving
        return events

    events = asyncio.run(main())
    assert [event.text for event in events if isinstance(event, Text)] == ["Yes"]
    assert not [event for event in events if isinstance(event, Waiting)]
    assert rows("state, retries, resent") == [("done", 0, 0), ("done", 1, 0)]


def test_new_connection_that_is_closed_is_not_asked_again(paced: Factory) -> None:
    place = paced(drop=0)

    async def main() -> None:  # a loop of its own has no kept connections
        with pytest.raises(glmkit.TransportError, match="closed the connection"):
            await glmkit.AsyncClient(place.url, place.key).chat("Hi")

    asyncio.run(main())
    assert place.seen["requests"] == 1


def test_retry_after_is_kept_to_and_a_long_one_ends_the_call(paced: Factory) -> None:
    short = paced(status=429, code="1305", fails=1, after="0.3", tokens=1)
    began = time.monotonic()
    assert ask(short, stream=False).complete
    assert time.monotonic() - began >= 0.3
    long = paced(status=503, code="500", after="600")
    with pytest.raises(glmkit.ServerError) as caught:
        ask(long, stream=False)
    assert "asks to wait 600 s" in caught.value.hint
    assert long.seen["requests"] == 1


def test_limit_that_ends_soon_is_waited_for_and_a_far_one_is_told(
    paced: Factory,
) -> None:
    soon = paced(status=429, code="1308", fails=1, said="try again in 1 s", tokens=1)
    assert ask(soon, stream=False).calls[0].retries == 1
    far = paced(status=429, code="1308", said="resets at 2199-08-25T07:41:44Z")
    with pytest.raises(glmkit.QuotaError) as caught:
        ask(far, stream=False)
    assert "It resets at 2199-08-25" in caught.value.hint
    assert far.seen["requests"] == 1


def test_waiting_call_holds_no_slot(paced: Factory) -> None:
    place = paced(status=429, code="1305", fails=1, after="60", tokens=1)
    client = client_of(place, in_flight=1)
    with client.stream("first") as waiting:
        place.until(lambda seen: seen["requests"] == 1 and seen["active"] == 0)
        assert client.chat("second").complete
        assert waiting.reply.calls[0].state == "pending"
    assert rows("state") == [("interrupted",), ("done",)]
    assert place.seen["requests"] == 2


def test_cancelled_wait_settles(paced: Factory) -> None:
    place = paced(status=429, code="1302", after="60")

    async def main() -> None:
        client = glmkit.AsyncClient(place.url, place.key)
        task = asyncio.create_task(client.chat("Hi"))
        await asyncio.to_thread(place.until, lambda seen: seen["requests"] == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert rows("state") == [("interrupted",)]


def test_outage_is_not_made_worse(paced: Factory) -> None:
    place = paced(status=503, code="500")
    sent_in_outage(place, 60)
    assert place.seen["requests"] <= 60 * 1.1 + 10


def test_outage_is_made_worse_without_a_budget(paced: Factory) -> None:
    class Boundless(retries.RetryBudget):
        def take(self) -> bool:
            return True

    place = paced(status=503, code="500")
    retries._budgets[client_of(place)._service.owner] = Boundless()
    sent_in_outage(place, 60)
    assert place.seen["requests"] > 60 * 1.1 + 10


def sent_in_outage(place: Paced, calls: int) -> None:
    async def ask_once(client: glmkit.AsyncClient) -> None:
        with pytest.raises(glmkit.ServerError):
            await client.chat("Hi")

    async def main() -> None:
        client = glmkit.AsyncClient(place.url, place.key, in_flight=20)
        await asyncio.gather(*(ask_once(client) for _ in range(calls)))

    asyncio.run(main())


def test_too_many_in_flight_shrink_the_window_and_all_get_through(
    paced: Factory,
) -> None:
    place = paced(right=3, gate=0, tokens=1)
    client = client_of(place, in_flight=8, timeout_s=LIMIT_S)
    replies: list[glmkit.Reply] = []
    threads = [
        threading.Thread(target=lambda: replies.append(client.chat("Hi")))
        for _ in range(24)
    ]
    for thread in threads:
        thread.start()
    place.until(lambda seen: seen["active"] == 3)
    slots = execution._limiter._slots[client._service.owner, client.model]
    wait_for(lambda: slots.window.size, lambda size: size < 8)
    place.release()
    for thread in threads:
        thread.join()
    assert len(replies) == 24
    assert rows("sum(state = 'done')") == [(24,)]


def test_unknown_right_is_searched_and_remembered(paced: Factory) -> None:
    place = paced(wait_s=0.3, tokens=1)

    async def main() -> None:
        client = glmkit.AsyncClient(place.url, place.key)
        await asyncio.gather(*(client.chat("Hi") for _ in range(60)))

    asyncio.run(main())
    learned = asyncio.run(remembered(place))
    assert learned is not None
    assert learned >= 10
    assert place.seen["peak"] >= 10
    execution._limiter._reset()  # as a new process would
    asyncio.run(main())
    owner = client_of(place)._service.owner
    slots = execution._limiter._slots[owner, "glm-4-flash-250414"]
    assert slots.window.size >= learned


async def remembered(place: Paced) -> int | None:
    owner = client_of(place)._service.owner
    return await ledger().right(owner, "glm-4-flash-250414")


def test_nobody_there_is_tried_a_little_and_costs_nothing() -> None:
    with pytest.raises(glmkit.TransportError, match="nothing answers"):
        glmkit.Client("http://127.0.0.1:9/v4", "a.b").chat("Hi")
    assert rows("state, retries") == [("failed", 2)]


def test_right_below_one_is_refused_before_anything_is_sent(paced: Factory) -> None:
    with pytest.raises(glmkit.ConfigError, match="in_flight"):
        client_of(paced(), in_flight=0)


def test_card_and_tier_give_the_right(
    paced: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = glmkit.Client("bigmodel", _KEY)._service
    assert service.right("GLM-4-Plus") == (50, True)
    monkeypatch.setenv("GLMKIT_TIER", "v2")
    assert service.right("glm-4-plus") == (300, True)
    monkeypatch.setenv("GLMKIT_TIER", "gold")
    with pytest.raises(glmkit.ConfigError, match="there is no tier 'gold'"):
        service.right("glm-4-plus")
    assert glmkit.Client("zai", _KEY)._service.right("glm-4-plus") == (5, False)
    assert service.family("GLM-4-Plus") == service.family("glm4plus")
