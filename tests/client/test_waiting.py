"""A call that waits says so, for what and how long, before anything else."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

import glmkit
from glmkit.notebook.output import Display
from glmkit.render.answer import Rendering
from glmkit.transport import retries
from glmkit.types.events import Event, Start, Text, Waiting
from tests.client.test_clients import client_of
from tests.conftest import Paced, Run, wait_for

Factory = Callable[..., Paced]


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(retries, "FIRST_S", 0.02)
    retries._budgets.clear()
    yield
    retries._budgets.clear()


def streamed(place: Paced, **options: Any) -> list[Event]:
    with client_of(place).stream("Hi", **options) as stream:
        return list(stream)


@pytest.mark.parametrize("code", ["1302", "1305", "1312", "500"])
def test_back_off_is_told_with_its_code_and_its_seconds(
    paced: Factory, code: str
) -> None:
    status = 500 if code == "500" else 429
    events = streamed(paced(status=status, code=code, fails=2, tokens=2))
    first, second, begun, *_ = events
    assert isinstance(begun, Start)
    for waited in (first, second):
        assert isinstance(waited, Waiting)
        assert waited.code == code
        assert waited.reason == f"{code}: refused with {code}"
        assert waited.seconds is not None
        assert waited.seconds > 0
    assert [e for e in events if isinstance(e, Waiting)] == [first, second]


def test_time_of_a_reset_is_told(paced: Factory) -> None:
    place = paced(status=429, code="1308", fails=1, said="try again in 1 s", tokens=1)
    waited = streamed(place)[0]
    assert isinstance(waited, Waiting)
    assert waited.seconds is not None
    assert 1 < waited.seconds < 4
    assert str(waited).startswith("Waiting ")
    assert str(waited).endswith(" s: 1308: try again in 1 s")


def test_call_without_a_slot_says_that_it_waits_for_one(paced: Factory) -> None:
    place = paced(tokens=100, rate=2)
    client = client_of(place, in_flight=1)
    with client.stream("first") as first, client.stream("second") as second:
        assert isinstance(next(iter(first)), Start)
        waited = next(iter(second))
        assert waited == Waiting()
        assert place.seen["requests"] == 1
        first.close()
        assert isinstance(next(iter(second)), Start)


def test_who_need_not_wait_is_told_nothing(paced: Factory) -> None:
    events = streamed(paced(tokens=2))
    assert not [event for event in events if isinstance(event, Waiting)]


def test_call_that_is_left_while_it_waits_settles_and_frees_nothing_twice(
    paced: Factory,
) -> None:
    place = paced(tokens=100, rate=2)

    async def main() -> None:
        client = glmkit.AsyncClient(place.url, place.key, in_flight=1)
        async with client.stream("first") as first:
            await anext(aiter(first))
            for _ in range(3):
                async with client.stream("second") as second:
                    assert isinstance(await anext(aiter(second)), Waiting)
                assert second.reply.text == ""
        await asyncio.to_thread(place.until, lambda seen: not seen["active"])
        reply = await client.chat("third", max_tokens=1)
        assert reply.complete

    asyncio.run(main())
    assert place.seen["peak"] == 1
    assert place.seen["requests"] == 2


def test_wait_is_no_part_of_the_answer(paced: Factory) -> None:
    place = paced(status=429, code="1305", fails=1, tokens=3)
    reply = client_of(place).chat("Hi")
    assert reply.complete
    assert "1305" not in reply.text


def rendering_of(*events: Event) -> Rendering:
    rendering = Rendering()
    for event in events:
        rendering.add([event])
    return rendering


def test_page_shows_the_wait_until_something_comes() -> None:
    waited = Waiting("1302: <b>busy</b>", 12.0, "1302")
    html = rendering_of(waited).bundle()["text/html"]
    assert "Waiting 12 s: 1302: &lt;b&gt;busy&lt;/b&gt;" in html
    assert "Waiting" not in rendering_of(waited, Start(), Text("Hi")).notes()
    assert "Waiting" not in rendering_of(waited).final(None, "cut")["text/html"]


def test_terminal_says_each_wait_on_a_line_of_its_own(
    shell: InteractiveShell,
) -> None:
    out = io.StringIO()
    with redirect_stdout(out), Display(shell) as shown:
        shown.show([Waiting("1302: busy\x1b[31m", 12.0, "1302")])
        shown.show([Text("Hi")])
    assert out.getvalue().startswith("(Waiting 12 s: 1302: busy[31m)\nHi")


def test_cell_says_that_it_waits(
    run: Run, paced: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = paced(status=429, code="1305", fails=1, tokens=3)
    monkeypatch.setenv("GLMKIT_ENDPOINT", place.url)
    _, out = run("%%glm\nHi")
    wait_for(lambda: place.seen["requests"], lambda seen: seen == 2)
    assert "(Waiting 1 s: 1305: refused with 1305)\n" in out
