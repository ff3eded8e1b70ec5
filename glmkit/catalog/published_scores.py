"""Scores that the model pages print, as they stand there."""

from __future__ import annotations

from functools import cache
from importlib import resources

import msgspec

from glmkit.types.first_use import prepare


class ScoreTable(msgspec.Struct, frozen=True):
    """One table: a row of scores a model, a column a benchmark; None is a blank.

    `starred` are models and benchmarks whose score the page's authors measured
    themselves or took from elsewhere.
    """

    id: str
    source: str
    columns: tuple[str, ...]
    rows: dict[str, tuple[float | None, ...]]
    starred: tuple[tuple[str, str], ...] = ()


class _Tables(msgspec.Struct, frozen=True):
    tables: tuple[ScoreTable, ...]


prepare(_Tables)


@cache
def score_tables() -> tuple[ScoreTable, ...]:
    """Return the tables in the order of the pages."""
    data = resources.files("glmkit.catalog").joinpath("data/published_scores.json")
    return msgspec.json.decode(data.read_bytes(), type=_Tables).tables
