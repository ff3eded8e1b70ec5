"""What the widgets share, without a browser: answers under way, stops, refusals."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from traitlets import TraitError

import glmkit
from glmkit.ledger import Ledger
from glmkit.render.answer import Rendering
from glmkit.render.answer.views import View
from glmkit.types.errors import ConfigError
from glmkit.widgets import (
    Chat,
    Compare,
    Controls,
    Dashboard,
    Filters,
    PromptLab,
    TemperatureTheatre,
    TokenRuler,
)
from glmkit_widgets.dashboard.plot import Plot
from glmkit_widgets.shared.answer_runner import AnswerRun
from glmkit_widgets.shared.feed import Feed
from glmkit_widgets.shared.widget import GLMWidget
from tests.conftest import Paced, wait_for

Factory = Callable[..., Paced]


class Asker(GLMWidget):
    """A widget that asks what its page says."""

    def __init__(self, client: glmkit.Client) -> None:
        super().__init__(client)
        self.sent: list[dict[str, Any]] = []
        self.ended: list[AnswerRun] = []

    def send(self, content: Any, buffers: Any = None) -> None:
        self.sent.append(content)

    def _do(self, name: str, content: dict[str, Any]) -> None:
        if name != "ask":
            raise ConfigError(f"there is no {name}", hint="Ask.")
        self.begin("a", lambda: self.client.stream(content["text"]), self.ended.append)

    def _draw(self) -> tuple[str, str]:
        return "", ""

    def page(self, **content: Any) -> None:
        self._heard(None, {"id": "1", **content}, [])


@pytest.fixture
def asker(request: pytest.FixtureRequest) -> Iterator[Callable[[Paced], Asker]]:
    made: list[Asker] = []

    def of(place: Paced) -> Asker:
        made.append(Asker(glmkit.Client(place.url, place.key)))
        return made[-1]

    yield of
    for widget in made:
        widget.close()


def page_of(sent: list[dict[str, Any]], key: str = "a") -> str:
    """Return what a page shows after these messages, as its script folds them."""
    shown: dict[str, Any] = {}
    n = 0
    for message in sent:
        if message.get("answer") != key:
            continue
        if "whole" in message:
            shown = {**message["whole"]}
            shown["body"] = {**shown["body"], "add": [*shown["body"]["add"]]}
        else:
            assert message["n"] == n + 1, "a change is missing"
            if body := message.get("body"):
                old = shown.get("body", {"add": []})
                shown["body"] = {
                    "add": [*old["add"], *body["add"]],
                    "tail": body["tail"],
                }
        n = message["n"]
    if shown.get("end"):
        return str(shown["end"])
    body = shown["body"]
    return "".join(a + b for a, b in [*body["add"], *body["tail"]])


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


def test_an_answer_streams_and_ends_with_its_badge(
    paced: Factory, asker: Callable[[Paced], Asker]
) -> None:
    place = paced(tokens=40, gate=20)
    widget = asker(place)
    widget.page(do="ask", text="Why?")
    wait_for(lambda: any("body" in message for message in widget.sent))
    place.release()
    assert widget.sent[0] == {"heard": "1"}
    (run,) = wait_for(lambda: widget.ended)
    assert run.reply is not None
    assert run.reply.complete
    assert run.error is None
    kinds = [tuple(sorted(message)) for message in widget.sent[1:]]
    assert ("answer", "body", "n") in kinds
    assert "glmkit-badge" in page_of(widget.sent)
    assert "glmkit widget" not in wait_for(
        threads, lambda names: "glmkit widget" not in names
    )


def test_a_stop_closes_the_connection_and_keeps_what_came(
    paced: Factory, asker: Callable[[Paced], Asker]
) -> None:
    place = paced(tokens=100_000, rate=200)
    widget = asker(place)
    widget.page(do="ask", text="Why?")
    wait_for(lambda: any("Part 1" in str(m.get("body")) for m in widget.sent))
    widget.stop()
    place.until(lambda seen: seen["left"] == 1)
    (run,) = wait_for(lambda: widget.ended)
    assert run.reply is not None
    assert not run.reply.complete
    assert run.reply.text.startswith("## Part 1")
    assert "Interrupted" in page_of(widget.sent)


def test_closing_a_widget_leaves_nothing_running(
    paced: Factory, asker: Callable[[Paced], Asker]
) -> None:
    place = paced(tokens=100_000, rate=200)
    widget = asker(place)
    widget.page(do="ask", text="Why?")
    place.until(lambda seen: seen["active"] == 1)
    widget.close()
    place.until(lambda seen: seen["active"] == 0)
    wait_for(threads, lambda names: "glmkit widget" not in names)
    assert widget.ended == []


def test_an_error_stands_in_place_with_its_hint(
    paced: Factory, asker: Callable[[Paced], Asker]
) -> None:
    widget = asker(paced(status=401, code="1002"))
    widget.page(do="ask", text="Why?")
    (run,) = wait_for(lambda: widget.ended)
    assert isinstance(run.error, glmkit.AuthError)
    html = page_of(widget.sent)
    assert 'role="alert"' in html
    assert 'class="glmkit-hint"' in html


def test_what_is_not_done_is_refused_in_place(
    paced: Factory, asker: Callable[[Paced], Asker]
) -> None:
    widget = asker(paced())
    widget.page(do="sing")
    assert widget.sent == [
        {"heard": "1"},
        {"refused": "there is no sing", "hint": "Ask."},
    ]


class _Unshowable(View):
    """Fails to show a finished answer."""

    def shown(self, reply: glmkit.Reply) -> None:
        raise ValueError("no way to show it")


def test_an_answer_that_cannot_be_formatted_is_kept_and_shown_as_plain_text(
    paced: Factory,
) -> None:
    place, sent = paced(text="echo"), list[dict[str, Any]]()
    client = glmkit.Client(place.url, place.key)
    ended: list[AnswerRun] = []
    run = AnswerRun(
        Feed(sent.append, "a"),
        lambda: client.stream("<b>Why</b>?"),
        ended.append,
        view=_Unshowable(),
    )
    run.start()
    assert run.wait(30)
    assert ended == [run]
    assert run.reply is not None
    assert run.reply.complete
    assert run.error is None
    assert "&lt;b&gt;Why&lt;/b&gt;?" in page_of(sent)
    assert "plain text: ValueError" in page_of(sent)
    assert page_of(sent) == run.html == run.saved


@pytest.mark.parametrize("breaks_at", ["body", "whole"])
def test_an_answer_that_cannot_be_sent_to_the_page_is_kept(
    paced: Factory, breaks_at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults: list[type[BaseException] | None] = []
    monkeypatch.setattr(threading, "excepthook", lambda one: faults.append(one[0]))

    def send(message: dict[str, Any]) -> None:
        if breaks_at in message:
            raise OSError("the page is gone")

    place = paced(tokens=40, rate=200)
    client = glmkit.Client(place.url, place.key)
    ended: list[AnswerRun] = []
    run = AnswerRun(Feed(send, "a"), lambda: client.stream("Why?"), ended.append)
    run.start()
    assert run.wait(30)
    assert ended == [run]
    assert run.reply is not None
    assert run.reply.complete
    assert run.error is None
    assert "Part 1" in run.html
    wait_for(threads, lambda names: "glmkit widget" not in names)
    assert faults == ([] if breaks_at == "body" else [OSError])


def _broken_ledger() -> Dashboard:
    class Broken(Ledger):
        def read(self, *_: Any, **__: Any) -> Any:
            raise glmkit.LedgerError("broken", hint="")

    return Dashboard(Broken())


_HALF_MADE: dict[str, Callable[[], object]] = {
    "chat, history": lambda: Chat(history=3),
    "chat, option": lambda: Chat(client=glmkit.Client(), flavour="sweet"),
    "chat, trait": lambda: Chat(client=glmkit.Client(), layout=3),
    "compare, models": lambda: Compare(models=["one"]),
    "compare, option": lambda: Compare(flavour="sweet"),
    "controls": lambda: Controls(temperature=7),
    "controls, settings": lambda: Controls(settings=3),  # type: ignore[arg-type]
    "dashboard": _broken_ledger,
    "filters": lambda: Filters(page="none"),
    "plot": lambda: Plot(picture=3),
    "promptlab, inputs": lambda: PromptLab("Why?", 3.5),
    "promptlab, models": lambda: PromptLab("Why?", models=[3]),  # type: ignore[list-item]
    "ruler": lambda: TokenRuler("Why?", model=3),  # type: ignore[arg-type]
    "theatre, temperatures": lambda: TemperatureTheatre("Why?", [0]),
    "theatre, repeats": lambda: TemperatureTheatre("Why?", repeats=9),
}


@pytest.mark.parametrize("make", _HALF_MADE.values(), ids=_HALF_MADE)
def test_a_widget_that_cannot_be_made_leaves_nothing_behind(
    make: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[str] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda one: left.append(str(one)))
    with pytest.raises((glmkit.GLMError, TraitError, AttributeError, TypeError)):
        make()
    gc.collect()
    assert left == []


def test_a_page_that_missed_a_change_gets_the_whole() -> None:
    sent: list[dict[str, Any]] = []
    feed, rendering = Feed(sent.append, "a"), Rendering()
    for text in ("# One\n\n", "two", " three"):
        rendering.add([glmkit.Text(text)])
        feed.follow(rendering)
    feed.heard(1)
    assert page_of(sent[-1:]) == page_of(sent)
    before = len(sent)
    feed.heard(sent[-1]["n"])
    assert len(sent) == before, "a page that missed nothing is left alone"
    with pytest.raises(AssertionError, match="missing"):
        page_of([sent[0], sent[2]])
