"""Panels as numbers: safe HTML tables with bars, and plain text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import unescape
from typing import Any

import pandas as pd

from glmkit.figures import style
from glmkit.figures.panel import Panel, Row, decimal
from glmkit.types.plain_text import escaped
from glmkit.types.translation import _

_HEADS = '<th scope="col">Model</th>' + "".join(
    f'<th scope="col" class="number">{name}</th>'
    for name in ("Calls", "Prompt", "Answer", "Tokens", "Cost", "List price")
)
_MARKS = {"at least": "≥ ", "at most": "≤ ", "about": "≈ "}


def models(sums: pd.DataFrame, currency: str) -> tuple[str, str]:
    """Return `usage(by="model")` as an HTML table, and as plain text."""
    if sums.empty:
        return "<p>No calls yet.</p>", "No calls yet."
    entries = sums.sort_values("total_tokens", ascending=False).to_dict("records")
    most = max(int(sums["total_tokens"].fillna(0).max()), 1)
    lines = [_model(entry, most, currency) for entry in entries]
    html = f"<table><tr>{_HEADS}</tr>{''.join(html for html, _ in lines)}</table>"
    unpriced = int(sums["unpriced"].sum())
    if unpriced:
        note = _(
            "{calls:,} calls have no known price: costs are lower bounds.",
            calls=unpriced,
        )
        return f"{html}<p>{note}</p>", "\n".join([*(p for _, p in lines), note])
    return html, "\n".join(plain for _, plain in lines)


def _model(entry: Mapping[Any, Any], most: int, currency: str) -> tuple[str, str]:
    model = str(entry["model"])
    names = ("calls", "prompt_tokens", "completion_tokens", "total_tokens")
    counts = [None if pd.isna(entry[name]) else int(entry[name]) for name in names]
    calls, prompt, answer, tokens = (
        "unknown" if n is None else f"{n:,}" for n in counts
    )
    paid, listed = (_price(entry, name, currency) for name in ("cost", "list_cost"))
    texts = [calls, prompt, answer, tokens, paid, listed]
    cells = "".join(f'<td class="number">{escaped(words)}</td>' for words in texts)
    bar = _bar((counts[-1] or 0) / most, style.colour(model))
    name = escaped(style.label(model))
    html = f'<tr><th scope="row">{name}</th>{cells}<td class="bars">{bar}</td></tr>'
    plain = f"{style.label(model)}: {tokens} tokens ({prompt} + {answer}), "
    return html, f"{plain}calls: {calls}, cost: {paid}"


def _price(entry: Mapping[Any, Any], name: str, currency: str) -> str:
    amount = entry[f"{name}_{currency.lower()}"]
    if amount is None:
        return "unknown" if entry["unpriced"] else "–"
    mark = _MARKS.get(str(entry["mark"]), "") if name == "cost" else ""
    return mark + style.money(decimal(amount), currency)


def html(panels: Iterable[Panel]) -> str:
    """Return the numbers of panels as HTML: a heading and a table for each."""
    return "".join(_section(panel) for panel in panels)


def _section(panel: Panel) -> str:
    body = "".join(map(_line, panel.rows))
    body = f"<table>{body}</table>" if body else f"<p>{panel.empty}</p>"
    note = f"<p>{panel.note}</p>" if panel.note and panel.rows else ""
    return f"<section><h4>{panel.title}</h4>{note}{body}</section>"


def _line(row: Row) -> str:
    return (
        f'<tr><th scope="row">{escaped(row.label)}</th>'
        f'<td class="number">{escaped(row.value)}</td>'
        f'<td class="bars">{_bar(row.share, row.colour)}</td></tr>'
    )


def _bar(share: float, colour: str) -> str:
    if share <= 0:
        return ""
    width = f"{100 * min(1.0, share):.1f}%"
    bar = f"--bar:{escaped(colour, quote=True)};width:{width}"
    return f'<span class="bar" style="{bar}"></span>'


def plain(panels: Sequence[Panel]) -> str:
    """Return titles and notes of panels as plain text."""
    told = (f"{panel.title}: {panel.note or panel.empty}" for panel in panels)
    return unescape("\n".join(told))
