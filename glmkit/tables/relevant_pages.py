"""The pages of a text that may say what the fields of a schema ask for."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from glmkit.client.clients import Client
from glmkit.readers.paged_text import PagedText, TextPage
from glmkit.readers.quantities import narrow
from glmkit.tables.vectors import similarities, vectors_of
from glmkit.tables.verbs import Verb, words_of
from glmkit.types.errors import ConfigError
from glmkit.types.translation import _

#: Pages that are sent for each field.
_EACH = 3
#: What makes the vectors, and how many characters of a page it gets.
_MODEL, _LONGEST = "embedding-3", 2_000
#: The constant of reciprocal ranks.
_FLAT = 60
#: Endpoint and text → its vector.
_vectors: dict[tuple[str, str], Any] = {}
_WORDS = re.compile(r"[a-z]+|\d+|[\u3400-\u9fff\uf900-\ufaff]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
#: The constants of BM25 as Robertson and Zaragoza give them (2009).
_K1, _B = 1.2, 0.75


class RelevantPages:
    """Chooses for each query the pages that fit it best, by words and by vectors.

    A field's query is its name with its description. Words are ranked by BM25; where
    `learn` has got vectors, their ranks are fused with those (reciprocal ranks). With
    `every` True all pages are sent: what it would choose is then for comparison.
    """

    def __init__(
        self, queries: Sequence[str], client: Client, *, every: bool = False
    ) -> None:
        self.queries = tuple(queries)
        self._every = every
        self._client = client
        self._chosen: dict[tuple[TextPage, ...], PagedText] = {}

    @property
    def every(self) -> bool:
        """Whether all pages are sent."""
        return self._every

    def learn(self, texts: Sequence[PagedText]) -> None:
        """Get the vectors of queries and pages, each once in a process.

        What cannot be embedded is ranked by its words alone.
        """
        if self._every:
            return
        pages = [
            page for text in texts for page in text.pages if len(text.pages) > _EACH
        ]
        wanted = [*self.queries, *map(_embedded, pages)] if pages else []
        missing = [w for w in dict.fromkeys(wanted) if self._key(w) not in _vectors]
        outcomes = vectors_of(self._client, missing, _MODEL, None)
        for text, outcome in zip(missing, outcomes, strict=True):
            if outcome.values is not None:
                vector = np.asarray(outcome.values[0], dtype="float32")
                _vectors[self._key(text)] = vector
        self._chosen.clear()

    def other(self) -> RelevantPages:
        """Return the other way: all pages in place of the chosen ones, or they."""
        return RelevantPages(self.queries, self._client, every=not self._every)

    def of(self, text: PagedText) -> PagedText:
        """Return the pages of a text that are sent; all where none fits at all."""
        if self._every:
            return text
        if text.pages not in self._chosen:
            numbers = self._numbers(text)
            self._chosen[text.pages] = text.only(numbers) if numbers else text
        return self._chosen[text.pages]

    def _numbers(self, text: PagedText) -> set[int]:
        pages = [terms(f"{page.title}\n{page.text}") for page in text.pages]
        scores = bm25(pages, [terms(query) for query in self.queries])
        chosen: set[int] = set()
        for query, row in zip(self.queries, scores, strict=True):
            near = self._nearness(query, text)
            found = [at for at, score in enumerate(row) if score > 0]
            best = sorted(found, key=lambda at: -row[at])
            if near:
                best = fused(best, sorted(range(len(row)), key=lambda at: -near[at]))
            chosen |= {text.pages[at].number for at in best[:_EACH]}
        return chosen

    def _nearness(self, query: str, text: PagedText) -> list[float]:
        """Return the cosine of a query with each page; [] where one is not known."""
        wanted = [query, *map(_embedded, text.pages)]
        found = [_vectors.get(self._key(one)) for one in wanted]
        known = [vector for vector in found if vector is not None]
        if len(known) < len(wanted):
            return []
        return similarities(np.stack(known[1:]), known[0])

    def _key(self, text: str) -> tuple[str, str]:
        return self._client.access.endpoint.name, text


def _embedded(page: TextPage) -> str:
    """Return what of a page is embedded; a text without words cannot be."""
    return f"{page.title}\n{page.text}".strip()[:_LONGEST] or "-"


def fused(one: Sequence[int], other: Sequence[int]) -> list[int]:
    """Return what two rankings have, by their reciprocal ranks (Cormack, 2009).

    >>> fused([1, 2, 3], [3, 1, 2])
    [1, 3, 2]
    """
    score: dict[int, float] = {}
    for ranking in (one, other):
        for rank, item in enumerate(ranking, 1):
            score[item] = score.get(item, 0) + 1 / (_FLAT + rank)
    return sorted(score, key=lambda item: -score[item])


def relevant_pages(verb: Verb, pages: str, client: Client) -> RelevantPages | None:
    """Return what chooses the pages for a verb's fields; None where it has none."""
    if pages not in ("all", "relevant"):
        raise ConfigError(
            _("pages cannot be {value!r}", value=pages),
            hint=_('Pass pages="all", or pages="relevant".'),
        )
    if verb.form is None:
        return None
    return RelevantPages(queries_of(verb.form.schema), client, every=pages == "all")


def queries_of(schema: Mapping[str, Any]) -> list[str]:
    """Return the query of each field: its name, title and description."""
    return [
        f"{_CAMEL.sub(' ', name).replace('_', ' ')} {words_of(part, schema)}"
        for name, part in schema.get("properties", {}).items()
    ]


def terms(text: str) -> Counter[str]:
    """Return the words of a text, and the pairs of signs of its Chinese, counted.

    >>> sorted(terms("营业收入 of 2024"))
    ['2024', 'of', '业收', '收入', '营业']
    """
    found: Counter[str] = Counter()
    for word in _WORDS.findall(narrow(text).lower()):
        if word.isascii():
            found[word.removesuffix("s") if len(word) > 3 else word] += 1
        else:
            pairs = [word[at : at + 2] for at in range(max(1, len(word) - 1))]
            found.update(pairs)
    return found


def bm25(
    texts: Sequence[Counter[str]], queries: Sequence[Counter[str]]
) -> list[list[float]]:
    """Return for each query the score of each text, 0 where they share no word."""
    sizes = [text.total() for text in texts]
    mean = sum(sizes) / max(1, len(sizes)) or 1
    among = Counter(word for text in texts for word in text)

    def score(text: Counter[str], size: int, query: Counter[str]) -> float:
        total = 0.0
        for word in query:
            if count := text[word]:
                rare = math.log(
                    1 + (len(texts) - among[word] + 0.5) / (among[word] + 0.5)
                )
                room = _K1 * (1 - _B + _B * size / mean)
                total += rare * count * (_K1 + 1) / (count + room)
        return total

    return [
        [score(text, size, query) for text, size in zip(texts, sizes, strict=True)]
        for query in queries
    ]
