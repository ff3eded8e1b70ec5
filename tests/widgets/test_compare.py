"""Compare without a browser: many answers at once, stops, votes, differences."""

from __future__ import annotations

import json
import random
import re
import threading
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

import glmkit
from glmkit.ledger.default import ledger
from glmkit.types.errors import ConfigError
from glmkit.types.replies import Where, where
from glmkit_widgets.compare.compare import Compare
from glmkit_widgets.compare.differences import MOST, changes, distance, words
from glmkit_widgets.shared.throttled_worker import ThrottledWorker
from tests.conftest import LIMIT_S, Paced, Run, wait_for

Factory = Callable[..., Paced]
Make = Callable[..., Compare]

FOUR = ["glm-4-plus", "glm-4-air", "glm-4-long", "glm-4-flash"]


class Settings:
    """Defaults of a notebook, as far as a widget sees them."""

    def options(self) -> dict[str, Any]:
        return {"model": "glm-4-air", "temperature": 0.25, "max_tokens": 50}


class Watched(Compare):
    """A comparison that keeps what it sends to its page."""

    def send(self, content: Any, buffers: Any = None) -> None:
        self.__dict__.setdefault("sent", []).append(content)

    def page(self, **content: Any) -> None:
        """Do what a page asks for."""
        self._heard(None, {"id": "1", **content}, [])

    @property
    def refused(self) -> list[tuple[str, str]]:
        sent: list[dict[str, Any]] = self.__dict__.get("sent", [])
        return [(each["refused"], each["hint"]) for each in sent if "refused" in each]


@pytest.fixture
def make() -> Iterator[Callable[..., Watched]]:
    """Return `make(place, prompt, models)`: a comparison that is closed at the end."""
    made: list[Watched] = []

    def of(place: Paced, prompt: str = "Why?", models: Any = None, **more: Any) -> Any:
        client = glmkit.Client(place.url, place.key)
        made.append(Watched(prompt, models or FOUR, client, **more))
        return made[-1]

    yield of
    for widget in made:
        widget.close()


def states(widget: Compare) -> list[str]:
    return [row["state"] for row in widget.columns]


def ended(widget: Compare) -> Compare:
    """Run it to its end."""
    widget.run()
    assert widget.wait(LIMIT_S)
    return widget


def test_four_answers_stream_at_once(paced: Factory, make: Make) -> None:
    place = paced(tokens=100_000, rate=100)
    widget = make(place)
    widget.run()
    place.until(lambda seen: seen["active"] == 4)
    wait_for(lambda: [run.text for run in widget._under_way.values()], all)
    assert set(states(widget)) <= {"waiting", "running"}
    widget.stop()
    assert widget.wait(LIMIT_S)
    assert place.seen["peak"] == 4


def test_the_shared_limiter_holds_them_where_one_may_be_in_flight(
    paced: Factory, make: Make
) -> None:
    place = paced(tokens=100_000, rate=100)
    widget = make(place)
    widget.models = ["glm-4-air"] * 4
    widget._client = glmkit.Client(place.url, place.key, in_flight=1)
    widget.run()
    place.until(lambda seen: seen["active"] == 1)
    wait_for(lambda: [run.text for run in widget._under_way.values()], any)
    assert states(widget).count("waiting") >= 3
    assert place.seen["peak"] == 1


def test_results_are_tidy_and_observed(paced: Factory, make: Make) -> None:
    widget = make(paced(tokens=12), settings=Settings(), temperature=0.5)
    seen: list[int] = []
    widget.observe(lambda change: seen.append(len(change["new"])), "value")
    ended(widget)
    assert [result.model for result in widget.value] == FOUR
    assert {result.state for result in widget.value} == {"done"}
    assert {result.completion_tokens for result in widget.value} == {12}
    assert {result.temperature for result in widget.value} == {0.5}
    assert seen[-1] == 4
    frame = widget.to_frame()
    assert frame["model"].tolist() == FOUR
    assert frame["prompt_tokens"].tolist() == [7] * 4
    assert {"cost", "currency", "first_token_s", "tokens_per_s", "vote"} <= {*frame}
    assert states(widget) == ["done"] * 4
    names = [name for name, _ in widget.columns[0]["facts"]]
    assert names[:3] == ["Tokens", "Cost", "Time to first token"]


