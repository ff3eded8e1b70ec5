"""Figures say what the frame says, on light and dark, and never settle a global."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import kaleido
import msgspec
import pandas as pd
import plotly.graph_objects as go
import plotly.io as pio
import pytest

from glmkit import figures
from glmkit.figures import budgets, spending, style, tables, timing
from glmkit.ledger import Ledger
from glmkit.ledger.views import budgets as views, frames
from glmkit.types.events import Usage
from glmkit.types.money import Money
from glmkit.types.replies import Answer, Where
from tests.ledger.test_store import done, pending

HOSTILE = "<a href='http://x.example'>a</a>"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    book = Ledger(tmp_path / "ledger.db")
    yield book
    book.disconnect()


def write(ledger: Ledger, *calls: dict[str, Any]) -> None:
    """Write calls; each is what is different from 10 + 20 tokens of glm-4-plus."""

    async def work() -> None:
        for number, fields in enumerate(calls):
            first = {"at": 1.7e9 + number, **fields.pop("open", {})}
            opened = await ledger.open(pending(number, **first), fields.get("cost"))
            await ledger.close(done(opened, **fields))

    asyncio.run(work())


def priced(parts: int, **fields: Any) -> dict[str, Any]:
    money = Money(parts * 10**9, "CNY")
    return {"cost": money, "list_cost": money, **fields}


def model(name: str) -> dict[str, Any]:
    return {"model": name}


def heights(figure: go.Figure) -> dict[str, list[float]]:
    return {bar.name: list(bar.y) for bar in figure.data if bar.type == "bar"}


def words(figure: go.Figure) -> str:
    return " | ".join(note.text for note in figure.layout.annotations)


def test_costs_by_day_add_up_to_what_was_owed(ledger: Ledger) -> None:
    write(ledger, priced(1), priced(2), priced(4, open=model("glm-4-long")))
    figure = figures.cost_over_time(frames.usage(("day", "model"), ledger=ledger))
    assert heights(figure) == {"glm-4-long": [0.004], "glm-4-plus": [0.003]}
    assert "¥0.007" in words(figure)


def test_calls_of_one_lesson_stand_by_minutes(ledger: Ledger) -> None:
    minutes = [priced(1, open={"at": 1.7e9 + 60 * n}) for n in range(5)]
    write(ledger, *minutes)
    figure = figures.cost_over_time(frames.usage(ledger=ledger))
    assert "per minute" in words(figure)
    assert [round(y, 6) for y in figure.data[0].y] == [0.001] * 5


def test_unpriced_calls_make_a_sum_at_least(ledger: Ledger) -> None:
    write(ledger, priced(1), {"open": model("mystery")}, {"open": model("mystery")})
    for frame in (
        frames.usage(("day", "model"), ledger=ledger),
        frames.usage(ledger=ledger),
    ):
        figure = figures.cost_over_time(frame)
        assert "at least ¥0.001" in words(figure)
        assert "2 unpriced: mystery" in words(figure)


def test_an_upper_bound_makes_a_sum_at_most(ledger: Ledger) -> None:
    write(ledger, {"cost": Money(10**9, "CNY", at_most=True)})
    figure = figures.cost_over_time(frames.usage(("day", "model"), ledger=ledger))
    assert "at most ¥0.001" in words(figure)


def test_list_price_is_shown_where_nothing_is_owed(ledger: Ledger) -> None:
    free, listed = Money(0, "CNY"), Money(10**9, "CNY")
    write(ledger, {"cost": free, "list_cost": listed, "source": "stand-in"})
    figure = figures.cost_over_time(frames.usage(("day", "model"), ledger=ledger))
    assert "list price" in words(figure)
    assert heights(figure) == {"glm-4-plus": [0.001]}


def test_kinds_of_tokens_are_parts_of_the_whole(ledger: Ledger) -> None:
    usage = Usage(100, 50, 150, 60, 20)
    write(ledger, {"answer": Answer("i", "m", usage=usage)})
    figure = figures.kinds_of_tokens(frames.usage("model", ledger=ledger))
    (bar,) = figure.data
    parts = dict(zip(bar.y, bar.x, strict=True))
    assert parts == {"input": 40, "cached input": 60, "thinking": 20, "answer": 30}


def test_replayed_calls_are_saved_and_not_owed(ledger: Ledger) -> None:
    free, listed = Money(0, "CNY"), Money(3 * 10**9, "CNY")
    again = {"cost": free, "list_cost": listed, "source": "cassette"}
    write(ledger, priced(3), again)
    frame = frames.usage(("source", "model"), ledger=ledger)
    (bar,) = figures.owed_and_saved(frame).data
    assert dict(zip(bar.y, bar.x, strict=True)) == {
        "billed": 0.003,
        "saved by replay": 0.003,
    }


def test_dearest_cells_come_first(ledger: Ledger) -> None:
    places = [
        priced(n, open={"where": Where("a/b.ipynb", f"cell-{n}", "")})
        for n in range(1, 13)
    ]
    write(ledger, *places)
    by = ("notebook", "cell", "model")
    (bar,) = figures.dearest_cells(frames.usage(by, ledger=ledger)).data
    assert list(bar.y)[-1] == "b cell-12"
    assert len(bar.y) == 10


def test_another_model_is_priced_for_the_same_tokens(ledger: Ledger) -> None:
    usage = Usage(1_000_000, 0, 1_000_000)
    listed = Money.of("0.5", "CNY")
    answer = Answer("i", "m", usage=usage)
    write(ledger, {"answer": answer, "list_cost": listed, "cost": listed})
    frame = frames.repriced("glm-4-long", ledger=ledger)
    figure = figures.what_if(frame, "glm-4-long")
    (bar,) = figure.data
    assert dict(zip(bar.y, bar.x, strict=True))["all glm-4-long"] == 1.0
    assert "2.0 times as much" in words(figure)


def test_times_stand_in_their_bins_and_give_quantiles(ledger: Ledger) -> None:
    write(ledger, *({"seconds": 1.0} for _ in range(19)), {"seconds": 60.0})
    frame = frames.timings("seconds", "model", ledger=ledger)
    figure = figures.call_seconds(frame)
    assert sum(sum(bar.y) for bar in figure.data) == 20
    assert figure.layout.xaxis.ticktext[0].endswith(" s")
    assert "median 1 s" in words(figure)


def test_most_in_flight_is_counted_and_replays_are_not(ledger: Ledger) -> None:
    sources = {0: "service", 5: "service", 6: "cassette", 10: "service"}
    begun = [
        {"open": {"at": 1.7e9 + at}, "seconds": 10.0, "source": source}
        for at, source in sources.items()
    ]
    write(ledger, *begun)
    figure = figures.in_flight(frames.usage(ledger=ledger), {"glm-4-plus": 5})
    bar, right = figure.data
    assert (list(bar.x), list(right.x)) == ([2], [5])


def test_errors_are_named_by_code(ledger: Ledger) -> None:
    write(
        ledger,
        {"state": "failed", "error_code": "1302", "retries": 3},
        {"state": "failed", "error": "TransportError: cut"},
        {},
    )
    calls = frames.usage(ledger=ledger)
    sums = frames.usage("model", ledger=ledger)
    (bar,) = figures.error_codes(calls).data
    assert dict(zip(bar.y, bar.x, strict=True)) == {"1302": 1, "TransportError": 1}
    (bar,) = figures.errors_and_retries(sums).data
    assert dict(zip(bar.y, bar.x, strict=True))["retries"] == 3


def test_a_budget_burns_down_and_its_end_is_foretold(ledger: Ledger) -> None:
    now = datetime.now(UTC).timestamp()
    ledger.set_budget("day", "", Money.of(10, "CNY"))
    cost = Money.of(1, "CNY")
    write(ledger, *({"open": {"at": now - 4 + n}, "cost": cost} for n in range(4)))
    balance = views.balance(ledger=ledger)
    panel = budgets.burn_down(balance, frames.usage(ledger=ledger))
    left, ahead = panel.traces
    assert [round(share) for share in left["y"]] == [100, 90, 80, 70, 60, 60]
    assert ahead["y"][-1] == pytest.approx(0)
    assert "¥4.00 of ¥10.00 spent, used up" in panel.rows[0].value


def test_clock_that_goes_back_draws_no_line_back(ledger: Ledger) -> None:
    ledger.set_budget("session", ledger.session, Money.of(10, "CNY"))
    now = datetime.now(UTC).timestamp()
    ages = (100, 4000, 30, -500)
    cost = Money.of(1, "CNY")
    write(ledger, *({"open": {"at": now - age}, "cost": cost} for age in ages))
    calls = frames.usage(ledger=ledger)
    panel = budgets.burn_down(views.balance(ledger=ledger), calls)
    left = panel.traces[0]
    assert left["x"] == sorted(left["x"])
    assert left["y"] == sorted(left["y"], reverse=True)


def test_session_and_notebook_have_lines_of_their_own_calls(ledger: Ledger) -> None:
    cost = Money.of(1, "CNY")
    now = datetime.now(UTC).timestamp()
    lesson = Where("week/lesson.ipynb", "c", "")
    write(ledger, {"open": {"at": now - 9, "where": lesson}, "cost": cost})
    ledger.set_budget("session", ledger.session, Money.of(10, "CNY"))
    ledger.set_budget("notebook", lesson.notebook, Money.of(4, "CNY"))
    write(
        ledger,
        {"open": {"at": now - 5, "where": lesson}, "cost": cost},
        {"open": {"at": now - 2}, "cost": cost},
    )
    balance, calls = views.balance(ledger=ledger), frames.usage(ledger=ledger)
    assert list(calls["session"]) == [ledger.session] * 3
    panel = budgets.burn_down(balance, calls, session=ledger.session)
    lines = {trace["name"]: trace["y"] for trace in panel.traces[::2]}
    rounded = {name: [round(share) for share in y] for name, y in lines.items()}
    # Of a notebook what was spent before its budget was set does not count.
    assert rounded == {
        "this session": [100, 90, 80, 70, 70],
        "notebook lesson.ipynb": [100, 100, 75, 75],
    }
    other = budgets.burn_down(balance, calls)
    assert other.rows[0].label == f"session {ledger.session}"


@pytest.mark.parametrize("name", [n for n in figures.__all__ if n[0].islower()])
def test_empty_ledger_gives_figures_that_say_so(ledger: Ledger, name: str) -> None:
    if name in ("grid", "colour", "score_bars"):
        return  # they draw nothing of a ledger
    sums = frames.usage(("day", "source", "notebook", "cell", "model"), ledger=ledger)
    times = frames.timings("seconds", "model", ledger=ledger)
    calls = frames.usage(newest=9, ledger=ledger)
    arguments: dict[str, tuple[Any, ...]] = {
        "what_if": (frames.repriced("glm-4-plus", ledger=ledger), "glm-4-plus"),
        "in_flight": (calls, {}),
        "error_codes": (calls,),
        "budgets_over_time": (views.balance(ledger=ledger), calls),
        **dict.fromkeys(("first_token", "call_seconds", "speed"), (times,)),
    }
    figure = getattr(figures, name)(*arguments.get(name, (sums,)))
    assert len(figure.data) == 0
    assert any(word in words(figure) for word in ("No ", "Nothing"))


def test_names_are_shown_letter_by_letter(ledger: Ledger) -> None:
    where = Where("n", f"<b>{HOSTILE}", "")
    write(ledger, priced(1, open={"model": HOSTILE, "where": where}))
    frame = frames.usage(("notebook", "cell", "model"), ledger=ledger)
    day = frames.usage(("day", "model"), ledger=ledger)
    panels = [spending.cells(frame, "CNY"), spending.cost(day, "CNY")]
    for panel in panels:
        for trace in panel.traces:
            assert "<" not in str(trace["name"]) + str(trace.get("y"))
        assert "<" not in panel.note
    html = tables.html(panels) + tables.models(frame, "CNY")[0]
    tags = Tags()
    tags.feed(html)
    assert tags.seen <= {"section", "h4", "p", "table", "tr", "th", "td", "span"}


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)


def test_many_models_share_one_picture(ledger: Ledger) -> None:
    write(ledger, *(priced(n + 1, open=model(f"m{n}")) for n in range(12)))
    figure = figures.cost_over_time(frames.usage(("day", "model"), ledger=ledger))
    names = [bar.name for bar in figure.data]
    assert len(names) == 8
    assert names[-1] == style.OTHERS
    assert sum(bar.y[0] for bar in figure.data) == pytest.approx(0.078)


def test_long_logs_stand_by_weeks() -> None:
    days = pd.date_range("2025-01-01", periods=400).strftime("%Y-%m-%d")
    from glmkit.figures.time_steps import steps

    assert steps(pd.DataFrame({"day": days})).name == "week"
    assert len(steps(pd.DataFrame({"day": days})).places()) <= 120


def test_model_keeps_its_colour_however_it_is_written() -> None:
    assert figures.colour("GLM-4-Plus") == figures.colour("glm4plus")
    assert figures.colour("mystery") == figures.colour("mystery")
    pages = ("glm-4-plus", "glm-4-air-250414", "glm-4-long", "glm-4-flashx-250414")
    assert len({figures.colour(model) for model in pages}) == 4


def test_colour_and_hatching_tell_the_catalogue_apart() -> None:
    from glmkit.catalog.cards import cards

    found = [msgspec.json.encode(style.marker(card.id)) for card in cards()]
    assert max(found.count(each) for each in found) <= 2


def test_amounts_keep_the_digits_that_tell() -> None:
    assert style.money(Decimal("0.0000123456"), "CNY") == "¥0.0000123"
    assert timing._plain(0.0625) == "0.062"


def luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb, by the WCAG's formula."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        c / 12.92 if c <= 0.04 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    ]
    return sum(c * w for c, w in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_figure_of_its_own_is_drawn_for_a_paper(ledger: Ledger, ending: str) -> None:
    write(ledger, priced(1), priced(4, open=model("glm-4-long")))
    figure = figures.cost_over_time(frames.usage(("day", "model"), ledger=ledger))
    figure.update_layout(template=figures.LIGHT, width=500, height=320)
    own = {"mathjax": False}  # it would be fetched from the network
    drawn = kaleido.calc_fig_sync(figure.to_dict(), {"format": ending}, kopts=own)
    head = {"png": b"\x89PNG", "svg": b"<svg", "pdf": b"%PDF"}[ending]
    assert bytes(drawn).startswith(head)


@pytest.mark.parametrize("page", ["#ffffff", "#111111"])
def test_text_reads_on_light_and_dark(page: str) -> None:
    layout = go.layout.Template(figures.TEMPLATE).layout
    assert contrast(layout.font.color, page) > 4
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0, 0, 0, 0)"
    own = figures.LIGHT if page == "#ffffff" else figures.DARK
    figure = go.Figure().update_layout(template=own)
    assert figure.layout.template.layout.paper_bgcolor == page
    assert contrast(own["layout"]["font"]["color"], page) > 7


def test_template_is_never_set_for_other_figures() -> None:
    assert pio.templates.default == "plotly"
    assert "glmkit" not in pio.templates


@pytest.mark.parametrize(
    ("draw", "by"),
    [
        (figures.cost_over_time, ("day", "model")),
        (figures.dearest_cells, ("notebook", "cell", "model")),
        (figures.owed_and_saved, ("source", "model")),
    ],
)
def test_amounts_on_an_axis_are_written_in_full(
    ledger: Ledger, draw: Callable[..., go.Figure], by: tuple[str, ...]
) -> None:
    money = Money(250 * 10**6, "CNY")
    write(ledger, {"cost": money, "list_cost": money})
    figure = draw(frames.usage(by, ledger=ledger)).to_dict()
    own = {"mathjax": False}
    drawn = kaleido.calc_fig_sync(figure, {"format": "svg"}, kopts=own)
    labels = re.findall(r">¥([^<]*)</text>", bytes(drawn).decode())
    assert "0.0002" in labels, labels
    assert not [label for label in labels if re.search("[0-9]\\D$", label)]
