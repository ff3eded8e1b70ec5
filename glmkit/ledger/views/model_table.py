"""The catalogue as a table: every fact as a column, and the prices shown first."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import pandas as pd

from glmkit.catalog.cards import (
    USER,
    Card,
    Price,
    Tier,
    cards,
    plain as plain_name,
    sources,
)
from glmkit.types.errors import ConfigError
from glmkit.types.plain_text import escaped, plain
from glmkit.types.translation import _

_LEVELS = ("V0", "V1", "V2", "V3")
_CURRENCIES = ("CNY", "USD")
_AMOUNTS = ("input", "cached", "output", "each")
_PRICES = {
    f"{amount}_{currency.lower()}": (currency, amount)
    for currency in _CURRENCIES
    for amount in _AMOUNTS
}
#: The columns that are shown unless others are asked for.
_SHOWN = (
    "model", *_PRICES, "unit", "context_window", "max_output", "kind", "status",
)  # fmt: skip
_NOTE = _(
    "From-to: the price depends on the lengths. Rights, features, sources and more: "
    "glmkit.models(columns='all') or %glm models --all."
)


def models(
    filter: str | None = None, columns: str | Sequence[str] | None = None
) -> pd.DataFrame:
    """Return the catalogue as a DataFrame, one row a model.

    `filter` keeps the models that have each of its words in id, kind, status or
    features ("vision free"). The frame has all columns and shows the prices, lengths,
    kind and status; `columns` shows others, or "all". Lengths are tokens, `max_output`
    the largest `max_tokens` accepted; `in_flight_v0` ... are concurrent requests by
    level; prices are for a million tokens (of the first of `tiers`), else for one
    `unit`. None: not known. Raises ConfigError for an unknown column.

        glmkit.models("long")
    """
    words = (filter or "").lower().split()
    found = [card for card in cards() if _matches(card, words)]
    names = [*_row(cards()[0])]
    frame = pd.DataFrame([_row(card) for card in found], columns=names, dtype=object)
    for name in names:
        if name in {"context_window", "max_output"} or name.startswith("in_flight"):
            frame[name] = frame[name].astype("Int64")
    table = ModelTable(frame.astype({"free": "bool", "tiers": "int64"}))
    table.show(found, _chosen(columns, names))
    return table


def _chosen(columns: str | Sequence[str] | None, known: list[str]) -> list[str]:
    """Return the names of the columns to show; ConfigError for an unknown one."""
    if columns == "all":
        return known
    wanted = [columns] if isinstance(columns, str) else list(columns or _SHOWN)
    if unknown := [name for name in wanted if name not in known]:
        raise ConfigError(
            _("the catalogue has no column {name}", name=repr(unknown[0])),
            hint=_("Use 'all', or some of {names}.", names=", ".join(known)),
        )
    return wanted


def _matches(card: Card, words: Sequence[str]) -> bool:
    free = ("free",) if _free(card) else ()
    text = " ".join((card.id, card.kind, card.status, *card.features, *free)).lower()
    return all(
        word in text or plain_name(word) in plain_name(card.id) for word in words
    )


def _free(card: Card) -> bool:
    return bool(card.prices) and all(price.free for price in card.prices)


def _row(card: Card) -> dict[str, Any]:
    rights = card.in_flight or {}
    return {
        "model": card.id,
        **{name: next(iter(_amounts(card, name)), None) for name in _PRICES},
        "unit": next((price.unit for price in card.prices), None),
        "tiers": max((len(price.tiers) for price in card.prices), default=0),
        "free": _free(card),
        "context_window": card.context_window,
        "max_output": card.cap,
        **{f"in_flight_{level.lower()}": rights.get(level) for level in _LEVELS},
        "kind": card.kind,
        "status": card.status,
        "successor": card.successor,
        "context_window_label": card.context_window_label,
        "max_output_label": card.max_output_label,
        "price_source": "; ".join(_source(price) for price in card.prices),
        "features": ", ".join(card.features),
    }


def _amounts(card: Card, name: str) -> list[Decimal | None]:
    """Return a price's amounts, one a tier."""
    currency, amount = _PRICES[name]
    price = next((price for price in card.prices if price.currency == currency), None)
    if price is None:
        return []
    if amount == "each":
        return [price.each]
    return [getattr(tier, amount) for tier in price.tiers or (Tier(),)]


def _source(price: Price) -> str:
    """Return where a price was found; that of cached input may be elsewhere."""
    if price.source == USER:
        return f"your file {os.environ.get('GLMKIT_MODELS_FILE', '')}".strip()
    known = sources()
    named = known.get(price.source, price.source)
    if price.cached_source:
        cached = known.get(price.cached_source, price.cached_source)
        named += f" (cached input: {cached})"
    return named


class ModelTable(pd.DataFrame):
    """A DataFrame of all facts that shows the chosen ones, each row on one line.

    What is made of it (a selection, a copy) is a plain DataFrame.
    """

    _metadata = ["_shown"]  # noqa: RUF012 - pandas' own declaration
    _shown: tuple[tuple[str, ...], ...]

    def show(self, found: Sequence[Card], names: Sequence[str]) -> None:
        """Set the columns that are shown; empty ones are left out."""
        rows = [[_text(card, name) for name in names] for card in found]
        kept = [
            place
            for place, name in enumerate(names)
            if place == 0 or any(row[place] for row in rows)
        ]
        table = [list(names), *rows]
        self._shown = tuple(tuple(line[place] for place in kept) for line in table)

    def __repr__(self) -> str:
        width = shutil.get_terminal_size((100, 24)).columns
        return plain("\n\n".join([*_blocks(self._shown, width), _NOTE]))

    def _repr_html_(self) -> str:
        head, *lines = self._shown
        body = "".join(_html(line, "td") for line in lines)
        return (
            f'<table class="dataframe"><thead>{_html(head, "th")}</thead>'
            f"<tbody>{body}</tbody></table><p>{escaped(_NOTE)}</p>"
        )


def _text(card: Card, name: str) -> str:
    """Return a fact as it is shown: "" for what is not known."""
    if name in _PRICES:
        known = sorted({a for a in _amounts(card, name) if a is not None})
        return "-".join(f"{amount:f}" for amount in (known[:1] + known[1:][-1:]))
    value = _row(card)[name]
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else ""
        case int():
            return f"{value:,}"
        case _:
            return str(value)


def _html(cells: Iterable[str], tag: str) -> str:
    """Return one line of a table: no wrapping, the first column on the left."""
    style = "white-space: nowrap; text-align: "
    return "<tr>{}</tr>".format(
        "".join(
            f'<{tag} style="{style}{"right" if place else "left"}">'
            f"{escaped(cell)}</{tag}>"
            for place, cell in enumerate(cells)
        )
    )


def _blocks(table: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Yield the table as text: as many columns side by side as the width takes.

    Each block begins with the first column.
    """
    sizes = [max(map(len, column)) for column in zip(*table, strict=True)]
    first, *rest = range(len(sizes))
    while rest:
        taken, used = [rest.pop(0)], sizes[first] + 2
        used += sizes[taken[0]]
        while rest and used + 2 + sizes[rest[0]] <= width:
            used += 2 + sizes[rest[0]]
            taken.append(rest.pop(0))
        yield "\n".join(
            "  ".join(
                [
                    line[first].ljust(sizes[first]),
                    *(line[place].rjust(sizes[place]) for place in taken),
                ]
            ).rstrip()
            for line in table
        )
