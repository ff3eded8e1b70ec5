"""Every kind of end of every kind of call: what it costs, and how often it is sent.

What the service may have done is not sent again, and is never booked as 0. The
server's count is the judge.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

import glmkit
from glmkit.client.call import attempts, execution
from glmkit.config.endpoints import SERVICES, Endpoint
from glmkit.ledger.default import ledger
from glmkit.transport import retries
from glmkit.types.errors import GLMError
from glmkit.types.money import Money
from tests.conftest import Paced, _lanes, serving, wait_for

_KEY = "0123456789abcdef0123456789abcdef.0123456789abcdef"
CURRENCY = "CNY"
Ask = Callable[[Any], Any]


@dataclass(frozen=True)
class Operation:
    """A kind of call: its path, how it is asked, and its price once it is answered.

    `price` None: not known yet, or not at all; `free`: it has no row.
    """

    path: str
    ask: Ask
    price: str | None = None
    counted: bool = False  # priced by its tokens
    free: bool = False


def chat(client: Any) -> Any:
    return client.chat("Hi", model="glm-4-plus")


def stream(client: Any) -> Any:
    if isinstance(client, glmkit.AsyncClient):
        return _read(client)
    with client.stream("Hi", model="glm-4-plus") as events:
        return list(events)


async def _read(client: glmkit.AsyncClient) -> list[Any]:
    async with client.stream("Hi", model="glm-4-plus") as events:
        return [event async for event in events]


def embed(client: Any) -> Any:
    return client.embeddings(["Hi"], model="embedding-3")


def draw(client: Any) -> Any:
    return client.images.generate("a cat", model="cogview-4-250304")


def film(client: Any) -> Any:
    return client.videos.submit("a cat", model="cogvideox-3")


def speak(client: Any) -> Any:
    return client.audio.speak("Hello.")


def upload(client: Any) -> Any:
    return client.files.upload(b'{"custom_id": "1"}\n', "batch", name="a.jsonl")


def batch(client: Any) -> Any:
    return client.batches.create(["One?"], model="glm-4-plus")


OPERATIONS = {
    "chat": Operation("chat.completions", chat, "0.00058", counted=True),
    "stream": Operation("chat.completions", stream, "0.00058", counted=True),
    "image": Operation("images.generations", draw, "0.06"),
    "video": Operation("videos.generations", film),
    "speech": Operation("audio.speech", speak),
    "embeddings": Operation("embeddings", embed, "0.00005", counted=True),
    "file upload": Operation("files", upload, free=True),
    "batch": Operation("batches", batch),
}
#: End → how often it is sent, and whether nothing, something or the price is owed.
ENDS = {
    "answered": (1, "price"),
    "refused": (1, "nothing"),
    "busy": (12, "nothing"),
    "busy inside": (12, "nothing"),
    "code": (5, "nothing"),
    "429": (5, "nothing"),
    "503": (5, "nothing"),
    "404": (1, "nothing"),
    "500": (1, "unknown"),
    "502": (1, "unknown"),
    "504": (1, "unknown"),
    "520": (1, "unknown"),
    "524": (1, "unknown"),
    "529": (1, "unknown"),
    "408": (1, "unknown"),
    "server error inside": (1, "unknown"),
    "hang up": (1, "unknown"),
    "cut": (1, "unknown"),
    "silent": (1, "unknown"),
    "unreached": (0, "nothing"),
    "no usage": (1, "count"),
    "empty usage": (1, "count"),
    "null usage": (1, "count"),
    "zero usage": (1, "count"),
}


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "FIRST_S", 0.002)
    monkeypatch.setattr(retries, "LONGEST_S", 0.004)
    monkeypatch.setattr(retries, "_budgets", _Boundless())


class _Boundless(dict[str, retries.RetryBudget]):
    """Every call has a budget of its own: the table counts what each would send."""

    def setdefault(self, owner: str, budget: Any = None) -> retries.RetryBudget:
        return retries.RetryBudget()


@pytest.fixture(scope="module")
def ends_server() -> Iterator[str]:
    with serving("tests.support.ends") as origin:
        yield origin


Place = Callable[[str, str], Paced]


@pytest.fixture
def server(ends_server: str) -> Place:
    """Return `server(end, path)`: an endpoint where such an end comes."""

    def make(end: str, path: str) -> Paced:
        lane = f"{ends_server}/lane={next(_lanes)}"
        origin = "http://127.0.0.1:9" if end == "unreached" else lane
        url = f"{origin}/end={end.replace(' ', '%20')}/on={path}/api/paas/v4"
        return Paced(url, lane)

    return make


@pytest.fixture
def place(server: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Return the same in the place of bigmodel."""

    def make(end: str, path: str) -> Paced:
        made = server(end, path)
        endpoint = Endpoint("bigmodel", made.url, CURRENCY)
        monkeypatch.setitem(SERVICES, "bigmodel", endpoint)
        return made

    return make


def ended(operation: Operation, *, timeout_s: float = 20) -> GLMError | None:
    """Do a call to its end, in the face for threads; return the error, if one came."""
    client = glmkit.Client("bigmodel", _KEY, timeout_s=timeout_s)
    try:
        operation.ask(client)
    except GLMError as exc:
        return exc
    return None