def test_what_is_asked_is_the_prompt_with_the_settings(
    paced: Factory, make: Make
) -> None:
    place = paced(tokens=2)
    ended(make(place, settings=Settings(), temperature=0.5))
    bodies = place.seen["bodies"]
    assert sorted(body["model"] for body in bodies) == sorted(FOUR)
    for body in bodies:
        assert (body["temperature"], body["max_tokens"]) == (0.5, 50)
        assert body["messages"] == [{"role": "user", "content": "Why?"}]


def test_one_answer_stops_and_the_others_go_on(paced: Factory, make: Make) -> None:
    place = paced(tokens=100_000, rate=100)
    widget = make(place)
    widget.run()
    place.until(lambda seen: seen["active"] == 4)
    widget.page(do="stop", key="2")
    place.until(lambda seen: (seen["left"], seen["active"]) == (1, 3))
    wait_for(lambda: states(widget)[2], "interrupted".__eq__)
    assert widget.value[0].model == "glm-4-long"
    assert widget.value[0].state == "interrupted"
    widget.page(do="stop")
    place.until(lambda seen: seen["active"] == 0)
    assert widget.wait(LIMIT_S)
    assert states(widget) == ["interrupted"] * 4


def test_closing_leaves_nothing_running(paced: Factory, make: Make) -> None:
    place = paced(tokens=100_000, rate=100)
    widget = make(place)
    widget.run()
    place.until(lambda seen: seen["active"] == 4)
    widget.close()
    place.until(lambda seen: seen["active"] == 0)
    assert not widget.wait(LIMIT_S), "it was closed with answers under way"
    wait_for(threads, lambda names: "glmkit widget" not in names)


def test_an_error_stands_in_its_column_and_what_was_typed_stays(
    paced: Factory, make: Make
) -> None:
    widget = ended(make(paced(status=401, code="1002"), "A long thought"))
    assert states(widget) == ["failed"] * 4
    assert "1002" in widget.value[0].error
    html = widget._ended["0"]
    assert 'role="alert"' in html
    assert 'class="glmkit-hint"' in html
    assert widget.columns[0]["facts"] == []
    assert widget.prompt == "A long thought"


def test_no_server_is_told_in_each_column(make: Make) -> None:
    nowhere = Paced("http://127.0.0.1:9/api/paas/v4", "")
    widget = ended(make(nowhere))
    assert states(widget) == ["failed"] * 4
    assert {result.call > 0 for result in widget.value} == {True}
    assert "glmkit-hint" in widget._ended["3"]


def test_a_budget_that_is_reached_is_told_in_each_column(
    paced: Factory, make: Make
) -> None:
    place = paced(tokens=4)
    glmkit.budget("0.01", "CNY")
    widget = ended(make(place))
    assert states(widget) == ["failed"] * 4
    assert "budget" in widget.value[0].error
    assert place.seen["requests"] == 0


def test_what_can_not_be_asked_is_refused_with_its_hint(
    paced: Factory, make: Callable[..., Watched]
) -> None:
    place = paced(tokens=100_000, rate=50)
    widget = make(place, "")
    widget.page(do="run", prompt="  ", models=FOUR, blind=False)
    widget.page(do="run", prompt="Why?", models=["one"], blind=False)
    widget.page(do="sing")
    widget.page(do="vote", best="0")
    assert [said for said, _ in widget.refused] == [
        "the prompt is empty",
        "a comparison takes 2 to 6 models, not 1",
        "the widget cannot do 'sing'",
        "a vote takes two answers",
    ]
    assert place.seen["requests"] == 0
    widget.page(do="run", prompt="Why?", models=FOUR[:2], blind=False)
    place.until(lambda seen: seen["active"] == 2)
    widget.page(do="run", prompt="Why?", models=FOUR, blind=False)
    assert widget.refused[-1] == (
        "the last run is not finished",
        "Wait until it ends, or stop it.",
    )


@pytest.mark.parametrize("models", [[], ["a"], ["a", " "], list("abcdefg")])
def test_only_two_to_six_models_are_compared(models: list[str]) -> None:
    with pytest.raises(ConfigError, match="takes 2 to 6 models"):
        Compare("Why?", models)


def test_an_unknown_option_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(ConfigError, match="temprature"):
        Compare("Why?", FOUR, temprature=1)


def test_a_prompt_of_a_megabyte_is_asked_and_kept(paced: Factory, make: Make) -> None:
    text = "word " * 200_000
    place = paced(tokens=2)
    widget = ended(make(place, text, FOUR[:2]))
    assert states(widget) == ["done"] * 2
    assert widget.prompt == text
    html, plain = widget._draw()
    assert len(html) + len(plain) < 40_000, "the file would hold it again and again"


