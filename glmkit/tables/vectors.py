"""Vectors of the rows of a table, and the rows that are nearest to a text."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np

from glmkit.client.clients import Client
from glmkit.client.progress_bar import progress_bar
from glmkit.client.resources.client_methods import Verbs as ClientMethods
from glmkit.client.resources.embeddings import Vectors, pieces
from glmkit.client.resources.sync_async import Awaited
from glmkit.tables.preparation import RowOutcome, reason_of
from glmkit.transport import background_loop
from glmkit.types.errors import ConfigError, GLMError
from glmkit.types.money import Money
from glmkit.types.translation import _

#: Requests under way at one time, beside what the limiter lets through.
_WIDTH = 16


def vectors_of(
    client: Client, texts: Sequence[str], model: str, dimensions: int | None
) -> list[RowOutcome]:
    """Return an outcome for each text, its vector as the one value.

    Texts of one request fail together. A text without words is "failed" unsent.
    """
    nothing = Money(0, client.access.endpoint.currency or "CNY")
    outcomes = [RowOutcome() for _text in texts]
    wordy = [place for place, text in enumerate(texts) if text.strip()]
    for place in set(range(len(texts))) - set(wordy):
        said = _("there is no text to embed")
        outcomes[place] = RowOutcome("failed", error=said, cost=nothing)
    if not wordy:
        return outcomes
    parts, wordy = _fitting(texts, wordy, outcomes, model, dimensions, nothing)
    if not wordy:
        return outcomes
    how = {"desc": "embed", "unit": "row", "leave": False}
    with progress_bar(total=len(wordy), **how) as bar:
        found = background_loop.run(_all(client, parts, model, dimensions, bar))
    places = iter(wordy)
    for part, came in zip(parts, found, strict=True):
        for number in range(len(part)):
            outcomes[next(places)] = _outcome(came, number, nothing)
    return outcomes


def _fitting(
    texts: Sequence[str],
    wordy: list[int],
    outcomes: list[RowOutcome],
    model: str,
    dimensions: int | None,
    nothing: Money,
) -> tuple[list[Sequence[str]], list[int]]:
    """Return the requests, and the places of their texts; one too long is left out."""
    pieces(["-"], model, dimensions)  # raises for a wrong model or number
    fitting = []
    for place in wordy:
        try:
            pieces([texts[place]], model, dimensions)
        except ConfigError as exc:
            outcomes[place] = RowOutcome("too long", error=reason_of(exc), cost=nothing)
        else:
            fitting.append(place)
    if not fitting:
        return [], []
    return [*pieces([texts[place] for place in fitting], model, dimensions)], fitting


async def _all(
    client: Client,
    parts: Sequence[Sequence[str]],
    model: str,
    dimensions: int | None,
    bar: Any,
) -> list[Vectors | GLMError]:
    methods = ClientMethods[Awaited](client._caller, blocking=False)
    room = asyncio.Semaphore(_WIDTH)

    async def one(part: Sequence[str]) -> Vectors | GLMError:
        async with room:
            try:
                return await methods.embeddings(
                    part, model=model, dimensions=dimensions
                )
            except GLMError as exc:
                return exc
            finally:
                bar.update(len(part))

    return list(await asyncio.gather(*map(one, parts)))


def _outcome(came: Vectors | GLMError, number: int, nothing: Money) -> RowOutcome:
    """Return what became of one text of a request; its cost stands at the first."""
    if isinstance(came, GLMError):
        lost = getattr(came, "reply", None)
        cost = lost.cost if lost is not None and lost.calls else nothing
        return RowOutcome("failed", error=reason_of(came), cost=_at_first(cost, number))
    usage = came.usage
    tokens = None if usage is None else usage.total_tokens * (number == 0)
    return RowOutcome(
        "done",
        ([*came[number]],),
        tokens=tokens,
        cost=_at_first(came.cost, number),
        model=came.model or "",
    )


def _at_first(cost: Money | None, number: int) -> Money | None:
    return cost if number == 0 or cost is None else Money(0, cost.currency)


def similarities(table: Any, query: Sequence[float]) -> list[float]:
    """Return the cosine of each row of a table of vectors with a query.

    >>> places, table = table_of([[1.0, 0.0], None, [0.6, 0.8]])
    >>> places, similarities(table, [0.0, 2.0])
    ([0, 2], [0.0, 0.8])
    """
    wanted = np.asarray(query, dtype=float)
    if not len(table):
        return []
    if table.shape[1] != len(wanted):
        raise ConfigError(
            _(
                "the rows have vectors of {rows} numbers, the query one of {query}",
                rows=table.shape[1],
                query=len(wanted),
            ),
            hint=_("Name the model and dimensions that the rows were embedded with."),
        )
    lengths = np.linalg.norm(table, axis=1) * np.linalg.norm(wanted)
    cosines: list[float] = (
        (table @ wanted) / np.where(lengths == 0, 1.0, lengths)
    ).tolist()
    return cosines


def table_of(vectors: Sequence[Any]) -> tuple[list[int], Any]:
    """Return the places of the rows that have a vector, and these as one table.

    Raises ConfigError for vectors that are not numbers of one length.
    """
    there = [place for place, vector in enumerate(vectors) if _is_vector(vector)]
    odd = next((v for v in vectors if isinstance(v, str) and v.strip()), None)
    try:
        if odd is not None:
            raise TypeError
        table = np.asarray([vectors[place] for place in there], dtype=float)
    except (TypeError, ValueError) as exc:
        raise ConfigError(
            _("the vectors are not lists of numbers, all of one length"),
            hint=_("Embed all rows with one model and one number of dimensions."),
        ) from exc
    whole = np.isfinite(table).all(axis=1) if there else []
    kept = [place for place, fine in zip(there, whole, strict=True) if fine]
    return kept, table[whole] if there else table


def _is_vector(value: Any) -> bool:
    return isinstance(value, list | tuple | np.ndarray) and len(value) > 0
