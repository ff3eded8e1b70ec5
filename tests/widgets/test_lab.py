"""The prompt lab's Python side: inputs, cells, runs, stops, retries, the result."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest
from anywidget import AnyWidget
from IPython.utils.capture import capture_output

import glmkit
from glmkit.client import default
from glmkit.ledger.default import ledger
from glmkit.notebook.settings import GLM
from glmkit.types.errors import ConfigError
from glmkit.types.replies import Where, where
from glmkit_widgets.lab import views
from glmkit_widgets.lab.lab import PromptLab
from tests.conftest import LIMIT_S, Paced, wait_for

Factory = Callable[..., Paced]
Make = Callable[..., PromptLab]

CITIES = {"city": ["Bonn", "Ulm", "Kiel"], "year": [1990, 1991, None]}


@pytest.fixture
def lab() -> Iterator[Make]:
    made: list[PromptLab] = []

    def of(place: Paced, *args: Any, **options: Any) -> PromptLab:
        client = glmkit.Client(place.url, place.key)
        made.append(PromptLab(*args, client=client, **options))
        made[-1].sent = []
        made[-1].send = lambda content, buffers=None: made[-1].sent.append(content)  # type: ignore[method-assign]
        return made[-1]

    yield of
    for widget in made:
        widget.close()


def page(widget: PromptLab, **content: Any) -> None:
    widget._heard(None, {"id": "1", **content}, [])


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


def test_the_frame_has_a_row_for_each_input_model_and_temperature(
    paced: Factory, lab: Make
) -> None:
    models, warm = ["glm-4-plus", "glm-4-long"], [0.0, 0.5]
    place = paced(text="echo")
    widget = lab(place, "In {city}, {year}?", CITIES, models, warm)
    widget.run()
    assert widget.wait(LIMIT_S)
    frame = widget.frame
    assert [*frame.columns] == [
        "city", "year", "model", "temperature", "text", "finish", "seconds", "tokens",
        "cost", "currency", "error",
    ]  # fmt: skip
    assert len(frame) == 12
    assert frame["text"][0] == "In Bonn, 1990?"
    assert set(frame["finish"]) == {"stop"}
    assert set(zip(frame["model"], frame["temperature"], strict=True)) == {
        (model, t) for model in models for t in warm
    }
    assert not frame["error"].any()
    asked = {(b["model"], b["temperature"]) for b in place.seen["bodies"]}
    assert len(asked) == 4
    assert widget.value == {
        "cells": 12, "waiting": 0, "running": 0, "done": 12, "failed": 0, "stopped": 0,
    }  # fmt: skip


def test_a_column_named_like_a_result_keeps_apart(paced: Factory, lab: Make) -> None:
    widget = lab(paced(text="echo"), "{text}", {"text": ["hi"]})
    widget.run()
    assert widget.wait(LIMIT_S)
    assert widget.frame["input_text"][0] == widget.frame["text"][0] == "hi"


def test_a_run_goes_several_at_a_time_under_the_shared_right(
    paced: Factory, lab: Make
) -> None:
    place = paced(tokens=1, gate=0)
    numbers = {"n": list(range(60))}
    client = glmkit.Client(place.url, place.key, in_flight=4)
    widget = PromptLab("{n}", numbers, client=client)
    widget.run()
    place.until(lambda seen: seen["active"] == 4)
    place.release()
    assert widget.wait(LIMIT_S)
    assert place.seen["peak"] == 4
    assert widget.value["done"] == 60
    widget.close()


def test_failed_cells_tell_why_and_are_asked_again(paced: Factory, lab: Make) -> None:
    place = paced(text="echo", status=400, code="1210", fails=2)
    widget = lab(place, "{city}", CITIES)
    widget.run()
    assert widget.wait(LIMIT_S)
    failed = widget.frame[widget.frame["error"] != ""]
    assert 0 < len(failed) < 3
    assert failed["error"].str.contains("1210").all()
    widget.retry()
    assert widget.wait(LIMIT_S)
    assert [*widget.frame["text"]] == ["Bonn", "Ulm", "Kiel"]
    asked = len(place.seen["bodies"])
    assert asked == 3 + len(failed), "what was done is not asked again"


def test_what_every_cell_would_meet_ends_the_run(paced: Factory, lab: Make) -> None:
    place = paced(status=401, code="1002")
    widget = lab(place, "{n}", {"n": list(range(500))})
    widget.run()
    assert widget.wait(LIMIT_S)
    assert place.seen["requests"] < 100
    (refused,) = [m for m in widget.sent if "refused" in m]
    assert refused["hint"]
    assert widget.frame["error"].str.startswith("not asked").any()


def test_a_stop_closes_the_connections_and_keeps_what_came(
    paced: Factory, lab: Make
) -> None:
    place = paced(tokens=100_000, rate=200)
    widget = lab(place, "{n}", {"n": [1, 2, 3]})
    widget.run()
    place.until(lambda seen: seen["active"] == 3)
    wait_for(lambda: widget.value["running"], (3).__eq__)
    with pytest.raises(ConfigError, match="not finished"):
        widget.run()
    page(widget, do="stop")
    place.until(lambda seen: seen["left"] == 3)
    assert widget.wait(LIMIT_S)
    assert widget.value["stopped"] == 3
    assert set(widget.frame["error"]) == {"not asked: stopped"}
    assert ledger().read(("state",)).rows[0][0] == "interrupted"


def test_closing_a_lab_leaves_nothing_running(paced: Factory, lab: Make) -> None:
    place = paced(tokens=100_000, rate=200)
    widget = lab(place, "{n}", {"n": [1, 2, 3]})
    widget.run()
    place.until(lambda seen: seen["active"] == 3)
    widget.close()
    place.until(lambda seen: seen["active"] == 0)
    wait_for(threads, lambda names: "glmkit widget" not in names)


def test_the_calls_know_their_notebook(paced: Factory, lab: Make) -> None:
    token = where.set(Where("lab.ipynb", "cell-7", "try"))
    try:
        widget = lab(paced(tokens=1), "Hi")
    finally:
        where.reset(token)
    widget.run()
    assert widget.wait(LIMIT_S)
    rows = ledger().read(("notebook", "cell", "tag")).rows
    assert [row[:3] for row in rows] == [("lab.ipynb", "cell-7", "try")]


def test_settings_say_what_the_grid_leaves_open(paced: Factory, lab: Make) -> None:
    place = paced(tokens=1)
    settings = GLM(model="glm-4-long", temperature=0.3, max_tokens=7, think="off")
    widget = lab(place, "Hi", settings=settings)
    widget.run()
    assert widget.wait(LIMIT_S)
    (body,) = place.seen["bodies"]
    assert (body["model"], body["temperature"], body["max_tokens"]) == (
        "glm-4-long", 0.3, 7,
    )  # fmt: skip


class Undrawn(PromptLab):
    """Cannot be drawn any more, once it is displayed."""

    displayed = False

    def _draw(self) -> tuple[str, str]:
        if self.displayed:
            raise ValueError("no picture")
        return super()._draw()


def test_a_run_whose_picture_cannot_be_drawn_is_kept_and_ends(
    paced: Factory, shell: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda one: faults.append(one[0]))
    place = paced(tokens=3)
    client = glmkit.Client(place.url, place.key)
    widget = Undrawn("In {city}?", CITIES, client=client)
    with capture_output():
        widget._ipython_display_()
    widget.displayed = True
    widget.run()
    assert widget.wait(LIMIT_S)
    assert set(widget.frame["finish"]) == {"stop"}
    wait_for(lambda: faults, bool)
    widget.displayed = False
    widget.close()


def test_the_page_hears_rows_and_never_a_whole_answer(
    paced: Factory, lab: Make
) -> None:
    place = paced(tokens=1000)
    widget = lab(place, "{n}", {"n": list(range(40))})
    page(widget, do="run")
    assert widget.wait(LIMIT_S)
    rows = {row["n"]: row for m in widget.sent for row in m.get("rows", ())}
    assert {row["state"] for row in rows.values()} == {"done"}
    assert all(len(row["text"]) <= 400 for row in rows.values())
    page(widget, do="open", n=3)
    ends = [m["whole"]["end"] for m in widget.sent if m.get("answer") == "cell-3"]
    assert "Part 1" in ends[-1]
    assert "glmkit-badge" in ends[-1]
    assert widget.sent[-1] == {"opened": 3}


def test_what_can_not_be_run_is_refused_in_place(paced: Factory, lab: Make) -> None:
    widget = lab(paced(), "")
    for do, said in (("run", "empty"), ("retry", "nothing"), ("table", "line 2")):
        page(widget, do=do, text="a,b\n1")
        assert said in widget.sent[-1]["refused"]
        assert widget.sent[-1]["hint"]
    widget.template = "{n}"
    widget.inputs = {"n": range(20_001)}
    page(widget, do="run")
    assert "too many" in widget.sent[-1]["refused"]


def test_no_text_of_a_model_and_no_input_is_in_the_widgets_state(
    paced: Factory, lab: Make
) -> None:
    place = paced(tokens=30)
    widget = lab(place, "On {n}", {"n": ["a-private-word"]})
    widget.run()
    assert widget.wait(LIMIT_S)
    page(widget, do="count", model="", temperature=None)
    whole(widget, "planned")
    state = widget.get_state()
    own = state.keys() - AnyWidget().get_state().keys()
    assert own == {
        "template", "models", "temperatures", "choices", "tried", "plan", "progress",
        "whole", "_css",
    }  # fmt: skip
    del state["_css"]
    assert "private" not in str(state)
    assert "Part 1" not in str(state)


def test_the_picture_is_escaped(paced: Factory, lab: Make) -> None:
    bad = "<img src=x onerror=alert(1)>"
    widget = lab(paced(text="echo"), bad + "{n}", {"n": [bad]}, [bad])
    widget.run()
    assert widget.wait(LIMIT_S)
    html, plain = widget._draw()
    assert "<img" not in html
    assert html.count("&lt;img") >= 3
    assert "1 cell: 1 done" in plain
    opened = views.whole(widget._asked, 0, widget._results[0])  # type: ignore[arg-type]
    assert "<img" not in opened


# All rows


def whole(widget: PromptLab, state: str) -> dict[str, Any]:
    def there() -> bool:
        return widget.whole.get("state") == state and widget._all_rows.ended.is_set()

    wait_for(there)
    return widget.whole


def test_all_rows_are_priced_confirmed_and_asked_as_a_verb(
    paced: Factory, lab: Make
) -> None:
    place = paced(text="echo")
    frame = pd.DataFrame({"city": ["Bonn", "Ulm", "Bonn"]}, index=[7, 7, 9])
    widget = lab(place, "In {city}?", frame, ["glm-4-plus"], [0.5], tried=1)
    widget.run()
    assert widget.wait(LIMIT_S)
    assert len(widget.frame) == place.seen["requests"] == 1
    chosen = {"model": "glm-4-plus", "temperature": 0.5}
    page(widget, do="count", **chosen)
    planned = whole(widget, "planned")
    assert place.seen["requests"] == 1, "nothing is sent before it is confirmed"
    assert planned["asked"] == 2
    assert ["rows", "3, 2 different prompts"] in planned["lines"]
    page(widget, do="confirm")
    assert whole(widget, "done")["ended"] == "3 done."
    assert widget.result is not None
    assert widget.result["answer"].tolist() == ["In Bonn?", "In Ulm?", "In Bonn?"]
    assert widget.result.index.tolist() == [7, 7, 9]
    assert place.seen["requests"] == 3
    assert {body["temperature"] for body in place.seen["bodies"]} == {0.5}
    page(widget, do="count", **chosen)
    assert whole(widget, "planned")["asked"] == 0, "what was answered is kept"


def test_a_plan_can_be_dropped_and_what_is_wrong_is_told(
    paced: Factory, lab: Make
) -> None:
    widget = lab(paced(), "In {town}?", CITIES)
    page(widget, do="count", model="", temperature=None)
    whole(widget, "")
    assert "no column 'town'" in widget.sent[-1]["refused"]
    page(widget, do="confirm")
    assert "nothing is planned" in widget.sent[-1]["refused"]
    widget.template = "In {city}?"
    page(widget, do="count", model="", temperature=None)
    whole(widget, "planned")
    page(widget, do="drop")
    assert widget.whole == {"state": ""}
    page(widget, do="confirm")
    assert "nothing is planned" in widget.sent[-1]["refused"]


def test_all_rows_are_stopped_and_what_is_done_stays(paced: Factory, lab: Make) -> None:
    place = paced(tokens=1, gate=0)
    client = glmkit.Client(place.url, place.key, in_flight=2)
    widget = PromptLab("{n}", {"n": [*range(2_000)]}, client=client)
    page(widget, do="count", model="", temperature=None)
    whole(widget, "planned")
    page(widget, do="confirm")
    place.until(lambda seen: seen["active"] == 2)
    page(widget, do="drop")
    place.release()
    said = whole(widget, "done")["ended"]
    assert widget.result is not None
    counts = widget.result["answer_status"].value_counts()
    assert 2 <= counts["done"] < 2_000
    assert f"{counts['done']} done" in said
    widget.close()


def test_a_copied_verb_asks_what_the_lab_asks(paced: Factory, lab: Make) -> None:
    place = paced(text="echo")
    widget = lab(place, 'Say "{city}"', CITIES, max_tokens=9)
    page(widget, do="copy", model="glm-4-plus", temperature=0.2, **{"as": "verb"})
    code = widget.sent[-1]["text"]
    names = {"df": pd.DataFrame(CITIES)}
    default.forget(lambda: glmkit.Client(place.url, place.key))
    exec(code, names)
    assert names["out"]["answer"].tolist()[0] == 'Say "Bonn"'
    (body,) = [b for b in place.seen["bodies"] if "Bonn" in str(b["messages"])]
    assert (body["model"], body["temperature"], body["max_tokens"]) == (
        "glm-4-plus", 0.2, 9,
    )  # fmt: skip