def test_a_vote_lands_in_the_ledger_and_may_change(paced: Factory, make: Make) -> None:
    widget = ended(make(paced(tokens=8), models=FOUR[:3]))
    widget.vote(1)
    assert [result.vote for result in widget.value] == ["other", "best", "other"]
    assert widget.voted == "1"
    frame = Compare.votes()
    assert frame["outcome"].tolist() == ["other", "best", "other"]
    assert frame["model"].tolist() == FOUR[:3]
    assert frame["call"].tolist() == [result.call for result in widget.value]
    calls = glmkit.usage()
    assert set(frame["call"]) == set(calls["id"])
    widget.vote(None)
    again = Compare.votes()
    assert again["outcome"].tolist() == ["tie"] * 3
    assert again["vote"].tolist() == [1] * 3
    ended(widget).vote(0)
    assert Compare.votes()["vote"].tolist() == [1] * 3 + [2] * 3
    assert not Compare.votes()["blind"].any()
    with pytest.raises(ConfigError, match="no answer 7"):
        widget.vote(7)


def test_votes_stay_where_calls_are_pruned(paced: Factory, make: Make) -> None:
    ended(make(paced(tokens=8), models=FOUR[:2])).vote(0)
    assert glmkit.prune("2999-01-01") == 2
    assert Compare.votes()["model"].tolist() == FOUR[:2]
    assert ledger().verify().intact


def test_a_blind_comparison_tells_no_name_before_the_vote(
    paced: Factory, make: Callable[..., Watched]
) -> None:
    place = paced(tokens=8, gate=4)
    widget = make(place, blind=True)
    seen = [json.dumps(widget.columns)]
    widget.observe(lambda change: seen.append(json.dumps(change["new"])), "columns")
    widget.run()
    place.until(lambda seen: seen["active"] == 4)
    wait_for(lambda: [run.text for run in widget._under_way.values()], all)
    place.release()
    assert widget.wait(LIMIT_S)
    seen += map(json.dumps, widget.sent)
    assert len(seen) > 10
    told = "".join(seen)
    assert not [model for model in FOUR if model in told]
    assert [row["title"] for row in widget.columns] == [
        f"Answer {letter}" for letter in "ABCD"
    ]
    assert not any(row["facts"] for row in widget.columns)
    widget.vote(0)
    assert {row["title"] for row in widget.columns} == {*FOUR}
    assert all(row["facts"] for row in widget.columns)
    assert Compare.votes()["blind"].all()
    widget.vote(1)
    assert not Compare.votes()["blind"].any(), "the names were seen by then"


def test_a_seen_comparison_would_tell_the_names(paced: Factory, make: Make) -> None:
    widget = ended(make(paced(tokens=8)))
    told = json.dumps(widget.columns)
    assert [model for model in FOUR if model in told] == FOUR


def test_calls_carry_the_place_where_the_widget_was_made(
    paced: Factory, make: Make
) -> None:
    token = where.set(Where("class.ipynb", "cell-7", "workshop"))
    widget = make(paced(tokens=4), models=FOUR[:2])
    where.reset(token)
    ended(widget)
    calls = glmkit.usage()
    assert set(calls["notebook"]) == {"class.ipynb"}
    assert set(calls["cell"]) == {"cell-7"}
    assert set(calls["tag"]) == {"workshop"}


def test_differences_are_marked_and_follow_a_new_run(
    paced: Factory, make: Make
) -> None:
    said = [{"content": text} for text in ("The sky is blue", "The sky is <b>red</b>")]
    place = paced(replies=json.dumps(said))
    widget = make(place, models=FOUR[:2])
    ended(widget)
    here, there = sorted("01", key=lambda key: "blue" in widget.value[int(key)].text)
    widget.page(do="against", key=there)  # type: ignore[attr-defined]
    wait_for(lambda: widget.columns[int(here)]["changes"])
    assert widget.columns[int(there)]["changes"] == ""
    html = widget.feed(f"changes {here}")._end
    assert "<del>blue</del>" in html
    assert "&lt;b&gt;red" in unmarked(html, "ins")
    assert "<b>" not in html
    widget.page(do="against", key="")  # type: ignore[attr-defined]
    assert not any(row["changes"] for row in widget.columns)