async def awaited(operation: Operation, *, timeout_s: float = 20) -> GLMError | None:
    """Do the same in the face for event loops."""
    client = glmkit.AsyncClient("bigmodel", _KEY, timeout_s=timeout_s)
    try:
        await operation.ask(client)
    except GLMError as exc:
        return exc
    return None


def sent(place: Paced, operation: Operation) -> int:
    return int(place.seen.get("/" + operation.path.replace(".", "/"), 0))


def rows() -> list[Any]:
    if not ledger().path.exists():
        return []
    with sqlite3.connect(ledger().path) as db:
        found = db.execute("SELECT state, cost, cost_currency FROM calls").fetchall()
    db.close()
    return found


def owed(operation: Operation, kind: str) -> tuple[int | None, str | None]:
    """Return what the row must say."""
    if kind == "nothing":
        return 0, CURRENCY
    known = kind == "price" or (kind == "count" and not operation.counted)
    if known and operation.price is not None:
        return Money.of(operation.price, CURRENCY).parts, CURRENCY
    return None, None


def booked() -> list[Any]:
    """Return the costs of the rows."""
    return [(cost, currency) for _state, cost, currency in rows()]


TABLE = [(end, name) for end in ENDS for name in OPERATIONS]


@pytest.mark.parametrize(("end", "name"), TABLE)
def test_end_is_sent_and_booked_as_it_must(place: Place, end: str, name: str) -> None:
    operation, (times, kind) = OPERATIONS[name], ENDS[end]
    server = place(end, operation.path)
    ended(operation, timeout_s=0.5 if end == "silent" else 120)
    if operation.free and end == "busy inside":
        times = 1  # read once it is here: whoever asked decides
    assert sent(server, operation) == times
    expected = [] if operation.free else [owed(operation, kind)]
    if end == "unreached" and name == "batch":
        expected = []  # its file's upload has failed
    assert booked() == expected


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("end", ["504", "cut", "hang up", "server error inside", "503"])
def test_async_face_ends_alike(place: Place, end: str, name: str) -> None:
    operation, (times, kind) = OPERATIONS[name], ENDS[end]
    server = place(end, operation.path)
    assert asyncio.run(awaited(operation)) is not None
    assert sent(server, operation) == times
    assert booked() == ([] if operation.free else [owed(operation, kind)])


@pytest.mark.parametrize("name", OPERATIONS)
def test_cancelled_call_is_not_sent_again_and_its_cost_is_not_known(
    place: Place, name: str
) -> None:
    operation = OPERATIONS[name]
    server = place("silent", operation.path)

    async def main() -> None:
        task = asyncio.ensure_future(awaited(operation))
        await asyncio.to_thread(wait_for, lambda: sent(server, operation) == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert sent(server, operation) == 1
    found = [] if operation.free else [("interrupted", None, None)]
    assert rows() == found


@pytest.mark.parametrize("name", OPERATIONS)
def test_call_that_is_cancelled_between_refusals_owes_nothing(
    place: Place, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "FIRST_S", 60.0)
    monkeypatch.setattr(retries, "LONGEST_S", 60.0)
    operation = OPERATIONS[name]
    place("busy", operation.path)
    decided = asyncio.Event()
    after = retries.Retries.after

    def noting(self: retries.Retries, *args: Any) -> retries.Decision:
        decided.set()
        return after(self, *args)

    monkeypatch.setattr(retries.Retries, "after", noting)

    async def main() -> None:
        task = asyncio.ensure_future(awaited(operation, timeout_s=300))
        await decided.wait()  # the wait begins in the same step of the loop
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert booked() == ([] if operation.free else [(0, CURRENCY)])


def test_table_finds_a_policy_that_takes_every_end_for_a_refusal(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control arm: a rule that knows of nothing that may have been done."""

    def nothing_is_done(*_end: object, **_more: object) -> bool:
        return False

    for module in (execution, attempts, retries):
        monkeypatch.setattr(module, "may_be_done", nothing_is_done)
    draws = OPERATIONS["image"]
    server = place("504", draws.path)
    assert ended(draws) is not None
    assert sent(server, draws) == 5
    assert booked() == [(0, CURRENCY)]


@pytest.mark.parametrize("name", ["chat", "stream", "image", "embeddings"])
def test_call_to_a_server_that_is_not_glms_has_no_cost_however_it_ends(
    server: Place, name: str
) -> None:
    operation = OPERATIONS[name]
    for end in ("answered", "refused", "504", "unreached"):
        client = glmkit.Client(server(end, operation.path).url, _KEY)
        try:
            operation.ask(client)
        except GLMError as exc:
            reply = getattr(exc, "reply", None)
            assert reply is None or reply.cost is None
    assert [(cost, currency) for _, cost, currency in rows()] == [(None, None)] * 4


def test_cost_of_a_task_is_not_known_where_its_submission_was_repeated(
    place: Place,
) -> None:
    """Two videos may be owed, and the one that is fetched is not all of it."""
    operation = OPERATIONS["video"]
    server = place("hang up", operation.path)
    client = glmkit.Client("bigmodel", _KEY, retry_uncertain=True)
    with pytest.raises(glmkit.TransportError):
        operation.ask(client)
    assert sent(server, operation) == 3
    assert rows() == [("failed", None, None)]
