"""Cost and tokens: over time, by cell, saved, and with another model."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pandas as pd

from glmkit.figures import style
from glmkit.figures.amounts import amounts
from glmkit.figures.panel import (
    LONGEST,
    Panel,
    Row,
    bars,
    cut,
    model_rows,
    money_axis,
    nested,
    rows_of,
    totals,
)
from glmkit.figures.time_steps import steps
from glmkit.types.translation import _

#: Lines of a table of steps: the newest.
_STEPS = 14


def cost(frame: pd.DataFrame, currency: str) -> Panel:
    """Return cost over time, by model."""
    found = amounts(frame, currency)
    shown, kind = found.shown
    spread = steps(frame)
    values = nested(zip(frame["model"], spread.starts, shown, strict=True))
    by_model = {model: sum(at.values(), Decimal(0)) for model, at in values.items()}
    words = {model: style.money(sum_, currency) for model, sum_ in by_model.items()}
    words |= {
        model: _(
            "{cost}, {calls:,} calls unpriced",
            cost=words[model] if by_model[model] else _("no price"),
            calls=calls,
        )
        for model, calls in found.unpriced.items()
    }
    note = found.note(currency, shown, kind)
    sign = style.money(Decimal(0), currency)[0]
    return Panel(
        _("Cost per {step}", step=spread.name),
        note,
        bars(
            cut(values),
            spread.places(),
            hover=f"{sign}%{{value:,.4~r}}<br>%{{at}}",
            width=spread.width_ms * 0.85,
            offset=spread.width_ms * 0.075,
        ),
        xaxis={"type": "date"},
        yaxis={**money_axis(sign), "rangemode": "tozero", "nticks": 6},
        rows=model_rows(by_model, words) if len(frame) else (),
        empty=_("No costs yet.") if len(frame) else Panel("").empty,
    )


def tokens(frame: pd.DataFrame) -> Panel:
    """Return tokens over time, by model."""
    spread = steps(frame)
    counts = frame["total_tokens"].fillna(0).astype("int64")
    values = nested(zip(frame["model"], spread.starts, counts.tolist(), strict=True))
    sums = totals(values)
    newest = [(at, sums[at], f"{sums[at]:,} tokens") for at in sorted(sums)][-_STEPS:]
    calls = len(frame) if "at" in frame.columns else int(frame["calls"].sum())
    return Panel(
        _("Tokens per {step}", step=spread.name),
        f"{style.count(sum(sums.values()))} tokens in {style.calls(calls)}",
        bars(
            cut(values),
            spread.places(),
            hover="%{value:,} tokens<br>%{at}",
            width=spread.width_ms * 0.85,
            offset=spread.width_ms * 0.075,
        ),
        xaxis={"type": "date"},
        yaxis={"rangemode": "tozero", "nticks": 6},
        rows=rows_of(newest),
    )


def kinds(frame: pd.DataFrame) -> Panel:
    """Return input, cached input, thinking and output tokens, by model."""
    values: dict[str, dict[Any, int]] = {}
    for model, part in frame.groupby("model", sort=False):
        prompt, output, cached, thinking = (
            int(part[f"{name}_tokens"].fillna(0).sum())
            for name in ("prompt", "completion", "cached", "reasoning")
        )
        values[str(model)] = {
            "input": prompt - cached,
            "cached input": cached,
            "thinking": thinking,
            "answer": output - thinking,
        }
    sums = totals(values)
    whole = sum(sums.values()) or 1
    lines = [(n, v, f"{v:,} tokens, {v / whole:.0%}") for n, v in sums.items() if v]
    cached = sums.get("cached input", 0)
    asked = (sums.get("input", 0) + cached) or 1
    return Panel(
        _("Tokens by kind"),
        _("{share:.0%} of the input was cached", share=cached / asked) if sums else "",
        bars(
            cut(values), [*reversed(sums)], lying=True, hover="%{value:,} tokens, %{at}"
        ),
        yaxis={"type": "category"},
        rows=rows_of(lines),
    )


def cells(frame: pd.DataFrame, currency: str, scope: str = "") -> Panel:
    """Return the most expensive cells, by model; `scope` names the calls."""
    found = amounts(frame, currency)
    shown, kind = found.shown
    unit = "cost"
    if not any(shown):  # free models
        shown = [Decimal(int(n)) for n in frame["total_tokens"].fillna(0)]
        unit = "tokens"
    places = [
        _cell(book, cell)
        for book, cell in zip(frame["notebook"], frame["cell"], strict=True)
    ]
    values = nested(zip(frame["model"], places, shown, strict=True))
    sums = totals(values)
    highest = sorted((s for s in sums if sums[s]), key=lambda s: -sums[s])[:LONGEST]

    def amount(value: Decimal) -> str:
        return (
            style.money(value, currency) if unit == "cost" else f"{int(value):,} tokens"
        )

    kept = {
        model: {style.text(at): value for at, value in found.items() if at in highest}
        for model, found in values.items()
    }
    sign = style.money(Decimal(0), currency)[0] if unit == "cost" else ""
    traces = bars(
        cut(kept),
        [style.text(at) for at in reversed(highest)],
        lying=True,
        hover=f"{sign}%{{value:,.4~r}}<br>%{{at}}",
    )
    note = scope or (
        _("all calls") if unit == "cost" else _("by tokens; no call has a price")
    )
    return Panel(
        _("Most expensive cells"),
        " · ".join(word for word in (note, kind) if word) if highest else "",
        traces,
        xaxis=money_axis(sign) if sign else {},
        yaxis={"type": "category"},
        rows=rows_of((at, sums[at], amount(sums[at])) for at in highest),
    )


def _cell(book: str, cell: str) -> str:
    name = book.rpartition("/")[2].removesuffix(".ipynb") or "script"
    return f"{name} {cell}".strip()


#: Source → its label in the panel of savings.
_SOURCES = {
    "service": "service",
    "cassette": "saved by replay",
    "stand-in": "saved by stand-in",
    "illustration": "illustrations",
}


def saved(frame: pd.DataFrame, currency: str) -> Panel:
    """Return what was billed, and the list price of replayed and stand-in answers.

    Takes `usage(by=("source", "model"))`.
    """
    found = amounts(frame, currency)
    entries = []
    for model, source, paid, listed in zip(
        frame["model"], frame["source"], found.paid, found.listed, strict=True
    ):
        entries.append((model, "billed", paid))
        if source in ("cassette", "stand-in"):
            entries.append((model, _SOURCES[source], listed - paid))
    values = nested(entries)
    sums = totals(values)
    order = [place for place in ("billed", *_SOURCES.values()) if place in sums]
    spared = sum((sums[place] for place in order[1:]), Decimal(0))
    sign = style.money(Decimal(0), currency)[0]
    calls = dict(frame.groupby("source")["calls"].sum()) if len(frame) else {}
    replays = int(calls.get("cassette", 0))
    return Panel(
        _("Billed and saved"),
        _(
            "{amount} saved, {replays:,} replays",
            replays=replays,
            amount=style.money(spared, currency),
        )
        if order
        else "",
        bars(cut(values), order[::-1], lying=True, hover=f"{sign}%{{value:,.4~r}}"),
        xaxis=money_axis(sign),
        yaxis={"type": "category"},
        rows=rows_of((p, sums[p], style.money(sums[p], currency)) for p in order),
        empty=_("No priced calls yet.") if order else Panel("").empty,
    )


def what_if(frame: pd.DataFrame, other: str, currency: str) -> Panel:
    """Return the calls at their own list prices, and at those of one other model.

    Takes `frames.repriced(other)`.
    """
    name = style.label(other)
    ours, theirs = _("as used"), _("all {model}", model=style.text(other))
    values: dict[str, dict[Any, Decimal]] = {}
    missing = 0
    for entry in frame.to_dict("records"):
        listed, due = entry["list_cost"], entry["due"]
        if listed is None or due is None:
            missing += int(entry["calls"])
            continue
        values[str(entry["model"])] = {ours: listed, theirs: due}
    sums = totals(values)
    before, after = (sums.get(name, Decimal(0)) for name in (ours, theirs))
    sign = style.money(Decimal(0), currency)[0]
    return Panel(
        _("If all calls had used {model}", model=style.text(name)),
        _compared(before, after, currency, missing) if len(frame) else "",
        bars(cut(values), [theirs, ours], lying=True, hover=f"{sign}%{{value:,.4~r}}"),
        xaxis=money_axis(sign),
        yaxis={"type": "category"},
        rows=_what_if_rows(values, ours, theirs, name, currency) if values else (),
        empty=_("No priced calls yet.") if len(frame) else Panel("").empty,
    )


def _compared(before: Decimal, after: Decimal, currency: str, missing: int) -> str:
    words = f"{style.money(before, currency)} → {style.money(after, currency)}"
    if before:
        words += _(", {ratio} as much", ratio=style.times(after / before))
    if missing:
        words += _(" · {calls:,} calls without a price left out", calls=missing)
    return words


def _what_if_rows(
    values: Mapping[str, Mapping[Any, Decimal]],
    ours: str,
    theirs: str,
    other: str,
    currency: str,
) -> list[Row]:
    lines = []
    for model, found in values.items():
        name = style.label(model)
        for words, due in (
            (ours, ours),
            (_("with {model}", model=other), theirs),
        ):
            price = style.money(found[due], currency)
            lines.append((f"{name}, {words}", found[due], price))
    return rows_of(lines)