def test_the_picture_shows_all_answers_escaped(
    paced: Factory, make: Make, shell: InteractiveShell
) -> None:
    prompt = "<img src=x onerror=alert(1)>"
    widget = make(paced(tokens=60, text="hostile"), prompt, FOUR[:2])
    with capture_output() as captured:
        widget._ipython_display_()  # the first showing asks
        assert widget.wait(LIMIT_S)
        wait_for(
            lambda: captured.outputs[-1].data.get("text/html", ""),
            lambda html: html.count("glmkit-body") >= 2,
        )
    first, view, *updates = captured.outputs
    assert "glmkit-still" in first.data["text/html"]
    assert "text/html" not in view.data
    last = updates[-1].data
    for bad in ("<img", "<script", "<iframe", "<svg"):
        assert bad not in last["text/html"]
    assert "glm-4-air" in last["text/plain"]


def test_neither_key_nor_answer_is_in_the_state(paced: Factory, make: Make) -> None:
    place = paced(tokens=30, text="echo")
    widget = ended(make(place, "A sentence that a model says again."))
    widget.prompt = ""
    state = str(widget.get_state())
    assert "says again" not in state
    assert place.key not in state
    assert place.key.split(".")[1] not in state


def unmarked(html: str, tag: str) -> str:
    """Return marked text without the marks of one kind."""
    return html.replace(f"<{tag}>", "").replace(f"</{tag}>", "")


def side(html: str, dropped: str) -> str:
    """Return the text of one side: what only the other has is dropped."""
    kept = re.sub(f"<{dropped}>.*?</{dropped}>", "", html, flags=re.S)
    return unescape(re.sub(r"</?(?:ins|del)>", "", kept))


def blankless(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("seed", range(40))
def test_marked_text_holds_both_texts(seed: int) -> None:
    chance = random.Random(seed)
    some = ["sky", "is", "blue", "<b>", "&amp;", "天空", "x.y", "\n\n", "it's", "del>"]
    old, new = (
        " ".join(chance.choices(some, k=chance.randrange(30))) for _ in range(2)
    )
    found = changes(old, new)
    assert words(side(found.html, "del")) == words(new)
    assert blankless(side(found.html, "ins")) == blankless(old)
    gone, came = found.only_there, found.only_here
    assert len(words(old)) - gone == len(words(new)) - came
    assert (not gone and not came) == (words(old) == words(new))


def test_texts_that_are_too_long_are_compared_in_part() -> None:
    text = "word " * (MOST + 1)
    assert changes(text, text).summary == f"the same words (of the first {MOST:,})"
    assert changes("a", "a").summary == "the same words"


def test_a_distance_is_between_none_and_all() -> None:
    one, other = words("the sky is blue"), words("the sea is blue")
    assert distance(one, one) == 0
    assert distance(one, other) == distance(other, one) == 0.25
    assert distance(one, words("nothing else")) == 1


def test_a_chore_is_done_once_for_many_who_ask() -> None:
    gate, done = threading.Event(), []

    def work() -> None:
        gate.wait()
        done.append(1)

    chore = ThrottledWorker(work)
    for _ in range(100):
        chore.ask()
    gate.set()
    wait_for(threads, lambda names: "glmkit widget" not in names)
    assert 1 <= len(done) <= 2
    chore.ask()
    wait_for(lambda: len(done), lambda count: count in {2, 3})
    chore.close()
    before = len(done)
    chore.ask()
    wait_for(threads, lambda names: "glmkit widget" not in names)
    assert len(done) == before


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate()]


def test_the_magic_opens_a_comparison_of_the_named_models(
    run: Run, place: Paced
) -> None:
    result, _ = run('%glm compare glm-4-plus,glm-4-air glm-4-long -p "Why is it blue?"')
    widget = result.result
    assert widget.models == ["glm-4-plus", "glm-4-air", "glm-4-long"]
    assert widget.wait(LIMIT_S)
    assert {each.state for each in widget.value} == {"done"}
    asked = place.seen["bodies"][-1]["messages"]
    assert asked == [{"role": "user", "content": "Why is it blue?"}]
    assert set(glmkit.usage()["cell"]) != {""}
    widget.close()


def test_the_magic_alone_asks_nothing(run: Run, place: Paced) -> None:
    result, _ = run("%glm compare --blind")
    assert result.result.blind
    assert len(result.result.models) == 2
    assert place.seen["requests"] == 0
    result.result.close()


@pytest.mark.parametrize("line", ["compare --bold a b", "compare a", "theatre a b"])
def test_a_slip_in_the_magic_is_told(run: Run, place: Paced, line: str) -> None:
    result, _ = run(f"%glm {line}")
    assert isinstance(result.error_in_exec, ConfigError)
