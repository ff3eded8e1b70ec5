"""Answers of embeddings, rerank, moderation and token counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from glmkit.catalog import cards
from glmkit.catalog.tokens import estimate
from glmkit.client.resources.types import Billed, Record
from glmkit.types.errors import ConfigError, ServerError
from glmkit.types.events import Usage
from glmkit.types.money import Money
from glmkit.types.translation import _

#: Items of one request where the card names no number.
ITEMS = 64


class Vectors(Record, frozen=True):
    """One vector for each text, in order; also a sequence of them."""

    vectors: tuple[list[float], ...]
    model: str = ""
    stand_in: str = ""
    usage: Usage | None = None
    cost: Money | None = None
    list_cost: Money | None = None

    def __len__(self) -> int:
        return len(self.vectors)

    def __getitem__(self, place: int) -> list[float]:
        return self.vectors[place]

    def __iter__(self) -> Iterator[list[float]]:
        return iter(self.vectors)

    def __repr__(self) -> str:
        width = len(self.vectors[0]) if self.vectors else 0
        return f"Vectors({len(self)} of {width} numbers, model={self.model!r})"


class Embedding(Record, frozen=True):
    """One vector of a response."""

    embedding: list[float]
    index: int | None = None


class Embeddings(Billed, frozen=True):
    """Response of one embeddings request."""

    data: tuple[Embedding, ...] = ()


class Ranked(Record, frozen=True):
    """A document's place in the order: its `index` in the list that was sent."""

    index: int
    relevance_score: float
    document: str = ""


class RankedItem(Record, frozen=True):
    """An entry of a ranking as servers send it: in the order sent, if not numbered."""

    index: int | None = None
    relevance_score: float | None = None
    score: float | None = None
    document: str | dict[str, Any] | None = None

    def ranked(self, place: int) -> Ranked:
        """Return the entry at a place; ServerError where it has no score."""
        score = self.score if self.relevance_score is None else self.relevance_score
        if score is None:
            raise ServerError(_("the service ranked a document without a score"))
        text = self.document
        if isinstance(text, dict):
            text = text.get("text")
        return Ranked(
            index=place if self.index is None else self.index,
            relevance_score=score,
            document=text if isinstance(text, str) else "",
        )


class RankedItems(Billed, frozen=True):
    """Response of a rerank request."""

    results: tuple[RankedItem, ...] = ()

    def ranking(self) -> Ranking:
        """Return the documents as they are numbered, or in the order sent."""
        found = tuple(one.ranked(place) for place, one in enumerate(self.results))
        billed = {name: getattr(self, name) for name in Billed.__struct_fields__}
        return Ranking(results=found, **billed)


class Ranking(Billed, frozen=True):
    """Documents by relevance, the best first; also a sequence of them."""

    results: tuple[Ranked, ...] = ()

    def __len__(self) -> int:
        return len(self.results)

    def __getitem__(self, place: int) -> Ranked:
        return self.results[place]


class Verdict(Record, frozen=True):
    """Moderation result of one part: "PASS", "REVIEW" or "REJECT", and why."""

    content_type: str = ""
    risk_level: str = ""
    risk_type: tuple[str, ...] = ()


class Moderation(Billed, frozen=True):
    """Moderation results of all parts that were sent."""

    result_list: tuple[Verdict, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every part passed; False where the review names no part."""
        verdicts = self.result_list
        return bool(verdicts) and all(one.risk_level == "PASS" for one in verdicts)


class TokenCount(Record, frozen=True):
    """Token count of a prompt, by the service."""

    prompt_tokens: int = 0
    image_tokens: int = 0
    video_tokens: int = 0
    total_tokens: int = 0

    def __int__(self) -> int:
        return self.total_tokens or self.prompt_tokens


class ModelEntry(Record, frozen=True):
    """A model in the service's own list, which is far from complete."""

    id: str
    owned_by: str = ""
    created: int | None = None


def pieces(
    texts: Sequence[str], model: str, dimensions: int | None
) -> list[Sequence[str]]:
    """Cut texts into requests; ConfigError where the model does not take them."""
    card = cards.card(model)
    if not texts:
        raise ConfigError("there are no texts", hint="Pass at least one.")
    most = card.max_tokens_per_item if card else None
    for place, text in enumerate(texts):
        _check(place, text, most)
    if card and card.dimensions and dimensions is not None:
        low, high = min(card.dimensions), max(card.dimensions)
        if not low <= dimensions <= high:
            raise ConfigError(
                f"{model} has no {dimensions} dimensions",
                hint=f"It has {', '.join(map(str, card.dimensions))}.",
            )
    size = card.max_items if card and card.max_items else ITEMS
    return [texts[start : start + size] for start in range(0, len(texts), size)]


def in_order(indexes: Sequence[int | None]) -> list[int]:
    """Return the places of vectors in the order of their texts.

    Some servers number none, or all alike: these stand in the order in which they
    came; some count from 1.

    >>> in_order([1, 0]), in_order([None, None]), in_order([0, 0])
    ([1, 0], [0, 1], [0, 1])
    """
    places = range(len(indexes))
    if len(set(indexes)) == 1:
        return [*places]
    numbers = [at if index is None else index for at, index in enumerate(indexes)]
    return sorted(places, key=numbers.__getitem__)


def fit(indexes: Sequence[int | None], count: int) -> bool:
    """Whether vectors of these indexes are those of so many texts."""
    numbers = {at if index is None else index for at, index in enumerate(indexes)}
    return len(indexes) == count and (
        numbers in ({*range(count)}, {*range(1, count + 1)}) or len(set(indexes)) == 1
    )


def _check(place: int, text: str, most: int | None) -> None:
    if not isinstance(text, str) or not text.strip():
        raise ConfigError(
            f"text {place} is {'empty' if isinstance(text, str) else 'no text'}",
            hint="The service takes texts with something in them.",
        )
    # Only what is too long by any count is refused here; the service counts exactly.
    if most is not None and len(text) > most and (low := estimate(text).low) > most:
        raise ConfigError(
            f"text {place} has at least {low:,} tokens, {most:,} at most",
            hint="Cut it into several, each with a vector of its own.",
        )
