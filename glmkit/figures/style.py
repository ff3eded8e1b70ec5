"""The look of figures: colours and hatching of models, templates, labels."""

from __future__ import annotations

import zlib
from decimal import Decimal
from functools import lru_cache
from typing import Any

from glmkit.catalog.cards import card, cards, plain
from glmkit.types.plain_text import escaped

#: Okabe and Ito's colours: visible on white and black, also for the colour-blind.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#9A8C00")
#: Where the colours repeat, hatching distinguishes the models.
_HATCHINGS = ("", "/", "x", "-", "\\", "+", "|", ".")
#: Readable on white and on black.
GREY = "#767676"
_GRID = "rgba(128, 128, 128, 0.25)"
_CLEAR = "rgba(0, 0, 0, 0)"
_LONGEST = 22
#: The label of all models beyond the first few together.
OTHERS = "other models"


def _template(ink: str, grid: str, paper: str) -> dict[str, Any]:
    axis = {"gridcolor": grid, "zerolinecolor": grid, "linecolor": grid}
    return {
        "layout": {
            "paper_bgcolor": paper,
            "plot_bgcolor": paper,
            "font": {"color": ink, "family": "system-ui, sans-serif", "size": 13},
            "colorway": COLOURS,
            "xaxis": {**axis, "automargin": True},
            "yaxis": {**axis, "automargin": True},
            "title": {"x": 0, "xref": "paper", "font": {"size": 16}},
            "legend": {"orientation": "h", "yanchor": "top", "y": -0.12, "x": 0},
            "margin": {"l": 60, "r": 20, "t": 70, "b": 50},
            "barmode": "stack",
            "bargap": 0.15,
        }
    }


#: Readable on any background, as paper and plot are transparent.
TEMPLATE = _template(GREY, _GRID, _CLEAR)
#: For a paper: `figure.update_layout(template=figures.LIGHT)`.
LIGHT = _template("#222222", "#d5d5d5", "#ffffff")
#: The same for dark slides.
DARK = _template("#e2e2e2", "#484848", "#111111")


def colour(model: str) -> str:
    """Return a model's colour: the same in every figure and every session."""
    return COLOURS[_place(model) % len(COLOURS)] if model != OTHERS else GREY


def marker(model: str) -> dict[str, Any]:
    """Return a model's colour with its hatching, for bars."""
    round_ = 0 if model == OTHERS else _place(model) // len(COLOURS)
    shape = _HATCHINGS[round_ % len(_HATCHINGS)]
    hatching = {"shape": shape, "size": 6, "solidity": 0.25, "fillmode": "overlay"}
    return {"color": colour(model), "line": {"width": 0}, "pattern": hatching}


@lru_cache(maxsize=1024)
def _place(model: str) -> int:
    name = plain(model)
    return _places().get(name, zlib.crc32(name.encode()))


@lru_cache(maxsize=1)
def _places() -> dict[str, int]:
    return {plain(card.id): place for place, card in enumerate(cards())}


@lru_cache(maxsize=1024)
def label(model: str) -> str:
    """Return a model's label; a model without a card gets a (?)."""
    known = model == OTHERS or card(model) is not None
    return model if known else f"{model} (?)"


def text(words: str, longest: int = _LONGEST) -> str:
    """Return text for plotly, which interprets tags and entities.

    >>> text("<b>")
    '&lt;b&gt;'
    """
    short = words if len(words) <= longest else f"…{words[1 - longest :]}"
    return escaped(short)


_SIGNS = {"CNY": "¥", "USD": "$"}


def money(amount: Decimal, currency: str) -> str:
    """Return an amount with three significant digits.

    >>> money(Decimal("0.0004861"), "CNY"), money(Decimal("1234.567"), "USD")
    ('¥0.000486', '$1,234.57')
    """
    sign = _SIGNS.get(currency, f"{currency} ")
    digits = 2 if not amount else max(2, 2 - amount.adjusted())
    return f"{sign}{amount:,.{min(digits, 12)}f}"


def count(number: float) -> str:
    """Return a short count of tokens or calls.

    >>> count(999), count(12_345), count(7_100_000)
    ('999', '12.3k', '7.1M')
    """
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e4, "k")):
        if number >= size:
            return f"{number / (1e3 if letter == 'k' else size):.1f}{letter}"
    return f"{number:,.0f}"


def calls(number: int) -> str:
    """Return a number of calls in words.

    >>> calls(1), calls(2_000)
    ('1 call', '2,000 calls')
    """
    return f"{number:,} call" + ("s" if number != 1 else "")


def times(ratio: Decimal) -> str:
    """Return a ratio with two significant digits.

    >>> times(Decimal("1.678")), times(Decimal("0.0123")), times(Decimal("250"))
    ('1.7 times', '0.012 times', '250 times')
    """
    digits = max(0, 1 - ratio.adjusted()) if ratio else 0
    return f"{ratio:,.{min(digits, 6)}f} times"
